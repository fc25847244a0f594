"""The only list of stages. All else that must know them follows from their records.

A package outside quakeloom adds a stage by an entry point of the group ``quakeloom.stages``
that names its record, ``swarm = "my_package.swarm:SWARM"``.
"""

from __future__ import annotations

import importlib.metadata
from functools import cache

from quakeloom.core import PlanError
from quakeloom.stages.associate import ASSOCIATE
from quakeloom.stages.bathymetry import BATHYMETRY
from quakeloom.stages.catalogs import CATALOGS
from quakeloom.stages.classify import CLASSIFY
from quakeloom.stages.detect import DETECT
from quakeloom.stages.discriminate import DISCRIMINATE
from quakeloom.stages.faults import FAULTS
from quakeloom.stages.fluids import FLUIDS
from quakeloom.stages.frame.record_checks import check_records, describe_error
from quakeloom.stages.frame.stage import Stage
from quakeloom.stages.ingest import INGEST
from quakeloom.stages.isocon import ISOCON
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.magnitude import MAGNITUDE
from quakeloom.stages.mechanism import MECHANISM
from quakeloom.stages.melting import MELTING
from quakeloom.stages.merge import MERGE
from quakeloom.stages.pick import PICK
from quakeloom.stages.polarity import POLARITY
from quakeloom.stages.regional import REGIONAL
from quakeloom.stages.repeaters import REPEATERS
from quakeloom.stages.restore import RESTORE
from quakeloom.stages.rockphysics import ROCKPHYSICS
from quakeloom.stages.simulate import SIMULATE
from quakeloom.stages.slip import SLIP
from quakeloom.stages.soundings import SOUNDINGS
from quakeloom.stages.spectra import SPECTRA
from quakeloom.stages.stations import STATIONS
from quakeloom.stages.stress import STRESS
from quakeloom.stages.structure import STRUCTURE
from quakeloom.stages.takeoff import TAKEOFF
from quakeloom.stages.tendency import TENDENCY
from quakeloom.stages.threshold import THRESHOLD
from quakeloom.stages.tomography import TOMOGRAPHY
from quakeloom.stages.window import WINDOW

PLUGINS = "quakeloom.stages"
"""Group of entry points that add stages."""

_OWN = (
    SIMULATE,
    INGEST,
    DETECT,
    ASSOCIATE,
    CATALOGS,
    TAKEOFF,
    WINDOW,
    PICK,
    POLARITY,
    STRUCTURE,
    LOCATE,
    MERGE,
    MAGNITUDE,
    CLASSIFY,
    THRESHOLD,
    MECHANISM,
    STATIONS,
    REPEATERS,
    SPECTRA,
    STRESS,
    FAULTS,
    TENDENCY,
    TOMOGRAPHY,
    REGIONAL,
    RESTORE,
    ROCKPHYSICS,
    FLUIDS,
    ISOCON,
    MELTING,
    DISCRIMINATE,
    SOUNDINGS,
    BATHYMETRY,
    SLIP,
)
"""Stages of quakeloom, in the order of the documentation."""


@cache
def every_stage() -> tuple[Stage, ...]:
    """Return all stages, each after those that it reads, in one order always.

    Raises
    ------
    PlanError
        If a plug-in cannot be imported, is no stage, takes the name or a table of another one,
        or has a record that cannot be run.
    """
    stages = {s.name: s for s in _OWN}
    for entry in sorted(importlib.metadata.entry_points(group=PLUGINS), key=lambda e: e.name):
        found = _load(entry)
        if found.name in stages:
            raise PlanError(
                f"The entry point '{entry.name}' ({entry.value}) brings a second stage "
                f"'{found.name}'. Nothing was planned; give it another name."
            )
        stages[found.name] = found
    check_records(list(stages.values()))
    return tuple(_ordered(stages))


def _load(entry: importlib.metadata.EntryPoint) -> Stage:
    try:
        found = entry.load()
    except Exception as error:  # what another package does when it is imported is not ours
        raise PlanError(
            f"The stage that the entry point '{entry.name}' ({entry.value}) brings cannot be "
            f"imported ({describe_error(error)}). Nothing was done; correct its package, or "
            "remove it."
        ) from error
    if not isinstance(found, Stage):
        raise PlanError(
            f"The entry point '{entry.name}' ({entry.value}) is {type(found).__name__} and no "
            "Stage, so its stage cannot run. Let it name the record, or remove the package."
        )
    return found


def find_stage(name: str) -> Stage:
    """Return a stage by its name.

    Raises
    ------
    PlanError
        If there is none; the message lists them.
    """
    for stage in every_stage():
        if stage.name == name:
            return stage
    known = ", ".join(s.name for s in every_stage())
    raise PlanError(f"There is no stage '{name}'. Nothing was done; stages are {known}.")


def _ordered(stages: dict[str, Stage]) -> list[Stage]:
    order: list[Stage] = []
    waiting = list(stages.values())
    while waiting:
        placed = {s.name for s in order}
        ready = [s for s in waiting if {*(r.stage for r in s.reads), s.found_by} - {""} <= placed]
        if not ready:
            names = _circle({s.name: s for s in waiting})
            raise PlanError(
                f"Stages read one another in a circle: {' reads '.join(names)}. Nothing was "
                "planned; look at `reads` and `found_by` in their records."
            )
        order.append(ready[0])
        waiting.remove(ready[0])
    return order


def _circle(waiting: dict[str, Stage]) -> list[str]:
    """Return the names of stages of which each reads the next, from one back to itself."""
    way = [next(iter(waiting))]
    while way.count(way[-1]) < 2:
        stage = waiting[way[-1]]
        before = [*(r.stage for r in stage.reads), stage.found_by]
        way.append(next(n for n in before if n in waiting))
    return way[way.index(way[-1]) :]
