"""Station terms and errors of picks from the residuals of a whole catalog, round by round."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import local_position
from quakeloom.location import (
    SharedErrors,
    count_paths,
    estimate_pick_noise,
    estimate_station_terms,
    measure_residual_structure,
)
from quakeloom.schema import make_table
from quakeloom.stages.locate.events import Corrections, phase_kind

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

NOISE_EVENTS = 10
"""Events from which on errors of picks are inferred. Chosen here: with ten picks each, their
error is then known to a tenth."""

_NOISE_PICKS = 50
"""Picks of a phase from which on its error is inferred. Chosen here, likewise."""

_CORRELATED, _SURELY = 0.2, 4.0
"""Correlation of residuals of neighbors, and its ratio to the error without structure, from which
on lateral structure is told. Chosen here: independent picks reach it once in 30,000 catalogs."""

_DELAYED = 2.0
"""Scatter of stations' mean residuals over ``station_error_s`` from which on it is told."""


@dataclass(frozen=True)
class Rounds:
    """How often events are located before the last time, and how often for station terms."""

    every: int
    terms: int


def correction_rounds(locate: Locate, events: int) -> Rounds:
    """Return how many rounds a catalog of so many events gets."""
    terms = locate.station_iterations
    noise = locate.pick_noise == "inferred" and events >= NOISE_EVENTS
    return Rounds(max(terms, int(noise)), terms)


@dataclass(frozen=True)
class _Residuals:
    """Residuals of the picks used of located events, earlier terms added back."""

    key: NDArray[np.int64]
    keys: list[tuple[str, str, str]]
    residual_s: Floats
    variance: Floats
    travel_error_s: Floats
    distance_km: Floats
    place_km: Floats
    picks: NDArray[np.int64]

    @property
    def phase(self) -> NDArray[np.str_]:
        """``P`` or ``S`` of every residual."""
        return np.array([k[2] for k in self.keys] or [""])[self.key]


def estimate_corrections(
    locate: Locate, hypocenters: pa.Table, arrivals: pa.Table, terms: bool
) -> tuple[pa.Table, pa.Table]:
    """Estimate station terms and errors of picks from a round of locations.

    Parameters
    ----------
    locate : Locate
    hypocenters, arrivals : pyarrow.Table
        Registered tables of all events.
    terms : bool
        Whether station terms are wanted; the table has no rows else.

    Returns
    -------
    pyarrow.Table
        Tables ``station_terms`` and ``pick_noise``.
    """
    found = _take_residuals(locate, hypocenters, arrivals)
    left = found.residual_s
    columns: dict[str, object] = {}
    if terms:
        own = [np.flatnonzero(found.key == k) for k in range(len(found.keys))]
        path = np.array([np.sqrt(np.mean(found.travel_error_s[i] ** 2)) for i in own])
        paths = np.array([count_paths(found.place_km[i], locate.correlation_km) for i in own])
        made = estimate_station_terms(
            found.key, found.residual_s, found.variance, len(found.keys), locate.station_prior_s,
            shared=SharedErrors(path, paths),
        )  # fmt: skip
        left = found.residual_s - made.term_s[found.key]
        columns = {
            "network": [k[0] for k in found.keys],
            "station": [k[1] for k in found.keys],
            "phase": [k[2] for k in found.keys],
            "station_term_s": made.term_s,
            "station_term_error_s": made.error_s,
            "pick_count": made.count,
        }
    table = make_table("station_terms", columns, rows=len(found.keys) if terms else 0)
    return table, _estimate_noise(locate, found, left)


def _estimate_noise(locate: Locate, found: _Residuals, left: Floats) -> pa.Table:
    """Return table ``pick_noise``; a phase with few picks has no row."""
    rows = []
    phase = found.phase
    events = len(np.unique(found.place_km, axis=0))
    freedom = locate.freedom if locate.likelihood == "student_t" else np.inf
    if locate.pick_noise == "inferred" and events >= NOISE_EVENTS:
        for name in ("P", "S"):
            own = np.flatnonzero(phase == name)
            if own.size < _NOISE_PICKS:
                continue
            noise = estimate_pick_noise(left[own], found.variance[own], found.picks[own], freedom)
            rows.append((name, noise.noise_s, noise.noise_error_s, noise.contamination, own.size))
    names = ("phase", "pick_noise_s", "pick_noise_error_s", "contamination", "pick_count")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    return make_table("pick_noise", {k: list(v) for k, v in columns.items()}, rows=len(rows))


def take_corrections(terms: pa.Table, noise: pa.Table) -> Corrections:
    """Return what a round gave, as locating the events of the next one needs it."""
    return Corrections(
        {(r["network"], r["station"], r["phase"]): r["station_term_s"] for r in terms.to_pylist()},
        {r["phase"]: r["pick_noise_s"] for r in noise.to_pylist()},
    )


def warn_of_structure(
    locate: Locate, hypocenters: pa.Table, arrivals: pa.Table, rounds: Rounds
) -> list[str]:
    """Say so where residuals show what no model has, and what helps; return the sentences."""
    found = _take_residuals(locate, hypocenters, arrivals, corrected=True)
    shown = measure_residual_structure(
        found.key, found.residual_s, found.distance_km, found.place_km, locate.correlation_km
    )
    said: list[str] = []
    if shown is None:
        return said
    if not rounds.terms and shown.station_s > _DELAYED * max(locate.station_error_s, 0.02):
        said.append(
            f"Residuals scatter by {shown.station_s:.2f} s from station to station, more "
            f"than station_error_s ({locate.station_error_s:g} s); set `station_iterations: 2`, "
            "which corrects the delays of stations"
        )
    sure = shown.path_correlation > _SURELY * shown.path_correlation_error
    if sure and shown.path_correlation > _CORRELATED:
        said.append(
            f"Residuals of neighboring events agree at the same station (correlation "
            f"{shown.path_correlation:.2f}, {shown.path_s:.2f} s): travel times depend on the "
            "place, which no model of the ensemble knows. Ranges, those of epicenters first, may "
            "not hold; "
            + ("" if rounds.terms else "set `station_iterations: 2`, and ")
            + "locate in an ensemble of a region or in three-dimensional grids (`models`), or "
            "raise `time_error_fraction`"
        )
    for sentence in said:
        log.warning("locate: %s", sentence)
    return said


def _take_residuals(
    locate: Locate, hypocenters: pa.Table, arrivals: pa.Table, corrected: bool = False
) -> _Residuals:
    """Take the residuals of the picks used, with the places of their events."""
    good = hypocenters.filter(pc.equal(pc.field("status"), "located"))
    arrivals = arrivals.filter(pc.equal(pc.field("pick_use"), "used"))
    event = pc.index_in(arrivals.column("event_id"), good.column("event_id").combine_chunks())
    number = event.fill_null(-1).to_numpy()
    residual = arrivals.column("residual_s").to_numpy()
    kept = np.flatnonzero((number >= 0) & np.isfinite(residual))
    arrivals, number, residual = arrivals.take(pa.array(kept)), number[kept], residual[kept]
    term = arrivals.column("station_term_s").to_numpy()
    phases = (phase_kind(p) for p in arrivals.column("phase").to_pylist())
    names = (arrivals.column(c).to_pylist() for c in ("network", "station"))
    codes = list(zip(*names, phases, strict=True))
    keys = sorted(set(codes))
    index = {k: i for i, k in enumerate(keys)}
    longitude, latitude = (good.column(c).to_numpy() for c in ("longitude", "latitude"))
    place = np.empty((0, 3))
    if kept.size:
        middle = float(np.median(longitude)), float(np.median(latitude))
        flat = local_position(*middle, longitude, latitude)
        place = np.column_stack([good.column("depth_km").to_numpy(), *flat])[number]
    travel = np.nan_to_num(arrivals.column("travel_time_s").to_numpy())
    share = np.clip(
        locate.time_error_fraction * travel, locate.time_error_minimum_s,
        locate.time_error_maximum_s,
    )  # fmt: skip
    stated = arrivals.column("uncertainty_s").to_numpy()
    spread = np.nan_to_num(arrivals.column("travel_time_error_s").to_numpy())
    return _Residuals(
        np.array([index[c] for c in codes], dtype=np.int64),
        keys,
        residual if corrected else residual + term,
        stated**2 + locate.station_error_s**2 + share**2,
        np.hypot(spread, share),
        arrivals.column("distance_km").to_numpy(),
        place,
        np.bincount(number, minlength=1)[number] if kept.size else np.empty(0, dtype=np.int64),
    )
