"""Seismograms from lists of arrivals: pulses, coda, noise and sensor, sample by sample.

Every record is made by recursive filters of at most second order from its own random
numbers, so that it does not depend on what else is made, and no transform is needed.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from quakeloom.simulate._layered_paths import (
    DIRECT,
    HEAD,
    MOST_RAYS,
    surface_response,
    trace_rays,
)

ARRIVALS = 4 * MOST_RAYS + 8
WARM_UP = 256
"""Samples of noise made before the record, for filters to settle."""
_HALF = 10  # samples of the interpolating kernel on each side


@njit(cache=True, inline="always")
def _step(state):
    """Advance a 64-bit random state (xorshift)."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    return state


@njit(cache=True, inline="always")
def _bell(state):
    """A deviate of mean 0 and variance 1 from four 16-bit numbers."""
    total = (
        (state & np.uint64(0xFFFF))
        + ((state >> np.uint64(16)) & np.uint64(0xFFFF))
        + ((state >> np.uint64(32)) & np.uint64(0xFFFF))
        + (state >> np.uint64(48))
    )
    return (float(total) - 131070.0) * (1.0 / 37837.2)


@njit(cache=True)
def _filter(x, first, b0, b1, b2, a1, a2):
    """Second-order recursive filter of three components in place."""
    u1 = u2 = v1 = v2 = w1 = w2 = 0.0
    for i in range(first, x.shape[1]):
        u = x[0, i]
        v = x[1, i]
        w = x[2, i]
        yu = b0 * u + u1
        yv = b0 * v + v1
        yw = b0 * w + w1
        u1 = b1 * u - a1 * yu + u2
        v1 = b1 * v - a1 * yv + v2
        w1 = b1 * w - a1 * yw + w2
        u2 = b2 * u - a2 * yu
        v2 = b2 * v - a2 * yv
        w2 = b2 * w - a2 * yw
        x[0, i] = yu
        x[1, i] = yv
        x[2, i] = yw


@njit(cache=True)
def _two_poles(x, f1, f2, rate):
    """Low-pass with two real poles, matched, of gain 1 at zero frequency."""
    p = math.exp(-2.0 * math.pi * f1 / rate)
    q = math.exp(-2.0 * math.pi * f2 / rate)
    _filter(x, 0, (1.0 - p) * (1.0 - q), 0.0, 0.0, -(p + q), p * q)


@njit(cache=True)
def _second_order(x, first, kind, f0, damping, gain, rate):
    """Causal filters by bilinear transform: 0 high-pass, 1 low-pass, 2 resonance of a gain."""
    w = math.tan(math.pi * min(f0 / rate, 0.49))
    d = 1.0 / (1.0 + 2.0 * damping * w + w * w)
    a1 = 2.0 * (w * w - 1.0) * d
    a2 = (1.0 - 2.0 * damping * w + w * w) * d
    if kind == 0:
        _filter(x, first, d, -2.0 * d, d, a1, a2)
    elif kind == 1:
        _filter(x, first, w * w * d, 2.0 * w * w * d, w * w * d, a1, a2)
    else:
        g = 2.0 * damping * w * gain
        _filter(x, first, (1.0 + g + w * w) * d, a1, (1.0 - g + w * w) * d, a1, a2)


@njit(cache=True)
def _add_pulse(x, at, z, r, t, low, tail):
    """Add an impulse at a fraction of a sample, band-limited; ``tail`` integrates it."""
    n = x.shape[1]
    start = int(math.floor(at)) - _HALF + 1
    if start + 2 * _HALF + 8 * tail < 0 or start >= n:
        return
    scale = 0.0
    decay = math.exp(-1.0 / tail) if tail > 0.0 else 0.0
    steps = 2 * _HALF + (int(5.0 * tail) if tail > 0.0 else 0)
    memory = 0.0
    for k in range(steps):
        i = start + k
        if k < 2 * _HALF:
            d = i - at
            taper = math.cos(0.5 * math.pi * d / (_HALF + 0.5))
            if abs(d) < 1e-9:
                scale = low
            else:
                scale = math.sin(math.pi * low * d) / (math.pi * d)
            scale *= taper * taper
        else:
            scale = 0.0
        memory = decay * memory + scale
        if 0 <= i < n:
            x[0, i] += z * memory
            x[1, i] += r * memory
            x[2, i] += t * memory


@njit(cache=True)
def list_arrivals(top, vp, vs, depth, distance, azimuth, takeoffs, normal, slip, p, out):
    """Fill the arrivals of one record; return their number and the first P's take-off and sign.

    ``out`` has time (s after origin), wave (0 P, 1 S), vertical, radial, transverse (unit
    moment over 4 pi rho v^3 is applied by the caller), length of the integrating tail in s.
    ``p`` is the row of parameters.
    """
    rays = np.empty((MOST_RAYS, 5))
    count = 0
    azimuth = math.radians(azimuth)
    ca, sa = math.cos(azimuth), math.sin(azimuth)
    first_takeoff = 0.0
    first_radiation = 0.0
    for wave in range(2):
        velocity = vp if wave == 0 else vs
        n = trace_rays(top, velocity, depth, distance, rays)
        source = 0
        while source + 1 < top.size and top[source + 1] <= depth:
            source += 1
        size = 1.0 / (4.0 * math.pi * 2700.0 * (velocity[source] * 1e3) ** 3)
        earliest = 1e9
        for k in range(n):
            tilt = math.radians(rays[k, 2])
            st, ct = math.sin(tilt), math.cos(tilt)
            a0, a1, a2 = st * ca, st * sa, ct
            an = a0 * normal[0] + a1 * normal[1] + a2 * normal[2]
            as_ = a0 * slip[0] + a1 * slip[1] + a2 * slip[2]
            length = max(rays[k, 3], 0.3) * 1e3
            kind = int(rays[k, 4])
            factor = size / length
            tail = 0.0
            if kind == HEAD:
                # The head wave is the time integral of the pulse, and falls off faster.
                factor *= p.head_gain * min(1.0, 30.0 / max(distance, 1.0))
                tail = p.head_tail
            elif kind != DIRECT:
                factor *= p.reflection_gain
            pz, pr, sz, sr = surface_response(rays[k, 1], p.surface_vp, p.surface_vs)
            if wave == 0:
                f = 2.0 * an * as_
                vertical, radial, transverse = f * pz, f * pr, 0.0
            else:
                n_v = ct * ca * normal[0] + ct * sa * normal[1] - st * normal[2]
                s_v = ct * ca * slip[0] + ct * sa * slip[1] - st * slip[2]
                n_h = -sa * normal[0] + ca * normal[1]
                s_h = -sa * slip[0] + ca * slip[1]
                f_v = an * s_v + as_ * n_v
                f_h = an * s_h + as_ * n_h
                f = 0.0
                vertical, radial, transverse = f_v * sz, -f_v * sr, 2.0 * f_h
            if wave == 0:
                takeoffs[k] = rays[k, 2]
            if rays[k, 0] < earliest:
                earliest = rays[k, 0]
                if wave == 0:
                    first_takeoff, first_radiation = rays[k, 2], f
            out[count, 0] = rays[k, 0]
            out[count, 1] = wave
            out[count, 2] = vertical * factor
            out[count, 3] = radial * factor
            out[count, 4] = transverse * factor
            out[count, 5] = tail
            count += 1
            if kind == DIRECT and wave == 0 and count < ARRIVALS:
                out[count, 0] = rays[k, 0] + p.conversion_delay
                out[count, 1] = 0
                out[count, 2] = 0.1 * p.conversion_gain * vertical * factor
                out[count, 3] = p.conversion_gain * vertical * factor
                out[count, 4] = 0.3 * p.conversion_gain * vertical * factor
                out[count, 5] = 0.0
                count += 1
            if kind == DIRECT and wave == 1 and count < ARRIVALS:
                out[count, 0] = rays[k, 0] - p.conversion_delay
                out[count, 1] = 1
                out[count, 2] = p.precursor_gain * (abs(radial) + abs(vertical)) * factor
                out[count, 3] = 0.4 * p.precursor_gain * radial * factor
                out[count, 4] = 0.0
                out[count, 5] = 0.0
                count += 1
    return count, first_takeoff, first_radiation


@njit(cache=True)
def _add_coda(x, state, at, level, rise, decay, power, density, vertical_share, rate):
    """Add scattered waves: sparse at first, then dense, under a rising and decaying envelope."""
    n = x.shape[1]
    first = max(int(math.ceil(at)), 0)
    for i in range(first, n):
        t = (i - at) / rate
        envelope = level * (1.0 - math.exp(-t / rise)) * math.exp(-t / decay)
        envelope *= (1.0 + t / (2.0 * rise + 0.5)) ** (-power)
        if envelope < 1e-4 * level and t > 5.0 * rise:
            break
        share = min(1.0, density + t)
        state = _step(state)
        if float(state >> np.uint64(48)) < share * 65536.0:
            envelope /= math.sqrt(share)
            state = _step(state)
            x[0, i] += vertical_share * envelope * _bell(state)
            state = _step(state)
            x[1, i] += envelope * _bell(state)
            state = _step(state)
            x[2, i] += envelope * _bell(state)
    return state


@njit(cache=True)
def _add_event(x, work, state, arrivals, count, p, shift, stretch, gain, rate):
    """Add one earthquake: pulses and coda of P, of S, and of the late, lower-pitched coda."""
    n = x.shape[1]
    tp = ts = 1e9
    size = np.zeros(2)
    for k in range(count):
        wave = int(arrivals[k, 1])
        if wave == 0:
            tp = min(tp, arrivals[k, 0])
        elif arrivals[k, 5] == 0.0:
            ts = min(ts, arrivals[k, 0])
        a = math.sqrt(arrivals[k, 2] ** 2 + arrivals[k, 3] ** 2 + arrivals[k, 4] ** 2)
        size[wave] = max(size[wave], a)
    # Scattering fills in near nodal directions: its size follows the mean radiation too.
    mean = 0.5 * (size[0] * 5.0 + size[1]) * 0.2
    size[0] = max(size[0], 0.4 * mean)
    size[1] = max(size[1], mean)
    lag = 1.5  # samples by which poles less zeros of the chain are early, see below
    for wave in range(2):
        work[:, :] = 0.0
        fc = p.corner_p if wave == 0 else p.corner_s
        t_star = p.t_star_p if wave == 0 else p.t_star_s
        start = tp if wave == 0 else ts
        for k in range(count):
            if int(arrivals[k, 1]) != wave:
                continue
            at = tp + (arrivals[k, 0] - tp) * stretch - p.window_start + shift
            for m in range(3):
                weight = p.pulse_weight1 if m == 1 else (p.pulse_weight2 if m == 2 else 1.0)
                if weight == 0.0:
                    continue
                later = 0.0 if m == 0 else (p.pulse_delay1 if m == 1 else p.pulse_delay2)
                weight *= gain * rate
                _add_pulse(
                    work, (at + later) * rate + lag, weight * arrivals[k, 2],
                    weight * arrivals[k, 3], weight * arrivals[k, 4], p.bandwidth,
                    arrivals[k, 5] * rate,
                )  # fmt: skip
        at = tp + (start - tp) * stretch - p.window_start + shift
        level = (p.coda_p if wave == 0 else p.coda_s) * gain * size[wave] * math.sqrt(rate)
        rise = p.rise_p if wave == 0 else p.rise_s
        decay = p.decay_p if wave == 0 else p.decay_s
        share = p.vertical_p if wave == 0 else p.vertical_s
        state = _add_coda(
            work, state, at * rate + lag, level, rise, decay, p.coda_power, p.coda_density, share,
            rate,
        )  # fmt: skip
        f_att = 1.0 / (1.31 * math.pi * t_star)
        _two_poles(work, fc, fc * p.corner_ratio, rate)
        _two_poles(work, f_att, f_att, rate)
        for c in range(3):
            for i in range(n):
                x[c, i] += work[c, i]
    work[:, :] = 0.0
    at = tp + (ts - tp) * stretch - p.window_start + shift
    level = p.coda_late * gain * size[1] * math.sqrt(rate)
    state = _add_coda(
        work, state, at * rate, level, 1.0 + p.rise_s, 2.0 * p.decay_s, 0.5 * p.coda_power, 1.0,
        0.8, rate,
    )  # fmt: skip
    _two_poles(work, p.late_corner, p.late_corner, rate)
    for c in range(3):
        for i in range(n):
            x[c, i] += work[c, i]
    return state


@njit(cache=True)
def _add_noise(x, work, state, p, rate, gain):
    """Ground noise in velocity: a sloping floor, a cultural band, microseisms, hum, bursts."""
    n = x.shape[1]
    total = work.shape[1]
    work[:, :] = 0.0
    # Powers are one-sided: white noise of unit variance has 2/rate.
    for kind in range(2):
        level = (p.noise_slope if kind == 0 else p.noise_flat) * math.sqrt(0.5 * rate) * gain
        if kind == 1:
            for c in range(3):
                for i in range(total):
                    state = _step(state)
                    work[c, i] += level * _bell(state)
        else:
            # Integrated white noise: power level^2 / (f^2 + corner^2).
            pole = math.exp(-2.0 * math.pi * p.noise_corner / rate)
            step = level * 2.0 * math.pi / rate
            u = v = w = 0.0
            for i in range(total):
                state = _step(state)
                u = pole * u + step * _bell(state)
                state = _step(state)
                v = pole * v + step * _bell(state)
                state = _step(state)
                w = pole * w + step * _bell(state)
                work[0, i] += u
                work[1, i] += v
                work[2, i] += w
    if p.culture_gain > 0.0:
        _second_order(work, 0, 2, p.culture_hz, p.culture_width, p.culture_gain, rate)
    if p.swing > 0.0:
        for i in range(total):
            m = 1.0 + p.swing * math.sin(2.0 * math.pi * (p.swing_hz * i / rate + p.swing_phase))
            for c in range(3):
                work[c, i] *= m
    if p.burst_gain > 0.0:
        rms = 0.0
        for i in range(WARM_UP, total):
            rms += work[0, i] ** 2
        rms = math.sqrt(rms / (total - WARM_UP))
        for _ in range(int(p.burst_count)):
            state = _step(state)
            at = WARM_UP + int(float(state >> np.uint64(11)) * 2.0**-53 * n)
            a0, a1, a2 = _bell(state), 0.0, 0.0
            state = _step(state)
            a1 = _bell(state)
            state = _step(state)
            a2 = _bell(state)
            for i in range(at, min(total, at + int(8.0 * p.burst_length * rate))):
                t = (i - at) / rate
                s = t / p.burst_length
                s = rms * p.burst_gain * s * math.exp(1.0 - s)
                s *= math.sin(2.0 * math.pi * p.burst_hz * t)
                work[0, i] += a0 * s
                work[1, i] += a1 * s
                work[2, i] += a2 * s
    for c in range(3):
        level = gain * (p.noise_east if c == 2 else (p.noise_north if c == 1 else 1.0))
        for i in range(n):
            x[c, i] += level / max(gain, 1e-30) * work[c, i + WARM_UP]
    for k in range(6):
        f = p.microseism_hz * (0.7 + 0.1 * k)
        for c in range(3):
            state = _step(state)
            phase = float(state >> np.uint64(11)) * 2.0**-53 * 2.0 * math.pi
            state = _step(state)
            a = gain * p.microseism * 0.58 * _bell(state)
            d = 2.0 * math.pi * f / rate
            cr, ci = math.cos(d), math.sin(d)
            re, im = math.cos(phase), math.sin(phase)
            for i in range(n):
                x[c, i] += a * re
                re, im = re * cr - im * ci, re * ci + im * cr
    if p.hum > 0.0:
        for c in range(3):
            state = _step(state)
            phase = float(state >> np.uint64(11)) * 2.0**-53 * 2.0 * math.pi
            d = 2.0 * math.pi * p.hum_hz / rate
            cr, ci = math.cos(d), math.sin(d)
            re, im = math.cos(phase), math.sin(phase)
            for i in range(n):
                x[c, i] += gain * p.hum * re
                re, im = re * cr - im * ci, re * ci + im * cr
    return state


@njit(cache=True)
def _sense(x, state, p, rate):
    """Turn ground velocity into what the sensor and the filters behind it give."""
    n = x.shape[1]
    if p.site_gain > 0.0:
        _second_order(x, 0, 2, p.site_hz, p.site_width, p.site_gain, rate)
    if p.sensor == 2:
        for c in range(3):
            before = 0.0
            for i in range(n):
                now = x[c, i]
                x[c, i] = (now - before) * rate
                before = now
    elif p.sensor_hz > 0.02:
        _second_order(x, 0, 0, p.sensor_hz, p.sensor_damping, 0.0, rate)
    if p.high_pass_hz > 0.0:
        _second_order(x, 0, 0, p.high_pass_hz, 0.707, 0.0, rate)
    if p.low_pass_hz > 0.0:
        _second_order(x, 0, 1, p.low_pass_hz, 0.707, 0.0, rate)
    return state


@njit(cache=True)
def _flaw(x, state, p, rate):
    """Apply what goes wrong: white noise of the recorder, clipping, spikes, gaps, dead parts."""
    n = x.shape[1]
    peak = 0.0
    for i in range(n):
        for c in range(3):
            peak = max(peak, abs(x[c, i]))
    for c in range(3):
        x_gain = p.gain_north if c == 1 else (p.gain_east if c == 2 else 1.0)
        for i in range(n):
            x[c, i] *= x_gain
    if p.recorder_noise > 0.0:
        for c in range(3):
            for i in range(n):
                state = _step(state)
                x[c, i] += p.recorder_noise * peak * _bell(state)
    if p.clip < 1.0:
        limit = p.clip * peak
        for c in range(3):
            for i in range(n):
                x[c, i] = min(max(x[c, i], -limit), limit)
    if p.steps > 0.0:
        unit = peak / p.steps
        for c in range(3):
            for i in range(n):
                x[c, i] = math.floor(x[c, i] / unit + 0.5) * unit
    for _ in range(int(p.spikes)):
        state = _step(state)
        at = int(float(state >> np.uint64(11)) * 2.0**-53 * n)
        state = _step(state)
        c = int(state >> np.uint64(62)) % 3
        x[c, at] += peak * _bell(state)
    if p.gap_length > 0.0:
        first = int(p.gap_start * n)
        for i in range(first, min(n, first + int(p.gap_length * rate))):
            for c in range(3):
                x[c, i] = 0.0
    if p.offset != 0.0:
        for c in range(3):
            for i in range(n):
                x[c, i] += p.offset * peak * (1.0 + p.drift * i / n)
    return state


@njit(cache=True)
def _roughness(x, first, last, lag, peak):
    """Peak or root mean square of vertical differences over a lag: size above some hertz."""
    total = 0.0
    most = 0.0
    count = 0
    for i in range(max(first, lag), min(last, x.shape[1])):
        d = abs(x[0, i] - x[0, i - lag])
        total += d * d
        most = max(most, d)
        count += 1
    if peak:
        return most
    return math.sqrt(total / max(count, 1))


@njit(cache=True)
def render_records(keys, parameters, model, tops, vps, vss, depths, distances, azimuths,
                   normals, slips, moments, samples, out, times, signs, takeoffs, snr):  # fmt: skip
    """Make records; see :func:`quakeloom.simulate.make_records`."""
    x = np.empty((3, samples))
    noise = np.empty((3, samples))
    work = np.empty((3, samples))
    wide = np.empty((3, samples + WARM_UP))
    arrivals = np.empty((ARRIVALS, 6))
    angles = np.empty(MOST_RAYS)
    for r in range(keys.size):
        p = parameters[r]
        rate = p.sampling_rate
        state = keys[r] | np.uint64(1)
        for _ in range(8):
            state = _step(state)
        m = model[r]
        count, takeoff, radiation = list_arrivals(
            tops[m], vps[m], vss[m], depths[r], distances[r], azimuths[r], angles, normals[r],
            slips[r], p, arrivals,
        )  # fmt: skip
        takeoffs[r] = takeoff
        signs[r] = radiation
        first_p = first_s = 1e9
        for k in range(count):
            for c in range(2, 5):
                arrivals[k, c] *= moments[r]
            if arrivals[k, 1] == 0.0:
                first_p = min(first_p, arrivals[k, 0])
            elif arrivals[k, 5] == 0.0:
                first_s = min(first_s, arrivals[k, 0])
        # A head wave of S that comes first is seldom seen; the pick is of the first strong S.
        x[:, :] = 0.0
        noise[:, :] = 0.0
        times[r, :] = np.nan
        if p.event_gain > 0.0:
            state = _add_event(x, work, state, arrivals, count, p, 0.0, 1.0, p.event_gain, rate)
            times[r, 0] = first_p - p.window_start
            times[r, 1] = first_s - p.window_start
        if p.second_gain > 0.0:
            state = _add_event(
                x, work, state, arrivals, count, p, p.second_shift, p.second_stretch,
                p.second_gain * p.second_sign, rate,
            )  # fmt: skip
            times[r, 2] = first_p - p.window_start + p.second_shift
            times[r, 3] = times[r, 2] + (first_s - first_p) * p.second_stretch
        state = _add_noise(noise, wide, state, p, rate, 1.0)
        state = _sense(x, state, p, rate)
        state = _sense(noise, state, p, rate)
        lag = max(1, int(0.06 * rate))
        floor = max(_roughness(noise, 0, samples, lag, False), 1e-30)
        at = int((first_p - p.window_start) * rate)
        if at < 0:
            at = int((first_s - p.window_start) * rate)
        peak = _roughness(x, at, at + int(rate), lag, True)
        factor = 1.0
        if p.snr_wanted > 0.0 and peak > 0.0:
            factor = peak / (p.snr_wanted * floor)
        snr[r] = peak / (factor * floor)
        turn = math.radians(azimuths[r])
        ca, sa = math.cos(turn), math.sin(turn)
        for i in range(samples):
            radial, transverse = x[1, i], x[2, i]
            x[0, i] += factor * noise[0, i]
            x[1, i] = radial * ca - transverse * sa + factor * noise[1, i]
            x[2, i] = radial * sa + transverse * ca + factor * noise[2, i]
        state = _flaw(x, state, p, rate)
        swap = int(p.swapped)
        for c in range(3):
            source = c
            if swap == 1:
                source = 2 - c if c != 1 else 1
            elif swap == 2:
                source = (3 - c) % 3
            alive = 1.0 if (int(p.dead) >> c) & 1 == 0 else 0.0
            sign = -1.0 if (int(p.reversed) >> c) & 1 else 1.0
            for i in range(samples):
                out[r, c, i] = x[source, i] * alive * sign * p.gain


@njit(cache=True)
def first_arrivals(model, tops, velocities, depths, distances):
    """Time of the first arrival of one wave type for each record."""
    rays = np.empty((MOST_RAYS, 5))
    out = np.empty(depths.size)
    for r in range(depths.size):
        m = model[r]
        n = trace_rays(tops[m], velocities[m], depths[r], distances[r], rays)
        first = rays[0, 0]
        for k in range(1, n):
            first = min(first, rays[k, 0])
        out[r] = first
    return out
