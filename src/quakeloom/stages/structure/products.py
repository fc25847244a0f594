"""Tables and figures of a structure: events, picks, stations, volumes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.schema import make_table
from quakeloom.stages.structure.inputs import structure_plane, structure_settings
from quakeloom.stages.structure.picks import CatalogArrivals
from quakeloom.stages.structure.rounds import Inversion
from quakeloom.store import Item, write_array
from quakeloom.structure import StructurePosterior

Floats = NDArray[np.float64]


def first_tables(
    catalog: CatalogArrivals,
    settings: Settings,
    source: Floats,
    residual_s: Floats,
    share: Floats,
    status: list[str],
    reason: list[str],
) -> dict[str, pa.Table]:
    """Return the tables of a partition: what the starting model says.

    Parameters
    ----------
    source : ndarray, (events, 4)
        NaN where an event was not fitted.
    residual_s, share : ndarray
        Of the usable picks.
    """
    use, before, counted = catalog.use.copy(), np.full(len(catalog.use), np.nan), None
    before[catalog.rows] = residual_s
    use[catalog.rows[share <= 0]] = "outlier"
    good = np.array([s == "used" for s in status], dtype=bool)
    event = catalog.arrivals.event
    use[catalog.rows[~good[event]]] = "event_not_used"
    counted = np.full(len(use), np.nan)
    counted[catalog.rows] = share
    return {
        "structure_events": _events(catalog, settings, source, source, status, reason,
                                    (residual_s, np.full_like(residual_s, np.nan)), share > 0),
        "structure_arrivals": _arrivals(catalog, use, before, np.full(len(use), np.nan), counted),
    }  # fmt: skip


def last_tables(
    catalog: CatalogArrivals,
    settings: Settings,
    first: dict[str, pa.Table],
    found: Inversion,
    used: NDArray[np.int64],
    start: Floats,
) -> dict[str, pa.Table]:
    """Return the tables of events and picks of the run.

    Parameters
    ----------
    first : dict of str to pyarrow.Table
        Those of all partitions, by event id.
    used : ndarray of int
        Rows of the events that the inversion had.
    start : ndarray, (events, 4)
        Sources in the starting model.
    """
    rows = catalog.rows[np.isin(catalog.arrivals.event, used)]
    status = first["structure_events"].column("structure_status").to_pylist()
    reason = first["structure_events"].column("reason").to_pylist()
    source = start.copy()
    source[used] = found.fitted.source
    inside = found.posterior.prior.grid.holds(np.nan_to_num(source[:, :3]), 1.0)
    for i in used.tolist():
        if not inside[i]:
            status[i] = "outside_model"
            reason[i] = "in the mean model its source is at the side of the grid; widen the grid"
    arrivals = first["structure_arrivals"]
    use = np.array(arrivals.column("structure_use").to_pylist(), dtype=object)
    before = arrivals.column("residual_before_s").to_numpy()
    after, share = np.full(len(use), np.nan), arrivals.column("pick_share").to_numpy().copy()
    after[rows], share[rows] = found.fitted.residual_s, found.weights.share
    use[rows] = np.where(found.weights.is_outlier, "outlier", "used")
    picks = catalog.rows
    return {
        "structure_events": _events(
            catalog, settings, start, source, status, reason, (before[picks], after[picks]),
            use[picks] == "used",
        ),
        "structure_arrivals": _arrivals(catalog, use, before, after, share),
    }  # fmt: skip


def _events(
    catalog: CatalogArrivals,
    settings: Settings,
    start: Floats,
    source: Floats,
    status: list[str],
    reason: list[str],
    residuals: tuple[Floats, Floats],
    counts: NDArray[np.bool_],
) -> pa.Table:
    number, event = len(status), catalog.arrivals.event
    plane = structure_plane(structure_settings(settings))
    longitude, latitude = plane.inverse(source[:, 1], source[:, 2])
    known = np.isfinite(source).all(axis=1)
    shift = np.where(known, np.nan_to_num(source[:, 3]) * 1e9, 0.0)
    time = catalog.reference + np.round(shift).astype("timedelta64[ns]")
    time[~known] = np.datetime64("NaT", "ns")
    total = np.bincount(event[counts], minlength=number)
    rms = []
    for values in residuals:
        square = np.bincount(event[counts], values[counts] ** 2, number)
        with np.errstate(invalid="ignore", divide="ignore"):
            rms.append(np.where(total > 0, np.sqrt(square / total), np.nan))
    return make_table(
        "structure_events",
        {
            "event_id": catalog.events.column("event_id"),
            "structure_status": status,
            "reason": reason,
            "origin_time": time,
            "longitude": np.where(known, longitude, np.nan),
            "latitude": np.where(known, latitude, np.nan),
            "depth_km": np.where(known, source[:, 0], np.nan),
            "structure_moved_km": np.linalg.norm(source[:, :3] - start[:, :3], axis=1),
            "pick_count": total.astype(np.int32),
            "rms_before_s": rms[0],
            "rms_after_s": rms[1],
        },
        rows=number,
    )


def _arrivals(
    catalog: CatalogArrivals, use: Any, before: Floats, after: Floats, share: Floats
) -> pa.Table:
    picks = catalog.picks
    sigma = np.full(len(use), np.nan)
    sigma[catalog.rows] = catalog.arrivals.sigma_s
    return make_table(
        "structure_arrivals",
        {
            **{c: picks.column(c) for c in ("event_id", "network", "station", "phase", "time")},
            "uncertainty_s": sigma,
            "structure_use": use.tolist(),
            "residual_before_s": before,
            "residual_after_s": after,
            "pick_share": share,
        },
        rows=len(use),
    )


def terms_table(names: tuple[str, ...], found: Inversion) -> pa.Table:
    """Return the delays of stations that have picks."""
    prior, posterior = found.posterior.prior, found.posterior
    term = prior.term_spread_s * posterior.mean[prior.size :]
    error = posterior.term_error_s()
    count = np.bincount(found.events.arrivals.group[~found.weights.is_outlier],
                        minlength=term.size)  # fmt: skip
    keep = np.flatnonzero(count)
    return make_table(
        "structure_terms",
        {
            "station": [names[k % len(names)] for k in keep],
            "phase": ["PS"[k // len(names)] for k in keep],
            "station_term_s": term[keep],
            "station_term_error_s": error[keep],
            "pick_count": count[keep].astype(np.int32),
        },
        rows=keep.size,
    )


def write_volumes(group: Item, posterior: StructurePosterior) -> dict[str, Any]:
    """Write mean model, starting model and spreads; return what is said of them."""
    prior = posterior.prior
    grid = prior.grid
    for name, axis in zip(("depth_km", "north_km", "east_km"), grid.solver_axes_km, strict=True):
        write_array(group, name, axis)
    p, s = prior.velocities(posterior.mean)
    write_array(group, "structure_coordinates", posterior.mean)
    write_array(group, "structure_p_start", prior.reference_km_s)
    write_array(group, "structure_p_mean", p)
    write_array(group, "structure_s_mean", s)
    facts = {}
    for name, both in posterior.spreads().items():
        for when, values in zip(("prior", "posterior"), both, strict=True):
            fine = (grid.interpolation @ values.ravel()).reshape(grid.solver_shape)
            write_array(group, f"structure_{name}_{when}", fine)
        facts[f"{name}_narrow_share"] = float(np.mean(both[1] < 0.5 * both[0]))
    return facts
