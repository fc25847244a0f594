"""What results rest on: code, settings, versions."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

from quakeloom import __version__
from quakeloom.config import Settings
from quakeloom.core import digest_json, digest_source

CODE: dict[str, tuple[str, ...]] = {
    "ingest": (
        "quakeloom.stages.ingest.verbs",
        "quakeloom.stages.frame.calendar",
        "quakeloom.schema",
    ),
    "simulate": (
        "quakeloom.core",
        "quakeloom.simulate",
        "quakeloom.stages.simulate.archive",
        "quakeloom.stages.simulate.verbs",
        "quakeloom.travel",
    ),
    "takeoff": ("quakeloom.core", "quakeloom.stages.takeoff.verbs", "quakeloom.travel"),
    "mechanism": (
        "quakeloom.core",
        "quakeloom.mechanism",
        "quakeloom.schema",
        "quakeloom.stages.readings.amplitude_ratios",
        "quakeloom.stages.mechanism.blocks",
        "quakeloom.stages.readings.sites",
        "quakeloom.stages.readings.use",
        "quakeloom.stages.readings.observations",
        "quakeloom.stages.readings.station_epochs",
        "quakeloom.stages.mechanism.threshold_choice",
        "quakeloom.stages.mechanism.verbs",
        "quakeloom.travel",
    ),
    "threshold": (
        "quakeloom.core",
        "quakeloom.mechanism",
        "quakeloom.schema",
        "quakeloom.stages.readings.amplitude_ratios",
        "quakeloom.stages.mechanism.blocks",
        "quakeloom.stages.readings.sites",
        "quakeloom.stages.readings.use",
        "quakeloom.stages.readings.observations",
        "quakeloom.stages.readings.station_epochs",
        "quakeloom.stages.mechanism.threshold_choice",
        "quakeloom.stages.threshold.verbs",
        "quakeloom.travel",
    ),
    "stations": (
        "quakeloom.core",
        "quakeloom.mechanism",
        "quakeloom.schema",
        "quakeloom.stages.readings.sites",
        "quakeloom.stages.readings.use",
        "quakeloom.stages.readings.station_epochs",
        "quakeloom.stages.stations.verbs",
    ),
    "stress": (
        "quakeloom.core",
        "quakeloom.inference",
        "quakeloom.mechanism._grid",
        "quakeloom.schema",
        "quakeloom.stages.frame.calendar",
        "quakeloom.stages.stress.catalogs",
        "quakeloom.stages.stress.columns",
        "quakeloom.stages.stress.files",
        "quakeloom.stages.stress.inputs",
        "quakeloom.stages.stress.map",
        "quakeloom.stages.stress.sums",
        "quakeloom.stages.stress.verbs",
        "quakeloom.stress",
    ),
    "tendency": (
        "quakeloom.core",
        "quakeloom.faults",
        "quakeloom.schema",
        "quakeloom.stages.stress.inputs",
        "quakeloom.stages.tendency.verbs",
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
        "quakeloom.stages.tomography.inputs",
        "quakeloom.stages.locate.blocks",
        "quakeloom.stages.locate.catalog",
        "quakeloom.stages.locate.ensembles",
        "quakeloom.stages.locate.grids",
        "quakeloom.stages.locate.hypocenters",
        "quakeloom.stages.locate.station_terms",
        "quakeloom.stages.locate.events",
        "quakeloom.stages.ensemble.member_tables",
        "quakeloom.stages.readings.station_epochs",
        "quakeloom.stages.locate.verbs",
        "quakeloom.tomography",
        "quakeloom.travel",
    ),
    "tomography": (
        "quakeloom.core",
        "quakeloom.inference",
        "quakeloom.stages.ensemble.blocks",
        "quakeloom.stages.tomography.prepared",
        "quakeloom.stages.tomography.inputs",
        "quakeloom.stages.tomography.products",
        "quakeloom.stages.tomography.verbs",
        "quakeloom.tomography",
        "quakeloom.travel",
    ),
    "window": (
        "quakeloom.core",
        "quakeloom.formats",
        "quakeloom.schema",
        "quakeloom.signal",
        "quakeloom.stages.archive.stored_index",
        "quakeloom.stages.archive.index",
        "quakeloom.stages.window.expected_arrivals",
        "quakeloom.stages.readings.station_epochs",
        "quakeloom.stages.archive.record_sets",
        "quakeloom.stages.window.wanted_windows",
        "quakeloom.stages.window.verbs",
        "quakeloom.travel",
    ),
    "pick": (
        "quakeloom.core",
        "quakeloom.networks",
        "quakeloom.picking",
        "quakeloom.schema",
        "quakeloom.signal",
        "quakeloom.stages.pick.verbs",
    ),
    "polarity": (
        "quakeloom.core",
        "quakeloom.networks",
        "quakeloom.polarity",
        "quakeloom.schema",
        "quakeloom.stages.weights.polarity_readers",
        "quakeloom.stages.polarity.verbs",
    ),
    "regional": (
        "quakeloom.core",
        "quakeloom.inference",
        "quakeloom.stages.tomography.prepared",
        "quakeloom.stages.tomography.inputs",
        "quakeloom.stages.ensemble.member_tables",
        "quakeloom.stages.regional.inputs",
        "quakeloom.stages.regional.products",
        "quakeloom.stages.regional.verbs",
        "quakeloom.tomography",
        "quakeloom.travel",
    ),
    "repeaters": (
        "quakeloom.core",
        "quakeloom.polarity._repeaters",
        "quakeloom.schema",
        "quakeloom.signal",
        "quakeloom.stages.repeaters.verbs",
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
