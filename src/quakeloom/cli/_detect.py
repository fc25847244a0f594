"""``quakeloom detect``: picks over all time of any archive, and events of them in one go."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from quakeloom.cli._setting_pairs import merge_settings, read_setting_file, read_setting_pairs
from quakeloom.cli._table_files import refuse_file_for_folder, write_named_table

detect_app = typer.Typer(
    help="Continuous records become picks over all time. Without a verb: of any archive, "
    "`quakeloom detect --waveforms PATH --stations FILE --out DIR`; with --model also events.",
    invoke_without_command=True,
    no_args_is_help=True,
)

GROUPS = {"detect": detect_app}
"""Groups of commands that stages of this module bring."""

_SHOWN_REASONS = 8
"""Reasons of station-days that are told."""


Stations = Annotated[
    Path | None,
    typer.Option(
        help="Stations in any format: places, and directions of sensors. Of StationXML and "
        "dataless SEED also the responses, for amplitudes.",
        metavar="FILE",
    ),
]
Model = Annotated[
    list[str] | None,
    typer.Option(
        help="Layered velocity model: picks are associated with events and located; several are "
        "an ensemble.",
        metavar="FILE",
    ),
]
Weights = Annotated[
    str,
    typer.Option(
        help="best, own, classical, MODEL/NAME of SeisBench's cache (phasenet/original), or a file."
    ),
]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A setting of `detect`, such as p_threshold=0.5; of what follows as associate.KEY or "
        "locate.KEY.",
        metavar="K=V",
    ),
]


@detect_app.callback()
def detect(
    context: typer.Context,
    waveforms: Annotated[
        Path | None,
        typer.Option(help="A waveform file, a folder of them, or an SDS tree.", metavar="PATH"),
    ] = None,
    stations: Stations = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results.", metavar="DIR")] = None,
    model: Model = None,
    weights: Weights = "best",
    polarity: Annotated[
        str, typer.Option(help="Reader of first motions: best, own, classical, or a file.")
    ] = "best",
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0: this one.")] = 0,
    csv: Annotated[bool, typer.Option("--csv", help="Write the detections as CSV, too.")] = False,
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file with other settings of `detect`.", metavar="FILE"),
    ] = None,
    setting: Setting = None,
    seed: Annotated[int, typer.Option(min=0, help="Root of the random streams.")] = 20260101,
) -> None:
    """Pick any archive over all time, or run a verb of the stage."""
    if context.invoked_subcommand is not None:
        return
    from quakeloom.cli._console import status
    from quakeloom.core import SettingsError
    from quakeloom.stages.without_a_run import detect_folder as detecting
    from quakeloom.stages.without_a_run.detected_events import events_of

    if waveforms is None or stations is None or out is None:
        raise SettingsError(
            "`quakeloom detect` without a verb needs --waveforms PATH, --stations FILE and "
            "--out DIR. Nothing was picked; see `quakeloom detect --help`."
        )
    refuse_file_for_folder(out)
    values = merge_settings(read_setting_file(config, "detect"), read_setting_pairs(setting or []))
    later = {name: values.pop(name, {}) for name in ("associate", "locate")}
    asked = detecting.parse_asked(values, weights, polarity, workers, stations)
    places = detecting.read_stations(stations)
    with status("detecting") as say:
        found = detecting.detect_folder(waveforms, asked, places.stations, say)
    detecting.write_detections(found, places.rejects, out)
    if csv:
        write_named_table(
            out / "detections.csv", "detections", found.detections, found.rejects.slice(0, 0), {}
        )
    _tell(found, out)
    if not model:
        return
    with status("events") as say:
        catalog = events_of(found.detections, places.stations, list(model), later, out, seed, say)
    typer.echo(
        f"{catalog.events} events, of which {catalog.located} are located; expected to be false: "
        f"{catalog.expected_false:.2f}; {catalog.unassigned} picks without an event"
    )
    typer.echo(out / "catalog.xml")


def _tell(found: Any, out: Path) -> None:
    phases = Counter(found.detections.column("phase").to_pylist())
    typer.echo(
        f"{out / 'detections.parquet'}: {phases['P']} P and {phases['S']} S on {len(found.days)} "
        f"days, by {found.picker}"
    )
    states = Counter(found.detection_days.column("detection_status").to_pylist())
    said = ", ".join(f"{count} {state}" for state, count in states.most_common())
    typer.echo(f"{out / 'detection_days.parquet'}: {said}")
    rows = [r for r in found.detection_days.to_pylist() if r["detection_status"] not in _QUIET]
    for row in rows[:_SHOWN_REASONS]:
        name = ".".join(row[n] for n in ("network", "station", "location_code", "channel"))
        typer.echo(f"  {row['day']} {name}: {row['detection_status']}: {row['reason']}")
    if len(rows) > _SHOWN_REASONS:
        typer.echo(f"  ... and {len(rows) - _SHOWN_REASONS} more in detection_days.parquet")


_QUIET = ("detected", "second_choice")
"""States of instruments of which nothing needs to be told."""
