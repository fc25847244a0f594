"""A stage is one record: what it is called, reads, owns, promises, and where its verbs are.

Everything that must know the stages follows from these records: the order of planning, the
inputs of rules, digests of settings and code, the commands, ``quakeloom verify``, the summary
and the report. A record imports nothing heavy, so that a command may look at all of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from quakeloom.config import Settings

ONE = "one"
"""Name of the only partition of a stage that computes all at once."""

Kind = Literal["line", "region", "training", "analysis", "mechanisms", "events"]
"""Kinds of run, as records name them; :mod:`quakeloom.stages.frame.chains` has what they are."""

Partitions = Literal["planning", "events", "days", "members", "one"]
"""How the work of a stage is split.

``planning``: done while planning, no job of its own. ``events``: calendar bins of events.
``days``: days of UTC such as ``2019-07-04``. ``members``: blocks of ensemble members. ``one``: a
single job. Bins of events may be known only after another stage has run; see
``Stage.found_by`` and ``Stage.finds_events``.
"""


@dataclass(frozen=True)
class Reads:
    """A stage whose results another stage reads.

    Attributes
    ----------
    stage : str
        Name of the stage that is read.
    whole : bool
        Read after all its partitions are gathered; else the partition of the same name.
    beside : int
        So many days before and after that of the same name are read with it.
    when : callable, optional
        Says from the settings whether it is read; always, if the other stage runs, if absent.
    """

    stage: str
    whole: bool = False
    beside: int = 0
    when: Callable[[Settings], bool] | None = None


@dataclass(frozen=True)
class Stage:
    """What is known of a stage.

    Attributes
    ----------
    name : str
        Name of the rule, the command, the folder, the logs and the page.
    summary : str
        One line for the help and the documentation.
    module : str
        Module with its verbs; those that it does not have are the defaults of
        :mod:`quakeloom.stages.frame.verbs`.
    chains : tuple of Kind
        Kinds of run that it belongs to (:mod:`quakeloom.stages.frame.chains`).
    group : str
        Group of the settings that turns it on and decides its result; empty where it always
        runs.
    on : callable, optional
        Says from the settings whether it runs, where the group alone does not.
    settings : tuple of str
        Other groups, or ``group.key``, that decide its result.
    shown_only : tuple of str
        Keys of its group that change no result of its partitions, only what is made of them
        when they are gathered.
    later_only : tuple of str
        Keys of its group that matter to other stages alone.
    ways_only : tuple of str
        Groups that it takes but that only say how it is computed, such as ``cluster``.
    reads : tuple of Reads
        Stages whose plans decide its own.
    partitions : str
        How its work is split (:data:`Partitions`).
    found_by : str
        Stage that finds its partitions by running, after which they are planned.
    finds_events : bool
        It finds the events of the run: whatever does not go before it is planned when it has run.
    opens, gathers : bool
        Whether it has the verbs ``init`` and ``finalise``.
    opens_late : bool
        Whether ``init`` looks at everything that the stage reads, and so waits for it.
    part_tables : tuple of str
        Tables of every partition.
    gathered : tuple of str
        Part tables that the default ``finalise`` puts together.
    tables : tuple of str
        Tables of the run that this stage alone writes.
    arrays : tuple of str
        Zarr groups of the run that it alone writes.
    files : tuple of str
        Other files of the run that it alone writes.
    report : str
        ``module:function`` that returns its section of the report, where the page of the run
        does not know it by itself.
    rules : str
        Name of its rule file beside its module, for a stage outside the package.
    options : str
        ``module:Model`` of its settings below ``plugins``, for a stage outside the package.
    """

    name: str
    summary: str
    module: str
    chains: tuple[Kind, ...]
    group: str = ""
    on: Callable[[Settings], bool] | None = None
    settings: tuple[str, ...] = ()
    shown_only: tuple[str, ...] = ()
    later_only: tuple[str, ...] = ()
    ways_only: tuple[str, ...] = ()
    reads: tuple[Reads, ...] = ()
    partitions: Partitions = "events"
    found_by: str = ""
    finds_events: bool = False
    opens: bool = False
    gathers: bool = False
    opens_late: bool = False
    part_tables: tuple[str, ...] = ()
    gathered: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    report: str = ""
    rules: str = ""
    options: str = ""

    def runs(self, settings: Settings) -> bool:
        """Say whether the stage runs with these settings, within its kinds of run."""
        if self.group and group_value(settings, self.group) is None:
            return False
        return self.on is None or self.on(settings)

    def read_by(self, settings: Settings) -> list[Reads]:
        """Return what it reads with these settings, whether or not that runs."""
        return [r for r in self.reads if r.when is None or r.when(settings)]

    def days_beside(self, settings: Settings, partition: str) -> dict[str, list[str]]:
        """Return the days beside a day that it reads with it, by the stage that they are of.

        They are named whether there is such a partition or not.
        """
        if self.partitions != "days":
            return {}
        day = date.fromisoformat(partition)
        return {
            r.stage: [
                str(day + timedelta(days=k)) for k in range(-r.beside, r.beside + 1) if k != 0
            ]
            for r in self.read_by(settings)
            if r.beside
        }

    def load(self) -> ModuleType:
        """Import the module with its verbs."""
        return importlib.import_module(self.module)

    def verb(self, name: str) -> Callable[..., Any] | None:
        """Return a verb that its module has of its own, None if it has not."""
        found: Callable[..., Any] | None = getattr(self.load(), name, None)
        return found

    @property
    def rule_file(self) -> Path:
        """Where the rule file of a stage outside the package lies."""
        return Path(str(self.load().__file__)).with_name(self.rules)

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of the settings that it takes, its own first."""
        heads = [self.group, *self.settings, *self.ways_only]
        return tuple(dict.fromkeys(h.split(".")[0] for h in heads if h))

    @property
    def owned(self) -> tuple[str, ...]:
        """Files and folders of the run that it alone writes, by name."""
        return (*(f"{t}.parquet" for t in self.tables), *self.arrays, *self.files)


def group_value(settings: Settings | dict[str, Any], name: str) -> Any:
    """Return a group of the settings, or a key ``group.key`` of one; None if it is not given."""
    value: Any = settings
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
        if value is None:
            return None
    return value


@dataclass(frozen=True)
class StageInputs:
    """What decides a stage's results beside rows, settings, code and the stages it reads.

    Attributes
    ----------
    common : dict
        JSON values that hold for every partition, such as digests of files.
    init : dict
        JSON values that only the verb ``init`` depends on.
    each : dict of str to dict
        Values of single partitions.
    finalise : dict
        Values that only gathering depends on.
    files : dict of str to list of str
        Further inputs of the rules ``init``, ``part`` and ``finalise``, as paths below the
        folder of all results; ``{partition}`` stands for the partition.
    """

    common: dict[str, Any] = field(default_factory=dict)
    init: dict[str, Any] = field(default_factory=dict)
    each: dict[str, dict[str, Any]] = field(default_factory=dict)
    finalise: dict[str, Any] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Promise:
    """What the jobs of a stage need at most.

    Attributes
    ----------
    memory_mb : int, or dict of str to int
        For all partitions, or by partition.
    minutes : int, or dict of str to int
    threads : int
    init_mb, init_minutes, finalise_mb, finalise_minutes : int
    facts : dict
        JSON values that the stage's rule file needs to know.
    """

    memory_mb: int | dict[str, int] = 1500
    minutes: int | dict[str, int] = 30
    threads: int = 1
    init_mb: int = 1000
    init_minutes: int = 10
    finalise_mb: int = 2000
    finalise_minutes: int = 30
    facts: dict[str, Any] = field(default_factory=dict)
