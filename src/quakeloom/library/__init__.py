"""The library for notebooks: what the command does for catalogs, on objects in memory.

Floor 7. ``import quakeloom as ql`` has these names, and imports them when they are used. Every
function takes pandas frames with registered columns, and gives a small object with ``table``,
``plot()`` and ``rejects``. Results are those of the command.
"""

from quakeloom.library._catalogs import Catalog, read
from quakeloom.library._fault_ratings import FaultTendency, slip_tendency
from quakeloom.library._from_obspy import from_obspy
from quakeloom.library._lines import VelocityEnsemble, trace_ensemble
from quakeloom.library._locations import Locations, locate
from quakeloom.library._mechanism_results import Mechanisms
from quakeloom.library._mechanisms import find_mechanism, find_mechanisms
from quakeloom.library._picks import Picker, Picks
from quakeloom.library._polarities import Polarities, PolarityReader
from quakeloom.library._runs import Run, open_run
from quakeloom.library._simulations import SimulatedCatalog, simulate_catalog
from quakeloom.library._stress_maps import StressMap, map_stress
from quakeloom.library._takeoffs import TakeoffAngles, takeoff_angles

__all__ = [
    "Catalog",
    "FaultTendency",
    "Locations",
    "Mechanisms",
    "Picker",
    "Picks",
    "Polarities",
    "PolarityReader",
    "Run",
    "SimulatedCatalog",
    "StressMap",
    "TakeoffAngles",
    "VelocityEnsemble",
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
