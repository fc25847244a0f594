"""Rows of rock analyses that cannot be right, and several columns of iron as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from quakeloom.core import element_of, element_ppm
from quakeloom.formats._analysis_columns import AnalysisColumn
from quakeloom.formats._analysis_records import Analyses, Floats, LeftOut

_LEAST_MAJORS = 5
"""Oxides that a row must have, SiO2 among them, for its total to mean something; chosen here."""


def gather_iron(found: Analyses, headers: list[str]) -> Analyses:
    """Make one column of several of iron: all of it as FeO, in wt%.

    Databases have columns of FeO, of Fe2O3 and of all iron, and rows with any of them. All iron
    is taken where a row has it, else what FeO and Fe2O3 (as FeO) sum to.
    """
    iron = [k for k, c in enumerate(found.columns) if element_of(c.name) == "Fe"]
    if len(iron) < 2:
        return found
    share = {k: _as_ferrous(found.columns[k]) for k in iron}
    parts = [k for k in iron if not found.columns[k].all_iron]
    values = np.full(len(found.samples), np.nan)
    errors = values.copy()
    if parts:
        own = np.column_stack([found.values[:, k] * share[k] for k in parts])
        any_known = np.isfinite(own).any(axis=1)
        values[any_known] = np.nansum(own[any_known], axis=1)
    for k in [k for k in iron if found.columns[k].all_iron][::-1]:
        known = np.isfinite(found.values[:, k])
        values[known] = found.values[known, k] * share[k]
        errors[known] = found.errors[known, k] * share[k]
    rest = [k for k in range(len(found.columns)) if k not in iron[1:]]
    merged = [AnalysisColumn("FeO", "oxide", "wt%") if k == iron[0] else found.columns[k]
              for k in rest]  # fmt: skip

    def with_iron(block: Floats, column: Floats) -> Floats:
        block = block.copy()
        block[:, iron[0]] = column
        return block[:, rest]

    note = LeftOut(
        -1, "", ", ".join(headers[k] for k in iron), "",
        "several columns of iron are read as one: all iron as FeO in wt%",
    )  # fmt: skip
    return replace(
        found,
        columns=merged,
        values=with_iron(found.values, values),
        limits=with_iron(found.limits, np.full(len(values), np.nan)),
        errors=with_iron(found.errors, errors),
        left_out=[*found.left_out, note],
    )


def _as_ferrous(column: AnalysisColumn) -> float:
    """What makes wt% of FeO of a column of iron."""
    own = element_ppm(column.name, 1.0, column.unit)
    return own / element_ppm("FeO", 1.0, "wt%")


def refuse_rows(found: Analyses, total_range: tuple[float, float]) -> Analyses:
    """Put rows aside whose total cannot be right, or whose units are others than the column's."""
    reasons: dict[int, str] = {}
    oxides = np.array([c.kind == "oxide" and c.unit == "wt%" for c in found.columns], dtype=bool)
    if oxides.sum() >= _LEAST_MAJORS and "SiO2" in found.names:
        silica = found.values[:, found.names.index("SiO2")]
        count = np.isfinite(found.values[:, oxides]).sum(axis=1)
        totals = np.nansum(found.values[:, oxides], axis=1)
        low, high = total_range
        for r in np.flatnonzero((count >= _LEAST_MAJORS) & np.isfinite(silica)).tolist():
            if not low <= totals[r] <= high:
                reasons[r] = (
                    f"the oxides sum to {totals[r]:.4g} wt%, outside of {low:g} to {high:g}"
                    + _unit_guess(totals[r], total_range)
                )
    for r in _other_units(found):
        reasons.setdefault(
            r, "most trace elements are 1,000 times or more off those of the other rows: the unit "
            "of this row is another one",
        )  # fmt: skip
    if not reasons:
        return found
    left = [
        LeftOut(found.lines[r], found.samples[r], "", "", f"row put aside: {why}")
        for r, why in sorted(reasons.items())
    ]
    keep = np.ones(len(found.samples), bool)
    keep[list(reasons)] = False
    return replace(found.choose(keep), left_out=[*found.left_out, *left])


def _unit_guess(total: float, total_range: tuple[float, float]) -> str:
    for factor, unit in ((1e2, "mass fractions"), (1e-4, "ppm")):
        if total_range[0] <= total * factor <= total_range[1]:
            return f"; these may be {unit}: write them in wt%, or the unit into the header"
    return ""


def _other_units(found: Analyses) -> list[int]:
    """Rows of which most trace elements lie a factor of 1,000 to 100,000 off the medians."""
    trace = np.array([c.kind == "element" for c in found.columns], dtype=bool)
    if trace.sum() < 3 or len(found.samples) < 3:
        return []
    with np.errstate(all="ignore"):
        logs = np.log10(found.values[:, trace])
        known = np.isfinite(logs)
        middle = np.array(
            [np.median(x[k]) if k.any() else np.nan for x, k in zip(logs.T, known.T, strict=True)]
        )
        off = np.abs(logs - middle)
    far = (off >= 3) & known
    return [
        int(r)
        for r in range(len(logs))
        if known[r].sum() >= 3 and far[r].sum() > 0.5 * known[r].sum()
    ]
