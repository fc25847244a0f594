"""Planning a configuration: everything that Snakemake must know, before it runs.

Plan files are the cache keys of the workflow. They are small, exact, and written only when
their content changes, so that only what must run again does, and a dry run tells it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from quakeloom.config import Configuration, Settings, case_run
from quakeloom.core import PlanError, digest_source
from quakeloom.stages.frame.planned_rows import Ingested
from quakeloom.stages.frame.promised_minutes import promise_minutes
from quakeloom.stages.frame.provenance import CODE, science_settings
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.stages.ingest.verbs import ingest_sources
from quakeloom.stages.locate import verbs as locate
from quakeloom.stages.mechanism import verbs as mechanism
from quakeloom.stages.pick import verbs as pick
from quakeloom.stages.polarity import verbs as polarity
from quakeloom.stages.regional import verbs as regional
from quakeloom.stages.repeaters import verbs as repeaters
from quakeloom.stages.stations import verbs as stations
from quakeloom.stages.stress import verbs as stress
from quakeloom.stages.stress.catalogs import count_catalog
from quakeloom.stages.takeoff import verbs as takeoff
from quakeloom.stages.tendency import verbs as tendency
from quakeloom.stages.threshold import verbs as threshold
from quakeloom.stages.tomography import verbs as tomography
from quakeloom.stages.window import verbs as window
from quakeloom.store import (
    RunLayout,
    read_json,
    write_json_if_changed,
    write_text_if_changed,
)

PLAN_FILE = "plan.json"


def plan_configuration(
    configuration: Configuration,
    results: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Plan all cases of a configuration and return the plan of the workflow.

    Parameters
    ----------
    configuration : Configuration
    results : Path
        Folder of all results.
    progress : callable
        Called with a sentence now and then.

    Returns
    -------
    dict
        Also written to ``results/<name>/plan.json``: for every run its partitions with the
        memory they need, and the runs that it looks at.
    """
    root = results / configuration.name
    runs: dict[str, Any] = {}
    for name, settings in configuration.cases.items():
        layout = RunLayout(results / name)
        if settings.training is not None:
            raise PlanError(
                f"'{configuration.path}' trains networks and has no catalog to run. Nothing was "
                "planned; use `quakeloom train polarity` or `quakeloom train picker`."
            )
        if settings.tomography is not None:
            runs[name] = plan_line(settings, layout)
            continue
        if settings.regional is not None:
            runs[name] = plan_region(settings, layout)
            continue
        if not settings.sources and settings.simulation is None:
            runs[name] = _plan_catalog(settings, layout)
            continue
        ingested = ingest_sources(
            settings, layout, root / "ingest" / "sources", lambda s, n=name: progress(f"{n}: {s}")
        )
        text = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
        write_text_if_changed(layout.settings, text)
        layered = settings.takeoff.angles == "layered"
        if layered:
            takeoff.plan(settings, layout)
        waves = _plan_waveforms(settings, layout, ingested, lambda s, n=name: progress(f"{n}: {s}"))
        located = (
            locate.plan(settings, layout, ingested)
            if settings.locate is not None
            else {"locate": {}, "station_rounds": 0, "locate_picks": False}
        )
        chosen = threshold.plan(settings, layout, ingested) if settings.threshold else {}
        if settings.repeaters is not None:
            repeaters.plan(settings, layout, [r.partition for r in ingested.partitions])
        entries = mechanism.plan(settings, layout, ingested)
        stations.plan(layout)
        looks_at = [
            case_run(configuration.name, c)
            for c in settings.report.compare
            if case_run(configuration.name, c) in configuration.cases
        ]
        write_json_if_changed(
            layout.plan_step("report", "page"),
            {
                "report": settings.report.model_dump(mode="json"),
                "code": digest_source(CODE["report"]),
            },
        )
        runs[name] = {
            "partitions": {e["partition"]: e["memory_mb"] for e in entries},
            "minutes": promise_minutes(settings, ingested.partitions),
            "takeoff": layered,
            "screening": [case_run(configuration.name, c) for c in settings.selection.screening],
            "compare": looks_at,
            "threads": settings.cluster.workers if settings.cluster.kind == "local" else 1,
            "events": sum(r.events for r in ingested.partitions),
            **waves,
            **located,
            "threshold": chosen,
            "repeaters": settings.cluster.memory_mb if settings.repeaters else 0,
            "located_angles": settings.takeoff.angles == "ensemble",
            **_plan_stress(
                settings,
                layout,
                [e["partition"] for e in entries],
                sum(r.events for r in ingested.partitions),
            ),
        }
    plan = {"name": configuration.name, "configuration": str(configuration.path), "runs": runs}
    write_json_if_changed(root / PLAN_FILE, plan)
    return plan


def _plan_waveforms(
    settings: Settings,
    layout: RunLayout,
    ingested: Ingested,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Plan windows, picks and polarities; return what the workflow must know of them."""
    if settings.waveforms is None:
        return {"waveforms": {}}
    memory = window.plan(settings, layout, ingested, progress)
    names = list(memory)
    return {
        "waveforms": {
            "window": memory,
            "pick": pick.plan(settings, layout, names),
            "polarity": polarity.plan(settings, layout, names),
        }
    }


def _plan_stress(
    settings: Settings, layout: RunLayout, partitions: list[str], events: int
) -> dict[str, Any]:
    """Plan the stress map and the slip tendency of a run; return what the workflow must know."""
    if settings.stress is None:
        return {"stress": [], "stress_memory_mb": 0, "tendency": False, "catalog": False}
    names = stress.plan(settings, layout, partitions)
    if settings.tendency is not None:
        tendency.plan(settings, layout)
    return {
        "stress": names,
        "stress_memory_mb": stress.promise_memory(settings, events),
        "tendency": settings.tendency is not None,
        "catalog": bool(settings.stress.catalogs),
    }


def _plan_catalog(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Plan a run that maps the mechanisms of catalogs and reads no waveforms or picks."""
    text = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
    write_text_if_changed(layout.settings, text)
    planned = _plan_stress(settings, layout, [], 100_000)
    write_json_if_changed(
        layout.plan_step("report", "page"),
        {"report": settings.report.model_dump(mode="json"), "code": digest_source(CODE["report"])},
    )
    return {
        "partitions": {},
        "waveforms": {},
        "threshold": {},
        "repeaters": 0,
        "takeoff": False,
        "screening": "",
        "compare": [],
        "threads": 1,
        "events": count_catalog(layout),
        **planned,
    }


def plan_line(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Plan the tomography of a line; return what the workflow must know of it."""
    text = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
    write_text_if_changed(layout.settings, text)
    entries = tomography.plan(settings, layout)
    write_json_if_changed(
        layout.plan_step("report", "page"),
        {
            "report": settings.report.model_dump(mode="json"),
            "code": digest_source(CODE["report"]),
        },
    )
    return {
        "line": True,
        "partitions": {e["partition"]: e["memory_mb"] for e in entries},
        "compare": [case_run(settings.name.split("/")[0], c) for c in settings.report.compare],
        "threads": settings.cluster.workers if settings.cluster.kind == "local" else 1,
        "events": 0,
    }


def plan_region(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Plan a regional ensemble; return what the workflow must know of it."""
    text = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
    write_text_if_changed(layout.settings, text)
    entries = regional.plan(settings, layout)
    write_json_if_changed(
        layout.plan_step("report", "page"),
        {"report": settings.report.model_dump(mode="json"), "code": digest_source(CODE["report"])},
    )
    return {
        "region": True,
        "partitions": {e["partition"]: e["memory_mb"] for e in entries},
        "compare": [],
        "threads": settings.cluster.workers if settings.cluster.kind == "local" else 1,
        "events": 0,
    }


def read_plan(results: Path, name: str) -> dict[str, Any]:
    """Read the plan of a configuration.

    Raises
    ------
    PlanError
        If it was never planned.
    """
    path = results / name / PLAN_FILE
    if not path.exists():
        raise PlanError(
            f"'{name}' has no plan ({path} is missing). Run `quakeloom plan --config FILE`."
        )
    return dict(read_json(path))


__all__ = ["PLAN_FILE", "plan_configuration", "read_plan", "read_settings", "science_settings"]
