"""What results rest on: code, settings, versions."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

from quakeloom import __version__
from quakeloom.config import Settings
from quakeloom.core import digest_json
from quakeloom.stages.frame.chains import run_stages, science_settings, stages_read
from quakeloom.stages.frame.kept_provenance import provenance_file
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import Stage
from quakeloom.stages.frame.verbs import plain_settings, stage_code, stage_settings
from quakeloom.store import write_json_if_changed

_LIBRARIES = ("numpy", "scipy", "numba", "pandas", "pyarrow", "zarr", "dask", "snakemake")
"""Libraries whose versions are kept with every table."""


def describe_provenance(run: PlannedRun) -> dict[str, Any]:
    """Return the provenance of a run, which its report shows.

    Versions, the seed, the settings that results depend on, the digest of the sources, and the
    digest of the code of every stage.
    """
    science = science_settings(run.settings)
    return {
        "quakeloom": __version__,
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        "seed": run.settings.seed,
        "settings": science,
        "settings_digest": digest_json(science),
        "inputs_digest": run.inputs,
        "code_digests": {s.name: stage_code(s) for s in run_stages(run.settings)},
    }


def write_kept_provenance(run: PlannedRun, stages: list[str]) -> None:
    """Write the provenance that the tables of planned stages keep in their metadata.

    Versions and the seed; settings and code of the stage and of those that it reads, at any
    depth. The digest of the sources is kept with the run alone: another file with the same rows
    makes no table again.
    """
    whole = describe_provenance(run)
    for stage in run_stages(run.settings):
        if stage.name not in stages:
            continue
        behind = _read_at_any_depth(stage, run.settings)
        settings: dict[str, Any] = {}
        for each in behind:
            _merge(settings, stage_settings(each, run.settings))
        shown = {k: plain_settings(run.settings, f"{stage.group}.{k}") for k in stage.shown_only}
        if shown:
            _merge(settings, {stage.group: shown})
        kept = {
            **{name: whole[name] for name in ("quakeloom", "python", "libraries", "seed")},
            "settings": settings,
            "settings_digest": digest_json(settings),
            "code_digests": {s.name: whole["code_digests"][s.name] for s in behind},
        }
        write_json_if_changed(provenance_file(run.layout, stage.name), kept)


def _read_at_any_depth(stage: Stage, settings: Settings) -> list[Stage]:
    """Return a stage and those that it reads, at any depth, each once."""
    found = {stage.name: stage}
    waiting = [stage]
    while waiting:
        for read, _ in stages_read(waiting.pop(), settings):
            if read.name not in found:
                found[read.name] = read
                waiting.append(read)
    return list(found.values())


def _merge(settings: dict[str, Any], more: dict[str, Any]) -> None:
    """Add groups of settings; of a group that is there already, the keys that it lacks."""
    for name, value in more.items():
        there = settings.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            settings[name] = {**value, **there}
        else:
            settings[name] = value
