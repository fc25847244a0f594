"""Arrivals and scattered waves as trains of impulses, and onsets, in compiled code."""

from __future__ import annotations

import math

import numpy as np

from quakeloom.core import compiled
from quakeloom.simulate._counted_random import pair_key, uniform

S_STRENGTH = 4.5
"""Far-field S over P displacement: near (vp / vs)^3."""

_LATER_P, _LATER_S = 7, 9
_VERTICAL, _RADIAL, _TRANSVERSE = 0, 1, 2


@compiled(nogil=True)
def _add_impulse(train, at, strength):
    """Add an impulse between two samples."""
    low = math.floor(at)
    if low >= 0 and low + 1 < train.shape[0]:
        share = at - low
        train[low] += strength * (1.0 - share)
        train[low + 1] += strength * share


@compiled(nogil=True)
def _add_scatter(train, key, start, strength, rise, scale_s, decay, rate, weight):
    """Scattered energy after an arrival: random impulses under an envelope, all components."""
    first = max(math.ceil(start), 0)
    root = math.sqrt(12.0)
    streams = (
        pair_key(key, np.uint64(0)), pair_key(key, np.uint64(1)), pair_key(key, np.uint64(2))
    )  # fmt: skip
    for i in range(first, train.shape[1]):
        t = (i - start) / rate
        envelope = (1.0 - math.exp(-t / rise)) * (1.0 + t / scale_s) ** (-decay)
        if envelope < 1e-4 and t > 1.0:
            break
        scale = strength * root * envelope
        train[0, i] += scale * (uniform(streams[0], i) - 0.5)
        train[1, i] += weight * scale * (uniform(streams[1], i) - 0.5)
        train[2, i] += weight * scale * (uniform(streams[2], i) - 0.5)


@compiled(nogil=True)
def _add_bridge(train, key, start, stop, strength, rise, growth, scale_s, decay, rate):
    """Waves scattered from P to S: they swell between P and S, and decay with the coda of S."""
    root = math.sqrt(12.0)
    first = max(math.ceil(start), 0)
    vertical, north, east = (
        pair_key(key, np.uint64(0)), pair_key(key, np.uint64(1)), pair_key(key, np.uint64(2))
    )  # fmt: skip
    span = max(stop - start, 1.0)
    for i in range(first, train.shape[1]):
        if i < stop:
            # 0.1: it is there soon after P, where scatterers are near the station
            envelope = (0.1 + 0.9 * (i - start) / span) ** growth
            envelope *= 1.0 - math.exp(-(i - start) / rate / rise)
        else:
            envelope = (1.0 + (i - stop) / rate / scale_s) ** (-decay)
            if envelope < 1e-3:
                break
        scale = strength * root * envelope
        train[0, i] += 0.8 * scale * (uniform(vertical, i) - 0.5)
        train[1, i] += scale * (uniform(north, i) - 0.5)
        train[2, i] += scale * (uniform(east, i) - 0.5)


@compiled(nogil=True)
def _add_broadened(train, key, start, strength, duration_s, rate, weight):
    """A wave of such a strength that forward scattering spreads over so long a time."""
    # 0.15: the integral of the square of this envelope, in durations
    level = strength / math.sqrt(max(0.15 * duration_s * rate, 1.0))
    _add_scatter(
        train, key, start, level, 0.5 * duration_s, 2.0 * duration_s, 3.0, rate, weight
    )  # fmt: skip


@compiled(nogil=True)
def place_arrivals(
    keys, p_time, s_time, p, later_p, sv, sh, p_incidence, s_incidence, head_delay,
    head_strength, corner, subevents, coda_strength, coda_decay, coda_rise, coda_time,
    bridge_strength, bridge_growth, broadened_share, broadening, s_gain, split_delay,
    conversion_delay,
    conversion_strength, rate, p_train, s_train,
):  # fmt: skip
    """Write impulses of P and S: vertical (up), radial (away from the source), transverse.

    ``p_train`` and ``s_train`` have shape (records, 3, samples) and come in zero.
    """
    delays = np.empty(8)
    shares = np.empty(8)
    for r in range(keys.size):
        key = keys[r]
        source = pair_key(key, np.uint64(11))
        pieces = 1 + min(subevents[r], 7)
        delays[0], shares[0] = 0.0, 1.0
        if pieces > 1:
            # Small beginnings are common.
            shares[0] = 0.1 + 0.9 * uniform(source, 0)
        for k in range(1, pieces):
            delays[k] = (0.3 + 2.0 * uniform(source, 2 * k)) / corner[r]
            shares[k] = 0.2 + 0.8 * uniform(source, 2 * k + 1)
        later = pair_key(key, np.uint64(12))
        # P
        incidence = math.radians(p_incidence[r])
        up, out = math.cos(incidence), math.sin(incidence)
        start = p_time[r] * rate
        step = head_delay[r] * rate
        direct = later_p[r] if step > 0.0 else p[r]
        spread = 0.5 * broadened_share[r]
        keep = math.sqrt(1.0 - spread)
        for k in range(pieces):
            at = start + delays[k] * rate
            first = p[r] * head_strength[r] * shares[k] * keep
            _add_impulse(p_train[r, _VERTICAL], at, first * up)
            _add_impulse(p_train[r, _RADIAL], at, first * out)
            _add_impulse(
                p_train[r, _RADIAL],
                at + conversion_delay[r] * rate,
                -first * conversion_strength[r],
            )
            if step > 0.0:
                main = direct * shares[k] * keep
                _add_impulse(p_train[r, _VERTICAL], at + step, main * up)
                _add_impulse(p_train[r, _RADIAL], at + step, main * out)
        if spread > 0.0:
            # scattering smooths the radiation pattern: half its own, half the mean square
            mean = math.sqrt(spread * (0.5 * direct * direct + 0.13))
            _add_broadened(
                p_train[r], pair_key(key, np.uint64(25)), start + step, mean,
                0.5 * broadening[r], rate, 0.6,
            )  # fmt: skip
        size = 0.35 * coda_strength[r] + 0.05
        for k in range(_LATER_P):
            wait = 3.0 * uniform(later, 3 * k) ** 2 + 0.04
            strength = size * (2.0 * uniform(later, 3 * k + 1) - 1.0) * math.exp(-wait)
            at = start + step + wait * rate
            _add_impulse(p_train[r, _VERTICAL], at, strength * up)
            _add_impulse(
                p_train[r, _RADIAL], at, strength * (2.0 * uniform(later, 3 * k + 2) - 1.0)
            )
        # A faint head wave scatters faintly, the direct wave after it fully.
        strength = 0.2 * coda_strength[r]
        if step > 0.0:
            _add_scatter(
                p_train[r], pair_key(key, np.uint64(21)), start, strength * head_strength[r],
                coda_rise[r], coda_time[r], coda_decay[r], rate, 0.8,
            )  # fmt: skip
        _add_scatter(
            p_train[r], pair_key(key, np.uint64(22)), start + step, strength, coda_rise[r],
            coda_time[r], coda_decay[r], rate, 0.8,
        )  # fmt: skip
        # an impulse of strength 1 has the energy of half a second of noise of this size
        _add_bridge(
            p_train[r], pair_key(key, np.uint64(24)), start, s_time[r] * rate,
            bridge_strength[r] / math.sqrt(0.5 * rate), coda_rise[r], bridge_growth[r],
            coda_time[r], coda_decay[r], rate,
        )  # fmt: skip
        # S
        incidence = math.radians(s_incidence[r])
        up, out = -math.sin(incidence), math.cos(incidence) * s_gain[r]
        start = s_time[r] * rate
        # the faster of the two comes at the time of S
        split = split_delay[r] * rate
        wait_sv, wait_sh = max(-split, 0.0), max(split, 0.0)
        step *= 1.73
        spread = broadened_share[r]
        keep = math.sqrt(1.0 - spread)
        full = S_STRENGTH * keep
        scale = full * (head_strength[r] if step > 0.0 else 1.0)
        for k in range(pieces):
            at = start + delays[k] * rate
            radial_at, side_at = at + wait_sv, at + wait_sh
            side = sh[r] * s_gain[r]
            _add_impulse(s_train[r, _VERTICAL], radial_at, scale * shares[k] * sv[r] * up)
            _add_impulse(s_train[r, _RADIAL], radial_at, scale * shares[k] * sv[r] * out)
            _add_impulse(s_train[r, _TRANSVERSE], side_at, scale * shares[k] * side)
            _add_impulse(
                s_train[r, _VERTICAL],
                at - 0.8 * conversion_delay[r] * rate,
                0.7 * scale * shares[k] * sv[r] * conversion_strength[r],
            )
            if step > 0.0:
                main = full * shares[k]
                _add_impulse(s_train[r, _VERTICAL], radial_at + step, main * sv[r] * up)
                _add_impulse(s_train[r, _RADIAL], radial_at + step, main * sv[r] * out)
                _add_impulse(s_train[r, _TRANSVERSE], side_at + step, main * side)
        if spread > 0.0:
            both = 0.5 * (sv[r] * sv[r] + sh[r] * sh[r])
            mean = S_STRENGTH * math.sqrt(spread * (0.5 * both + 0.1))
            _add_broadened(
                s_train[r], pair_key(key, np.uint64(26)), start + step, 0.4 * mean,
                broadening[r], rate, 2.5 * s_gain[r],
            )  # fmt: skip
        later = pair_key(key, np.uint64(13))
        for k in range(_LATER_S):
            wait = 5.0 * uniform(later, 4 * k) ** 2 + 0.05
            strength = S_STRENGTH * size * math.exp(-0.7 * wait)
            at = start + step + wait * rate
            for component in range(3):
                sign = 2.0 * uniform(later, 4 * k + 1 + component) - 1.0
                share = 0.4 if component == _VERTICAL else s_gain[r]
                _add_impulse(s_train[r, component], at, strength * sign * share)
        strength = 0.2 * coda_strength[r] * S_STRENGTH
        _add_scatter(
            s_train[r], pair_key(key, np.uint64(23)), start + step, strength, coda_rise[r],
            coda_time[r], coda_decay[r], rate, 1.3 * s_gain[r],
        )  # fmt: skip


@compiled(nogil=True)
def path_response(frequency, corner, falloff, t_star, order, layer_time, reflection):
    """Ground velocity of an impulse of moment: source, attenuation, topmost layer.

    Returns complex responses, shape (records, frequencies).
    """
    out = np.empty((corner.size, frequency.size), np.complex128)
    for r in range(corner.size):
        # the loss of exp(-pi f t*) at 10 Hz, shared by so many relaxations
        relaxation = math.sqrt(math.expm1(20.0 * math.pi * t_star[r] / order[r])) / (20.0 * math.pi)
        for k in range(frequency.size):
            omega = 2.0 * math.pi * frequency[k]
            x, y = frequency[k] / corner[r], omega * relaxation
            size = math.exp(-0.5 * (falloff[r] * math.log1p(x * x) + order[r] * math.log1p(y * y)))
            phase = 0.5 * math.pi - falloff[r] * math.atan(x) - order[r] * math.atan(y)
            turn = 2.0 * omega * layer_time[r]
            layer = 1.0 - reflection[r] * complex(math.cos(turn), -math.sin(turn))
            out[r, k] = omega * size * complex(math.cos(phase), math.sin(phase)) / layer
    return out


@compiled(nogil=True)
def fill_uniform_noise(keys, out):
    """White noise of variance 1, shape (records, 3, samples), by key."""
    root = math.sqrt(12.0)
    for r in range(keys.size):
        for component in range(out.shape[1]):
            stream = pair_key(keys[r], np.uint64(31 + component))
            for i in range(out.shape[2]):
                out[r, component, i] = root * (uniform(stream, i) - 0.5)


@compiled(nogil=True)
def visible_onset(trace, start, floor, share, span, early):
    """First sample (with fraction) where a wave can be seen, after it could begin.

    That is where ``|trace|`` passes ``share`` of its peak within ``span`` samples, or
    ``floor`` if that is more, but not more than half the peak. NaN if it never does.
    """
    first = max(int(start) - early, 1)
    stop = min(int(start) + span, trace.shape[0])
    peak = 0.0
    for i in range(first, stop):
        peak = max(peak, abs(trace[i]))
    level = min(max(share * peak, floor), 0.5 * peak)
    if level <= 0.0:
        return np.nan
    for i in range(first, stop):
        here = abs(trace[i])
        if here >= level:
            before = abs(trace[i - 1])
            if here > before:
                return i - 1 + max(0.0, min(1.0, (level - before) / (here - before)))
            return float(i)
    return np.nan


@compiled(nogil=True)
def peak_within(trace, start, span):
    """Largest ``|trace|`` of so many samples from a start on; 0 outside the trace."""
    peak = 0.0
    for i in range(max(int(start), 0), min(int(start) + span, trace.shape[0])):
        peak = max(peak, abs(trace[i]))
    return peak
