"""Arrivals and scattered waves as trains of impulses, in compiled code."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.simulate._counted_random import pair_key, uniform
from quakeloom.simulate._scatter_kernels import (
    Envelope,
    add_bridge,
    add_broadened,
    add_impulse,
    add_scatter,
)

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

S_STRENGTH = 4.5
"""Far-field S over P displacement: near (vp / vs)^3."""

S_DELAY = 1.73
"""Delay of the direct S wave after its head wave over that of P: vp / vs."""

_LATER_P = 7
"""Impulses after P, reflections and conversions along the way; chosen here."""

_LATER_S = 9
"""Impulses after S; chosen here."""

_VERTICAL, _RADIAL, _TRANSVERSE = 0, 1, 2
"""Components of a train: up, away from the source, to the right of it."""


class Source(NamedTuple):
    """How earthquakes begin and radiate, one value per record.

    Attributes
    ----------
    keys : ndarray of uint64
        Streams of subevents and scattering.
    p, later_p, sv, sh : ndarray
        Radiation of the first P, of the direct P after a head wave, and of S.
    corner_hz : ndarray
    subevents : ndarray of int64
        Further subevents, up to 7.
    """

    keys: Keys
    p: Floats
    later_p: Floats
    sv: Floats
    sh: Floats
    corner_hz: Floats
    subevents: NDArray[np.int64]


class Arrivals(NamedTuple):
    """When P and S come, and what comes before and beside them, one value per record.

    Attributes
    ----------
    p_s, s_s : ndarray
        First P and S after the start of the record.
    head_delay_s, head_strength : ndarray
        Direct wave after the head wave (0 for no head wave), and the head wave's amplitude over
        the direct one's.
    split_delay_s : ndarray
        Transverse S after radial S.
    """

    p_s: Floats
    s_s: Floats
    head_delay_s: Floats
    head_strength: Floats
    split_delay_s: Floats


class Scattering(NamedTuple):
    """What the way from source to station scatters, one value per record.

    See the attributes of that name of :class:`RecordParameters`.
    """

    coda_strength: Floats
    coda_decay: Floats
    coda_rise_s: Floats
    coda_time_s: Floats
    bridge_strength: Floats
    bridge_growth: Floats
    broadened_share: Floats
    broadening_s: Floats


class Site(NamedTuple):
    """How waves come up under the station, one value per record.

    See the attributes of that name of :class:`RecordParameters`.
    """

    p_incidence_deg: Floats
    s_incidence_deg: Floats
    s_gain: Floats
    conversion_delay_s: Floats
    conversion_strength: Floats


class Subevents(NamedTuple):
    """Delays (s) and sizes of the parts of a source; the first has delay 0."""

    delay_s: Floats
    size: Floats


@compiled(nogil=True)
def place_arrivals(
    source: Source,
    arrivals: Arrivals,
    scattering: Scattering,
    site: Site,
    rate: float,
    p_train: Floats,
    s_train: Floats,
) -> None:
    """Write impulses of P and S: vertical (up), radial (away from the source), transverse.

    ``p_train`` and ``s_train`` have shape (records, 3, samples) and come in zero.
    """
    delay_s, size = np.empty(8), np.empty(8)
    for r in range(source.keys.size):
        pieces = _draw_subevents(
            source.keys[r], source.corner_hz[r], source.subevents[r], delay_s, size
        )
        parts = Subevents(delay_s[:pieces], size[:pieces])
        _place_p(r, parts, source, arrivals, scattering, site, rate, p_train[r])
        _scatter_p(r, source, arrivals, scattering, site, rate, p_train[r])
        _place_s(r, parts, source, arrivals, scattering, site, rate, s_train[r])
        _scatter_s(r, source, arrivals, scattering, site, rate, s_train[r])


@compiled(nogil=True)
def _draw_subevents(
    key: np.uint64, corner_hz: float, subevents: int, delay_s: Floats, size: Floats
) -> int:
    """Draw delays and sizes of the parts of a source into arrays; return how many there are."""
    stream = pair_key(key, np.uint64(11))
    pieces = 1 + min(subevents, 7)
    delay_s[0], size[0] = 0.0, 1.0
    if pieces > 1:
        # Small beginnings are common.
        size[0] = 0.1 + 0.9 * uniform(stream, 0)
    for k in range(1, pieces):
        delay_s[k] = (0.3 + 2.0 * uniform(stream, 2 * k)) / corner_hz
        size[k] = 0.2 + 0.8 * uniform(stream, 2 * k + 1)
    return pieces


@compiled(nogil=True)
def _place_p(
    r: int,
    parts: Subevents,
    source: Source,
    arrivals: Arrivals,
    scattering: Scattering,
    site: Site,
    rate: float,
    train: Floats,
) -> None:
    """Write the first P of a record, its conversion to S, and the direct P after a head wave."""
    incidence = math.radians(site.p_incidence_deg[r])
    up, out = math.cos(incidence), math.sin(incidence)
    start = arrivals.p_s[r] * rate
    step = arrivals.head_delay_s[r] * rate
    direct = source.later_p[r] if step > 0.0 else source.p[r]
    # What forward scattering spreads is missing from the impulse: energy is kept.
    keep = math.sqrt(1.0 - 0.5 * scattering.broadened_share[r])
    for k in range(parts.size.size):
        at = start + parts.delay_s[k] * rate
        first = source.p[r] * arrivals.head_strength[r] * parts.size[k] * keep
        add_impulse(train[_VERTICAL], at, first * up)
        add_impulse(train[_RADIAL], at, first * out)
        add_impulse(
            train[_RADIAL],
            at + site.conversion_delay_s[r] * rate,
            -first * site.conversion_strength[r],
        )
        if step > 0.0:
            main = direct * parts.size[k] * keep
            add_impulse(train[_VERTICAL], at + step, main * up)
            add_impulse(train[_RADIAL], at + step, main * out)


@compiled(nogil=True)
def _scatter_p(
    r: int,
    source: Source,
    arrivals: Arrivals,
    scattering: Scattering,
    site: Site,
    rate: float,
    train: Floats,
) -> None:
    """Write what comes after P: its spread part, later phases, its coda, and waves up to S."""
    key = source.keys[r]
    up = math.cos(math.radians(site.p_incidence_deg[r]))
    start = arrivals.p_s[r] * rate
    step = arrivals.head_delay_s[r] * rate
    envelope = Envelope(
        scattering.coda_rise_s[r], scattering.coda_time_s[r], scattering.coda_decay[r]
    )
    spread = 0.5 * scattering.broadened_share[r]
    if spread > 0.0:
        direct = source.later_p[r] if step > 0.0 else source.p[r]
        # scattering smooths the radiation pattern: half its own, half the mean square
        mean = math.sqrt(spread * (0.5 * direct * direct + 0.13))
        add_broadened(
            train, pair_key(key, np.uint64(25)), start + step, mean,
            0.5 * scattering.broadening_s[r], rate, 0.6,
        )  # fmt: skip
    later = pair_key(key, np.uint64(12))
    size = 0.35 * scattering.coda_strength[r] + 0.05
    for k in range(_LATER_P):
        # The square crowds them after P, where reflectors near the source and the station act.
        wait = 3.0 * uniform(later, 3 * k) ** 2 + 0.04
        strength = size * (2.0 * uniform(later, 3 * k + 1) - 1.0) * math.exp(-wait)
        at = start + step + wait * rate
        add_impulse(train[_VERTICAL], at, strength * up)
        add_impulse(train[_RADIAL], at, strength * (2.0 * uniform(later, 3 * k + 2) - 1.0))
    # A faint head wave scatters faintly, the direct wave after it fully.
    strength = 0.2 * scattering.coda_strength[r]
    if step > 0.0:
        add_scatter(
            train, pair_key(key, np.uint64(21)), start, strength * arrivals.head_strength[r],
            envelope, rate, 0.8,
        )  # fmt: skip
    add_scatter(
        train, pair_key(key, np.uint64(22)), start + step, strength, envelope, rate, 0.8
    )  # fmt: skip
    # an impulse of strength 1 has the energy of half a second of noise of this size
    add_bridge(
        train, pair_key(key, np.uint64(24)), start, arrivals.s_s[r] * rate,
        scattering.bridge_strength[r] / math.sqrt(0.5 * rate), scattering.bridge_growth[r],
        envelope, rate,
    )  # fmt: skip


@compiled(nogil=True)
def _place_s(
    r: int,
    parts: Subevents,
    source: Source,
    arrivals: Arrivals,
    scattering: Scattering,
    site: Site,
    rate: float,
    train: Floats,
) -> None:
    """Write the first S of a record, its conversion to P, and the direct S after a head wave."""
    incidence = math.radians(site.s_incidence_deg[r])
    up, out = -math.sin(incidence), math.cos(incidence) * site.s_gain[r]
    start = arrivals.s_s[r] * rate
    # the faster of the two comes at the time of S
    split = arrivals.split_delay_s[r] * rate
    wait_sv, wait_sh = max(-split, 0.0), max(split, 0.0)
    step = arrivals.head_delay_s[r] * rate * S_DELAY
    full = S_STRENGTH * math.sqrt(1.0 - scattering.broadened_share[r])
    scale = full * (arrivals.head_strength[r] if step > 0.0 else 1.0)
    for k in range(parts.size.size):
        at = start + parts.delay_s[k] * rate
        radial_at, side_at = at + wait_sv, at + wait_sh
        side = source.sh[r] * site.s_gain[r]
        add_impulse(train[_VERTICAL], radial_at, scale * parts.size[k] * source.sv[r] * up)
        add_impulse(train[_RADIAL], radial_at, scale * parts.size[k] * source.sv[r] * out)
        add_impulse(train[_TRANSVERSE], side_at, scale * parts.size[k] * side)
        # Converted to P at depth it comes before S.
        add_impulse(
            train[_VERTICAL],
            at - 0.8 * site.conversion_delay_s[r] * rate,
            0.7 * scale * parts.size[k] * source.sv[r] * site.conversion_strength[r],
        )
        if step > 0.0:
            main = full * parts.size[k]
            add_impulse(train[_VERTICAL], radial_at + step, main * source.sv[r] * up)
            add_impulse(train[_RADIAL], radial_at + step, main * source.sv[r] * out)
            add_impulse(train[_TRANSVERSE], side_at + step, main * side)


@compiled(nogil=True)
def _scatter_s(
    r: int,
    source: Source,
    arrivals: Arrivals,
    scattering: Scattering,
    site: Site,
    rate: float,
    train: Floats,
) -> None:
    """Write what comes after S: its spread part, later phases and its coda."""
    key = source.keys[r]
    gain = site.s_gain[r]
    # All of it follows the direct wave: a head wave of S is too faint to scatter visibly.
    start = arrivals.s_s[r] * rate
    step = arrivals.head_delay_s[r] * rate * S_DELAY
    spread = scattering.broadened_share[r]
    if spread > 0.0:
        both = 0.5 * (source.sv[r] * source.sv[r] + source.sh[r] * source.sh[r])
        mean = S_STRENGTH * math.sqrt(spread * (0.5 * both + 0.1))
        add_broadened(
            train, pair_key(key, np.uint64(26)), start + step, 0.4 * mean,
            scattering.broadening_s[r], rate, 2.5 * gain,
        )  # fmt: skip
    size = 0.35 * scattering.coda_strength[r] + 0.05
    later = pair_key(key, np.uint64(13))
    for k in range(_LATER_S):
        wait = 5.0 * uniform(later, 4 * k) ** 2 + 0.05
        strength = S_STRENGTH * size * math.exp(-0.7 * wait)
        at = start + step + wait * rate
        for component in range(3):
            sign = 2.0 * uniform(later, 4 * k + 1 + component) - 1.0
            share = 0.4 if component == _VERTICAL else gain
            add_impulse(train[component], at, strength * sign * share)
    strength = 0.2 * scattering.coda_strength[r] * S_STRENGTH
    envelope = Envelope(
        scattering.coda_rise_s[r], scattering.coda_time_s[r], scattering.coda_decay[r]
    )
    add_scatter(
        train, pair_key(key, np.uint64(23)), start + step, strength, envelope, rate, 1.3 * gain
    )  # fmt: skip
