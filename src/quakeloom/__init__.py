"""quakeloom: from seismograms of small earthquakes to maps of stress in the crust.

For notebooks, ``import quakeloom as ql`` has the names of :mod:`quakeloom.library`, which is
imported when the first of them is used.
"""

from importlib import import_module

__version__ = "0.1.0"

# as strings, so that no room imports the library through this file; the stub has the types
__all__ = [
    "Catalog",
    "FaultTendency",
    "Locations",
    "Mechanisms",
    "Picker",
    "Picks",
    "Polarities",
    "PolarityReader",
    "QuakeloomError",
    "Run",
    "SimulatedCatalog",
    "StressMap",
    "TakeoffAngles",
    "VelocityEnsemble",
    "__version__",
    "find_mechanism",
    "find_mechanisms",
    "from_obspy",
    "locate",
    "map_stress",
    "open_run",
    "read",
    "simulate_catalog",
    "slip_tendency",
    "takeoff_angles",
    "trace_ensemble",
]

_ELSEWHERE = {"QuakeloomError": "quakeloom.core"}
"""Names that live in another package than the library, and where."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'quakeloom' has no attribute '{name}'")
    return getattr(import_module(_ELSEWHERE.get(name, "quakeloom.library")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
