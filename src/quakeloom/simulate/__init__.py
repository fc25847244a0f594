"""The synthetic Earth: earthquakes and readings whose truth is known.

Floor 4. Stress is a smooth function of position; faults near failure slip along the shear
stress that it resolves on them (Wallace-Bott); stations read the first motions that the
radiation sends them, with errors. Everything is keyed by the run's seed and the event's
identifier: an event is the same in whatever chunk, order or number it is simulated.

>>> options = small_region()
>>> stations = simulate_stations(options, seed)
>>> levels = find_reading_levels(stations, tables, options, seed)
>>> events = simulate_events(options, seed, first=0, count=400)
>>> readings = simulate_polarities(events, stations, tables, options, seed, levels)
"""

from quakeloom.simulate._catalog import SimulatedEvents, simulate_events
from quakeloom.simulate._day_noise import NoiseSpan
from quakeloom.simulate._day_options import DayOptions
from quakeloom.simulate._day_records import (
    DayEarth,
    StationDay,
    TrueArrival,
    simulate_station_day,
    sources_near,
)
from quakeloom.simulate._day_sources import DaySources, Region
from quakeloom.simulate._day_stations import (
    DAMPING,
    NATURAL_HZ,
    DayStations,
    simulate_day_stations,
)
from quakeloom.simulate._day_teleseisms import TELESEISMIC_PHASES, TeleseismTimes
from quakeloom.simulate._day_waves import source_durations
from quakeloom.simulate._fault_planes import fault_instability, resolved_shear
from quakeloom.simulate._found_sources import Arrivals, Bursts, match_sources, within_bursts
from quakeloom.simulate._mapped_faults import BOUNDARY_NAME, MappedFault, fault_normals
from quakeloom.simulate._noise_models import noise_level, simulate_ground_noise
from quakeloom.simulate._options import SimulationOptions, national, small_region, varied_region
from quakeloom.simulate._pick_days import PickDays, score_association, simulate_pick_days
from quakeloom.simulate._reading_levels import ReadingLevels, find_reading_levels
from quakeloom.simulate._readings import SimulatedReadings, simulate_polarities
from quakeloom.simulate._record_flaws import (
    FLAWS,
    RecordFlaws,
    apply_record_flaws,
    draw_record_flaws,
    flawed_arrivals,
)
from quakeloom.simulate._recorded_readings import (
    describe_records,
    record_starts,
    simulate_records,
)
from quakeloom.simulate._seismogram_parameters import (
    INSTRUMENTS,
    RecordParameters,
    draw_record_parameters,
)
from quakeloom.simulate._seismograms import (
    COMPONENTS,
    SimulatedSeismograms,
    simulate_seismograms,
)
from quakeloom.simulate._stations import SimulatedStations, simulate_stations
from quakeloom.simulate._stress_field import shmax_azimuth_and_shape, stress_tensor_at

__all__ = [
    "BOUNDARY_NAME",
    "COMPONENTS",
    "DAMPING",
    "FLAWS",
    "INSTRUMENTS",
    "NATURAL_HZ",
    "TELESEISMIC_PHASES",
    "Arrivals",
    "Bursts",
    "DayEarth",
    "DayOptions",
    "DaySources",
    "DayStations",
    "MappedFault",
    "NoiseSpan",
    "PickDays",
    "ReadingLevels",
    "RecordFlaws",
    "RecordParameters",
    "Region",
    "SimulatedEvents",
    "SimulatedReadings",
    "SimulatedSeismograms",
    "SimulatedStations",
    "SimulationOptions",
    "StationDay",
    "TeleseismTimes",
    "TrueArrival",
    "apply_record_flaws",
    "describe_records",
    "draw_record_flaws",
    "draw_record_parameters",
    "fault_instability",
    "fault_normals",
    "find_reading_levels",
    "flawed_arrivals",
    "match_sources",
    "national",
    "noise_level",
    "record_starts",
    "resolved_shear",
    "score_association",
    "shmax_azimuth_and_shape",
    "simulate_day_stations",
    "simulate_events",
    "simulate_ground_noise",
    "simulate_pick_days",
    "simulate_polarities",
    "simulate_records",
    "simulate_seismograms",
    "simulate_station_day",
    "simulate_stations",
    "small_region",
    "source_durations",
    "sources_near",
    "stress_tensor_at",
    "varied_region",
    "within_bursts",
]
