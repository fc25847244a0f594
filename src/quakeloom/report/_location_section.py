"""Located hypocenters in the report."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.core import local_position
from quakeloom.plots import plot_hypocenters, plot_location_quality
from quakeloom.report._blocks import Grid, Section, Text, page_picture, picture
from quakeloom.report._phrases import count, number, percent, verb
from quakeloom.report._results import RunResults

_DRAWN = 4000
"""Hypocenters that are drawn, an even part of a larger catalog: more cover each other."""

_ROWS = 20
"""Hypocenters that are listed; chosen here, the table has all of them."""

_FEW_MODELS = 10
"""Effective number of models below which an ensemble is small for the data; chosen here."""


def location_section(results: RunResults) -> Section:
    """Return map, sections, residuals and effective numbers of models of located events."""
    section = Section("locations", "Hypocenters")
    if not results.has("hypocenters"):
        return section
    table = results.table("hypocenters")
    status = np.array(table.column("status").to_pylist())
    good = table.filter(pa.array(status == "located"))
    facts = results.location
    members = int(facts.get("members", 1))
    section.add(Text(_lead(good, table.num_rows, members), "lead"))
    section.add(*(Text(f"{sentence}.", "warning") for sentence in facts.get("structure", ())))
    if good.num_rows:
        _add_pictures(section, results, good, members)
    shallow = sum(bool(r) for r in good.column("reason").to_pylist())
    if shallow:
        text = f"{count(shallow, 'located event')} {verb(shallow, 'lies', 'lie')} at the least "
        section.add(Text(f"{text}depth of the search; the column `reason` says so.", "note"))
    others = {s: int((status == s).sum()) for s in np.unique(status) if s != "located"}
    if others:
        words = ", ".join(f"{n} {s.replace('_', ' ')}" for s, n in others.items())
        section.add(Text(f"Not located: {words}; each row of the table has the reason.", "note"))
    return section


def _lead(good: pa.Table, total: int, members: int) -> str:
    words = f"{count(good.num_rows, 'event')} of {total} located"
    words += f" in an ensemble of {members} velocity models." if members > 1 else " in one model."
    if not good.num_rows:
        return words
    spread = np.sqrt(_column(good, "cov_dd"))
    within = _column(good, "within_model_depth_variance")
    share = 1.0 - float(np.median(within / np.maximum(spread**2, 1e-12)))
    words += f" Median standard deviation of depth {number(float(np.median(spread)))} km"
    if members > 1:
        words += f", of whose variance {percent(share)} is that between models"
        few = int((_column(good, "effective_model_count") < _FEW_MODELS).sum())
        if few and members >= _FEW_MODELS:
            words += (
                f". Fewer than {_FEW_MODELS} models count for {count(few, 'event')}: there the "
                "ensemble is too small for the data, or picks are taken to be too exact"
            )
    return words + "."


def _add_pictures(section: Section, results: RunResults, good: pa.Table, members: int) -> None:
    longitude, latitude = _column(good, "longitude"), _column(good, "latitude")
    origin = float(np.median(longitude)), float(np.median(latitude))
    north, east = local_position(*origin, longitude, latitude)
    errors = np.sqrt(
        np.maximum(np.stack([_column(good, f"cov_{c}") for c in ("nn", "ee", "dd")], axis=-1), 0.0)
    )
    stations = results.table("stations")
    others = _others(results, good, origin)
    if others is not None:
        section.add(Text(_comparison(good, np.stack([north, east], axis=-1), others)))
    station = local_position(*origin, _column(stations, "longitude"), _column(stations, "latitude"))
    boundary = results.location.get("boundary_km")
    drawn = np.arange(0, good.num_rows, -(-good.num_rows // _DRAWN))
    part = f" An even part of {drawn.size:,} events." if drawn.size < good.num_rows else ""
    figure = plot_hypocenters(
        north[drawn], east[drawn], _column(good, "depth_km")[drawn], errors[drawn], *station,
        None if others is None else others[drawn], None if boundary is None else tuple(boundary),
    )  # fmt: skip
    section.add(
        picture(
            figure,
            "Map and two sections of hypocenters with their uncertainty.",
            f"Means of the posterior; origin {origin[1]:.3f} N, {origin[0]:.3f} E.{part}",
            "wide",
            png=good.num_rows > 400,
        )
    )
    arrivals = results.table("arrivals")
    used = arrivals.filter(pc.equal(arrivals.column("pick_use"), "used"))
    if used.num_rows:
        second = pc.equal(used.column("phase"), "S").to_numpy()
        section.add(
            page_picture(
                partial(
                    plot_location_quality,
                    _column(used, "residual_s"), second, _column(good, "effective_model_count"),
                    members,
                ),
                "Residuals of P and S, and effective numbers of models.",
                "Residuals at the maximum of the posterior; effective numbers of models.",
                "wide",
            )
        )  # fmt: skip
    rows = [
        [
            r["event_id"], f"{r['latitude']:.4f}", f"{r['longitude']:.4f}",
            f"{r['depth_km']:.2f}", f"{r['depth_025_km']:.1f} to {r['depth_975_km']:.1f}",
            r["pick_count"], f"{r['rms_s']:.2f}", f"{r['effective_model_count']:.1f}",
        ]
        for r in good.slice(0, _ROWS).to_pylist()
    ]  # fmt: skip
    section.add(
        Grid(
            ["event", "latitude", "longitude", "depth (km)", "95 % (km)", "picks", "rms (s)",
             "models"],
            rows,
            _below_the_table(good),
            (False, True, True, True, True, True, True, True),
        )
    )  # fmt: skip


def _below_the_table(good: pa.Table) -> str:
    """What the caption of the table says: what is left out, and what negative depths are."""
    said = [f"The first {_ROWS} of {good.num_rows} events."] if good.num_rows > _ROWS else []
    if (_column(good, "depth_025_km")[:_ROWS] < 0.0).any():
        said.append("Depths below 0 are above sea level.")
    return " ".join(said)


def _comparison(good: pa.Table, place: NDArray[np.float64], others: NDArray[np.float64]) -> str:
    """Say how far the hypocenters are from those in the sources."""
    known = np.isfinite(others).all(axis=1)
    offset = place[known] - others[known, :2]
    depth, given = _column(good, "depth_km")[known], others[known, 2]
    low, high = (_column(good, f"depth_{q}_km")[known] for q in ("025", "975"))
    away = np.hypot(*offset.T)
    words = (
        f"Against the hypocenters in the sources ({count(int(known.sum()), 'event')}): epicenters "
        f"{number(float(np.median(away)))} km apart in the median"
    )
    difference = depth - given
    if known.sum() < 5:
        listed = ", ".join(f"{d:+.2f}" for d in difference)
        return f"{words}, depths {listed} km from theirs."
    inside = int(np.mean((low <= given) & (given <= high)) * 100 + 0.5)
    middle = float(np.median(difference))
    return (
        f"{words}, depths {abs(middle):.2f} km {'deeper' if middle >= 0 else 'shallower'} in the "
        f"median with a standard deviation of {difference.std():.2f} km; the 95 % ranges hold "
        f"{inside} % of theirs."
    )


def _others(
    results: RunResults, good: pa.Table, origin: tuple[float, float]
) -> NDArray[np.float64] | None:
    """North, east, depth of the events in the sources, None if they have none."""
    given = results.location.get("sources")
    if given is None:
        return None
    rows = {e: (x, y, z) for e, x, y, z in zip(*given, strict=True)}
    found = np.array(
        [rows.get(e, (np.nan,) * 3) for e in good.column("event_id").to_pylist()], dtype=float
    )
    if not np.isfinite(found).any():
        return None
    north, east = local_position(*origin, found[:, 0], found[:, 1])
    return np.stack([north, east, found[:, 2]], axis=-1)


def _column(table: pa.Table, name: str) -> NDArray[np.float64]:
    return np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=float)
