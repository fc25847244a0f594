"""The stress map in the report: directions, regimes, strength, faults, distance from truth."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.plots import (
    FaultTendencies,
    ShmaxNodes,
    plot_abic_curve,
    plot_fault_tendency,
    plot_regime_map,
    plot_shmax_map,
)
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._chosen_nodes import chosen_nodes_picture
from quakeloom.report._phrases import count, degrees, listing, number, percent, verb
from quakeloom.report._results import RunResults
from quakeloom.stress import axial_difference, shmax_deviations

_REASONS_SHOWN = 8
"""Reasons for leaving mechanisms out that are named, the most frequent first; chosen here."""


def stress_section(results: RunResults) -> Section:
    """Return the maps of a run's stress with the counts behind them."""
    section = Section("stress", "Stress")
    if not results.stress:
        return section
    table, facts = results.table("stress"), results.stress["facts"]
    if not table.num_rows:
        return section.add(Text(f"There is no stress map. {facts['reason']}{_left_out(facts)}"))
    section.add(Text(_lead(table, facts), "lead"))
    if table.num_rows == 1:
        section.add(_single(table))
    else:
        _add_maps(section, results, table)
    section.add(chosen_nodes_picture(results))
    _add_truth(section, results, table)
    if len(facts["curve"]) > 2 and len(facts["alpha2"]) == 1:
        curve = facts["curve"]
        draw = partial(
            plot_abic_curve,
            [p["alpha2"][0] for p in curve],
            [p["abic"] for p in curve],
            [p["misfit"] for p in curve],
            [p["roughness"][0] for p in curve],
            facts["alpha2"][0],
        )
        section.add(
            page_picture(
                draw,
                "ABIC against smoothing strength, and misfit against roughness.",
                "Akaike's Bayesian information criterion for each smoothing strength; its minimum "
                "is taken. The other panel: what each strength costs in misfit and gains in "
                "smoothness.",
            )
        )
    section.add(_numbers(facts))
    return section


def tendency_section(results: RunResults) -> Section:
    """Return the slip tendency of the faults of a run."""
    section = Section("tendency", "Slip tendency of faults")
    if not results.has("tendency"):
        return section
    table = results.table("tendency")
    c = {n: table.column(n).to_numpy(zero_copy_only=False) for n in table.column_names}
    span = np.stack([c["slip_tendency_low"], c["slip_tendency_high"]], axis=1)
    known = int(np.isfinite(c["slip_tendency"].astype(float)).sum())
    section.add(
        Text(
            f"In the stress map: {known} of {count(table.num_rows, 'fault')}. The tendency "
            "compares orientations in a crust at the limit of friction; it does not say how near "
            "a fault is to failure."
        )
    )
    faults = FaultTendencies(
        c["longitude"], c["latitude"], c["strike_deg"], c["slip_tendency"], span, c["fault"]
    )
    section.add(
        page_picture(
            partial(plot_fault_tendency, faults, results.coastline),
            "Faults colored by slip tendency, with their 95 % ranges.",
            "Normalized slip tendency over posterior stress and friction: 1 for the best "
            "oriented fault. Bars are 95 % ranges.",
            "map",
        )
    )
    rows = [
        (
            row["fault"],
            number(row["slip_tendency"]),
            number(row["slip_tendency_std"]),
            f"{number(row['slip_tendency_friction_minimum'])} to "
            f"{number(row['slip_tendency_friction_maximum'])}",
            degrees(row["predicted_rake_deg"]),
            degrees(row["rake_misfit_deg"]),
        )
        for row in sorted(table.to_pylist(), key=lambda r: -np.nan_to_num(r["slip_tendency"]))
    ]
    columns = ("Fault", "Tendency", "Std", "By friction", "Predicted rake", "Off known rake")
    return section.add(
        Grid(columns, rows, "Slip tendency of faults.", (False, True, True, True, True, True))
    )


def _lead(table: pa.Table, facts: dict[str, Any]) -> str:
    nodes = count(facts["nodes_with_data"], "node")
    text = (
        f"{count(facts['mechanisms'], 'mechanism')}{_letters(facts)} with a total weight of "
        f"{facts['weight']:,.1f} {verb(facts['mechanisms'], 'determines', 'determine')} the stress "
        f"at {nodes}"
    )
    std = table.column("shmax_std_deg").to_numpy()
    text += (
        f"; the median 1-sigma uncertainty of SHmax there is {degrees(float(np.median(std)), 1)}."
    )
    if held := facts.get("nodes_held_by_prior", 0):
        text += (
            f" At {held:,} of {nodes} the mechanisms are few, leave "
            "the stress partly free, or are so alike that they count in part only; a wide prior "
            "holds it there, and the ranges say so."
        )
    if facts.get("at_edge_of_range"):
        text += (
            " The minimum of ABIC is near an end of its range: at the upper end the mechanisms "
            "show no change of stress over the map."
        )
    if facts.get("planes") == "instability" and facts.get("friction") is not None:
        text += (
            f" The less stable plane of every mechanism is taken (friction {facts['friction']:.2g} "
            "fits best); ranges are over all coefficients."
        )
        if facts.get("friction_at_edge"):
            text += (
                " That is an end of the coefficients that were tried: the mechanisms do not say "
                "which planes slipped."
            )
    if facts.get("plane_model"):
        low, _, high = facts["plane_model"]["friction"]
        text += (
            " Both planes of every mechanism count with the probability that the stress gives "
            f"them (friction between {low:.2g} and {high:.2g})."
        )
        if facts.get("friction_at_edge"):
            text += " Friction lies at an end of its range: faults do not look as is supposed."
    if facts.get("midway_warned"):
        text += (
            f" {100 * facts['midway']:.0f} % of the mechanisms stand midway between nodes, as "
            "places rounded to a grid of the same step do, so that nodes differ more than the "
            "stress does; take half the step, or shift the places by half a step."
        )
    return text + _left_out(facts)


def _letters(facts: dict[str, Any]) -> str:
    """How many mechanisms of each letter made the map, where that is known of all of them."""
    found = facts.get("qualities", {})
    if sum(found.values()) != facts["mechanisms"] or set(found) == {""}:
        return ""
    parts = [f"{n:,} {q}" if q else f"{n:,} without letter" for q, n in found.items()]
    return f" ({listing(parts)})"


def _left_out(facts: dict[str, Any]) -> str:
    left = sorted(facts.get("left_out", {}).items(), key=lambda p: -p[1])[:_REASONS_SHOWN]
    if not left:
        return ""
    return " Left out: " + ", ".join(f"{n:,} ({reason})" for reason, n in left) + "."


def _single(table: pa.Table) -> Grid:
    row = table.to_pylist()[0]
    rows = [
        ("SHmax", degrees(row["shmax_deg"], 1), degrees(row["shmax_std_deg"], 1)),
        ("Shape ratio", number(row["shape_ratio"]), number(row["shape_ratio_std"])),
        ("A_phi", number(row["a_phi"]), number(row["a_phi_std"])),
        *(
            (
                f"S{k} azimuth and plunge",
                f"{degrees(row[f's{k}_azimuth_deg'])}, {degrees(row[f's{k}_plunge_deg'])}",
                degrees(row[f"s{k}_std_deg"]),
            )
            for k in (1, 2, 3)
        ),
        ("Regime", row["regime"], ""),
        ("Quality", row["stress_quality"], ""),
    ]
    return Grid(("", "Value", "Std"), rows, "Stress of all mechanisms as one.", (False, True, True))


def _add_maps(section: Section, results: RunResults, table: pa.Table) -> None:
    c = {n: table.column(n).to_numpy(zero_copy_only=False) for n in table.column_names}
    first = np.ones(table.num_rows, dtype=bool)
    for axis in ("depth_km", "time_year"):
        values = c[axis].astype(float)
        if np.isfinite(values).any():
            first &= values == np.nanmin(values)
    nodes = ShmaxNodes(
        c["longitude"][first], c["latitude"][first], c["shmax_deg"][first], c["regime"][first],
        shmax_deviations(c["shmax_deg"], c["shmax_low_deg"], c["shmax_high_deg"])[first],
        c["mechanism_count"][first] > 0,
        _truth(results, c)[first] if results.has("stress_truth") else None,
    )  # fmt: skip
    section.add(
        page_picture(
            partial(plot_shmax_map, nodes, results.coastline),
            "Map of the direction of largest horizontal compression.",
            "SHmax, colored by faulting regime; fans are 95 % ranges, thin bars have no "
            "mechanism of their own.",
            "map",
        )
    )
    grid = results.stress.get("grid")
    if grid is not None:
        values = (grid["longitude"], grid["latitude"], grid["a_phi"], grid["silent"])
        section.add(
            page_picture(
                partial(plot_regime_map, *values, results.coastline),
                "Map of the faulting regime.",
                "Regime number of Simpson (1997); hatched where no mechanism is and "
                "smoothness alone decides.",
                "map",
            )
        )


def _truth(results: RunResults, c: dict[str, Any]) -> np.ndarray:
    truth = results.table("stress_truth")
    return np.asarray(truth.column("shmax_deg").to_numpy())


def _add_truth(section: Section, results: RunResults, table: pa.Table) -> None:
    truth = results.table("stress_truth")
    if truth is None or truth.num_rows != table.num_rows or not table.num_rows:
        return
    mine, true = (
        {n: t.column(n).to_numpy() for n in ("shmax_deg", "shape_ratio", "a_phi")}
        for t in (table, truth)
    )
    off = axial_difference(true["shmax_deg"], mine["shmax_deg"])
    low, high = (table.column(f"shmax_{e}_deg").to_numpy() for e in ("low", "high"))
    low, high = shmax_deviations(mine["shmax_deg"], low, high).T
    rows = [("SHmax", degrees(float(np.median(np.abs(off))), 1),
             degrees(float(np.max(np.abs(off))), 1),
             percent(float(np.mean((off >= low) & (off <= high)))))]  # fmt: skip
    for name, words in (("shape_ratio", "Shape ratio"), ("a_phi", "A_phi")):
        difference = np.abs(mine[name] - true[name])
        low, high = (table.column(f"{name}_{e}").to_numpy() for e in ("low", "high"))
        inside = (true[name] >= low) & (true[name] <= high)
        rows.append(
            (
                words,
                number(float(np.median(difference))),
                number(float(np.max(difference))),
                percent(float(np.mean(inside))),
            )
        )
    section.add(
        Text(
            "The stress of the synthetic Earth is known: half of the nodes have their SHmax within "
            f"{degrees(float(np.median(np.abs(off))), 1)} of the true direction."
        ),
        Grid(
            ("", "Median error", "Largest", "Truth in 95 % range"),
            rows,
            "Error relative to the true stress, over nodes.",
            (False, True, True, True),
        ),
    )


def _numbers(facts: dict[str, Any]) -> Grid:
    alpha2 = ", ".join(f"{a:.4g}" for a in facts["alpha2"]) or "none"
    rows = [
        ("Smoothing strength", f"{alpha2} ({facts['chosen_by']})"),
        ("ABIC", f"{facts['abic']:,.2f}"),
        ("Data, rank of the prior, unknowns", f"{facts['N']:,.1f}, {facts['P']:,}, {facts['M']:,}"),
        ("Noise variance of a slip component", f"{facts['noise_variance']:.3f}"),
        ("Nodes", f"{facts['nodes']:,}, {facts['nodes_with_data']:,} with data"),
    ]
    return Grid(("", "Value"), rows, "The inversion in numbers.", (False, True))
