"""The record of one station on one UTC date: noise, sources and flaws, with the truth of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from quakeloom.core import distance_azimuth, random_stream
from quakeloom.simulate._day_flaws import apply_flaws, clock_error, draw_flaws
from quakeloom.simulate._day_noise import NoiseSpan, StationNoise
from quakeloom.simulate._day_options import DayOptions
from quakeloom.simulate._day_sources import DAY_S, DaySources, Region, sources_of_date
from quakeloom.simulate._day_stations import DayStations, earth_of_days
from quakeloom.simulate._day_teleseisms import LENGTH_S, TeleseismTimes, record_teleseism
from quakeloom.simulate._day_waves import Paths, describe_sources, record_source
from quakeloom.simulate._wood_anderson import WOOD_ANDERSON_GAIN, log_amplitude_of
from quakeloom.travel import TableStack, lookup

Floats = NDArray[np.float64]

_MARGIN_S = 10.0
"""Noise before the first sample that levels are taken from, s."""

_REACH_S = 600.0
"""No record of a local source is longer, s."""

_FAINTEST = 0.02
"""Records are made down to so much of the background; chosen here: less cannot be seen."""

_BAND_HZ = (2.0, 20.0)
"""Band in which signal-to-noise ratios are taken, Hz."""

_NOISE_S = (5.5, 0.5)
"""Noise of P: from so long before it to so long, s."""

_CODA_S = (1.5, 0.1)
"""What S must stand out of: from so long before it (but after P) to so long, s."""

_PEAK_S = (1.0, 2.0)
"""Peaks of P and S are taken within so long, s."""


@dataclass(frozen=True)
class DayEarth:
    """All that days are made from.

    Attributes
    ----------
    options : DayOptions
    seed : int
        Root seed of the run.
    stations : DayStations
    region : Region
    p, s : tuple of TableStack
        Travel times of P and S to every station, at its elevation, in their order.
    teleseisms : TeleseismTimes
    """

    options: DayOptions
    seed: int
    stations: DayStations
    region: Region
    p: tuple[TableStack, ...]
    s: tuple[TableStack, ...]
    teleseisms: TeleseismTimes


@dataclass(frozen=True)
class TrueArrival:
    """An arrival at a station.

    Attributes
    ----------
    event_id, phase : str
    time_ns : int
        Nanoseconds from 1970, by a right clock.
    polarity : int
        Of P of a local source on the vertical, +1 up.
    snr : float
        Peak of the first second of P on the vertical (first two of S on the larger horizontal)
        from 2 to 20 Hz, over the root mean square of what is there before. NaN for teleseisms.
    amplitude_mm : float
        Of a Wood-Anderson seismometer; NaN for teleseisms.
    distance_km : float
        Epicentral.
    is_sound : bool
        False in gaps, fill, where the record clips or the station is dead.
    """

    event_id: str
    phase: str
    time_ns: int
    polarity: int
    snr: float
    amplitude_mm: float
    distance_km: float
    is_sound: bool


@dataclass(frozen=True)
class StationDay:
    """The record of a station on a date.

    Attributes
    ----------
    counts : ndarray of int32, shape (3, samples)
        Components Z, N, E.
    first : int
        Sample from 1970 that the first one is stamped with.
    is_recorded : ndarray of bool, shape (samples,)
        False in gaps.
    clock_error_s : float
        The record is stamped so much later than it was.
    arrivals : list of TrueArrival
    spans : list of NoiseSpan
        Noise and flaws.
    """

    counts: NDArray[np.int32]
    first: int
    is_recorded: NDArray[np.bool_]
    clock_error_s: float
    arrivals: list[TrueArrival]
    spans: list[NoiseSpan]


def sources_near(earth: DayEarth, first_s: float, end_s: float) -> DaySources:
    """Return all sources whose waves may reach into a span (seconds from 1970), by time."""
    days = range(int(first_s // DAY_S) - 1, int(end_s // DAY_S) + 1)
    found = [
        sources_of_date(
            earth.options, earth_of_days(earth.options), earth.region, earth.seed,
            str(np.datetime64(day, "D")),
        )
        for day in days
    ]  # fmt: skip
    names = DaySources.__dataclass_fields__
    joined = DaySources(*(np.concatenate([getattr(f, n) for f in found]) for n in names))
    time = joined.origin_ns / 1e9
    reach = np.where(joined.source_class == "teleseism", float(LENGTH_S), _REACH_S)
    near = np.flatnonzero((time + reach > first_s - _MARGIN_S) & (time < end_s))
    order = near[np.lexsort((joined.event_id[near].astype(str), joined.origin_ns[near]))]
    return joined.take(order)


def simulate_station_day(
    earth: DayEarth, station: int, date: str, *, quiet: bool = False
) -> StationDay:
    """Simulate what a station records on a UTC date, or on the part that the options hold.

    Parameters
    ----------
    earth : DayEarth
    station : int
    date : str
        ``YYYY-MM-DD``.
    quiet : bool
        Leave out noise and flaws.

    Returns
    -------
    StationDay
        A function of seed, options, station and date alone: other dates change nothing.
    """
    options, rate = earth.options, earth.options.rate
    noise = StationNoise(options, earth.stations, station, earth.seed)
    day = int(np.datetime64(date, "D").astype(np.int64))
    low = max(day * round(DAY_S) * rate, options.first_sample)
    high = min((day + 1) * round(DAY_S) * rate, options.first_sample + options.samples)
    late = 0.0 if quiet else clock_error(noise, day)
    first, samples = low - round(late * rate), high - low
    margin = round(_MARGIN_S * rate)
    span_s = first / rate, (first + samples) / rate
    if quiet:
        ground = np.zeros((3, samples + margin), np.float32)
    else:
        ground = noise.ground(first - margin, samples + margin)
    sources = sources_near(earth, *span_s)
    rows = _add_sources(earth, station, sources, ground, first - margin, noise.level())
    unit = float(earth.stations.counts_per_m_s[station])
    levels = _Levels(ground, rate)
    spans = [] if quiet else noise.spans(*span_s)
    flaws = [] if quiet else draw_flaws(noise, *span_s)
    flaws = [f for f in flaws if f.kind != "clock" or f.start_s == DAY_S * day]
    counts = ground[:, margin:]
    counts *= np.float32(unit)
    whole, is_recorded, is_sound = apply_flaws(counts, first, flaws, rate, unit * noise.level())
    arrivals = []
    for row in rows:
        at = row.time_ns * rate // 1_000_000_000 - first
        if not 0 <= at < samples:
            continue
        own = is_sound[at : at + rate // 2].all()
        arrivals.append(row.finish(levels, first - margin, bool(own)))
    return StationDay(whole, low, is_recorded, late, arrivals, spans + flaws)


@dataclass(frozen=True)
class _Arrival:
    """An arrival before what is around it is known; ``peak`` is that of its own wave."""

    event_id: str
    phase: str
    time_ns: int
    p_ns: int
    polarity: int
    peak: float
    amplitude_mm: float
    distance_km: float

    def finish(self, levels: _Levels, first: int, is_sound: bool) -> TrueArrival:
        """Return the arrival with its signal-to-noise ratio."""
        snr = np.nan
        if np.isfinite(self.peak):
            snr = self.peak / max(levels.before(self, first), 1e-30)
        return TrueArrival(
            self.event_id, self.phase, self.time_ns, self.polarity, float(snr),
            self.amplitude_mm, self.distance_km, is_sound,
        )  # fmt: skip


class _Levels:
    """The record in the band of signal-to-noise ratios."""

    def __init__(self, ground: NDArray[np.float32], rate: int) -> None:
        self.rate = rate
        self.band = band_of(ground, rate)

    def before(self, arrival: _Arrival, first: int) -> float:
        """Return the root mean square before an arrival, on the vertical or the horizontals."""
        at = arrival.time_ns * self.rate / 1e9 - first
        if arrival.phase == "P":
            low, high = (int(at - t * self.rate) for t in _NOISE_S)
            return float(np.sqrt(np.mean(self.band[0, max(low, 0) : high] ** 2.0)))
        p = arrival.p_ns * self.rate / 1e9 - first
        low = int(max(at - _CODA_S[0] * self.rate, p, 0.0))
        high = max(int(at - _CODA_S[1] * self.rate), low + 1)
        return float(np.sqrt(np.mean(self.band[1:, low:high] ** 2.0)))


def band_of(ground: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Return ground motion from 2 to 20 Hz, by a causal filter."""
    high = min(_BAND_HZ[1], 0.4 * rate)
    sos = scipy.signal.butter(3, (_BAND_HZ[0], high), "bandpass", fs=rate, output="sos")
    out = np.empty_like(ground)
    for row, filtered in zip(ground, out, strict=True):
        filtered[:] = scipy.signal.sosfilt(sos.astype(np.float32), row)
    return out


def _add_sources(
    earth: DayEarth,
    station: int,
    sources: DaySources,
    ground: NDArray[np.float32],
    first: int,
    level: float,
) -> list[_Arrival]:
    """Add the waves of sources to the ground motion of a station; return their arrivals."""
    rate, seed = earth.options.rate, earth.seed
    paths = paths_to(earth, station, sources)
    parameters = describe_sources(sources, paths, earth.stations, station, seed)
    name = earth.stations.name(station)
    hypocentral = np.hypot(paths.distance_km, sources.depth_km)
    found = []
    for row in range(sources.count):
        event = str(sources.event_id[row])
        if sources.source_class[row] == "teleseism":
            far = record_teleseism(
                sources, row, earth.teleseisms, earth.stations, station, rate, seed
            )
            _add(ground, first, far.ground, far.first)
            found += [
                _Arrival(event, phase, at, 0, 0, np.nan, np.nan, float(paths.distance_km[row]))
                for phase, at in far.arrival_ns.items()
            ]
            continue
        scatter = random_stream(seed, "day amplitude", event, name).standard_normal()
        factor = float(
            earth.stations.amplitude_term[station] + earth.options.magnitude_scatter * scatter
        )
        wanted = float(log_amplitude_of(sources.magnitude[row], hypocentral[row])) + factor
        # velocity of that amplitude at 5 Hz
        velocity = 10.0**wanted / 1e3 / WOOD_ANDERSON_GAIN * 2.0 * np.pi * 5.0
        if velocity < _FAINTEST * level or not np.isfinite(paths.s_time_s[row]):
            continue
        made = record_source(sources, paths, parameters, row, rate, factor, seed)
        _add(ground, first, made.ground, made.first)
        band = band_of(made.ground, rate)
        polarity = int(np.sign(parameters.p_radiation[row]))
        for phase, at, span in (("P", made.p_ns, _PEAK_S[0]), ("S", made.s_ns, _PEAK_S[1])):
            begin = at * rate // 1_000_000_000 - made.first
            own = band[:1] if phase == "P" else band[1:]
            until = begin + round(span * rate)
            if phase == "P":
                until = min(until, max(made.s_ns * rate // 1_000_000_000 - made.first, begin + 1))
            peak = float(np.abs(own[:, begin:until]).max(initial=0.0))
            found.append(
                _Arrival(
                    event,
                    phase,
                    at,
                    made.p_ns,
                    polarity if phase == "P" else 0,
                    peak,
                    made.amplitude_mm,
                    float(paths.distance_km[row]),
                )
            )
    return found


def paths_to(earth: DayEarth, station: int, sources: DaySources) -> Paths:
    """Return the ways from sources to a station; travel times of teleseisms are NaN."""
    lon, lat = (float(earth.stations.table[n][station]) for n in ("longitude", "latitude"))
    distance, azimuth = distance_azimuth(sources.longitude, sources.latitude, lon, lat)
    takeoff, p_time = lookup(earth.p[station], 0, sources.depth_km, distance)
    _, s_time = lookup(earth.s[station], 0, sources.depth_km, distance)
    far = sources.source_class == "teleseism"
    return Paths(
        distance,
        azimuth,
        np.where(far, 90.0, takeoff),
        np.where(far, 0.0, p_time),
        np.where(far, 1.0, s_time),
    )


def _add(
    ground: NDArray[np.float32], first: int, wave: NDArray[np.float32], wave_first: int
) -> None:
    low, high = max(first, wave_first), min(first + ground.shape[1], wave_first + wave.shape[1])
    if low < high:
        ground[:, low - first : high - first] += wave[:, low - wave_first : high - wave_first]
