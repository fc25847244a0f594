"""What is stated, what holds: the calibration of every product, by simulators of its own.

Every function ``measure_*`` of the modules in ``calibration_rows`` draws truths by a simulator that
shares no code with the estimator, runs the estimator as a user does, and counts how often what is
stated holds. The rows are kept in a JSON file, so that products can be measured one at a time;
``docs/calibration.md`` and its figure are made of it.

    python benchmarks/calibration.py [--quick] [--only stress] [--page]
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import pkgutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import calibration_rows
from _harness import Stopwatch, figure, print_result
from calibration_rows._row import Row

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "benchmarks" / "calibration_rows" / "measured.json"
"""Rows of the last full measurements, by module and function."""

PAGE = ROOT / "docs" / "calibration.md"
IMAGES = ROOT / "docs" / "images"
IN_RANGE = (0.93, 0.97)
"""Shares that a 95 % range may hold."""

HEAD = """# What is stated, what holds

Every uncertainty that quakeloom states is measured here against truths that are known. The truths
come from simulators that share no code with the estimators: other eikonal solvers for travel times,
plain NumPy for first motions and slips. Seismograms are quakeloom's own, since nothing else makes
them with known arrivals; those that networks were trained on are others of the same kind, so the
recorded ones beside them count for more. `benchmarks/calibration.py` measures the rows and writes
this page.

Columns:

| column | meaning |
|---|---|
| stated | the probability of the range, or the stated error |
| holds | the share of truths in the range, or the error that was found, with its standard error |
| before | the same before ranges were calibrated, where it was measured |
| width | mean width of the range |
| ideal | that of an answer that knows all but the truth itself, where it can be computed |
| truths, s | independent truths, and processor seconds of the measurement |
"""


def find_measurements(only: str = "") -> Iterator[tuple[str, Callable[[bool], list[Row]]]]:
    """Yield the name ``module.function`` and the function of every measurement."""
    for module in sorted(m.name for m in pkgutil.iter_modules(calibration_rows.__path__)):
        if module.startswith("_"):
            continue
        found = importlib.import_module(f"calibration_rows.{module}")
        for name in sorted(n for n in vars(found) if n.startswith("measure_")):
            if only in f"{module}.{name}":
                yield f"{module}.{name}", getattr(found, name)


def read_kept(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of earlier measurements by name."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_kept(path: Path, name: str, rows: list[Row]) -> None:
    """Replace the rows of one measurement; the file is read again first."""
    kept = read_kept(path) | {name: [clean(asdict(r)) for r in rows]}
    path.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n", encoding="utf-8")


def clean(values: dict[str, Any]) -> dict[str, Any]:
    """Round to four digits, and write what is not finite as null."""

    def one(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.4g}") if math.isfinite(value) else None
        if isinstance(value, list | tuple):
            return [one(v) for v in value]
        return value

    return {k: one(v) for k, v in values.items()}


def table_line(row: Row) -> str:
    """Return a row of the page's table."""

    def number(value: float | None, digits: str = ".2g") -> str:
        return "" if value is None else f"{value:{digits}}"

    unit = f" {row.unit}" if row.unit else ""
    if row.is_share:
        stated, holds = f"{100 * row.stated:.0f} %", f"{100 * row.holds:.1f}"
        error = "" if row.standard_error is None else f" ± {100 * row.standard_error:.1f}"
        before = "" if row.before is None else f"{100 * row.before:.0f} %"
        holds = f"{holds}{error} %"
    else:
        stated, before = f"{row.stated:.3g}{unit}", number(row.before, ".3g")
        holds = f"{row.holds:.3g} ± {number(row.standard_error)}{unit}"
    width = "" if row.width is None else f"{row.width:.3g}{unit}"
    ideal = "" if row.ideal_width is None else f"{row.ideal_width:.3g}{unit}"
    cells = (
        row.product,
        stated,
        holds,
        before,
        width,
        ideal,
        str(row.truths),
        f"{row.seconds:.0f}",
    )
    return "| " + " | ".join(cells) + " |"


def write_page(kept: dict[str, list[dict[str, Any]]], page: Path) -> None:
    """Write the page of all kept rows, a table per module."""
    parts = [HEAD]
    modules = sorted({name.split(".")[0] for name in kept})
    for module in modules:
        measures = importlib.import_module(f"calibration_rows.{module}")
        title = (measures.__doc__ or module).split("\n")[0]
        parts.append(f"\n## {module.capitalize()}\n\n{title}\n")
        if hasattr(measures, "OLDER"):
            parts.append(f"{measures.OLDER}\n")
        parts.append("\n| product | stated | holds | before | width | ideal | truths | s |")
        parts.append("|---|---|---|---|---|---|---|---|")
        rows = [Row(**r) for n, rs in kept.items() if n.split(".")[0] == module for r in rs]
        parts += [table_line(r) for r in rows]
        notes = [f"- {r.product}: {r.note}" for r in rows if r.note]
        parts += ["", *notes] if notes else []
        image = f"images/{figure_name(module)}"
        parts.append(f"\n![Stated probability against the share that held: {module}.]({image})\n")
    page.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def figure_name(module: str) -> str:
    """Return the file name of the figure of a module's rows."""
    return f"calibration-{module}.png"


def draw_figures(kept: dict[str, list[dict[str, Any]]], folder: Path) -> None:
    """Draw for every module what its 95 % ranges hold, and reliability diagrams beside that."""
    for module in sorted({name.split(".")[0] for name in kept}):
        rows = [Row(**r) for n, rs in kept.items() if n.split(".")[0] == module for r in rs]
        draw_figure(rows, folder / figure_name(module))


def draw_figure(rows: list[Row], path: Path) -> None:
    """Draw the rows of one module; shares that were measured before are crosses."""
    from quakeloom.plots import PAGE_WIDTH_IN, figure_to_png, new_figure

    shares = [r for r in rows if r.is_share]
    lines = [r.reliability for r in rows if r.reliability]
    sheet = new_figure(PAGE_WIDTH_IN, max(2.4, 0.8 + 0.15 * len(shares)))
    sides = sheet.subplots(1, 1 + bool(lines), squeeze=False)[0]
    right = sides[0]
    for place, row in enumerate(shares[::-1]):
        half = IN_RANGE[1] - 0.95
        right.barh(place, 2 * half, left=row.stated - half, height=1.0, color="#d9dde2")
        if row.before is not None:
            right.plot(row.before, place, "x", color="#b5532e", markersize=4)
        error = row.standard_error or 0.0
        right.errorbar(row.holds, place, xerr=error, fmt="o", color="#1f4e79", markersize=3)
    right.set_yticks(range(len(shares)), [r.product for r in shares[::-1]], fontsize=6)
    right.set_ylim(-0.6, len(shares) - 0.4)
    right.set_xlabel("Share that held (grey: as stated; x: before)")
    if lines:
        left = sides[1]
        left.plot([0, 1], [0, 1], color="#22262b", linewidth=0.7, linestyle=":")
        for line in lines:
            left.plot(*zip(*line, strict=True), color="#5b7f95", linewidth=0.8)
        left.set(xlim=(0, 1), ylim=(0, 1), xlabel="Stated probability", ylabel="Share that held")
        left.set_box_aspect(1.0)
        left.set_anchor("N")
    path.write_bytes(figure_to_png(sheet, 110.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few truths each; nothing is kept")
    parser.add_argument("--only", default="", help="measurements whose name contains this")
    parser.add_argument("--keep", type=Path, default=KEPT, help="file of the rows")
    parser.add_argument("--page", action="store_true", help="write the page; measure nothing")
    arguments = parser.parse_args()
    clock = Stopwatch()
    figures = []
    for name, measure in () if arguments.page else find_measurements(arguments.only):
        begin = time.process_time()
        rows = measure(arguments.quick)
        for row in rows:
            print(f"{name}: {table_line(row)}", flush=True)
            unit = "1" if row.is_share else row.unit
            figures.append(figure(row.product, row.holds, unit, "stated", row.stated))
        print(f"{name}: {time.process_time() - begin:.0f} s", flush=True)
        if not arguments.quick:
            write_kept(arguments.keep, name, rows)
    if not arguments.quick:
        kept = read_kept(arguments.keep)
        write_page(kept, PAGE)
        draw_figures(kept, IMAGES)
    print_result("calibration", figures, {"quick": arguments.quick}, clock.seconds())


if __name__ == "__main__":
    main()
