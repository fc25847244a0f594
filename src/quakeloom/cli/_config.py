"""``quakeloom config``, ``quakeloom formats``, ``quakeloom schema``: what can be written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quakeloom import config

config_app = typer.Typer(
    help="The settings: defaults, schema, check, explain.", no_args_is_help=True
)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(config_app, name="config")
    # as people type them first
    app.command("check", hidden=True)(check)
    app.command("explain", hidden=True)(explain)
    app.command("formats")(formats)
    app.command("schema")(schema)


@config_app.command("default")
def default() -> None:
    """Print all settings with their defaults, as YAML with comments."""
    typer.echo(config.default_settings(), nl=False)


@config_app.command("schema")
def json_schema() -> None:
    """Print the JSON schema of the settings, for editors."""
    typer.echo(config.settings_schema(), nl=False)


@config_app.command("reference")
def reference() -> None:
    """Print the reference page of all settings, as Markdown (config/README.md)."""
    from quakeloom.stages.frame.chains import CHAINS, plugin_models

    takers = {
        group: [c.title for c in CHAINS if c.takes(group)] for group in config.Settings.model_fields
    }
    some = {g: kinds for g, kinds in takers.items() if len(kinds) < len(CHAINS)}
    typer.echo(config.settings_reference(some, plugin_models()), nl=False)


@config_app.command("check")
def check(
    path: Annotated[Path, typer.Argument(help="Configuration file.", metavar="FILE")],
) -> None:
    """Check a configuration file, and open what it names, without running anything."""
    from quakeloom.core import InputError
    from quakeloom.stages.frame.run_settings import load_runs
    from quakeloom.stages.without_a_run.input_checks import check_inputs

    found = load_runs(path)
    for name in found.cases:
        typer.echo(f"{path}: '{name}' is valid")
    inputs = check_inputs(found)
    for sentence in inputs.opened:
        typer.echo(f"  {sentence}")
    for sentence in inputs.doubts:
        typer.secho(f"  doubtful: {sentence}", fg="yellow")
    if inputs.problems:
        listed = "\n".join(f"  - {p}" for p in inputs.problems)
        count = len(inputs.problems)
        raise InputError(
            f"{path}: the settings are valid, but {count} thing{'s' if count != 1 else ''} that "
            f"they name cannot be used; nothing was run.\n{listed}"
        )


@config_app.command("explain")
def explain(
    key: Annotated[
        str,
        typer.Argument(
            help="Such as mechanism.trials, or a parameter of HASH such as nmc.", metavar="KEY"
        ),
    ],
) -> None:
    """Explain one setting: meaning, unit, bounds, default."""
    from quakeloom.stages.frame.chains import plugin_models

    typer.echo(config.explain_setting(key, plugin_models()))


@config_app.command("examples")
def examples() -> None:
    """List the configurations that come with quakeloom; `run --config NAME` takes one."""
    for name, path in config.list_examples().items():
        typer.echo(f"{name:16s} {config.describe_example(path)}")


def formats() -> None:
    """List the input formats and their options."""
    from quakeloom.formats import FORMATS

    for f in FORMATS.values():
        typer.echo(f"{f.name:28s} {f.title}")
        for option, meaning in f.options.items():
            typer.echo(f"{'':28s}   {option}: {meaning}")


def schema(
    table: Annotated[str, typer.Argument(help="A table; all if left out.")] = "",
) -> None:
    """Print registered tables with their columns, units and meanings, as Markdown."""
    from quakeloom.core import SchemaError
    from quakeloom.schema import TABLES, VARIABLES

    if table and table not in TABLES:
        raise SchemaError(f"There is no table '{table}'; registered are {', '.join(TABLES)}.")
    for name, spec in TABLES.items():
        if table in ("", name):
            typer.echo(f"## `{name}`\n\n{spec.meaning}\n")
            typer.echo("| column | type | unit | missing | meaning |\n|---|---|---|---|---|")
            for column in spec.columns:
                v = VARIABLES[column]
                typer.echo(f"| `{v.name}` | {v.dtype} | {v.unit} | {v.missing} | {v.meaning} |")
            typer.echo("")
