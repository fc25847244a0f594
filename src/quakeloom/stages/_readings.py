"""From rows of a partition to the block of observations that the mechanism room takes.

Here it is decided which readings are used, whether they are turned, and from where their
rays leave the source. Every reading keeps its row and says what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import distance_azimuth, string_keys
from quakeloom.mechanism import (
    ObservationBlock,
    draw_angle_errors,
    draw_depths_and_models,
)
from quakeloom.schema import USES, time_values
from quakeloom.stages._stations import find_reversed, find_stations
from quakeloom.travel import TableStack, TakeoffDraws, lookup

_USE = {name: i for i, name in enumerate(USES)}
_ONSETS = ("I", "", "E")
"""Onset letters from the clearest; automatic pickers' letters come after."""

_DEPTH_TOLERANCE_KM = 10.0
"""How far above sea level an event may lie; it is traced from the surface."""


@dataclass(frozen=True)
class Shared:
    """What all blocks of a partition share.

    Attributes
    ----------
    stations, reversals, sp_corrections : pyarrow.Table
        Registered tables.
    screening : tuple of pyarrow.Table
        Station reports of other cases that are honored, one after the other.
    tables : TableStack or None
        Take-off tables; None where angles are given or those of the ensemble.
    rays : TakeoffDraws or None
        Rays in the ensemble that the events were located in.
    """

    stations: pa.Table
    reversals: pa.Table
    sp_corrections: pa.Table
    screening: tuple[pa.Table, ...] = ()
    tables: TableStack | None = None
    rays: TakeoffDraws | None = None


@dataclass(frozen=True)
class HypocenterDraws:
    """Draws of hypocenter and member of the events of a block, shape (events, draws).

    A trial takes one draw, so that epicenter, depth, model and angles vary together.
    """

    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    depth_km: NDArray[np.float64]
    member: NDArray[np.int64]


@dataclass(frozen=True)
class PreparedBlock:
    """A block of events, ready for the search.

    Attributes
    ----------
    observations : ObservationBlock
        Usable observations of all events, polarities first, then amplitude ratios.
    reading_rows : ndarray of int64
        Row in ``readings`` of each observation, -1 for amplitude ratios.
    readings : dict of ndarray
        Columns of table ``polarities`` that are filled here, one value per reading.
    invalid : dict of int to str
        Events that cannot be used, with the reason.
    """

    observations: ObservationBlock
    reading_rows: NDArray[np.int64]
    readings: dict[str, Any]
    invalid: dict[int, str]


@dataclass(frozen=True)
class _Sites:
    """Where the readings of one kind were made, and the rays that led there."""

    event: NDArray[np.int64]
    azimuth: NDArray[np.float64]
    distance: NDArray[np.float64]
    station: NDArray[np.float64]
    """Longitude, latitude and elevation (m) of the stations, shape (3, readings)."""


def prepare_block(
    settings: Settings,
    events: pa.Table,
    readings: pa.Table,
    amplitudes: pa.Table,
    shared: Shared,
    draws: HypocenterDraws | None = None,
) -> PreparedBlock:
    """Choose readings, turn reversed ones, and draw the angles of every trial.

    Parameters
    ----------
    settings : Settings
    events : pyarrow.Table
        Table ``events``, the events of the block.
    readings, amplitudes : pyarrow.Table
        Tables ``polarities`` and ``amplitudes`` of these events, sorted by event.
    shared : Shared
    draws : HypocenterDraws, optional
        Needed where angles are those of the ensemble.
    """
    ids = events.column("event_id").combine_chunks()
    keys = string_keys(ids.to_pylist(), settings.seed)
    invalid = _check_events(settings, events, shared.tables)
    usable_event = np.ones(events.num_rows, dtype=bool)
    usable_event[list(invalid)] = False

    event = _event_index(readings, ids)
    times = time_values(events.column("origin_time"))
    polarity = readings.column("polarity").to_numpy().astype(np.int8).copy()
    probability = readings.column("probability_up").to_numpy().copy()
    turned = readings.column("reversed").to_numpy(zero_copy_only=False).copy()
    if settings.selection.reversals:
        turned ^= find_reversed(shared.reversals, readings, times[event])
    screened = np.zeros(readings.num_rows, dtype=bool)
    for report in shared.screening:
        proposed, left_out = _screen(report, readings, times[event])
        turned ^= proposed
        screened |= left_out
    flip = turned ^ readings.column("reversed").to_numpy(zero_copy_only=False)
    polarity[flip] *= -1
    probability[flip] = 1.0 - probability[flip]

    sites, given = _place(settings, events, readings, event, shared)
    impulsive = _impulsive(settings, readings)
    use = _choose(settings, readings, polarity, probability, sites, given, impulsive, screened)
    use[~usable_event[event] & (use == _USE["used"])] = _USE["event_not_used"]

    columns: dict[str, Any] = {
        "polarity": polarity,
        "probability_up": probability,
        "reversed": turned,
        "distance_km": sites.distance,
    }
    block, rows, reference = _observe(
        settings,
        events,
        keys,
        readings,
        amplitudes,
        columns,
        use,
        sites,
        given,
        usable_event,
        shared,
        ids,
        draws,
    )
    azimuth = np.where(np.isnan(reference[0]), sites.azimuth, reference[0])
    columns["azimuth_deg"] = azimuth
    columns["takeoff_deg"] = reference[1]
    columns["use"] = np.array(USES)[use]
    return PreparedBlock(block, rows, columns, invalid)


def pick_kinds(onset: pa.ChunkedArray, weight: NDArray[np.int8]) -> NDArray[np.str_]:
    """Return the kind of each pick: onset letter and weight code, such as ``I0``."""
    letters = np.asarray(onset.to_pylist(), dtype="<U1")
    digits = np.where(weight >= 0, weight.astype(str), "")
    return np.char.add(letters, digits)


def _impulsive(settings: Settings, readings: pa.Table) -> NDArray[np.bool_]:
    """Which readings are impulsive; an onset that is not said counts as impulsive."""
    if settings.selection.impulsive_by == "weight":
        return np.asarray(readings.column("pick_weight").to_numpy() == 0)
    return pc.is_in(readings.column("onset"), pa.array(["I", ""])).to_numpy()


def _event_index(rows: pa.Table, ids: pa.Array) -> NDArray[np.int64]:
    index = pc.index_in(rows.column("event_id"), ids).to_numpy()
    return np.asarray(index, dtype=np.int64)


def _check_events(
    settings: Settings, events: pa.Table, tables: TableStack | None
) -> dict[int, str]:
    if settings.takeoff.angles == "given":
        return {}
    invalid: dict[int, str] = {}
    lon, lat, depth = (events.column(c).to_numpy() for c in ("longitude", "latitude", "depth_km"))
    deepest = np.inf if tables is None else float(tables.depth_km[-1])
    for i in np.flatnonzero(~(np.isfinite(lon) & np.isfinite(lat))):
        invalid[int(i)] = "the epicenter is not known"
    for i in np.flatnonzero(~np.isfinite(depth)):
        invalid.setdefault(int(i), "the depth is not known")
    with np.errstate(invalid="ignore"):
        for i in np.flatnonzero(depth > deepest):
            invalid[int(i)] = (
                f"depth {depth[i]:g} km is below the deepest of the take-off tables "
                f"({deepest:g} km); raise takeoff.maximum_depth_km"
            )
        for i in np.flatnonzero(depth < -_DEPTH_TOLERANCE_KM):
            invalid[int(i)] = f"depth {depth[i]:g} km is far above sea level"
    return invalid


def _screen(
    report: pa.Table, readings: pa.Table, times: NDArray[np.datetime64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Readings of stations that a report calls reversed, and of kinds it calls coins."""
    verdict = report.column("verdict")
    reversed_rows = report.filter(pc.equal(verdict, "reversed"))
    turned = find_reversed(reversed_rows, readings, times)
    coins = set(report.filter(pc.equal(verdict, "coin")).column("pick_kind").to_pylist()) - {""}
    kinds = pick_kinds(readings.column("onset"), readings.column("pick_weight").to_numpy())
    return turned, np.isin(kinds, sorted(coins))


def _place(
    settings: Settings,
    events: pa.Table,
    readings: pa.Table,
    event: NDArray[np.int64],
    shared: Shared,
) -> tuple[_Sites, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Azimuth and distance of readings: from coordinates, else as given."""
    times = time_values(events.column("origin_time"))[event]
    selection = settings.selection
    lon, lat, elevation = find_stations(
        shared.stations, readings, times, selection.station_match, selection.station_epochs
    )
    distance, azimuth = distance_azimuth(
        events.column("longitude").to_numpy()[event],
        events.column("latitude").to_numpy()[event],
        lon,
        lat,
        settings.takeoff.distance,
    )
    columns = {
        c: readings.column(c).to_numpy()
        if c in readings.column_names
        else np.full(len(event), np.nan)
        for c in ("azimuth_deg", "takeoff_deg", "distance_km")
    }
    station = np.stack([lon, lat, elevation])
    if settings.takeoff.angles == "given":
        with np.errstate(invalid="ignore"):
            distance = np.where(np.isnan(columns["distance_km"]), distance, columns["distance_km"])
        return _Sites(event, columns["azimuth_deg"], distance, station), (
            columns["azimuth_deg"],
            columns["takeoff_deg"],
        )
    found = ~np.isnan(lon)
    azimuth = np.where(found, azimuth, np.nan)
    return _Sites(event, azimuth, distance, station), (azimuth, np.full(len(event), np.nan))


def _choose(
    settings: Settings,
    readings: pa.Table,
    polarity: NDArray[np.int8],
    probability: NDArray[np.float64],
    sites: _Sites,
    given: tuple[NDArray[np.float64], NDArray[np.float64]],
    impulsive: NDArray[np.bool_],
    screened: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Say for every reading whether it is used, or the first reason why not."""
    selection = settings.selection
    use = np.full(readings.num_rows, _USE["used"])
    sure = np.maximum(probability, 1.0 - probability)
    unsigned = polarity == 0
    if settings.mechanism.use_probabilities:
        unsigned &= np.isnan(probability)
    weight = readings.column("pick_weight").to_numpy()
    traced = settings.takeoff.angles != "given"
    with np.errstate(invalid="ignore"):
        reasons = [
            ("no_polarity", unsigned),
            ("low_probability", sure < selection.minimum_probability),
            ("pick_weight", weight > selection.maximum_pick_weight),
            ("onset", ~impulsive & (selection.onsets == "impulsive")),
            ("screened", screened),
            ("no_angles", (np.isnan(given[0]) | np.isnan(given[1])) & (not traced)),
            ("no_station", np.isnan(sites.azimuth) & traced),
            ("too_far", sites.distance > selection.maximum_distance_km),
        ]
    for name, mask in reversed(reasons):
        use[mask] = _USE[name]
    if selection.one_per_station:
        use[_repeats(readings, sites.event, use == _USE["used"])] = _USE["doubled"]
    return use


def _repeats(
    readings: pa.Table, event: NDArray[np.int64], usable: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return usable readings of a station that has a better one of the same event.

    Better is the lower weight code, then the onset in the order of :data:`_ONSETS`, then
    the earlier row. Two readings of one first motion are no two witnesses.
    """
    rows = np.flatnonzero(usable)
    part = readings.take(rows)
    site = pc.binary_join_element_wise(part.column("network"), part.column("station"), ".")
    site_code = site.combine_chunks().dictionary_encode().indices.to_numpy()
    weight = part.column("pick_weight").to_numpy().astype(float)
    weight[weight < 0] = 0.5
    known = pc.index_in(part.column("onset"), pa.array(_ONSETS)).fill_null(len(_ONSETS)).to_numpy()
    order = np.lexsort((rows, known, weight, site_code, event[rows]))
    same = (np.diff(event[rows][order]) == 0) & (np.diff(site_code[order]) == 0)
    return np.asarray(rows[order[1:][same]])


def _observe(
    settings: Settings,
    events: pa.Table,
    keys: NDArray[np.uint64],
    readings: pa.Table,
    amplitudes: pa.Table,
    columns: dict[str, Any],
    use: NDArray[np.int64],
    sites: _Sites,
    given: tuple[NDArray[np.float64], NDArray[np.float64]],
    usable_event: NDArray[np.bool_],
    shared: Shared,
    ids: pa.Array,
    draws: HypocenterDraws | None,
) -> tuple[ObservationBlock, NDArray[np.int64], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Build the block; readings without a ray in the reference trial are taken out."""
    ratio, ratio_event, ratio_sites, ratio_rows, ratio_given, ratio_station = _amplitude_ratios(
        settings, events, amplitudes, shared, ids, usable_event, readings, given, sites
    )
    used = np.flatnonzero(use == _USE["used"])
    event = np.concatenate([sites.event[used], ratio_event])
    order = np.argsort(event, kind="stable")
    event = event[order]
    n = used.size

    def joined(a: Any, b: Any) -> NDArray[Any]:
        return np.concatenate([a, b])[order]

    def column(name: str) -> NDArray[np.float64]:
        return np.asarray(readings.column(name).to_numpy()[used], dtype=float)

    takeoff = settings.takeoff
    station_keys = string_keys(
        _station_names(readings, used) + _station_names(amplitudes, ratio_rows), settings.seed
    )[order]
    none = np.full(ratio_event.size, np.nan)
    azimuth = joined(given[0][used], ratio_given[0])
    offsets = np.searchsorted(event, np.arange(events.num_rows + 1)).astype(np.int64)
    trials = settings.mechanism.trials
    stratified = settings.mechanism.stratified_draws
    if takeoff.angles == "given":
        base = joined(given[1][used], ratio_given[1])[None, :]
        azimuth_error, takeoff_error = (
            _filled(joined(column(name), none), default)
            for name, default in (
                ("azimuth_error_deg", takeoff.azimuth_error_deg),
                ("takeoff_error_deg", takeoff.takeoff_error_deg),
            )
        )
    elif takeoff.angles == "ensemble":
        station = np.concatenate([sites.station[:, used], ratio_station], axis=1)[:, order]
        azimuth, base = _draw_rays(events, draws, shared, offsets, station, trials)
        azimuth_error = np.full(event.size, takeoff.azimuth_error_deg)
        takeoff_error = np.full(event.size, takeoff.takeoff_error_deg)
    else:
        assert shared.tables is not None
        error = events.column("vertical_error_km").to_numpy()
        error = _filled(np.where(error > 0, error, np.nan), takeoff.depth_error_km)
        depths, models = draw_depths_and_models(
            keys,
            np.nan_to_num(events.column("depth_km").to_numpy()),
            error,
            trials,
            len(takeoff.models),
            stratified,
        )
        distance = joined(sites.distance[used], ratio_sites)
        base, _ = lookup(
            shared.tables, models[:, None], np.maximum(depths[:, event], 0.0), distance[None, :]
        )
        azimuth_error = np.full(event.size, takeoff.azimuth_error_deg)
        takeoff_error = np.full(event.size, takeoff.takeoff_error_deg)
    azimuth_draws = np.broadcast_to(azimuth, (trials, event.size))
    takeoff_draws = np.broadcast_to(base, (trials, event.size))
    if azimuth_error.any() or takeoff_error.any():
        zero = np.zeros(event.size)
        errors = draw_angle_errors(
            keys, offsets, station_keys, zero, zero, azimuth_error, takeoff_error, trials,
            stratified,
        )  # fmt: skip
        azimuth_draws = azimuth_draws + errors[0]
        takeoff_draws = takeoff_draws + errors[1]
    rows = np.concatenate([used, np.full(ratio_event.size, -1)])[order]
    bad = ~np.isfinite(takeoff_draws[0] + azimuth_draws[0])
    reference = np.full((2, readings.num_rows), np.nan)
    is_reading = rows >= 0
    reference[0, rows[is_reading]] = azimuth_draws[0, is_reading]
    reference[1, rows[is_reading]] = takeoff_draws[0, is_reading]
    if takeoff.angles == "given":
        reference[0], reference[1] = given
    if bad.any():
        use[rows[bad & is_reading]] = _USE["no_angles"]
    keep = ~bad
    impulsive = _impulsive(settings, readings)[used]
    block = ObservationBlock(
        event_keys=keys,
        offsets=np.searchsorted(event[keep], np.arange(events.num_rows + 1)).astype(np.int64),
        azimuth_deg=np.ascontiguousarray(azimuth_draws[:, keep], dtype=np.float32),
        takeoff_deg=np.ascontiguousarray(takeoff_draws[:, keep], dtype=np.float32),
        polarity=joined(columns["polarity"][used], np.zeros(ratio_event.size, np.int8))[
            keep
        ].astype(np.int8),
        impulsive=joined(impulsive, np.ones(ratio_event.size, bool))[keep].astype(bool),
        probability_up=joined(columns["probability_up"][used], none)[keep].astype(np.float32),
        sp_log_ratio=joined(np.full(n, np.nan), ratio)[keep].astype(np.float32),
        station_keys=station_keys[keep],
    )
    return block, rows[keep], (reference[0], reference[1])


def _draw_rays(
    events: pa.Table,
    draws: HypocenterDraws | None,
    shared: Shared,
    offsets: NDArray[np.int64],
    station: NDArray[np.float64],
    trials: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Azimuths and take-off angles of every trial, shape (trials, observations).

    The first trial has the mean hypocenter, the others one draw each, again from the first
    where there are fewer draws than trials.
    """
    assert draws is not None
    assert shared.rays is not None
    azimuth = np.full((trials, int(offsets[-1])), np.nan)
    takeoff = np.full_like(azimuth, np.nan)
    mean = [events.column(c).to_numpy() for c in ("longitude", "latitude", "depth_km")]
    for i in range(events.num_rows):
        a, b = offsets[i], offsets[i + 1]
        if a == b or not np.isfinite(draws.depth_km[i]).all():
            continue
        chosen = np.concatenate([[0], np.arange(trials - 1) % draws.member.shape[1]])
        place = [
            np.concatenate([[m[i]], d[i, chosen[1:]]])
            for m, d in zip(mean, (draws.longitude, draws.latitude, draws.depth_km), strict=True)
        ]
        azimuth[:, a:b], takeoff[:, a:b] = shared.rays.draw_takeoffs(
            draws.member[i, chosen], *place, *station[:, a:b]
        )
    return azimuth, takeoff


def _amplitude_ratios(
    settings: Settings,
    events: pa.Table,
    amplitudes: pa.Table,
    shared: Shared,
    ids: pa.Array,
    usable_event: NDArray[np.bool_],
    readings: pa.Table,
    given: tuple[NDArray[np.float64], NDArray[np.float64]],
    sites: _Sites,
) -> tuple[Any, ...]:
    """log10 S/P of amplitudes that stand out of the noise, corrected for the station."""
    empty = np.zeros(0)
    nothing = (empty, empty.astype(np.int64), empty, empty.astype(np.int64), (empty, empty),
               np.zeros((3, 0)))  # fmt: skip
    if not settings.mechanism.use_amplitudes or not amplitudes.num_rows:
        return nothing
    event = _event_index(amplitudes, ids)
    p, s, np_, ns = (
        amplitudes.column(c).to_numpy()
        for c in ("p_amplitude", "s_amplitude", "p_noise", "s_noise")
    )
    snr = settings.mechanism.minimum_amplitude_snr
    with np.errstate(invalid="ignore", divide="ignore"):
        loud = (p > 0) & (s > 0) & (p >= snr * np.abs(np_)) & (s >= snr * np.abs(ns))
        ratio = np.log10(s / p) - _corrections(settings, shared.sp_corrections, amplitudes)
    placed, angles = _place(settings, events, amplitudes, event, shared)
    if settings.takeoff.angles == "given":
        angles = _angles_of_same_station(readings, sites.event, given, amplitudes, event)
    with np.errstate(invalid="ignore"):
        near = ~(placed.distance > settings.selection.maximum_distance_km)
    ready = np.isfinite(angles[0]) & (np.isfinite(angles[1]) | (settings.takeoff.angles != "given"))
    rows = np.flatnonzero(loud & near & ready & usable_event[event] & np.isfinite(ratio))
    return (
        ratio[rows],
        event[rows],
        placed.distance[rows],
        rows,
        (angles[0][rows], angles[1][rows]),
        placed.station[:, rows],
    )


def _angles_of_same_station(
    readings: pa.Table,
    reading_event: NDArray[np.int64],
    given: tuple[NDArray[np.float64], NDArray[np.float64]],
    amplitudes: pa.Table,
    event: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = dict(
        zip(
            zip(reading_event.tolist(), readings.column("station").to_pylist(), strict=True),
            range(readings.num_rows),
            strict=True,
        )
    )
    where = np.array(
        [
            known.get(key, -1)
            for key in zip(event.tolist(), amplitudes.column("station").to_pylist(), strict=True)
        ],
        dtype=np.int64,
    )
    azimuth = np.where(where >= 0, given[0][where], np.nan)
    return azimuth, np.where(where >= 0, given[1][where], np.nan)


def _corrections(
    settings: Settings, corrections: pa.Table, amplitudes: pa.Table
) -> NDArray[np.float64]:
    """Station corrections by code and first two letters of the channel, V and E exchanged."""
    table: dict[tuple[str, str], float] = {}
    for station, channel, value in zip(
        *(corrections.column(c).to_pylist() for c in ("station", "channel", "sp_log_correction")),
        strict=True,
    ):
        table.setdefault((station, channel[:2].replace("V", "E", 1)), value)
    none = np.nan if settings.mechanism.require_sp_correction else 0.0
    codes = zip(*(amplitudes.column(c).to_pylist() for c in ("station", "channel")), strict=True)
    return np.array([table.get((s, c[:2].replace("V", "E", 1)), none) for s, c in codes])


def _station_names(rows: pa.Table, index: NDArray[np.int64]) -> list[str]:
    part = rows.take(index)
    return pc.binary_join_element_wise(
        part.column("network"), part.column("station"), "."
    ).to_pylist()


def _filled(values: NDArray[np.float64], default: float) -> NDArray[np.float64]:
    return np.where(np.isnan(values), default, values)
