"""``quakeloom pick``, ``quakeloom polarity`` and ``quakeloom evaluate``: waveforms and picks."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from quakeloom.cli._table_files import read_named_table, refuse_odd_ending, write_named_table
from quakeloom.store import Item

pick_app = typer.Typer(
    help="P and S arrivals are picked. Without a verb: pick any folder of waveform files, "
    "`quakeloom pick --waveforms PATH --out FILE`.",
    invoke_without_command=True,
    no_args_is_help=True,
)
polarity_app = typer.Typer(
    help="First motions of P are read. Without a verb: read them at given picks, "
    "`quakeloom polarity --waveforms PATH --picks FILE --out FILE`.",
    invoke_without_command=True,
    no_args_is_help=True,
)
evaluate_app = typer.Typer(
    help="Compare picks and polarities with an analyst's.", no_args_is_help=True
)

Waveforms = Annotated[
    Path | None,
    typer.Option(help="A waveform file, a folder of them, or an SDS tree.", metavar="PATH"),
]
Out = Annotated[
    Path | None,
    typer.Option(help="File to write: .parquet, .csv or .json by its ending.", metavar="FILE"),
]
Stations = Annotated[
    Path | None,
    typer.Option(
        help="StationXML, dataless SEED or a table of channels: azimuths and dips of the sensors, "
        "by which components are turned; without it the headers of the files tell.",
        metavar="FILE",
    ),
]


_SHOWN_REASONS = 5
"""Reasons that are told where nothing came out."""

_SHOWN_NAMES = 5
"""Channels that a sentence names."""

GROUPS = {"pick": pick_app, "polarity": polarity_app}
"""Groups of commands that stages of this module bring."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("fetch")(fetch)
    app.add_typer(evaluate_app, name="evaluate")


def fetch(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="Configuration file (YAML).", metavar="FILE")
    ],
) -> None:
    """Fetch the waveforms of a configuration's events from an FDSN service; needs a network."""
    from quakeloom.cli._console import status
    from quakeloom.config import load_configuration
    from quakeloom.core import InputError
    from quakeloom.stages.without_a_run.fetch_archive import fetch_archive

    cases = load_configuration(config).cases
    asking = {
        n: s for n, s in cases.items() if s.waveforms is not None and s.waveforms.fetch is not None
    }
    if not asking:
        raise InputError(
            f"No case of '{config}' has a group waveforms.fetch. Nothing was fetched; add one with "
            "the service, networks and channels."
        )
    for name, settings in asking.items():
        with status("fetching") as say:
            done = fetch_archive(settings, say)
        typer.echo(
            f"{name}: {done.files} files fetched, {done.present} were there, of {done.empty} of "
            f"{done.events} events the service has nothing"
        )


@pick_app.callback()
def pick(
    context: typer.Context,
    waveforms: Waveforms = None,
    out: Out = None,
    weights: Annotated[
        str,
        typer.Option(
            help="best, own, classical, MODEL/NAME of SeisBench's cache (phasenet/original), "
            "or a file.",
        ),
    ] = "best",
    p_threshold: Annotated[float, typer.Option(help="Minimum probability of P.")] = 0.3,
    s_threshold: Annotated[float, typer.Option(help="Minimum probability of S.")] = 0.3,
    span: Annotated[
        str,
        typer.Option(
            help="Use only this part of every record, seconds after its first sample.",
            metavar="FROM,TO",
        ),
    ] = "",
    all_instruments: Annotated[
        bool,
        typer.Option(help="Keep simultaneous picks of several instruments of a station."),
    ] = False,
    every_s: Annotated[
        bool,
        typer.Option(help="Keep S picks beyond one for every P of the station, as found."),
    ] = False,
    stations: Stations = None,
) -> None:
    """Pick a folder of waveform files, or run a verb of the stage."""
    if context.invoked_subcommand is not None:
        return
    from quakeloom.cli._console import status
    from quakeloom.core import SettingsError
    from quakeloom.picking import PickOptions
    from quakeloom.stages.weights.pickers import open_picker
    from quakeloom.stages.without_a_run.pick_folder import pick_folder

    if waveforms is None or out is None:
        raise SettingsError(
            "`quakeloom pick` without a verb needs --waveforms PATH and --out FILE. "
            "Nothing was picked; see `quakeloom pick --help`."
        )
    refuse_odd_ending(out)
    options = PickOptions(p_threshold=p_threshold, s_threshold=s_threshold, one_s_per_p=not every_s)
    directions = _directions(stations)
    with status("picking") as tell:
        picker = open_picker(weights)
        found = pick_folder(
            waveforms, picker, options, _span(span), not all_instruments, tell,
            directions,
        )  # fmt: skip
    _say_uncovered(directions, stations)
    rejects = write_named_table(out, "picks", found.picks, found.rejects, {"picker": found.picker})
    typer.echo(
        f"{out}: {found.counts['P']} P and {found.counts['S']} S in {found.records} records "
        f"({found.seconds_of_data / 3600:.2f} h) of {found.counts['files']} files, by "
        f"{found.picker}"
    )
    _say_rejects(rejects, found.rejects.num_rows)
    if not found.picks.num_rows:
        _end_with_nothing(
            f"No pick came out of {found.records} records.", found.rejects,
            "look at the reasons, at --p-threshold and --s-threshold, or take another --weights",
        )  # fmt: skip


@polarity_app.callback()
def polarity(
    context: typer.Context,
    waveforms: Waveforms = None,
    picks: Annotated[
        Path | None,
        typer.Option(
            help="P picks: a table of picks (Parquet), or any pick file that `quakeloom formats` "
            "lists.",
            metavar="FILE",
        ),
    ] = None,
    out: Out = None,
    weights: Annotated[str, typer.Option(help="best, own, classical, or a file.")] = "best",
    shift: Annotated[
        float, typer.Option(help="Move every pick by this many seconds first (for tests).")
    ] = 0.0,
    stations: Stations = None,
    picks_format: Annotated[
        str, typer.Option("--format", help="Format of the picks; see `quakeloom formats`.")
    ] = "auto",
) -> None:
    """Read first motions at given P picks, or run a verb of the stage."""
    if context.invoked_subcommand is not None:
        return
    from quakeloom.cli._console import status
    from quakeloom.core import SettingsError
    from quakeloom.stages.without_a_run.polarity_folder import open_reader, read_folder

    if waveforms is None or out is None or picks is None:
        raise SettingsError(
            "`quakeloom polarity` without a verb needs --waveforms PATH, --picks FILE and "
            "--out FILE. Nothing was read; see `quakeloom polarity --help`."
        )
    refuse_odd_ending(out)
    directions = _directions(stations)
    with status("reading polarities") as tell:
        reader = open_reader(weights)
        found = read_folder(
            waveforms, read_picks(picks, picks_format), reader, shift, tell, directions
        )
    rejects = write_named_table(
        out, "polarities", found.polarities, found.rejects, {"reader": reader.name}
    )
    _say_uncovered(directions, stations)
    counts = found.counts
    typer.echo(
        f"{out}: {counts['up']} up, {counts['down']} down, {counts['unknown']} not known, of "
        f"{counts['picks']} P picks, by {reader.name}"
    )
    if counts["turned"]:
        typer.echo(
            f"{counts['turned']} of them on verticals that point down by their metadata: turned, "
            "see the column orientation"
        )
    if counts["clipped"]:
        typer.echo(
            f"{counts['clipped']} of them on records that were clipped before the pick; see the "
            "column clipped"
        )
    _say_rejects(rejects, found.rejects.num_rows)
    if not counts["up"] + counts["down"]:
        _end_with_nothing(
            f"No first motion came out of {counts['picks']} P picks.", found.rejects,
            "look at the reasons, and whether picks and waveforms are of the same stations and "
            "times",
        )  # fmt: skip


def _directions(stations: Path | None) -> Any:
    """Return where sensors point by a file of stations; nothing without one."""
    from quakeloom.core import InputError
    from quakeloom.formats import read_source
    from quakeloom.stages.archive.directions import SensorDirections

    if stations is None:
        return None
    source = read_source(stations)
    table = source.stations
    if source.rejects.num_rows:
        typer.secho(
            f"{stations}: {source.rejects.num_rows} records were put aside:"
            f"{_reasons(source.rejects)}",
            fg="yellow", err=True,
        )  # fmt: skip
    if not table.num_rows:
        raise InputError(
            f"'{stations}' holds no stations, so no sensor could be turned by it. Nothing was "
            "read; give StationXML, dataless SEED or a table of channels."
        )
    return SensorDirections(table)


@evaluate_app.command("picks")
def evaluate_picks(
    picks: Annotated[Path, typer.Argument(help="Picks to judge.", metavar="PICKS")],
    reference: Annotated[
        Path, typer.Argument(help="An analyst's picks, in any pick format.", metavar="REFERENCE")
    ],
    p_tolerance: Annotated[float, typer.Option(help="Seconds within which a P counts.")] = 0.1,
    s_tolerance: Annotated[float, typer.Option(help="Seconds within which an S counts.")] = 0.2,
    around: Annotated[
        str,
        typer.Option(
            help="Picks count from this many seconds before the reference P of their station "
            "to this many after.",
            metavar="BEFORE,AFTER",
        ),
    ] = "10,20",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Precision, recall, F1 and residuals of picks against an analyst's."""
    from quakeloom.stages.training.evaluation import evaluate_pick_tables

    before, after = _numbers(around, "--around")
    scores = evaluate_pick_tables(
        read_picks(picks), read_picks(reference), p_tolerance, s_tolerance, before, after
    )
    if as_json:
        typer.echo(json.dumps(scores, indent=1))
        return
    table = Table("phase", "picks", "reference", "precision", "recall", "F1", "mean", "std",
                  title=f"{picks} against {reference}")  # fmt: skip
    for phase, s in scores.items():
        table.add_row(
            phase, str(s["picks"]), str(s["references"]),
            *(f"{s[k]:.3f}" for k in ("precision", "recall", "f1")),
            *(f"{1000 * s[k]:+.0f} ms" for k in ("mean_s", "std_s")),
        )  # fmt: skip
    Console(markup=False).print(table)


@evaluate_app.command("polarities")
def evaluate_polarities(
    polarities: Annotated[Path, typer.Argument(help="Polarities to judge.", metavar="FILE")],
    reference: Annotated[
        Path, typer.Argument(help="An analyst's first motions.", metavar="REFERENCE")
    ],
    minimum_probability: Annotated[
        float, typer.Option(help="Readings that are less sure do not count.")
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Accuracy and coverage of polarities against an analyst's."""
    from quakeloom.core import SettingsError
    from quakeloom.stages.training.evaluation import evaluate_polarity_tables

    if not 0.0 <= minimum_probability <= 1.0:
        raise SettingsError(
            f"--minimum-probability {minimum_probability:g} is no probability. Nothing was "
            "compared; give one from 0.5 to 1."
        )
    found = evaluate_polarity_tables(
        _read_table(polarities, "polarities"), _read_table(reference, "polarities"),
        minimum_probability,
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    typer.echo(
        f"{found['correct']} of {found['called']} correct ({100 * found['accuracy']:.0f} %), "
        f"{found['called']} of {found['references']} called ({100 * found['coverage']:.0f} %)"
    )


@evaluate_app.command("shifts")
def evaluate_shifts(
    references: Annotated[
        list[Path],
        typer.Argument(help="Files with an analyst's first motions.", metavar="REFERENCE..."),
    ],
    waveforms: Annotated[
        Path, typer.Option(help="Waveform files, a folder, a tree.", metavar="PATH")
    ],
    weights: Annotated[
        list[str] | None,
        typer.Option(help="best, own, classical, or a file; several may be given."),
    ] = None,
    minimum_probability: Annotated[
        float, typer.Option(help="Readings that are less sure do not count.")
    ] = 0.5,
    figure: Annotated[
        Path | None,
        typer.Option(help="Draw the readings of the first weights, misses in red.", metavar="PNG"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """First motions at an analyst's picks moved by -60 to +60 ms, by several readers."""
    import pyarrow as pa

    from quakeloom.stages.without_a_run.shifted_picks import score_shifted_picks

    motions = pa.concat_tables([_read_table(f, "polarities") for f in references])
    found = score_shifted_picks(
        waveforms, motions, weights or ["own", "classical"],
        minimum_probability=minimum_probability,
    )  # fmt: skip
    if figure is not None:
        from quakeloom.plots import plot_first_motions

        order = sorted(found[0].motions, key=lambda m: m.polarity == m.given)
        plot_first_motions(order).savefig(figure, dpi=110)
    if as_json:
        rows = [{k: v for k, v in vars(s).items() if k != "motions"} for s in found]
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table("shift", *(s.reader for s in found),
                  title=f"Correct of called, of {found[0].references} first motions")  # fmt: skip
    for k, shift in enumerate(found[0].shifts_s):
        table.add_row(
            f"{1000 * shift:+.0f} ms", *(f"{s.correct[k]} of {s.called[k]}" for s in found)
        )
    Console(markup=False).print(table)


def _span(text: str) -> tuple[float, float] | None:
    return _numbers(text, "--span") if text else None


def _numbers(text: str, option: str) -> tuple[float, float]:
    from quakeloom.core import SettingsError

    try:
        a, b = (float(v) for v in text.split(","))
    except ValueError:
        a = b = math.nan
    if not (math.isfinite(a) and math.isfinite(b)):
        raise SettingsError(f"{option} '{text}' is not two numbers such as 10,20.")
    return a, b


def read_picks(path: Path, format: str = "auto") -> Any:
    """Read a table of picks from Parquet or any pick format."""
    return _read_table(path, "picks", format)


def _read_table(path: Path, name: str, format: str = "auto") -> Any:
    import pyarrow as pa

    from quakeloom.core import InputError
    from quakeloom.formats import read_source
    from quakeloom.store import open_item

    item = open_item(path)
    files = [i for i in item.children() if not i.is_folder()] if item.is_folder() else [item]
    if not files:
        raise InputError(f"There are no {name} at '{path}': the folder is empty.")
    written = [read_named_table(f, name) if format == "auto" else None for f in files]
    table = pa.concat_tables(
        getattr(read_source(f.local, format), name) if known is None else known
        for f, known in zip(files, written, strict=True)
    )
    if not table.num_rows:
        raise InputError(f"'{path}' holds no {name}. Nothing was read; give another file.")
    return table


def _end_with_nothing(what: str, rejects: Any, remedy: str) -> NoReturn:
    """End with exit code 1 after files without a row were written, with the reasons by number."""
    from quakeloom.core import QuakeloomError

    listed = _reasons(rejects)
    why = f" What was put aside, most frequent first:{listed}\n" if listed else " "
    raise QuakeloomError(f"{what}{why}Remedy: {remedy}.")


def _reasons(rejects: Any) -> str:
    """Return the most frequent reasons of rejects, a line each."""
    counts = Counter(rejects.column("reason").to_pylist()).most_common(_SHOWN_REASONS)
    return "".join(f"\n  - {count} x {reason}" for reason, count in counts)


def _say_uncovered(directions: Any, stations: Path | None) -> None:
    """Say of which channels a file of stations says no direction at the time of the records."""
    if directions is None or not directions.uncovered:
        return
    names = sorted(directions.uncovered)
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    typer.secho(
        f"{stations} gives no direction of {', '.join(names[:_SHOWN_NAMES])}{more} at the time of "
        "the records: headers and names of channels are used",
        fg="yellow", err=True,
    )  # fmt: skip


def _say_rejects(item: Item | None, rows: int) -> None:
    if item is not None:
        typer.echo(f"{item}: {rows} records, traces or picks were put aside, with the reasons")
