"""Settings of a configuration file with its kinds of run checked, and of a planned run."""

from __future__ import annotations

from pathlib import Path

import yaml

from quakeloom.config import Configuration, Settings, load_configuration, parse_settings
from quakeloom.core import PlanError, SettingsError
from quakeloom.stages.frame.chains import check_plugins, refuse_foreign_groups
from quakeloom.store import RunLayout, read_text

_SHOWN_RUNS = 8
"""Runs of a folder that a message names."""


def load_runs(path: Path) -> Configuration:
    """Read and check a configuration file, the groups of every run included.

    Raises
    ------
    SettingsError
        As :func:`quakeloom.config.load_configuration` and
        :func:`quakeloom.stages.frame.chains.refuse_foreign_groups` say.
    """
    configuration = load_configuration(path)
    refuse_foreign_groups(configuration)
    for settings in configuration.cases.values():
        check_plugins(settings)
    return configuration


def read_settings(layout: RunLayout) -> Settings:
    """Read the resolved settings of a planned run.

    Raises
    ------
    PlanError
        If the run was never planned, or its settings are damaged.
    """
    if not layout.settings.exists():
        if not layout.root.exists():
            raise PlanError(
                f"There is no folder {layout.root}. Nothing was done; name that of a run."
            )
        runs = [c.name for c in layout.root.children() if RunLayout(c).settings.exists()]
        if runs:
            raise PlanError(
                f"{layout.root} is a folder of runs, none itself. Nothing was done; name one of "
                f"them: {', '.join(str(layout.root / name) for name in runs[:_SHOWN_RUNS])}."
            )
        raise PlanError(
            f"Run {layout.root} has no plan ({layout.settings} is missing). "
            "Run `quakeloom plan --config FILE`."
        )
    try:
        data = yaml.safe_load(read_text(layout.settings))
        return parse_settings(dict(data), str(layout.settings))
    except (yaml.YAMLError, UnicodeDecodeError, SettingsError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise PlanError(
            f"The settings of run {layout.root} in {layout.settings} cannot be read ({reason}): "
            "they are damaged, or those of another version. Nothing was done; run `quakeloom plan "
            "--config FILE`, which writes them again."
        ) from None
