"""Hypocenters of a run or of any catalog, with errors and mechanisms, for the search for faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Faults, Settings
from quakeloom.core import local_position
from quakeloom.stages.frame.partition_states import planned_partitions
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.hypocenters import draws_folder
from quakeloom.stages.mechanism import MECHANISM
from quakeloom.stages.stress.sums import read_acceptance
from quakeloom.store import RunLayout, open_array, read_table
from quakeloom.stress import thin_acceptance

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_BLOCK = 1024
"""Rows of sets that are read at a time; chosen here: some 10 MB."""

_SMOOTHED = 50
"""Neighboring events over which the shift of a velocity model is averaged; chosen here: the
scatter of single draws is gone, and models move whole faults."""

_MEMBERS = 100
"""Velocity models that are followed, those with most draws; chosen here: one for a draw."""


@dataclass(frozen=True)
class CatalogHypocenters:
    """Hypocenters with their errors and mechanisms.

    Attributes
    ----------
    event_id : list of str
    reason : list of str
        Why an event cannot be used; empty where it can.
    longitude, latitude, depth_km : ndarray, shape (n,)
    covariance_km2 : ndarray, shape (n, 3, 3)
        North, east, down.
    without_error : int
        Events whose errors are those of the settings.
    preferred_deg : ndarray, shape (n, 3)
        Strike, dip, rake of plane 1; NaN where there is none.
    set_event, set_deg : ndarray, shape (members,) and (members, 3)
        Acceptable mechanisms: row of the event, and angles.
    shifts_km : ndarray, shape (models, n, 3)
        How far each velocity model moves the hypocenters; empty where there is one model.
    """

    event_id: list[str]
    reason: list[str]
    longitude: Floats
    latitude: Floats
    depth_km: Floats
    covariance_km2: Floats
    without_error: int
    preferred_deg: Floats
    set_event: Integers
    set_deg: Floats
    shifts_km: Floats = field(default_factory=lambda: np.empty((0, 0, 3)))


def read_run(settings: Settings, layout: RunLayout) -> CatalogHypocenters:
    """Read the hypocenters of a run: located ones, else those of its sources."""
    wanted = settings.faults
    assert wanted is not None
    names = planned_partitions(layout, MECHANISM.name)
    if settings.locate is None:
        events = pa.concat_tables(
            [read_table(layout.rows(n) / "events.parquet", "events") for n in names]
        )
        found = of_events(events, wanted)
    else:
        table = pa.concat_tables(
            [
                read_table(layout.part(LOCATE.name, n) / "hypocenters.parquet", "hypocenters")
                for n in planned_partitions(layout, LOCATE.name)
            ]
        )
        found = _of_located(table)
        if settings.locate.draws:
            found = _with_shifts(found, layout)
    return _with_mechanisms(found, layout, names) if wanted.mechanisms else found


def of_events(events: pa.Table, wanted: Faults) -> CatalogHypocenters:
    """Return the hypocenters of a table ``events``.

    Errors that a source does not give are those of the settings; both are taken for standard
    errors along north, east and down.
    """
    longitude, latitude, depth, horizontal, vertical = (
        np.asarray(events.column(n).to_numpy(zero_copy_only=False), dtype=float)
        for n in (
            "longitude", "latitude", "depth_km", "horizontal_error_km", "vertical_error_km",
        )
    )  # fmt: skip
    unknown = ~(np.isfinite(horizontal) & np.isfinite(vertical))
    horizontal = np.where(np.isfinite(horizontal), horizontal, wanted.horizontal_error_km)
    vertical = np.where(np.isfinite(vertical), vertical, wanted.vertical_error_km)
    covariance = np.zeros((len(longitude), 3, 3))
    covariance[:, 0, 0] = covariance[:, 1, 1] = horizontal**2
    covariance[:, 2, 2] = vertical**2
    placed = np.isfinite(longitude) & np.isfinite(latitude) & np.isfinite(depth)
    reason = ["" if good else "its source gives no full hypocenter" for good in placed]
    return _bare(
        events.column("event_id").to_pylist(), reason, (longitude, latitude, depth), covariance,
        int((unknown & placed).sum()),
    )  # fmt: skip


def _of_located(table: pa.Table) -> CatalogHypocenters:
    column = {
        n: np.asarray(table.column(n).to_numpy(zero_copy_only=False), dtype=float)
        for n in (
            "longitude", "latitude", "depth_km", *(f"cov_{c}" for c in ("nn", "en", "nd", "ee")),
            "cov_ed", "cov_dd", "within_model_variance", "between_model_variance",
        )
    }  # fmt: skip
    order = (("nn", "en", "nd"), ("en", "ee", "ed"), ("nd", "ed", "dd"))
    covariance = np.stack(
        [np.stack([column[f"cov_{c}"] for c in row], axis=-1) for row in order], axis=-2
    )
    # what models do to all events alike is followed by the shifts, so it is taken out here
    within, between = column["within_model_variance"], column["between_model_variance"]
    with np.errstate(invalid="ignore", divide="ignore"):
        own = within / (within + between)
    covariance *= np.where(np.isfinite(own), own, 1.0)[:, None, None]
    status = table.column("status").to_pylist()
    why = table.column("reason").to_pylist()
    usable = np.isfinite(covariance).all(axis=(1, 2))
    reason = [
        "" if s == "located" and good else (w or s.replace("_", " "))
        for s, w, good in zip(status, why, usable, strict=True)
    ]
    place = (column["longitude"], column["latitude"], column["depth_km"])
    return _bare(table.column("event_id").to_pylist(), reason, place, covariance, 0)


def _bare(
    event_id: list[str], reason: list[str], place: tuple[Floats, Floats, Floats],
    covariance: Floats, without: int,
) -> CatalogHypocenters:  # fmt: skip
    n = len(event_id)
    return CatalogHypocenters(
        event_id, reason, *place, covariance, without, np.full((n, 3), np.nan),
        np.empty(0, np.int64), np.empty((0, 3)),
    )  # fmt: skip


def with_preferred(found: CatalogHypocenters, mechanisms: pa.Table) -> CatalogHypocenters:
    """Return hypocenters with the preferred mechanisms of a table, by event."""
    row = {name: i for i, name in enumerate(found.event_id)}
    preferred = found.preferred_deg.copy()
    angles = _angles(mechanisms)
    for name, three in zip(mechanisms.column("event_id").to_pylist(), angles, strict=True):
        if name in row and np.isfinite(three).all():
            preferred[row[name]] = three
    events = np.flatnonzero(np.isfinite(preferred).all(axis=1))
    return CatalogHypocenters(
        **{**vars(found), "preferred_deg": preferred, "set_event": events,
           "set_deg": preferred[events]}
    )  # fmt: skip


def _angles(mechanisms: pa.Table) -> Floats:
    return np.stack(
        [
            np.asarray(mechanisms.column(n).to_numpy(zero_copy_only=False), dtype=float)
            for n in ("strike_deg", "dip_deg", "rake_deg")
        ],
        axis=-1,
    )


def _with_mechanisms(
    found: CatalogHypocenters, layout: RunLayout, names: Sequence[str]
) -> CatalogHypocenters:
    """Return hypocenters with the sets of acceptable mechanisms of a run, thinned."""
    row = {name: i for i, name in enumerate(found.event_id)}
    events, angles = [], []
    for name in names:
        table = read_table(layout.part(MECHANISM.name, name) / "mechanisms.parquet", "mechanisms")
        found = with_preferred(found, table)
        acceptance, grid = read_acceptance(layout, name)
        if acceptance is None:
            continue
        ids = table.column("event_id").to_pylist()
        for start in range(0, len(ids), _BLOCK):
            chunk = np.asarray(acceptance[start : start + _BLOCK])
            thinned = thin_acceptance(chunk, grid[-1])
            for i in np.flatnonzero(chunk.any(axis=1)):
                if ids[start + i] in row:
                    events.append(np.full(thinned.shape[1], row[ids[start + i]]))
                    angles.append(np.stack([g[thinned[i]] for g in grid[:3]], axis=-1))
    if not events:
        return found
    owner, sets = np.concatenate(events), np.concatenate(angles)
    alone = np.setdiff1d(found.set_event, owner)
    return CatalogHypocenters(
        **{**vars(found), "set_event": np.concatenate([owner, alone]),
           "set_deg": np.concatenate([sets, found.preferred_deg[alone]])}
    )  # fmt: skip


def _with_shifts(found: CatalogHypocenters, layout: RunLayout) -> CatalogHypocenters:
    """Return hypocenters with the shift of each velocity model, averaged over neighbors."""
    from scipy.spatial import cKDTree

    names = ("draw_longitude", "draw_latitude", "draw_depth_km", "draw_member")
    longitude, latitude, depth, member = (
        np.concatenate(
            [
                np.asarray(open_array(draws_folder(layout) / p, name)[...])
                for p in planned_partitions(layout, LOCATE.name)
            ]
        )
        for name in names
    )
    good = np.array([not r for r in found.reason]) & np.isfinite(longitude).all(axis=1)
    if good.sum() < 2 or len(np.unique(member[good])) < 2:
        return found
    rows = np.flatnonzero(good)
    at = float(np.mean(found.longitude[rows])), float(np.mean(found.latitude[rows]))
    mean = np.stack(
        [*local_position(*at, found.longitude[rows], found.latitude[rows]), found.depth_km[rows]],
        axis=-1,
    )
    place = np.stack([*local_position(*at, longitude[rows], latitude[rows]), depth[rows]], axis=-1)
    moved = place - mean[:, None]
    numbers, counts = np.unique(member[rows], return_counts=True)
    most = numbers[np.argsort(-counts, kind="stable")][:_MEMBERS]
    shifts = np.zeros((len(most), len(found.event_id), 3))
    for m, number in enumerate(most):
        event, draw = np.nonzero(member[rows] == number)
        k = min(_SMOOTHED, len(event))
        near = cKDTree(mean[event]).query(mean, k=k)[1].reshape(len(rows), k)
        shifts[m, rows] = moved[event, draw][near].mean(axis=1)
    return CatalogHypocenters(**{**vars(found), "shifts_km": shifts})
