"""What must run of a planned run, and why, traced back to rows, settings and code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from quakeloom.config import Settings
from quakeloom.stages.changes.causes import (
    Cause,
    code_causes,
    in_words,
    input_cause,
    row_cause,
    setting_causes,
)
from quakeloom.stages.changes.expected_times import expected_seconds
from quakeloom.stages.changes.partition_rows import changed_files, changed_rows, compare_shared
from quakeloom.stages.changes.row_changes import TableChange, merge_changes
from quakeloom.stages.frame.chains import finder_of, run_stages, stages_read
from quakeloom.stages.frame.finished_state import finished_stages, read_plans, stage_modules
from quakeloom.stages.frame.partition_states import partition_states
from quakeloom.stages.frame.stage import Stage
from quakeloom.stages.frame.verbs import stage_settings
from quakeloom.store import RunLayout, read_json, read_json_or

_FIRST = Cause("first", "never finished before")
"""The cause of everything where there is no finished state."""


@dataclass(frozen=True)
class Work:
    """A partition, or a step of a stage, that must run.

    Attributes
    ----------
    name : str
        Partition, ``opening`` or ``gathering``.
    causes : tuple of Cause
    seconds : float or None
        Expected time; None where nothing like it was measured.
    """

    name: str
    causes: tuple[Cause, ...]
    seconds: float | None = None


@dataclass
class StageWork:
    """What must run of a stage.

    Attributes
    ----------
    stage : str
    partitions : list of Work
    steps : list of Work
    planned : int
        Partitions of the stage.
    gone : list of str
        Partitions of the last finished state that are no more.
    waits_for : str
        Stage that finds its partitions by running; they are not known before.
    """

    stage: str
    partitions: list[Work] = field(default_factory=list)
    steps: list[Work] = field(default_factory=list)
    planned: int = 0
    gone: list[str] = field(default_factory=list)
    waits_for: str = ""

    def __bool__(self) -> bool:
        return bool(self.partitions or self.steps or self.waits_for)


class RunChanges:
    """A planned run compared with its last finished state.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
        Of the run, planned.
    """

    def __init__(self, settings: Settings, layout: RunLayout) -> None:
        self.settings, self.layout = settings, layout
        self.stages: dict[str, Stage] = {s.name: s for s in finished_stages(settings)}
        finished = read_json_or(layout.finished, {})
        self.old_plans: dict[str, Any] = finished.get("plans", {})
        self.old_meanings: dict[str, Any] = finished.get("meanings", {})
        self.new_plans = {
            name: read_plans(layout, name)
            for name in self.stages
            if layout.plan_step(name, "finalise").exists()
        }
        self._causes: dict[tuple[str, str], tuple[Cause, ...]] = {}
        self._rows: dict[str, list[TableChange]] = {}

    @property
    def is_first(self) -> bool:
        """Whether the run was never wholly computed, as far as is known."""
        return not self.old_plans

    @cached_property
    def work(self) -> list[StageWork]:
        """What must run, by stage, in order."""
        return [w for stage in self.stages.values() if (w := self._work_of(stage))]

    @cached_property
    def rows(self) -> dict[str, list[TableChange]]:
        """Tables that changed, by partition, and ``shared`` ones under an empty name."""
        found: dict[str, list[TableChange]] = {}
        if self.is_first:
            return found
        for partition in self._partitions_of_rows():
            if self._rows_digest(partition, False) != self._rows_digest(partition, True):
                found[partition] = self.rows_of(partition)
        for table in ("stations", "reversals", "sp_corrections"):
            change = compare_shared(self.layout, table)
            if change:
                found.setdefault("", []).append(change)
        return found

    def rows_of(self, partition: str) -> list[TableChange]:
        """Return the tables of a partition whose rows changed."""
        if partition not in self._rows:
            is_new = self._rows_digest(partition, True) is None
            self._rows[partition] = changed_rows(self.layout, partition, is_new)
        return self._rows[partition]

    def causes_of(self, stage: str, partition: str) -> tuple[Cause, ...]:
        """Return the causes at the root of a partition's work, each once."""
        key = (stage, partition)
        if key not in self._causes:
            self._causes[key] = ()  # records have no circles; a damaged plan ends here
            direct = self.direct_causes(stage, partition)
            self._causes[key] = _each_once(c for _, causes in direct for c in causes)
        return self._causes[key]

    def direct_causes(self, stage: str, partition: str) -> list[tuple[str, tuple[Cause, ...]]]:
        """Return the keys of a partition's plan that differ, with the causes behind each.

        A key is ``settings``, ``code``, ``rows``, an input, or a stage that is read.
        """
        if self.is_first or stage not in self.old_plans:
            return [("plan", (_FIRST,))]
        old, new = (_content(p.get(stage, {}), partition) for p in (self.old_plans, self.new_plans))
        if not old:
            return [("rows", self._row_causes(partition))]
        return [
            (key, causes)
            for key in dict.fromkeys((*new, *old))
            if old.get(key) != new.get(key)
            and (causes := self._behind(stage, partition, key, old.get(key), new.get(key)))
        ]

    def _behind(
        self, stage: str, partition: str, key: str, old: Any, new: Any
    ) -> tuple[Cause, ...]:
        """Return the causes behind a key of a plan that differs."""
        record = self.stages[stage]
        reads = {s.name: whole for s, whole in stages_read(record, self.settings)}
        meanings = self.old_meanings.get("stages", {})
        if key == "settings":
            then = meanings.get(stage, {}).get("settings", {})
            causes = setting_causes(then, stage_settings(record, self.settings))
            return tuple(causes) or (Cause("setting", "which settings count"),)
        if key == "code":
            causes = code_causes(self.old_meanings["modules"], stage_modules(record))
            return tuple(causes) or (Cause("code", "which modules count"),)
        if key == "rows":
            return self._row_causes(partition)
        if key in reads and reads[key] is False:
            return self.causes_of(key, partition) or (input_cause(key, old, new),)
        other, _, day = key.partition(" ")  # of a day beside
        if day and other in reads:
            return self.causes_of(other, day) or (input_cause(key, old, new),)
        if key in reads:
            return self.whole_causes(key) or (input_cause(key, old, new),)
        if key == "archive" and (files := changed_files(self.layout, partition)):
            return (row_cause([files], key),)
        if key == "events":  # the number of rows, which `rows` tells of
            return ()
        return (input_cause(key, old, new),)

    def whole_causes(self, stage: str) -> tuple[Cause, ...]:
        """Return the causes behind everything that changed in the plan of a stage."""
        key = (stage, "")
        if key not in self._causes:
            self._causes[key] = ()
            found: list[Cause] = []
            old, new = (p.get(stage, {}) for p in (self.old_plans, self.new_plans))
            for partition in new.get("each", {}):
                found += self.causes_of(stage, partition)
            for partition in old.get("each", {}):
                if partition not in new.get("each", {}):
                    found += self._row_causes(partition)
            for step in ("init", "finalise"):
                found += self._step_causes(stage, step)
            self._causes[key] = _each_once(found)
        return self._causes[key]

    def _step_causes(self, stage: str, step: str) -> list[Cause]:
        """Return the causes of a step of a stage beside those of its partitions."""
        if self.is_first or stage not in self.old_plans:
            return [_FIRST]
        old, new = (p.get(stage, {}).get(step, {}) for p in (self.old_plans, self.new_plans))
        found: list[Cause] = []
        for key in dict.fromkeys((*new, *old)):
            if old.get(key) == new.get(key) or key in ("partitions", "plans"):
                continue
            if key == "shown":
                group = self.stages[stage].group
                found += setting_causes({group: old.get(key, {})}, {group: new.get(key, {})})
            elif key == "stations" and (change := compare_shared(self.layout, key)):
                found.append(row_cause([change], key))
            else:
                found += self._behind(stage, "", key, old.get(key), new.get(key))
        return found

    def _row_causes(self, partition: str) -> tuple[Cause, ...]:
        """Return what changed in the rows of a partition; of all where it has no name."""
        named = self._partitions_of_rows()
        names = [partition] if partition in named else named
        found: list[Cause] = []
        for name in names:
            tables = self.rows_of(name)
            if tables:
                found.append(row_cause(tables))
        return (*found, *self._of_reading()) or (Cause("input", in_words("rows")),)

    def _of_reading(self) -> list[Cause]:
        """Return what changed of the settings and the code that read the rows."""
        found: list[Cause] = []
        meanings = self.old_meanings.get("stages", {})
        for stage in run_stages(self.settings):
            if stage.partitions == "planning" and stage.name in meanings:
                now = stage_settings(stage, self.settings)
                found += setting_causes(meanings[stage.name]["settings"], now)
                found += code_causes(self.old_meanings["modules"], stage_modules(stage))
        return found

    def _partitions_of_rows(self) -> list[str]:
        """Return the partitions of events, of now and of then."""
        names: dict[str, None] = {}
        for plans in (self.new_plans, self.old_plans):
            for name, stage in self.stages.items():
                if stage.partitions == "events" and not stage.found_by:
                    names |= dict.fromkeys(plans.get(name, {}).get("each", {}))
        return list(names)

    def _rows_digest(self, partition: str, then: bool) -> Any:
        plans = self.old_plans if then else self.new_plans
        for name, stage in self.stages.items():
            content = _content(plans.get(name, {}), partition)
            if stage.partitions == "events" and "rows" in content:
                return content["rows"]
        return None

    def _work_of(self, stage: Stage) -> StageWork:
        """Return what must run of a stage."""
        name = stage.name
        if name not in self.new_plans:
            return StageWork(name, waits_for=finder_of(stage, self.settings))
        made = StageWork(name)
        states = partition_states(self.layout, name)
        made.planned = len(states)
        times = expected_seconds(self.layout, name, [p for p, _ in states])
        for partition, state in states:
            if state != "done":
                causes = self.causes_of(name, partition) or (_unexplained(state),)
                made.partitions.append(Work(partition, causes, times.get(partition)))
        now = {p for p, _ in states}
        made.gone = [p for p in self.old_plans.get(name, {}).get("each", {}) if p not in now]
        if stage.opens and not self._is_done(name, "init"):
            causes = _each_once(self._step_causes(name, "init"))
            made.steps.append(Work("opening", causes or self.whole_causes(name) or _LOST))
        if stage.gathers and (made.partitions or not self._is_done(name, "finalise")):
            made.steps.append(Work("gathering", self.whole_causes(name) or _LOST))
        return made

    def _is_done(self, stage: str, step: str) -> bool:
        marker, plan = (
            self.layout.done_step(stage, step),
            self.layout.plan_step(stage, step),
        )
        return marker.exists() and read_json(marker).get("plan") == plan.digest()


_LOST = (Cause("missing", "what it made is not there"),)
"""The cause where the plan is that of the last finished state."""


def _unexplained(state: str) -> Cause:
    if state == "missing":
        return _LOST[0]
    return Cause("missing", "what is there was made by an update that did not end")


def _content(plans: dict[str, Any], partition: str) -> dict[str, Any]:
    """Return the plan of a partition; empty where there is none."""
    if partition not in plans.get("each", {}):
        return {}
    return {**plans["common"], **plans["each"][partition]}


def _each_once(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return causes each once; rows of several partitions are counted together."""
    found = list(causes)
    tables = list({id(t): t for c in found for t in c.tables}.values())
    plain = dict.fromkeys(c for c in found if not c.tables)
    return (*((row_cause(merge_changes(tables)),) if tables else ()), *plain)
