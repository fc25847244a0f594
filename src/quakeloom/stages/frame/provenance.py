"""What results rest on: code, settings, versions."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

from quakeloom import __version__
from quakeloom.core import digest_json
from quakeloom.stages.frame.chains import run_stages, science_settings
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.verbs import stage_code

_LIBRARIES = ("numpy", "scipy", "numba", "pandas", "pyarrow", "zarr", "dask", "snakemake")
"""Libraries whose versions are kept with every table."""


def describe_provenance(run: PlannedRun) -> dict[str, Any]:
    """Return the provenance kept with every table of a run.

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
