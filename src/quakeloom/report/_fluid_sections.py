"""Rock physics and fluids in the report: candidates, voxels, agreement with a known truth."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from quakeloom.config import Settings
from quakeloom.plots import FieldAxes, FieldPanel, plot_fields
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._phrases import count, number
from quakeloom.store import RunLayout, open_dataset, read_table

_ROWS = 20
"""Rows of tables on the page; chosen here, the files have all."""


def rockphysics_section(settings: Settings, layout: RunLayout) -> Section:
    """Return what rocks and fluids there may be, with their properties at depth."""
    rows = read_table(layout.table("rock_candidates"), "rock_candidates").to_pylist()
    section = Section("rockphysics", "Rocks and fluids at depth")
    good = [r for r in rows if r["lithology"]]
    depths = sorted({r["depth_km"] for r in rows})
    section.add(
        Text(
            f"{count(len(good) // max(len(depths), 1), 'pair')} of lithology and fluid at "
            f"{count(len(depths), 'depth')}.",
            "lead",
        )
    )
    for row in (r for r in rows if not r["lithology"]):
        section.add(
            Text(f"No {row['pore_fluid']} at {row['depth_km']:g} km: {row['reason']}", "note")
        )
    fluids = {(r["depth_km"], r["pore_fluid"]): r for r in good}
    section.add(
        Grid(
            ("Depth (km)", "Temperature (K)", "Pressure (GPa)", "Fluid", "Density (kg/m3)",
             "Bulk modulus (GPa)", "Conductivity (S/m)", "Whose formulas"),
            [
                (f"{d:g}", f"{r['temperature_k']:.1f}", f"{r['pressure_gpa']:.3f}", f,
                 f"{r['fluid_density_kg_m3']:.0f}", f"{r['fluid_bulk_gpa']:.2f}",
                 _or_dash(r["fluid_conductivity"], 2), r["reason"])
                for (d, f), r in list(fluids.items())[:_ROWS]
            ],
            "",
            (True, True, True, False, True, True, True, False),
        )
    )  # fmt: skip
    return section


def fluids_section(settings: Settings, layout: RunLayout) -> Section:
    """Return lithology, fluid and porosity of voxels, as maps or a table, and how sure."""
    rows = read_table(layout.table("fluid_voxels"), "fluid_voxels").to_pylist()
    section = Section("fluids", "Lithology and fluid")
    solved = [r for r in rows if r["voxel_status"] == "solved"]
    section.add(
        Text(
            f"{len(solved):,} of {count(len(rows), 'voxel')} {'is' if len(solved) == 1 else 'are'} "
            "explained by some rock with some fluid.",
            "lead",
        )
    )
    reasons: dict[str, int] = {}
    for row in rows:
        if row["reason"]:
            key = row["reason"].split(":")[-1].strip()
            reasons[key] = reasons.get(key, 0) + 1
    if reasons:
        listed = sorted(reasons.items(), key=lambda i: -i[1])[:_ROWS]
        section.add(Grid(("Not solved because", "Voxels"), listed, "", (False, True)))
    if any(r["true_lithology"] for r in rows):
        section.add(_truth(solved), _confusion(solved))
    elif (layout.root / "fluids.nc").exists():
        with open_dataset(layout.root / "fluids.nc") as data:
            section.add(_maps(data))
            if "smooth_porosity" in data.data_vars:
                section.add(*_smooth(data))
    if len(rows) <= _ROWS:
        section.add(*_tables(rows))
    return section


def _tables(rows: list[dict[str, Any]]) -> tuple[Grid, Grid]:
    """Rock and fluid of every place, and its porosity and shapes."""
    rocks = Grid(
        ("Place", "Rock (probability)", "Rocks that hold 80 %", "Melt",
         "By the largest joint density", "Pairs that tie there"),
        [
            (
                r["voxel_name"],
                f"{r['lithology']} ({r['lithology_probability']:.2f})" if r["lithology"]
                else r["voxel_status"],
                r["lithologies_held"], _or_dash(r["melt_probability"], 4),
                ", ".join(w for w in (r["joint_lithology"], r["joint_fluid"]) if w),
                r["joint_ties"],
            )
            for r in rows
        ],
        "Probabilities are marginal: over porosity and shapes. The largest joint density says "
        "where the fit is best, which many rocks share.",
        (False, False, True, True, False, True),
    )  # fmt: skip
    pores = Grid(
        ("Place", "Porosity (95 %)", "Aspect ratio of pores (95 %)", "Of conducting paths (95 %)"),
        [
            (r["voxel_name"], _with_range(r, "porosity", 4), _with_range(r, "pore_ratio", 3),
             _with_range(r, "path_ratio", 4))
            for r in rows
        ],
        "Medians and 95 % ranges over all rocks and fluids.",
        (False, True, True, True),
    )  # fmt: skip
    return rocks, pores


def _with_range(row: dict[str, Any], name: str, digits: int) -> str:
    if not np.isfinite(row[name]):
        return ""
    low, high = row[f"{name}_lower95"], row[f"{name}_upper95"]
    return f"{row[name]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _truth(rows: list[dict[str, Any]]) -> Grid:
    """How often rock and fluid are right and ranges hold, over simulated voxels."""
    rocks = [r["true_lithology"] == r["lithology"] for r in rows]
    joint = [r["true_lithology"] == r["joint_lithology"] for r in rows]
    fluid = [(r["melt_probability"] > 0.5) == (r["true_fluid"] == "melt") for r in rows]
    by_joint = [r["true_fluid"] == r["joint_fluid"] for r in rows]
    lines = [
        ("Fluid right", _share(fluid), _share(by_joint)),
        ("Lithology right", _share(rocks), _share(joint)),
    ]
    for name, words in (("porosity", "Porosity"), ("pore_ratio", "Aspect ratio"),
                        ("path_ratio", "Aspect ratio of paths")):  # fmt: skip
        for level in ("68", "95"):
            held = [
                r[f"{name}_lower{level}"] <= r[f"true_{name}"] <= r[f"{name}_upper{level}"]
                for r in rows if np.isfinite(r[name])
            ]  # fmt: skip
            if held:
                lines.append((f"{words} within its {level} % range", _share(held), ""))
    return Grid(
        ("Simulated voxels", "Marginal", "Largest joint density"), lines,
        "Shares with their standard errors, as if all voxels were independent.",
        (False, True, True),
    )  # fmt: skip


def _share(held: list[bool]) -> str:
    p = float(np.mean(held)) if held else float("nan")
    return f"{100 * p:.1f} ± {100 * np.sqrt(max(p * (1 - p), 0) / max(len(held), 1)):.1f} %"


def _confusion(rows: list[dict[str, Any]]) -> Grid:
    """Which rocks are taken for which, most often first."""
    pairs: dict[tuple[str, str], int] = {}
    for r in rows:
        key = (r["true_lithology"], r["lithology"])
        pairs[key] = pairs.get(key, 0) + 1
    wrong = sorted(((k, n) for k, n in pairs.items() if k[0] != k[1]), key=lambda i: -i[1])
    return Grid(
        ("True rock", "Taken for", "Voxels"),
        [(t, f, n) for (t, f), n in wrong[:_ROWS]],
        "The confusions that happen most: neighbors in composition differ by less than the errors.",
        (False, False, True),
    )


def _maps(data: Any) -> Any:
    """Draw the middle slice of porosity with its range, aspect ratio and melt."""
    array = data["porosity"]
    if array.ndim < 2:
        return None
    cut = {d: n // 2 for d, n in zip(array.dims[:-2], array.shape[:-2], strict=True)}
    down, across = array.dims[-2:]
    axes = FieldAxes(
        str(across), str(down), data[across].to_numpy(), data[down].to_numpy(),
        str(down).startswith(("depth", "z")),
    )  # fmt: skip

    def values(name: str) -> Any:
        return data[name].isel(cut).to_numpy()

    panels = [
        FieldPanel("Porosity, median", 100 * values("porosity"), "%"),
        FieldPanel("2.5 % quantile", 100 * values("porosity_lower95"), "%"),
        FieldPanel("97.5 % quantile", 100 * values("porosity_upper95"), "%"),
        FieldPanel("Aspect ratio of pores, log10", np.log10(values("pore_ratio")), "", "batlow"),
        FieldPanel("Probability of melt", values("melt_probability"), "", "lajolla", (0.0, 1.0)),
        FieldPanel("Probability of the best rock", values("lithology_probability"), "", "davos"),
    ]
    return page_picture(
        partial(plot_fields, axes, panels),
        "Porosity with its range, aspect ratio, and probability of melt.",
        "Blank voxels are explained by no rock, or have no data.",
        "wide",
    )


def _smooth(data: Any) -> list[Any]:
    """Draw the smooth porosity of one rock with both of its uncertainties, and say how it fits."""
    array = data["smooth_porosity"]
    if array.ndim < 2:
        return []
    cut = {d: n // 2 for d, n in zip(array.dims[:-2], array.shape[:-2], strict=True)}
    down, across = array.dims[-2:]
    axes = FieldAxes(
        str(across), str(down), data[across].to_numpy(), data[down].to_numpy(),
        str(down).startswith(("depth", "z")),
    )  # fmt: skip

    def values(name: str) -> Any:
        return data[name].isel(cut).to_numpy()

    panels = [
        FieldPanel("Porosity, median", 100 * values("smooth_porosity"), "%"),
        FieldPanel("Aspect ratio, log10", np.log10(values("smooth_pore_ratio"))),
        FieldPanel("Deviation of ln porosity, velocities given",
                   values("deviation_given_velocity"), "", "lajolla"),
        FieldPanel("Deviation over the ensemble", values("deviation_of_ensemble"), "", "lajolla"),
    ]  # fmt: skip
    about = array.attrs
    misfit = float(about["squared_misfit_per_datum"])
    words = (
        f"{str(about['long_name']).capitalize()}, of {count(int(about['members']), 'member')}; "
        f"squared misfit per datum {misfit:.2f}."
    )
    warning = None
    if not int(about["settled"]):
        warning = Text(
            "How smooth the porosity is has not settled: the data say little of it, and its ranges "
            "are of a smoothness near the best.",
            "warning",
        )
    if misfit > 2.0:
        warning = Text(
            f"This rock does not explain the velocities (squared misfit per datum {misfit:.1f}): "
            "where they are faster than the rock itself its porosity is only the least possible.",
            "warning",
        )
    shown = page_picture(
        partial(plot_fields, axes, panels), "Smooth porosity and its uncertainties.", words, "wide"
    )
    return [warning, shown]


def _or_dash(value: float, digits: int) -> str:
    return number(value, digits) if np.isfinite(value) else "\N{EN DASH}"
