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
from quakeloom.core import string_keys
from quakeloom.mechanism import (
    ObservationBlock,
    draw_angle_errors,
    draw_depths_and_models,
)
from quakeloom.schema import USES, time_values
from quakeloom.stages.readings.amplitude_ratios import amplitude_ratios
from quakeloom.stages.readings.sites import ReadingSites, event_index, place_readings
from quakeloom.stages.readings.station_epochs import reversed_by_table
from quakeloom.stages.readings.use import (
    USE_CODES,
    are_impulsive,
    choose_readings,
    screen_readings,
)
from quakeloom.travel import TableStack, TakeoffDraws, lookup

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

    event = event_index(readings, ids)
    times = time_values(events.column("origin_time"))
    polarity = readings.column("polarity").to_numpy().astype(np.int8).copy()
    probability = readings.column("probability_up").to_numpy().copy()
    turned = readings.column("reversed").to_numpy(zero_copy_only=False).copy()
    if settings.selection.reversals:
        turned ^= reversed_by_table(shared.reversals, readings, times[event])
    screened = np.zeros(readings.num_rows, dtype=bool)
    for report in shared.screening:
        proposed, left_out = screen_readings(report, readings, times[event])
        turned ^= proposed
        screened |= left_out
    flip = turned ^ readings.column("reversed").to_numpy(zero_copy_only=False)
    polarity[flip] *= -1
    probability[flip] = 1.0 - probability[flip]

    sites, given = place_readings(settings, events, readings, event, shared.stations)
    impulsive = are_impulsive(settings, readings)
    use = choose_readings(
        settings, readings, polarity, probability, sites, given, impulsive, screened
    )
    use[~usable_event[event] & (use == USE_CODES["used"])] = USE_CODES["event_not_used"]

    columns: dict[str, Any] = {
        "polarity": polarity,
        "probability_up": probability,
        "reversed": turned,
        "distance_km": sites.distance,
        "choice": _join_choices(readings.column("choice").to_pylist(), sites.choice.tolist()),
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


def _join_choices(instruments: list[str], places: list[str]) -> list[str]:
    """Return what was said of instruments and of places, together."""
    return ["; ".join(filter(None, both)) for both in zip(instruments, places, strict=True)]


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


def _observe(
    settings: Settings,
    events: pa.Table,
    keys: NDArray[np.uint64],
    readings: pa.Table,
    amplitudes: pa.Table,
    columns: dict[str, Any],
    use: NDArray[np.int64],
    sites: ReadingSites,
    given: tuple[NDArray[np.float64], NDArray[np.float64]],
    usable_event: NDArray[np.bool_],
    shared: Shared,
    ids: pa.Array,
    draws: HypocenterDraws | None,
) -> tuple[ObservationBlock, NDArray[np.int64], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Build the block; readings without a ray in the reference trial are taken out."""
    ratios = amplitude_ratios(
        settings,
        events,
        amplitudes,
        shared.stations,
        shared.sp_corrections,
        ids,
        usable_event,
        readings,
        given,
        sites,
    )
    used = np.flatnonzero(use == USE_CODES["used"])
    event = np.concatenate([sites.event[used], ratios.event])
    order = np.argsort(event, kind="stable")
    event = event[order]
    n = used.size

    def joined(a: Any, b: Any) -> NDArray[Any]:
        return np.concatenate([a, b])[order]

    def column(name: str) -> NDArray[np.float64]:
        return np.asarray(readings.column(name).to_numpy()[used], dtype=float)

    takeoff = settings.takeoff
    station_keys = string_keys(
        _station_names(readings, used) + _station_names(amplitudes, ratios.row), settings.seed
    )[order]
    none = np.full(ratios.event.size, np.nan)
    azimuth = joined(given[0][used], ratios.azimuth_deg)
    offsets = np.searchsorted(event, np.arange(events.num_rows + 1)).astype(np.int64)
    trials = settings.mechanism.trials
    stratified = settings.mechanism.stratified_draws
    if takeoff.angles == "given":
        base = joined(given[1][used], ratios.takeoff_deg)[None, :]
        azimuth_error, takeoff_error = (
            _filled(joined(column(name), none), default)
            for name, default in (
                ("azimuth_error_deg", takeoff.azimuth_error_deg),
                ("takeoff_error_deg", takeoff.takeoff_error_deg),
            )
        )
    elif takeoff.angles == "ensemble":
        station = np.concatenate([sites.station[:, used], ratios.station], axis=1)[:, order]
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
        distance = joined(sites.distance[used], ratios.distance_km)
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
    rows = np.concatenate([used, np.full(ratios.event.size, -1)])[order]
    bad = ~np.isfinite(takeoff_draws[0] + azimuth_draws[0])
    reference = np.full((2, readings.num_rows), np.nan)
    is_reading = rows >= 0
    reference[0, rows[is_reading]] = azimuth_draws[0, is_reading]
    reference[1, rows[is_reading]] = takeoff_draws[0, is_reading]
    if takeoff.angles == "given":
        reference[0], reference[1] = given
    if bad.any():
        use[rows[bad & is_reading]] = USE_CODES["no_angles"]
    keep = ~bad
    impulsive = are_impulsive(settings, readings)[used]
    block = ObservationBlock(
        event_keys=keys,
        offsets=np.searchsorted(event[keep], np.arange(events.num_rows + 1)).astype(np.int64),
        azimuth_deg=np.ascontiguousarray(azimuth_draws[:, keep], dtype=np.float32),
        takeoff_deg=np.ascontiguousarray(takeoff_draws[:, keep], dtype=np.float32),
        polarity=joined(columns["polarity"][used], np.zeros(ratios.event.size, np.int8))[
            keep
        ].astype(np.int8),
        impulsive=joined(impulsive, np.ones(ratios.event.size, bool))[keep].astype(bool),
        probability_up=joined(columns["probability_up"][used], none)[keep].astype(np.float32),
        sp_log_ratio=joined(np.full(n, np.nan), ratios.log_ratio)[keep].astype(np.float32),
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


def _station_names(rows: pa.Table, index: NDArray[np.int64]) -> list[str]:
    part = rows.take(index)
    return pc.binary_join_element_wise(
        part.column("network"), part.column("station"), "."
    ).to_pylist()


def _filled(values: NDArray[np.float64], default: float) -> NDArray[np.float64]:
    return np.where(np.isnan(values), default, values)
