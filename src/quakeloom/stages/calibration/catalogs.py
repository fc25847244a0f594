"""Catalogs like that of a run: the same network, readings and errors, and a truth that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import (
    LayeredModel,
    distance_azimuth,
    fault_vectors,
    local_position,
    p_radiation,
    plane_angles,
    random_stream,
    ray_vectors,
)
from quakeloom.location import LATERAL_LEVELS, draw_layered_models
from quakeloom.schema import make_table
from quakeloom.simulate import fault_instability, resolved_shear
from quakeloom.stages.calibration.template import DEFAULT_SPREAD, Template
from quakeloom.stages.readings.pick_errors import phase_kind
from quakeloom.travel import trace_table, trace_takeoffs

Floats = NDArray[np.float64]

_FRICTION, _PLANES = 0.6, 12
"""Friction of simulated faults (Byerlee 1978), and random planes per event of which that nearest
to failure slips: a mixture of well and badly oriented faults."""

_TABLE_KM = (0.5, 1.0)
"""Steps in depth and distance of the table that true travel times are interpolated in, km."""

_WAVES = 128
"""Waves that a random field of structure is the sum of: its values are Gaussian to a percent."""

_TRUE = 1 << 20
"""Number from which on models are drawn that are true: no member of an ensemble has it."""


@dataclass(frozen=True)
class TrueCatalog:
    """What is true of a simulated catalog.

    Attributes
    ----------
    event_id : list of str
    place : ndarray, shape (events, 3)
        Longitude, latitude, depth (km).
    angles : ndarray, shape (events, 3)
        Strike, dip, rake; NaN without mechanisms.
    delay_s : dict of (network, station, phase) to float
    tensor : ndarray or None
        Stress that the mechanisms slip in.
    tables : dict of str to pyarrow.Table
        The sources: ``events``, ``stations``, and ``picks`` and ``polarities`` where there are any.
    """

    event_id: list[str]
    place: Floats
    angles: Floats
    delay_s: dict[tuple[str, str, str], float]
    tensor: Floats | None
    tables: dict[str, pa.Table]


def simulate_like(template: Template, number: int) -> TrueCatalog:
    """Simulate a catalog like that of a run, from the run's seed and a number."""
    settings = template.settings
    random = random_stream(settings.seed, "calibration", number)
    truth = _true_model(template, number) if template.models else None
    count = template.events.num_rows
    angles = np.full((count, 3), np.nan)
    if template.polarities is not None:
        angles = _true_mechanisms(template, random)
    tables = {"stations": template.stations, "events": _events(template, random)}
    delays: dict[tuple[str, str, str], float] = {}
    if template.arrivals is not None and truth is not None:
        tables["picks"], delays = _picks(template, truth, random)
    if template.polarities is not None and truth is not None:
        tables["polarities"] = _polarities(template, truth, angles, random)
    return TrueCatalog(
        template.events.column("event_id").to_pylist(), template.place, angles, delays,
        template.tensor, tables,
    )  # fmt: skip


def _true_model(template: Template, number: int) -> LayeredModel:
    """Draw the true model as the ensemble draws its members; it is none of them."""
    locate, seed = template.settings.locate, template.settings.seed
    model = template.models[number % len(template.models)]
    spreads: dict[str, float] = {"velocity_spread": DEFAULT_SPREAD}
    if locate is not None:
        names = ("velocity_spread", "thickness_spread", "vp_vs_spread", "correlation_km")
        spreads = {n: getattr(locate, n) for n in names}
    return draw_layered_models(model, 1, seed + _TRUE + number, **spreads)[0]


def _events(template: Template, random: np.random.Generator) -> pa.Table:
    """Events as a catalog has them: with the errors that the run's events state."""
    events, place = template.events, template.place.copy()
    across, down = (
        np.nan_to_num(events.column(f"{n}_error_km").to_numpy()) for n in ("horizontal", "vertical")
    )
    north, east, deep = random.standard_normal((3, len(place)))
    place[:, 1] += across * north / 111.2
    place[:, 0] += across * east / (111.2 * np.cos(np.radians(place[:, 1])))
    place[:, 2] = np.maximum(place[:, 2] + down * deep, 0.0)
    columns: dict[str, Any] = {n: events.column(n) for n in events.column_names}
    for i, name in enumerate(("longitude", "latitude", "depth_km")):
        columns[name] = place[:, i]
    return make_table("events", columns)


def _picks(
    template: Template, truth: LayeredModel, random: np.random.Generator
) -> tuple[pa.Table, dict[tuple[str, str, str], float]]:
    """Picks of the run's stations with true times, and errors as the run states or infers them.

    Those of picks, delays of stations, a share of the travel time that events close to each other
    have in common at a station, and velocity that changes sideways.
    """
    locate, arrivals = template.settings.locate, template.arrivals
    assert locate is not None
    assert arrivals is not None
    event, arrivals = _of_events(template, arrivals)
    station, arrivals, event = _with_station(template, arrivals, event)
    kinds = np.array([phase_kind(p) for p in arrivals.column("phase").to_pylist()])
    place = template.place[event]
    distance, _ = distance_azimuth(place[:, 0], place[:, 1], station[:, 0], station[:, 1])
    time = np.empty(event.size)
    for phase in ("P", "S"):
        own = np.flatnonzero(kinds == phase)
        time[own] = _times(truth, phase, place[own, 2], distance[own], -station[own, 2] / 1000.0)
    names = (arrivals.column(c).to_pylist() for c in ("network", "station"))
    keys = list(zip(*names, kinds.tolist(), strict=True))
    errors = template.errors
    delay = {k: errors.delay_s[k[2]] * random.standard_normal() for k in sorted(set(keys))}
    stated = arrivals.column("uncertainty_s").to_numpy()
    noise = np.hypot(stated, [errors.noise_s[k] for k in kinds])
    share = np.clip(
        locate.time_error_fraction * time, locate.time_error_minimum_s, locate.time_error_maximum_s
    )
    path = share * _structure(random, keys, template.place, event, locate.correlation_km)
    if locate.lateral_spread > 0.0:
        path += time * _sideways(random, locate, place, station)
    late = time + np.array([delay[k] for k in keys]) + path
    late = late + noise * random.standard_normal(event.size)
    origin = template.events.column("origin_time").to_numpy()[event]
    columns: dict[str, Any] = {
        c: arrivals.column(c) for c in ("event_id", "network", "station", "phase")
    }
    columns["time"] = origin + np.round(late * 1e9).astype("timedelta64[ns]")
    columns["uncertainty_s"] = stated
    columns["picker"] = ["simulated"] * event.size
    return make_table("picks", columns, rows=event.size), delay


def _polarities(
    template: Template, truth: LayeredModel, angles: Floats, random: np.random.Generator
) -> pa.Table:
    """First motions that true rays read, wrong as often as they say."""
    readings = template.polarities
    assert readings is not None
    event, readings = _of_events(template, readings)
    station, readings, event = _with_station(template, readings, event)
    place = template.place[event]
    distance, azimuth = distance_azimuth(place[:, 0], place[:, 1], station[:, 0], station[:, 1])
    takeoff = np.full(event.size, np.nan)
    for i in np.unique(event):
        own = np.flatnonzero(event == i)
        takeoff[own] = trace_takeoffs(
            truth, float(template.place[i, 2]), distance[own], -station[own, 2] / 1000.0
        )
    normal, slip = fault_vectors(*angles.T)
    up = p_radiation(normal[event], slip[event], ray_vectors(azimuth, takeoff)) > 0
    stated = readings.column("probability_up").to_numpy()
    rate = template.settings.mechanism.polarity_error_rate
    sure = np.where(np.isfinite(stated), np.maximum(stated, 1.0 - stated), 1.0 - rate)
    said_up = np.where(random.random(event.size) < sure, up, ~up)
    columns: dict[str, Any] = {
        c: readings.column(c)
        for c in ("event_id", "network", "station", "channel", "onset", "pick_weight")
    }
    columns["polarity"] = np.where(said_up, 1, -1).astype(np.int8)
    columns["probability_up"] = np.where(
        np.isfinite(stated), np.where(said_up, sure, 1.0 - sure), np.nan
    )
    return make_table("polarities", columns, rows=event.size)


def _true_mechanisms(template: Template, random: np.random.Generator) -> Floats:
    """Strike, dip and rake: slip in the run's stress, else its own mechanisms in another order."""
    count = len(template.place)
    if template.tensor is None:
        solved = template.angles[np.isfinite(template.angles).all(axis=1)]
        if len(solved):
            return np.asarray(solved[random.integers(len(solved), size=count)])
        return np.column_stack(
            [random.uniform(0, 360, count), random.uniform(30, 90, count),
             random.uniform(-180, 180, count)]
        )  # fmt: skip
    normal = random.standard_normal((count, _PLANES, 3))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    normal = np.where(normal[..., 2:] > 0, -normal, normal)  # up, out of the footwall
    near = fault_instability(template.tensor, normal, _FRICTION)
    chosen = normal[np.arange(count), np.argmax(near, axis=1)]
    slip = resolved_shear(template.tensor, chosen)
    return np.column_stack(plane_angles(chosen, slip))


def _times(
    model: LayeredModel, phase: Any, depth: Floats, distance: Floats, receiver: Floats
) -> Floats:
    """True travel times: traced at every source depth, on a fine grid of distances."""
    time = np.full(depth.size, np.nan)
    for level in np.unique(np.round(receiver, 1)):
        own = np.flatnonzero(np.round(receiver, 1) == level)
        deep = np.unique(np.round(depth[own], 2))
        if deep.size < 2:
            deep = np.array([deep[0], deep[0] + 0.1])
        far = np.arange(0.0, distance[own].max() + 2.0 * _TABLE_KM[1], _TABLE_KM[1])
        table = trace_table(model, deep, far, phase=phase, receiver_depth_km=float(level))
        row = np.searchsorted(deep, np.round(depth[own], 2) - 1e-6)
        for i in np.unique(row):
            at = own[row == i]
            time[at] = np.interp(distance[at], far, table.travel_time_s[i])
    return time


def _of_events(template: Template, table: pa.Table) -> tuple[NDArray[np.int64], pa.Table]:
    """Rows of the events that are simulated, with the event's number."""
    ids = template.events.column("event_id").combine_chunks()
    number = pc.index_in(table.column("event_id"), ids).fill_null(-1).to_numpy()
    kept = np.flatnonzero(number >= 0)
    return number[kept].astype(np.int64), table.take(pa.array(kept))


def _with_station(
    template: Template, table: pa.Table, event: NDArray[np.int64]
) -> tuple[Floats, pa.Table, NDArray[np.int64]]:
    """Longitude, latitude and elevation (m) of the station of every row that has one."""
    known = {
        (r["network"], r["station"]): (r["longitude"], r["latitude"], r["elevation_m"] or 0.0)
        for r in template.stations.to_pylist()
    }
    rows = [
        known.get(k)
        for k in zip(*(table.column(c).to_pylist() for c in ("network", "station")), strict=True)
    ]
    kept = np.array([i for i, r in enumerate(rows) if r is not None], dtype=np.int64)
    place = np.array([r for r in rows if r is not None], dtype=float).reshape(-1, 3)
    return np.nan_to_num(place), table.take(pa.array(kept)), event[kept]


def _structure(
    random: np.random.Generator,
    keys: list[tuple[str, str, str]],
    place: Floats,
    event: NDArray[np.int64],
    correlation_km: float,
) -> Floats:
    """Draw Gaussian fields over the places of events, one for every station, of variance 1.

    They are correlated as ``exp(-d / correlation_km)``: sums of cosines whose wave numbers have
    the spectral density of that, a multivariate Cauchy distribution (Rahimi & Recht 2007, Random
    features for large-scale kernel machines).
    """
    middle = place.mean(axis=0)
    flat = local_position(middle[0], middle[1], place[:, 0], place[:, 1])
    where = np.column_stack([*flat, place[:, 2]]) / correlation_km
    names = sorted({k[:2] for k in keys})
    number = {n: i for i, n in enumerate(names)}
    station = np.array([number[k[:2]] for k in keys], dtype=np.int64)
    found = np.empty(len(keys))
    for i in range(len(names)):
        wave = random.standard_normal((_WAVES, 3)) / np.abs(random.standard_normal((_WAVES, 1)))
        phase = random.uniform(0.0, 2.0 * np.pi, _WAVES)
        own = np.flatnonzero(station == i)
        found[own] = np.cos(where[event[own]] @ wave.T + phase).sum(axis=1)
    return np.asarray(found * np.sqrt(2.0 / _WAVES))


def _sideways(
    random: np.random.Generator, locate: Locate, place: Floats, station: Floats
) -> Floats:
    """Draw a field of velocity over the map, and return its mean along the path of every pick.

    Correlated as ``exp(-d^2 / 2 L^2)``: cosines with wave numbers of normal distribution, whose
    means along a straight path are exact. Regions differ in its spread as locating supposes.

    Parameters
    ----------
    random : Generator
    locate : Locate
    place, station : ndarray, shape (picks, 3)
        Longitude, latitude of the event and of the station.
    """
    middle = place.mean(axis=0)
    wave, phase = random.standard_normal((_WAVES, 2)), random.uniform(0.0, 2.0 * np.pi, _WAVES)
    begin, end = (
        np.column_stack(local_position(middle[0], middle[1], at[:, 0], at[:, 1]))
        / locate.lateral_km
        @ wave.T
        + phase
        for at in (place, station)
    )
    mean = np.cos(0.5 * (begin + end)) * np.sinc(0.5 * (end - begin) / np.pi)
    spread = locate.lateral_spread * float(random.choice(LATERAL_LEVELS))
    return np.asarray(spread * np.sqrt(2.0 / _WAVES) * mean.sum(axis=1))
