"""``quakeloom calibrate``: which ranges that a run states hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from quakeloom.cli._run import Results
from quakeloom.store import RunLayout, open_item


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("calibrate")(calibrate)


def calibrate(
    config: Annotated[
        Path, typer.Argument(help="Configuration of a finished run (YAML).", metavar="CONFIG")
    ],
    catalogs: Annotated[
        int, typer.Option(help="Simulated catalogs; errors shrink with their root.", min=1)
    ] = 5,
    case: Annotated[
        str, typer.Option(help="Case of the configuration; the main run if not given.")
    ] = "",
    results: Results = Path("results"),
) -> None:
    """Simulate catalogs like that of a run, run them, and say which stated ranges hold.

    Writes `calibration.parquet`, `calibration.txt` and `calibration.png` to the folder of the
    run, and shows them in its report.
    """
    from quakeloom.cli._console import status
    from quakeloom.core import SettingsError
    from quakeloom.plots import figure_to_png, plot_shares_held
    from quakeloom.report import describe_verdicts, write_report
    from quakeloom.stages.calibration.calibrating import calibrate_run
    from quakeloom.stages.calibration.judging import verdict
    from quakeloom.stages.frame.run_settings import load_runs, read_settings
    from quakeloom.store import write_bytes, write_text_if_changed

    configuration = load_runs(config)
    names = list(configuration.cases)
    wanted = f"{configuration.name}/{case}" if case else configuration.name
    if wanted not in names:
        raise SettingsError(
            f"{config} has no run '{wanted}', so nothing was simulated; it has {', '.join(names)}."
        )
    layout = RunLayout(open_item(results) / wanted)
    settings = read_settings(layout)
    with status("calibrating") as say:
        table, why_not = calibrate_run(settings, layout, catalogs, say)
    rows = table.to_pylist()
    figure = plot_shares_held(
        [r["product"] for r in rows],
        *(table.column(c).to_numpy()
          for c in ("stated_probability", "share_held", "share_held_error")),
    )  # fmt: skip
    write_bytes(layout.root / "calibration.png", figure_to_png(figure, 150.0))
    words = [describe_verdicts(rows)] if rows else ["Nothing could be judged."]
    words += [f"Not judged: {name}, since {reason}." for name, reason in why_not.items()]
    write_text_if_changed(layout.root / "calibration.txt", "\n".join(words) + "\n")
    shown = Table("product", "stated", "holds", "truths", "width", "", title=str(layout.root))
    for r in rows:
        wide = f"{r['range_width']:.2g} {r['range_unit']}" if r["range_width"] > 0 else ""
        shown.add_row(
            r["product"], f"{100 * r['stated_probability']:.0f} %",
            f"{100 * r['share_held']:.1f} +- {100 * r['share_held_error']:.1f} %",
            str(r["truth_count"]), wide, verdict(r),
        )  # fmt: skip
    Console().print(shown)
    for sentence in words:
        typer.echo(sentence)
    if layout.report.exists():
        write_report(settings, layout)
