"""Options of the simulation of a run, as other stages read them."""

from __future__ import annotations

from quakeloom.config import Settings
from quakeloom.simulate import SimulationOptions, national, small_region, varied_region

STATIONXML = "stations.xml"
"""Stations of a simulated continuous record with their responses, beside its archive."""


def simulation_options(settings: Settings) -> SimulationOptions:
    """Return the options of the simulation that the settings ask for."""
    simulation = settings.simulation
    assert simulation is not None
    presets = {"region": small_region, "varied-region": varied_region, "national": national}
    preset = presets[simulation.preset]
    return preset(
        error_rate=simulation.polarity_error_rate,
        mean_polarities=simulation.mean_polarities,
        start_year=simulation.start_year,
        end_year=simulation.end_year,
        reversed_station_fraction=simulation.reversed_station_fraction,
        repeating_fraction=simulation.repeating_fraction,
    )
