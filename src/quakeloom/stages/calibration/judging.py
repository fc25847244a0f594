"""What of a run's results holds the truth, and how wide its ranges are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import local_position, rotation_angle
from quakeloom.schema import make_table
from quakeloom.stages.calibration.catalogs import TrueCatalog
from quakeloom.store import RunLayout, read_table

Floats = NDArray[np.float64]

_TWO_DIMENSIONS_95 = 5.991
"""95 % quantile of chi-square with two degrees of freedom: epicenters."""

_CLOSE_DEG = 45.0
"""Rotation within which `mechanism_probability` says that the truth lies, by default."""

_LETTERS = "ABCD"
"""Quality letters of solved mechanisms."""


@dataclass
class Judged:
    """What was found of one product, catalog by catalog.

    Attributes
    ----------
    stated : float
        Probability that is stated; NaN where every value states its own.
    unit : str
        Of the widths.
    held : list of ndarray
        Whether the truth was held, one array per catalog.
    width : list of ndarray
        Widths of the ranges, or stated errors.
    said : list of ndarray
        Probabilities that single values state; empty where ``stated`` holds for all.
    """

    stated: float
    unit: str
    held: list[Floats] = field(default_factory=list)
    width: list[Floats] = field(default_factory=list)
    said: list[Floats] = field(default_factory=list)


Found = dict[str, Judged]
"""Products by name."""


def judge_catalog(truth: TrueCatalog, layout: RunLayout, found: Found) -> None:
    """Add what the results of one simulated catalog held."""
    if layout.table("hypocenters").exists():
        _judge_hypocenters(truth, read_table(layout.table("hypocenters"), "hypocenters"), found)
    if layout.table("station_terms").exists():
        _judge_terms(truth, read_table(layout.table("station_terms"), "station_terms"), found)
    if np.isfinite(truth.angles).any():
        _judge_mechanisms(truth, read_table(layout.table("mechanisms"), "mechanisms"), found)
    if truth.tensor is not None and layout.table("stress").exists():
        _judge_stress(truth.tensor, read_table(layout.table("stress"), "stress"), found)


def _add(
    found: Found, name: str, stated: float, unit: str, held: ArrayLike, width: Floats
) -> Judged:
    entry = found.setdefault(name, Judged(stated, unit))
    entry.held.append(np.asarray(held, dtype=float))
    entry.width.append(np.asarray(width, dtype=float))
    return entry


def _judge_hypocenters(truth: TrueCatalog, table: pa.Table, found: Found) -> None:
    good = table.filter(pc.equal(pc.field("status"), "located"))
    if not good.num_rows:
        return
    row = {e: i for i, e in enumerate(truth.event_id)}
    place = truth.place[[row[e] for e in good.column("event_id").to_pylist()]]
    column = {c: good.column(c).to_numpy() for c in good.column_names if c not in ("event_id",)
              and pa.types.is_floating(good.schema.field(c).type)}  # fmt: skip
    depth = place[:, 2]
    for stated, low, high in ((0.95, "025", "975"), (0.68, "160", "840")):
        a, b = column[f"depth_{low}_km"], column[f"depth_{high}_km"]
        name = f"depth, {100 * stated:.0f} % range"
        _add(found, name, stated, "km", (a <= depth) & (depth <= b), b - a)
    north, east = local_position(
        float(np.median(place[:, 0])), float(np.median(place[:, 1])),
        *(np.stack([column[c], place[:, i]]) for i, c in enumerate(("longitude", "latitude"))),
    )  # fmt: skip
    dn, de = north[1] - north[0], east[1] - east[0]
    nn, ee, en = column["cov_nn"], column["cov_ee"], column["cov_en"]
    area = nn * ee - en**2
    squared = (ee * dn**2 - 2 * en * dn * de + nn * de**2) / np.maximum(area, 1e-12)
    axis = np.sqrt(_TWO_DIMENSIONS_95) * np.maximum(area, 0.0) ** 0.25
    _add(found, "epicenter, 95 % ellipse", 0.95, "km", squared <= _TWO_DIMENSIONS_95, 2.0 * axis)


def _judge_terms(truth: TrueCatalog, table: pa.Table, found: Found) -> None:
    rows = [r for r in table.to_pylist() if r["pick_count"] >= 3]
    known = [r for r in rows if (r["network"], r["station"], r["phase"]) in truth.delay_s]
    if not known:
        return
    true = np.array([truth.delay_s[r["network"], r["station"], r["phase"]] for r in known])
    term = np.array([r["station_term_s"] for r in known])
    error = np.array([r["station_term_error_s"] for r in known])
    held = np.abs(term - true) <= 1.96 * error
    _add(found, "station term, 95 % range", 0.95, "s", held, 3.92 * error)


def _judge_mechanisms(truth: TrueCatalog, table: pa.Table, found: Found) -> None:
    good = table.filter(pc.equal(pc.field("status"), "solved"))
    if not good.num_rows:
        return
    row = {e: i for i, e in enumerate(truth.event_id)}
    true = truth.angles[[row[e] for e in good.column("event_id").to_pylist()]]
    angles = np.column_stack(
        [good.column(f"{n}_deg").to_numpy() for n in ("strike", "dip", "rake")]
    )
    away = np.asarray(rotation_angle(angles, true))
    entry = _add(
        found, f"mechanism within {_CLOSE_DEG:.0f} degrees (stated probability)", np.nan, "",
        away <= _CLOSE_DEG, np.full(away.size, np.nan),
    )  # fmt: skip
    entry.said.append(good.column("mechanism_probability").to_numpy())
    stated = 0.5 * sum(
        good.column(f"{n}_plane_uncertainty_deg").to_numpy() for n in ("fault", "auxiliary")
    )
    letters = np.array(good.column("quality").to_pylist())
    for letter in _LETTERS:
        own = letters == letter
        if own.any():
            # the stated uncertainty is a median rotation: half of the errors are below it
            name = f"mechanisms of quality {letter}, error below the stated one"
            _add(found, name, 0.5, "deg", away[own] <= stated[own], stated[own])


def _judge_stress(tensor: Floats, table: pa.Table, found: Found) -> None:
    if not table.num_rows:
        return
    values, axes = np.linalg.eigh(-tensor)  # compression positive, ascending
    shape = (values[1] - values[0]) / (values[2] - values[0])
    shmax = shmax_of(axes[:, 2], axes[:, 0], shape)
    middle, low, high = (table.column(f"shmax{q}_deg").to_numpy() for q in ("", "_low", "_high"))
    width = np.mod(high - low, 360.0)
    held = np.abs(_turn(shmax - middle)) <= np.where(
        _turn(shmax - middle) < 0, np.mod(middle - low, 180.0), np.mod(high - middle, 180.0)
    )
    _add(found, "SHmax, 95 % range", 0.95, "deg", held, width)
    a, b = (table.column(f"shape_ratio_{q}").to_numpy() for q in ("low", "high"))
    _add(found, "shape ratio, 95 % range", 0.95, "1", (a <= shape) & (shape <= b), b - a)


def shmax_of(first: Floats, third: Floats, shape: float) -> float:
    """Azimuth of the greatest horizontal compression (Lund & Townend 2007, GJI 170, 1328).

    Of the stress with principal axes ``first`` (most compressive) and ``third``, and shape ratio
    ``(S2 - S3) / (S1 - S3)``: the eigenvector of its horizontal part.
    """
    second = np.cross(third, first)
    stress = np.outer(first, first) + shape * np.outer(second, second)
    _, axes = np.linalg.eigh(stress[:2, :2])
    return float(np.degrees(np.arctan2(axes[1, 1], axes[0, 1])) % 180.0)


def _turn(degrees: Floats) -> Floats:
    """Difference of two axes, from -90 to 90 degrees."""
    return np.asarray((degrees + 90.0) % 180.0 - 90.0)


def describe_calibration(found: Found) -> pa.Table:
    """Return the registered table ``calibration``: what is stated, and what held."""
    rows = []
    for name, entry in found.items():
        means = np.array([h.mean() for h in entry.held if h.size])
        sizes = np.array([h.size for h in entry.held if h.size])
        if not sizes.size:
            continue
        held = float(np.average(means, weights=sizes))
        # catalogs are independent of each other, events of one share model and network
        binomial = np.sqrt(max(held * (1.0 - held), 1.0 / sizes.sum()) / sizes.sum())
        between = means.std(ddof=1) / np.sqrt(means.size) if means.size > 1 else 0.0
        stated = entry.stated
        if entry.said:
            stated = float(np.concatenate(entry.said).mean())
        width = np.concatenate(entry.width)
        known = width[np.isfinite(width)]
        rows.append(
            (name, stated, held, max(float(between), float(binomial)), int(sizes.sum()),
             int(sizes.size), float(np.median(known)) if known.size else np.nan, entry.unit)
        )  # fmt: skip
    names = ("product", "stated_probability", "share_held", "share_held_error", "truth_count",
             "catalog_count", "range_width", "range_unit")  # fmt: skip
    columns = {n: [r[i] for r in rows] for i, n in enumerate(names)}
    return make_table("calibration", columns, rows=len(rows))


def verdict(row: dict[str, object]) -> str:
    """Say of a row of ``calibration`` whether what is stated holds."""
    stated, held, error = (
        float(str(row[c])) for c in ("stated_probability", "share_held", "share_held_error")
    )
    off = held - stated
    if abs(off) <= max(2.0 * error, 0.02):
        return "holds"
    return "too narrow" if off < 0 else "too wide"
