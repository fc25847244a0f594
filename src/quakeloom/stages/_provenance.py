"""What results rest on: code, settings, versions."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

from quakeloom import __version__
from quakeloom.config import Settings
from quakeloom.core import digest_json, digest_source

CODE: dict[str, tuple[str, ...]] = {
    "ingest": ("quakeloom.stages.ingest", "quakeloom.stages._partitions", "quakeloom.schema"),
    "simulate": (
        "quakeloom.core",
        "quakeloom.simulate",
        "quakeloom.stages._simulated_archive",
        "quakeloom.stages.simulate",
        "quakeloom.travel",
    ),
    "takeoff": ("quakeloom.core", "quakeloom.stages.takeoff", "quakeloom.travel"),
    "mechanism": (
        "quakeloom.core",
        "quakeloom.mechanism",
        "quakeloom.schema",
        "quakeloom.stages._amplitude_ratios",
        "quakeloom.stages._mechanism_blocks",
        "quakeloom.stages._reading_sites",
        "quakeloom.stages._reading_use",
        "quakeloom.stages._readings",
        "quakeloom.stages._stations",
        "quakeloom.stages._threshold_choice",
        "quakeloom.stages.mechanism",
        "quakeloom.travel",
    ),
    "threshold": (
        "quakeloom.core",
        "quakeloom.mechanism",
        "quakeloom.schema",
        "quakeloom.stages._amplitude_ratios",
        "quakeloom.stages._mechanism_blocks",
        "quakeloom.stages._reading_sites",
        "quakeloom.stages._reading_use",
        "quakeloom.stages._readings",
        "quakeloom.stages._stations",
        "quakeloom.stages._threshold_choice",
        "quakeloom.stages.threshold",
        "quakeloom.travel",
    ),
    "stations": (
        "quakeloom.core",
        "quakeloom.mechanism",
        "quakeloom.schema",
        "quakeloom.stages._reading_sites",
        "quakeloom.stages._reading_use",
        "quakeloom.stages._stations",
        "quakeloom.stages.stations",
    ),
    "stress": (
        "quakeloom.core",
        "quakeloom.inference",
        "quakeloom.mechanism._grid",
        "quakeloom.schema",
        "quakeloom.stages._partitions",
        "quakeloom.stages._stress_catalogs",
        "quakeloom.stages._stress_columns",
        "quakeloom.stages._stress_files",
        "quakeloom.stages._stress_inputs",
        "quakeloom.stages._stress_map",
        "quakeloom.stages._stress_parts",
        "quakeloom.stages.stress",
        "quakeloom.stress",
    ),
    "tendency": (
        "quakeloom.core",
        "quakeloom.faults",
        "quakeloom.schema",
        "quakeloom.stages._stress_inputs",
        "quakeloom.stages.tendency",
        "quakeloom.stress",
    ),
    "locate": (
        "quakeloom.core",
        "quakeloom.formats._nonlinloc_grids",
        "quakeloom.formats._nonlinloc_models",
        "quakeloom.formats._travel_time_tables",
        "quakeloom.formats._velocity_models",
        "quakeloom.location",
        "quakeloom.schema",
        "quakeloom.stages._line_inputs",
        "quakeloom.stages._location_blocks",
        "quakeloom.stages._location_catalog",
        "quakeloom.stages._location_ensembles",
        "quakeloom.stages._location_grids",
        "quakeloom.stages._location_store",
        "quakeloom.stages._location_terms",
        "quakeloom.stages._locations",
        "quakeloom.stages._member_tables",
        "quakeloom.stages._stations",
        "quakeloom.stages.locate",
        "quakeloom.tomography",
        "quakeloom.travel",
    ),
    "tomography": (
        "quakeloom.core",
        "quakeloom.inference",
        "quakeloom.stages._line_ensemble",
        "quakeloom.stages._line_inputs",
        "quakeloom.stages._line_products",
        "quakeloom.stages.tomography",
        "quakeloom.tomography",
        "quakeloom.travel",
    ),
    "window": (
        "quakeloom.core",
        "quakeloom.formats",
        "quakeloom.schema",
        "quakeloom.signal",
        "quakeloom.stages._archive",
        "quakeloom.stages._archive_index",
        "quakeloom.stages._expected_arrivals",
        "quakeloom.stages._stations",
        "quakeloom.stages._waveform_index",
        "quakeloom.stages._window_plans",
        "quakeloom.stages.window",
        "quakeloom.travel",
    ),
    "pick": (
        "quakeloom.core",
        "quakeloom.networks",
        "quakeloom.picking",
        "quakeloom.schema",
        "quakeloom.signal",
        "quakeloom.stages.pick",
    ),
    "polarity": (
        "quakeloom.core",
        "quakeloom.networks",
        "quakeloom.polarity",
        "quakeloom.schema",
        "quakeloom.stages._polarity_reader",
        "quakeloom.stages.polarity",
    ),
    "regional": (
        "quakeloom.core",
        "quakeloom.inference",
        "quakeloom.stages._line_ensemble",
        "quakeloom.stages._line_inputs",
        "quakeloom.stages._member_tables",
        "quakeloom.stages._regional_inputs",
        "quakeloom.stages._regional_products",
        "quakeloom.stages.regional",
        "quakeloom.tomography",
        "quakeloom.travel",
    ),
    "repeaters": (
        "quakeloom.core",
        "quakeloom.polarity._repeaters",
        "quakeloom.schema",
        "quakeloom.signal",
        "quakeloom.stages.repeaters",
    ),
    "report": ("quakeloom.plots", "quakeloom.report", "quakeloom.schema"),
}
"""The packages and modules whose source decides the result of a stage."""

SCIENCE = (
    "seed",
    "selection",
    "waveforms",
    "threshold",
    "takeoff",
    "mechanism",
    "storage",
    "tomography",
    "regional",
)
"""Groups of settings that change results; the others only change how they are computed."""

_LIBRARIES = ("numpy", "scipy", "numba", "pandas", "pyarrow", "zarr", "dask", "snakemake")


def science_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that results depend on, as JSON values."""
    return settings.model_dump(mode="json", include=set(SCIENCE))


def describe_provenance(
    settings: Settings, inputs: str, stage: str = "mechanism"
) -> dict[str, Any]:
    """Return the provenance kept with every table of a run.

    Parameters
    ----------
    settings : Settings
    inputs : str
        Digest of the sources.
    stage : str
        The stage whose code decides the results.
    """
    return {
        "quakeloom": __version__,
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        "seed": settings.seed,
        "settings": science_settings(settings),
        "settings_digest": digest_json(science_settings(settings)),
        "inputs_digest": inputs,
        "code_digest": digest_source(CODE[stage]),
    }
