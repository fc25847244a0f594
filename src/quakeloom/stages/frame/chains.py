"""Kinds of run: the stages of each, the groups of settings it takes, and its page.

A configuration is of the first kind that its settings open. Groups that no stage of the kind
takes are refused by name: they would be ignored, and the run be another one than was meant.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from quakeloom.config import Configuration, Settings
from quakeloom.core import SettingsError
from quakeloom.stages.every_stage import every_stage
from quakeloom.stages.frame.plugin_checks import check_stage_files, find_named
from quakeloom.stages.frame.stage import Kind, Reads, Stage, group_value
from quakeloom.stages.frame.verbs import plain_settings

_GENERAL = ("name", "description", "seed", "data", "cluster", "report", "plugins")
"""Settings that every run takes."""


@dataclass(frozen=True)
class Chain:
    """A kind of run.

    Attributes
    ----------
    name : Kind
        As stages name it in their records.
    title : str
        What it is, for messages.
    opened_by : callable
        Says whether settings are of this kind.
    page : str
        ``module:function`` that writes its report; empty if it has none.
    groups : tuple of str
        Groups that it takes beside those of its stages.
    """

    name: Kind
    title: str
    opened_by: Callable[[Settings], bool]
    page: str = ""
    groups: tuple[str, ...] = ()

    @property
    def stages(self) -> list[Stage]:
        """Its stages, each after those that it reads."""
        return [s for s in every_stage() if self.name in s.chains]

    def takes(self, group: str) -> bool:
        """Say whether runs of this kind take a group of the settings."""
        return group in {*_GENERAL, *self.groups, *(g for s in self.stages for g in s.groups)}

    def write_page(self, *arguments: Any) -> None:
        """Write the report of a run."""
        module, _, function = self.page.partition(":")
        getattr(importlib.import_module(module), function)(*arguments)


CHAINS = (
    Chain(
        "line",
        "tomography of a line",
        lambda s: s.tomography is not None,
        "quakeloom.report:write_line_report",
    ),
    Chain(
        "region",
        "a regional ensemble",
        lambda s: s.regional is not None,
        "quakeloom.report:write_regional_report",
    ),
    Chain(
        "training",
        "training of networks",
        lambda s: s.training is not None,
        groups=("training",),
    ),
    Chain(
        "analysis",
        "an analysis of other data than events",
        lambda s: bool(s.analyses),
        "quakeloom.report:write_analysis_report",
    ),
    Chain(
        "mechanisms",
        "a stress map of mechanism catalogs",
        lambda s: (
            s.stress is not None
            and bool(s.stress.catalogs)
            and not s.sources
            and s.simulation is None
        ),
        "quakeloom.report:write_catalog_report",
    ),
    Chain(
        "events",
        "a catalog of events",
        lambda s: True,
        "quakeloom.report:write_catalog_report",
    ),
)
"""All kinds of run; the first that settings open is theirs."""


def find_chain(settings: Settings) -> Chain:
    """Return the kind of a run."""
    return next(c for c in CHAINS if c.opened_by(settings))


def run_stages(settings: Settings) -> list[Stage]:
    """Return the stages that a run has, each after those that it reads."""
    return [s for s in find_chain(settings).stages if s.runs(settings)]


def stages_read(stage: Stage, settings: Settings) -> list[tuple[Stage, bool]]:
    """Return the stages of a run that one of them reads, and whether whole."""
    here = {s.name: s for s in run_stages(settings)}
    reads: list[Reads] = [r for r in stage.read_by(settings) if r.stage in here]
    return [(here[r.stage], r.whole) for r in reads if here[r.stage].partitions != "planning"]


def finder_of(stage: Stage, settings: Settings) -> str:
    """Return the stage that must have run before the partitions of a stage are known.

    Empty if they are known while planning. Where a stage finds the events of the run, that is
    all but this stage and those that it reads, one way or another.
    """
    if stage.found_by or stage.partitions == "planning":
        return stage.found_by
    here = {s.name: s for s in run_stages(settings)}
    finder = next((s for s in here.values() if s.finds_events), None)
    if finder is None:
        return ""
    before, new = {finder.name}, [finder]
    while new:
        reads = [r.stage for r in new.pop().read_by(settings) if r.stage in here]
        new += [here[name] for name in reads if name not in before]
        before |= set(reads)
    return "" if stage.name in before else finder.name


def refuse_foreign_groups(configuration: Configuration) -> None:
    """Refuse groups of settings that a run's kind does not take.

    Raises
    ------
    SettingsError
        With every group, the kind of the run, and the kinds that take the group.
    """
    for name, settings in configuration.cases.items():
        foreign = foreign_groups(settings)
        if not foreign:
            continue
        chain = find_chain(settings)
        words = "; ".join(
            f"`{group}` belongs to {' and '.join(kinds) or 'no kind of run'}"
            for group, kinds in foreign.items()
        )
        raise SettingsError(
            f"{configuration.path}: '{name}' is {chain.title}, which does not take "
            f"{', '.join(f'`{g}`' for g in foreign)}: {words}. Nothing was run; remove the "
            "group, or give that run a file of its own."
        )


def foreign_groups(settings: Settings) -> dict[str, list[str]]:
    """Return the groups given that the run's kind does not take, with the kinds that do."""
    chain = find_chain(settings)
    given = [g for g in settings.model_fields_set if getattr(settings, g) not in (None, [], {})]
    order = [g for g in type(settings).model_fields if g in given]
    return {
        group: [c.title for c in CHAINS if c.takes(group)]
        for group in order
        if not chain.takes(group)
    }


def taken_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that a run takes, as JSON values: what its plan keeps."""
    chain = find_chain(settings)
    groups = {g for g in type(settings).model_fields if chain.takes(g)}
    return settings.model_dump(mode="json", include=groups)


def science_settings(settings: Settings) -> dict[str, Any]:
    """Return all settings that the results of a run depend on, as JSON values.

    They are those that its stages name; two runs that agree in them have the same results.
    """
    found: dict[str, Any] = {"seed": settings.seed}
    for stage in run_stages(settings):
        for name in (stage.group, *stage.settings):
            if name:
                found[name] = plain_settings(settings, name)
    return found


def check_plugins(settings: Settings) -> None:
    """Check the settings of stages outside the package by their own models.

    Raises
    ------
    SettingsError
        If there is no such stage in a run of this kind, or its settings are wrong.
    PlanError
        As :func:`quakeloom.stages.frame.plugin_checks.check_stage_files` says.
    """
    for name in settings.plugins:
        stages = [s for s in every_stage() if s.group == f"plugins.{name}"]
        if not stages:
            known = [
                s.group.removeprefix("plugins.") for s in every_stage() if "plugins." in s.group
            ]
            raise SettingsError(
                f"`plugins.{name}` of run '{settings.name}' are settings of a stage that is not "
                f"installed (installed: {', '.join(known) or 'none'}). Nothing was run; install "
                "its package, or remove the group."
            )
        chain = find_chain(settings)
        if not any(chain.name in s.chains for s in stages):
            kinds = [c.title for c in CHAINS if any(c.name in s.chains for s in stages)]
            raise SettingsError(
                f"`plugins.{name}` of run '{settings.name}' are settings of a stage of "
                f"{' and '.join(kinds)}, and this run is {chain.title}. Nothing was run; remove "
                "the group, or give that run a file of its own."
            )
        for stage in stages:
            check_stage_files(stage)
            if stage.options:
                plugin_options(stage, settings)


def plugin_models() -> dict[str, Any]:
    """Return the models of the settings of stages outside the package, by their group."""
    return {s.group: find_named(s, "options") for s in every_stage() if s.options}


def plugin_options(stage: Stage, settings: Settings) -> Any:
    """Return the settings of a stage outside the package, checked by its model."""
    model = find_named(stage, "options")
    given = group_value(settings, stage.group) or {}
    try:
        return model(**given)
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"`{stage.group}` of run '{settings.name}' is wrong: {error}. Nothing was run."
        ) from None


__all__ = [
    "CHAINS",
    "Chain",
    "check_plugins",
    "find_chain",
    "finder_of",
    "foreign_groups",
    "plugin_models",
    "plugin_options",
    "refuse_foreign_groups",
    "run_stages",
    "science_settings",
    "stages_read",
    "taken_settings",
]
