"""Settings of the synthetic Earth."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from quakeloom.core import SettingsError
from quakeloom.simulate._coastline import ISLANDS, REGION
from quakeloom.simulate._mapped_faults import REGION_FAULTS, MappedFault

Outline = tuple[tuple[float, float], ...]
"""Corners of a closed line: longitude and latitude, degrees."""


@dataclass(frozen=True)
class SimulationOptions:
    """What a synthetic catalog looks like; make one with a preset.

    Attributes
    ----------
    land : tuple of outlines
        Closed polygons of (longitude, latitude) in degrees that hold the stations.
    offshore_km : float
        How far from land earthquakes reach; their density falls off toward there.
    stress : {"uniform", "half_spaces", "islands"}
        The stress field, see :func:`stress_tensor_at`.
    shmax_azimuth_deg, shape_a_phi : float
        The uniform field, and the western one of the two half-spaces: azimuth of greatest
        horizontal compression, and Simpson's (1997) A_phi (0 to 1 normal, 1 to 2 strike-slip,
        2 to 3 reverse faulting).
    eastern_shmax_azimuth_deg, eastern_shape_a_phi, boundary_longitude : float
        The eastern half-space.
    friction, friction_scatter : float
        Mean and standard deviation of the friction on faults.
    instability_width : float
        How far below the greatest instability faults still slip; large: any orientation.
    rake_scatter_deg : float
        Standard deviation of the slip direction about that of the resolved shear stress.
    start_year, end_year : int
        Origin times lie in [start, end).
    smallest_magnitude, greatest_magnitude, b_value : float
        Truncated Gutenberg-Richter distribution.
    greatest_depth_km : float
        Depths lie between 0 and this.
    cluster_count : int
        Swarms and aftershock sequences that the region knows of.
    cluster_fraction : float
        Share of the events that belong to one.
    faults : tuple of MappedFault
        Faults with aftershocks on them.
    fault_fraction : float
        Share of the events that are such aftershocks.
    repeating_fraction : float
        Share of the events that repeat another one: its place, mechanism and magnitude at
        another time, along the same paths, in other noise.
    horizontal_error_km, vertical_error_km : float
        Median standard errors of the reported hypocenters; single events scatter about them
        by a factor of 1.5.
    station_spacing_km : float
        Spacing of the hexagonal main network.
    extra_station_fraction : float
        Further stations at random places, as a share of the main network.
    late_station_fraction : float
        Share of the stations that begin to record at a random moment of the time span.
    reversed_station_fraction : float
        Share of the stations whose polarity is reversed during a part of the time span.
    mean_polarities : float
        Mean number of polarities per event.
    minimum_polarities : int
        Events are in the catalog because they have about this number of readings or more.
    selected_fraction : float
        Share of the events for which that holds; the others have what they have.
    maximum_distance_km : float
        Epicentral distance up to which polarities are read.
    attenuation_exponent, attenuation_per_km : float
        log10 amplitude falls as ``-exponent log10(r) - per_km r``.
    error_rate : float
        Share of wrong polarities.
    emergent_fraction : float
        Share of emergent onsets.
    confidence_scale : float
        Factor on the log odds that the picker states; 1 is calibrated, above 1 overconfident.
    amplitude_fraction : float
        Share of the readings with P and S amplitudes.
    amplitude_scatter : float
        Standard deviation of log10 of each amplitude.
    sp_correction_scatter : float
        Standard deviation of the stations' log10 S/P corrections.
    pick_error_s : float
        Standard error of arrival times of clear onsets.
    angles : {"none", "true"}
        Whether readings carry the true azimuth and take-off angle.
    """

    land: tuple[Outline, ...] = REGION
    offshore_km: float = 10.0
    stress: Literal["uniform", "half_spaces", "islands"] = "uniform"
    shmax_azimuth_deg: float = 110.0
    shape_a_phi: float = 1.7
    eastern_shmax_azimuth_deg: float = 60.0
    eastern_shape_a_phi: float = 2.5
    boundary_longitude: float = 137.5
    friction: float = 0.6
    friction_scatter: float = 0.05
    instability_width: float = 0.06
    rake_scatter_deg: float = 10.0
    start_year: int = 2002
    end_year: int = 2021
    smallest_magnitude: float = 0.0
    greatest_magnitude: float = 5.5
    b_value: float = 0.9
    greatest_depth_km: float = 20.0
    cluster_count: int = 12
    cluster_fraction: float = 0.4
    faults: tuple[MappedFault, ...] = ()
    fault_fraction: float = 0.0
    repeating_fraction: float = 0.0
    horizontal_error_km: float = 0.4
    vertical_error_km: float = 0.8
    station_spacing_km: float = 15.0
    extra_station_fraction: float = 0.2
    late_station_fraction: float = 0.0
    reversed_station_fraction: float = 0.0
    mean_polarities: float = 20.0
    minimum_polarities: int = 8
    selected_fraction: float = 0.97
    maximum_distance_km: float = 120.0
    attenuation_exponent: float = 2.0
    attenuation_per_km: float = 0.008
    error_rate: float = 0.08
    emergent_fraction: float = 0.4
    confidence_scale: float = 1.0
    amplitude_fraction: float = 0.0
    amplitude_scatter: float = 0.2
    sp_correction_scatter: float = 0.1
    pick_error_s: float = 0.04
    angles: Literal["none", "true"] = "none"

    def __post_init__(self) -> None:
        for name, low, high in _BOUNDS:
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(
                    f"The simulation's '{name}' is {value}; it must lie between {low} and {high}. "
                    "Nothing was simulated; correct the value."
                )
        if self.end_year <= self.start_year:
            raise SettingsError(
                f"The simulation ends in {self.end_year}, not after its start in "
                f"{self.start_year}. Nothing was simulated; set a later 'end_year'."
            )
        if self.greatest_magnitude <= self.smallest_magnitude:
            raise SettingsError(
                f"The simulation's greatest magnitude {self.greatest_magnitude} is not above its "
                f"smallest {self.smallest_magnitude}. Nothing was simulated; correct one of them."
            )


_BOUNDS = (
    ("offshore_km", 0.0, 500.0),
    ("shape_a_phi", 0.0, 3.0),
    ("eastern_shape_a_phi", 0.0, 3.0),
    ("friction", 0.0, 2.0),
    ("friction_scatter", 0.0, 1.0),
    ("instability_width", 1e-3, 1e6),
    ("rake_scatter_deg", 0.0, 180.0),
    ("b_value", 0.1, 5.0),
    ("greatest_depth_km", 0.1, 700.0),
    ("cluster_count", 0, 10_000_000),
    ("cluster_fraction", 0.0, 1.0),
    ("fault_fraction", 0.0, 1.0),
    ("repeating_fraction", 0.0, 1.0),
    ("horizontal_error_km", 0.0, 100.0),
    ("vertical_error_km", 0.0, 100.0),
    ("station_spacing_km", 0.5, 1000.0),
    ("extra_station_fraction", 0.0, 10.0),
    ("late_station_fraction", 0.0, 1.0),
    ("reversed_station_fraction", 0.0, 1.0),
    ("mean_polarities", 0.1, 10_000.0),
    ("minimum_polarities", 0, 10_000),
    ("selected_fraction", 0.0, 1.0),
    ("maximum_distance_km", 1.0, 2000.0),
    ("error_rate", 0.0, 0.45),
    ("emergent_fraction", 0.0, 1.0),
    ("confidence_scale", 0.0, 10.0),
    ("amplitude_fraction", 0.0, 1.0),
    ("amplitude_scatter", 0.0, 2.0),
    ("sp_correction_scatter", 0.0, 2.0),
    ("pick_error_s", 0.0, 10.0),
)
"""Name, lowest and highest value of settings, in their units; chosen here: beyond them a setting
has no meaning, or the simulation no room in a computer's memory."""


def small_region(**changes: Any) -> SimulationOptions:
    """Return the settings of a region some 150 km wide with one state of stress.

    Parameters
    ----------
    **changes
        Any attribute of :class:`SimulationOptions`.
    """
    return _with_changes(SimulationOptions(), changes)


def varied_region(**changes: Any) -> SimulationOptions:
    """Return the settings of the same region with a stress field that is worth mapping.

    At the meridian of 137.5 degrees east, the Seam, SHmax turns from 110 to 60 degrees, and
    strike-slip gives way to reverse faulting. Half of the events are aftershocks on three
    faults (:data:`REGION_FAULTS`).

    Parameters
    ----------
    **changes
        Any attribute of :class:`SimulationOptions`.
    """
    varied = SimulationOptions(
        stress="half_spaces", cluster_fraction=0.1, faults=REGION_FAULTS, fault_fraction=0.5
    )
    return _with_changes(varied, changes)


def national(**changes: Any) -> SimulationOptions:
    """Return the settings of an island arc with the size and seismicity of Japan.

    660,332 events of it have about 9.35 million polarities, 14.16 each, the size of the
    catalog of Japan by Uchide et al. (2022).

    Parameters
    ----------
    **changes
        Any attribute of :class:`SimulationOptions`.
    """
    return _with_changes(
        SimulationOptions(
            land=ISLANDS,
            offshore_km=50.0,
            stress="islands",
            cluster_count=6000,
            cluster_fraction=0.55,
            greatest_magnitude=6.5,
            station_spacing_km=20.0,
            extra_station_fraction=0.25,
            late_station_fraction=0.05,
            reversed_station_fraction=0.01,
            mean_polarities=14.16,
            horizontal_error_km=0.5,
            vertical_error_km=1.0,
        ),
        changes,
    )


def _with_changes(options: SimulationOptions, changes: dict[str, Any]) -> SimulationOptions:
    known = {f.name for f in fields(SimulationOptions)}
    for name in changes:
        if name not in known:
            raise SettingsError(
                f"The simulation has no setting '{name}'. Nothing was simulated; known are "
                f"{', '.join(sorted(known))}."
            )
    return replace(options, **changes)
