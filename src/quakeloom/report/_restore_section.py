"""Restored fields in the report: data, mean, standard deviation, edges, and a table."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from quakeloom.config import Settings
from quakeloom.plots import FieldAxes, FieldPanel, plot_fields
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._phrases import count, number
from quakeloom.store import RunLayout, open_dataset, read_table

_MOST = 6
"""Fields that are drawn; chosen here, the files have all."""

_ROWS = 40
"""Rows of the table of fields."""

_WORDS = {"membrane": "first differences", "plate": "second differences", "matern": "Matern"}
"""Names of priors as the page says them."""


def restore_section(settings: Settings, layout: RunLayout) -> Section:
    """Return data, mean and standard deviation of restored fields, with what was found."""
    rows = read_table(layout.table("restorations"), "restorations").to_pylist()
    section = Section("restore", "Restored fields")
    done = sum(r["restore_status"] != "error" for r in rows)
    section.add(
        Text(
            f"{count(done, 'field')} of {len(rows)} {'was' if done == 1 else 'were'} restored. "
            "Noise and smoothness are those of the largest evidence; where they are doubtful the "
            "table says why.",
            "lead",
        ),
        _table(rows[:_ROWS]),
    )
    if any(np.isfinite(r["field_held_share"]) for r in rows):
        section.add(_truth_table(rows))
    names = list(dict.fromkeys(r["field_name"] for r in rows if r["restore_status"] != "error"))
    with open_dataset(layout.root / "restored.nc") as data:
        for name in names[:_MOST]:
            section.add(_picture(data, name))
    return section


def _table(rows: list[dict[str, Any]]) -> Grid:
    heads = (
        "Field", "Status", "Prior", "Nodes", "Missing", "Noise", "Effective degrees",
        "Evidence over the next prior", "Reason",
    )  # fmt: skip
    return Grid(
        heads,
        [
            (
                " ".join(w for w in (r["field_name"], r["field_slice"]) if w),
                r["restore_status"], _WORDS.get(r["prior_roughness"], ""),
                f"{r['field_node_count']:,}", f"{r['field_missing_count']:,}",
                f"{r['field_noise_deviation']:.3g}", number(r["field_degrees"], 0),
                _evidence(r), r["reason"],
            )
            for r in rows
        ],
        "Noise is a standard deviation in the unit of the field.",
        (False, False, False, True, True, True, True, True, False),
    )  # fmt: skip


def _evidence(row: dict[str, Any]) -> str:
    lead, error = row["field_evidence_lead"], row["field_log_evidence_std"]
    if not np.isfinite(lead):
        return ""
    return f"{lead:.1f} ± {np.sqrt(2.0) * error:.1f}" if error > 0 else f"{lead:.1f}"


def _truth_table(rows: list[dict[str, Any]]) -> Grid:
    known = [r for r in rows if np.isfinite(r["field_held_share"])]
    return Grid(
        ("Field", "Error of the data", "Error of the mean", "Truth within the 95 % range"),
        [
            (r["field_name"], f"{r['field_error_before']:.3f}", f"{r['field_error_after']:.3f}",
             f"{100 * r['field_held_share']:.1f} %")
            for r in known
        ],
        "Root mean squares where there are data; ranges at all nodes, those in holes too. Blocks "
        "are no draw of any of these priors: their ranges need not hold.",
        (False, True, True, True),
    )  # fmt: skip


def _picture(data: Any, name: str) -> Any:
    """Draw the middle slice of a field: along its last two dimensions."""
    array = data[name]
    if array.ndim < 2:
        return None
    cut = {d: n // 2 for d, n in zip(array.dims[:-2], array.shape[:-2], strict=True)}
    rows, columns = array.dims[-2:]
    axes = FieldAxes(
        _label(data, columns), _label(data, rows), data[columns].to_numpy(),
        data[rows].to_numpy(), str(rows).startswith("depth") or rows == "z_km",
    )  # fmt: skip
    unit = str(array.attrs.get("units", "1"))
    word = "" if unit == "1" else unit

    def values(suffix: str) -> Any:
        return data[f"{name}{suffix}"].isel(cut).to_numpy()

    mean = values("")
    finite = mean[np.isfinite(mean)]
    limits = tuple(map(float, np.percentile(finite, [0.5, 99.5]))) if finite.size else (0.0, 1.0)
    panels = [
        FieldPanel("Data", values("_data"), word, "batlow", (limits[0], limits[1])),
        FieldPanel("Posterior mean", mean, word, "batlow", (limits[0], limits[1])),
        FieldPanel("Standard deviation", values("_deviation"), word, "lajolla"),
    ]
    if f"{name}_truth" in data.data_vars:
        panels.insert(
            1, FieldPanel("Truth", values("_truth"), word, "batlow", (limits[0], limits[1]))
        )
    if f"{name}_edge" in data.data_vars:
        panels.append(FieldPanel("Probability of an edge", values("_edge"), "", "davos", (0, 1)))
    where = ", ".join(f"{d} {float(data[d][i]):g}" for d, i in cut.items())
    return page_picture(
        partial(plot_fields, axes, panels),
        f"Data, posterior mean and standard deviation of {name}.",
        f"{name}{' at ' + where if where else ''}. Blank nodes have no data.",
        "wide",
    )


def _label(data: Any, name: Any) -> str:
    unit = str(data[name].attrs.get("units", "")) if name in data.coords else ""
    return f"{name} ({unit})" if unit else str(name)
