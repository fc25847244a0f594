"""The summary of a run, as a table on the terminal."""

from __future__ import annotations

import pyarrow.compute as pc
from rich.table import Table

from quakeloom.schema import QUALITIES
from quakeloom.store import RunLayout, read_json, read_table


def summarise_run(name: str, layout: RunLayout) -> Table:
    """Return events by status, mechanisms by quality, rejects, and where the report is."""
    if (layout.root / "tomography.json").exists():
        return _summarise_line(name, layout)
    if (layout.root / "regional.json").exists():
        return _summarise_region(name, layout)
    mechanisms = read_table(layout.table("mechanisms"), "mechanisms")
    if not layout.table("rejects").exists():
        return _summarise_catalog(name, layout, mechanisms.num_rows)
    rejects = read_table(layout.table("rejects"), "rejects")
    polarities = read_table(layout.table("polarities"), "polarities", ["use"])
    table = Table(title=name, show_header=False, title_justify="left")
    used = pc.sum(pc.equal(polarities.column("use"), "used")).as_py() or 0
    table.add_row("events", str(mechanisms.num_rows))
    table.add_row("polarities used", f"{used} of {polarities.num_rows}")
    for status, count in _counts(mechanisms.column("status")):
        table.add_row(f"status {status}", str(count))
    letters = dict(_counts(mechanisms.column("quality")))
    table.add_row("quality", "  ".join(f"{q} {letters.get(q, 0)}" for q in QUALITIES))
    table.add_row("rejects", str(rejects.num_rows))
    for reason, count in _counts(rejects.column("record")):
        table.add_row(f"  {reason}", str(count))
    _add_stress(table, layout)
    table.add_row("report", str(layout.report))
    return table


def _summarise_catalog(name: str, layout: RunLayout, mechanisms: int) -> Table:
    """A run that maps the mechanisms of catalogs has no readings."""
    table = Table(title=name, show_header=False, title_justify="left")
    table.add_row("mechanisms of catalogs", str(mechanisms))
    _add_stress(table, layout)
    table.add_row("report", str(layout.report))
    return table


def _summarise_line(name: str, layout: RunLayout) -> Table:
    """Return what became of a refraction line."""
    found = read_json(layout.root / "tomography.json")
    table = Table(title=name, show_header=False, title_justify="left")
    for key, label, digits in (
        ("sampler", "sampler", None),
        ("members", "members", None),
        ("picks", "picks used", None),
        ("rejects", "picks put aside", None),
        ("chi_square_per_datum", "chi-square per datum", 2),
        ("effective_sample_size", "effective sample size", 1),
        ("seconds_per_member", "seconds per member", 2),
    ):
        value = found[key]
        text = str(value) if digits is None or value is None else f"{value:.{digits}f}"
        table.add_row(label, text)
    table.add_row("report", str(layout.report))
    return table


def _summarise_region(name: str, layout: RunLayout) -> Table:
    """Return what became of a regional ensemble."""
    found = read_json(layout.root / "regional.json")
    table = Table(title=name, show_header=False, title_justify="left")
    for key in ("members", "nodes", "stations", "known"):
        table.add_row(key, str(found[key]))
    table.add_row("mean relative spread", f"{found['mean_relative_spread']:.3f}")
    table.add_row("report", str(layout.report))
    return table


def _add_stress(table: Table, layout: RunLayout) -> None:
    path = layout.root / "stress.json"
    if not path.exists():
        return
    facts = read_json(path)
    if facts["status"] == "no_data":
        table.add_row("stress", "no map: no mechanism is inside it and usable")
        return
    alpha2 = ", ".join(f"{a:.4g}" for a in facts["alpha2"]) or "none"
    held = facts["nodes_held_by_prior"]
    table.add_row(
        "stress",
        f"{facts['nodes_with_data']} nodes with data, {facts['mechanisms']} mechanisms "
        f"(weight {facts['weight']:.1f}), alpha2 {alpha2}"
        + (f", {held} nodes held by a wide prior" if held else ""),
    )


def _counts(column: object) -> list[tuple[str, int]]:
    found = pc.value_counts(column).to_pylist()
    return sorted(((f["values"], f["counts"]) for f in found), key=lambda p: (-p[1], p[0]))
