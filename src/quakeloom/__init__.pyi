from quakeloom.core import QuakeloomError as QuakeloomError
from quakeloom.library import Catalog as Catalog
from quakeloom.library import FaultTendency as FaultTendency
from quakeloom.library import Locations as Locations
from quakeloom.library import Mechanisms as Mechanisms
from quakeloom.library import Picker as Picker
from quakeloom.library import Picks as Picks
from quakeloom.library import Polarities as Polarities
from quakeloom.library import PolarityReader as PolarityReader
from quakeloom.library import Run as Run
from quakeloom.library import SimulatedCatalog as SimulatedCatalog
from quakeloom.library import StressMap as StressMap
from quakeloom.library import TakeoffAngles as TakeoffAngles
from quakeloom.library import VelocityEnsemble as VelocityEnsemble
from quakeloom.library import find_mechanism as find_mechanism
from quakeloom.library import find_mechanisms as find_mechanisms
from quakeloom.library import from_obspy as from_obspy
from quakeloom.library import locate as locate
from quakeloom.library import map_stress as map_stress
from quakeloom.library import open_run as open_run
from quakeloom.library import read as read
from quakeloom.library import simulate_catalog as simulate_catalog
from quakeloom.library import slip_tendency as slip_tendency
from quakeloom.library import takeoff_angles as takeoff_angles
from quakeloom.library import trace_ensemble as trace_ensemble

__version__: str
