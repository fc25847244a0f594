"""``quakeloom train``: networks, on simulated records and simulated ground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

train_app = typer.Typer(
    help="Networks are trained on simulated records; no recorded seismogram enters, but in "
    "`fine-tune`.",
    no_args_is_help=True,
)
Config = Annotated[
    Path, typer.Option(help="Configuration with a section `training`.", metavar="FILE.yaml")
]
Out = Annotated[Path, typer.Option(help="Folder of the weights and their card.", metavar="DIR")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(train_app, name="train")


@train_app.command()
def polarity(config: Config, out: Out = Path("results/weights")) -> None:
    """Train the network that reads first motions (`training.polarity`)."""
    from quakeloom.stages.training.simulated import train_polarity

    card = train_polarity(_settings(config), out, _say)
    typer.echo(
        f"{out / 'polarity.npz'}: accuracy {card['test']['accuracy']:.4f}, calibration error "
        f"{card['test']['calibration_error']:.4f} on {card['test']['records']} test records"
    )


@train_app.command()
def picker(config: Config, out: Out = Path("results/weights")) -> None:
    """Train the network that picks P and S (`training.picker`)."""
    from quakeloom.stages.training.simulated import train_picker

    card = train_picker(_settings(config), out, _say)
    scores = ", ".join(f"{phase} F1 {s['f1']:.3f}" for phase, s in card["test"].items())
    typer.echo(f"{out / 'picker.npz'}: {scores} on simulated test records")


@train_app.command()
def seafloor(config: Config, out: Out = Path("results/weights")) -> None:
    """Train the networks that make grids of the sea floor finer (`training.seafloor`)."""
    from quakeloom.stages.training.seafloor import train_seafloor

    card = train_seafloor(_settings(config), out, _say)
    for name, scores in card["test"]["scores"].items():
        typer.echo(
            f"{name}: RMSE {scores['rmse_m']:.3f} m, {scores['rmse_over_bicubic']:.3f} of bicubic's"
        )


@train_app.command()
def classes(
    config: Config,
    out: Out = Path("results/weights"),
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder in which simulated records are kept.", metavar="DIR"),
    ] = None,
) -> None:
    """Train the networks that tell classes of events apart (`training.classes`)."""
    from quakeloom.stages.training.event_classes import train_classes

    card = train_classes(_settings(config), out, _say, keep)
    test = card["test"]["found"]
    typer.echo(
        f"{out / 'classes.npz'}: {test['accuracy']:.3f} of {test['events']} events right, "
        f"calibration error {test['expected_calibration_error']:.4f}, on other networks"
    )


@train_app.command("fine-tune")
def fine_tune(
    config: Config,
    waveforms: Annotated[Path, typer.Option(help="Waveforms of the picks.", metavar="PATH")],
    picks: Annotated[
        Path, typer.Option(help="An analyst's P and S, in any pick format.", metavar="FILE")
    ],
    out: Out = Path("results/weights"),
    start: Annotated[
        Path | None,
        typer.Option(help="Weights of ours to go on from (those that are shipped).",
                     metavar="FILE.npz"),
    ] = None,
) -> None:  # fmt: skip
    """Tune the network that picks on an analyst's picks, with cross-validation."""
    from quakeloom.cli._waveforms import read_picks
    from quakeloom.stages.training.fine_tuning import fine_tune_picker

    card = fine_tune_picker(_settings(config), waveforms, read_picks(picks), out, _say, start)
    for phase, after in card["cross_validation"].items():
        before = card["before"][phase]
        typer.echo(
            f"{phase}: F1 {before['f1']:.3f} before, {after['f1']:.3f} of stations that were "
            f"left out ({1000 * after['mean_s']:+.0f} ms, {1000 * after['std_s']:.0f} ms)"
        )


def _settings(config: Path):  # type: ignore[no-untyped-def]
    from quakeloom.config import load_configuration

    return next(iter(load_configuration(config).cases.values()))


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
