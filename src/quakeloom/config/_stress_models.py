"""Settings of the stress map and of the slip tendency of faults."""

from __future__ import annotations

from typing import Literal

from pydantic import PrivateAttr, field_validator

from quakeloom.config._fields import Section, setting


class Stress(Section):
    """The stress map. The stage runs where this group is given, even empty (`stress: {}`)."""

    catalogs: list[str] = setting(
        list,
        "Tables of mechanisms to invert instead of this run's own; relative to `data`. GeoNet, "
        "GMT, QuakeML, CSV or Parquet.",
    )
    input: Literal["accepted", "preferred"] = setting(
        "accepted",
        "All acceptable mechanisms of an event with their weights, or the preferred one alone. "
        "Catalogs have the preferred one alone.",
    )
    planes: Literal["auto", "probable", "both", "random", "instability"] = setting(
        "auto",
        "Fault plane: both planes with the probability that the stress gives them (`probable`, "
        "which `auto` is), `both` with half the weight each, one at `random`, or the less stable "
        "one (`instability`; preferred mechanisms only), friction unknown.",
    )
    errors: Literal["scores", "misfit"] = setting(
        "scores",
        "What the noise of acceptable mechanisms is taken from: `scores`, how much what events ask "
        "for differs; or the `misfit`, which has the width of every event's set in it once more.",
    )
    weighting: Literal["coherence", "uniform"] = setting(
        "coherence",
        "Weigh an event by how closely its acceptable mechanisms agree, or all alike.",
    )
    quality_weights: dict[str, float] = setting(
        dict, "Factor for each quality letter; letters not named have 1, 0 leaves them out."
    )
    minimum_magnitude: float = setting(-10.0, "Smaller events are left out.", "1")
    maximum_depth_km: float = setting(1000.0, "Deeper events are left out.", "km", gt=-10)
    grid_step_deg: float = setting(
        0.2, "Distance of nodes in longitude and latitude; 0 for a single node.", "deg", ge=0, le=10
    )
    projection: str = setting(
        "", "Map projection, e.g. `EPSG:2193`: nodes are then evenly spaced in km. Empty: none."
    )
    grid_step_km: float = setting(
        20.0, "Distance of nodes where a projection is given.", "km", gt=0, le=1000
    )
    depth_step_km: float = setting(0.0, "Distance of nodes in depth; 0: no depth.", "km", ge=0)
    time_step_years: float = setting(0.0, "Distance of nodes in time; 0: none.", "years", ge=0)
    area: list[float] = setting(
        list, "West, east, south, north limits in degrees; empty: where the events are.", "deg"
    )
    mask: Literal["data", "land"] = setting(
        "data", "Nodes near mechanisms; or on land and off the coast, besides those with data."
    )
    reach_km: float = setting(
        50.0, "How far from mechanisms, or off the coast, nodes still exist.", "km", ge=0
    )
    boundaries: list[list[list[float]]] = setting(
        list, "Polylines of [longitude, latitude] across which nothing is smoothed.", "deg"
    )
    order: Literal[1, 2] = setting(1, "First or second differences are smoothed.")
    metric: Literal["distance", "index"] = setting(
        "distance", "Smoothness per kilometer, or per node as SATSI does."
    )
    basis: Literal["orthonormal", "satsi"] = setting(
        "orthonormal", "Components that are smoothed; `satsi` only to compare."
    )
    alpha2: list[float] = setting(
        list, "Smoothing strength (map; depth and time); empty: ABIC chooses."
    )
    draws: int = setting(1000, "Posterior draws per node.", "draws", ge=100, le=100_000)
    fields: int = setting(
        20,
        "Joint posterior draws of the whole map that are stored, for what needs nodes together.",
        "draws",
        ge=0,
        le=10_000,
    )
    bootstrap: int = setting(
        0,
        "Bootstrap replicates over events, planes and smoothing as they were found; 0 for none.",
        "replicates",
        ge=0,
        le=100_000,
    )

    _middle: float = PrivateAttr(0.0)

    @property
    def middle_longitude(self) -> float:
        """Longitude from which those of the map are at most 180 degrees away."""
        return 0.5 * (self.area[0] + self.area[1]) if self.area else self._middle

    def around(self, longitude: float) -> Stress:
        """Return the settings for a map that is cut opposite to a longitude, without an area."""
        placed = self.model_copy()
        placed._middle = longitude
        return placed

    @field_validator("area")
    @classmethod
    def _area_has_four_limits(cls, area: list[float]) -> list[float]:
        if area and (len(area) != 4 or area[0] >= area[1] or area[2] >= area[3]):
            raise ValueError(f"{area} is no area; write [west, east, south, north] in degrees")
        return area

    @field_validator("alpha2")
    @classmethod
    def _strengths_are_positive(cls, alpha2: list[float]) -> list[float]:
        if any(a <= 0 for a in alpha2) or len(alpha2) > 2:
            raise ValueError(f"{alpha2} are no strengths; write one or two positive numbers")
        return alpha2

    @field_validator("boundaries")
    @classmethod
    def _boundaries_are_polylines(cls, lines: list[list[list[float]]]) -> list[list[list[float]]]:
        for line in lines:
            if len(line) < 2 or any(len(point) != 2 for point in line):
                raise ValueError(
                    f"{line} is no polyline; write at least two points [longitude, latitude]"
                )
        return lines


class FaultSegment(Section):
    """One fault segment given in the configuration."""

    name: str = setting(..., "Name of the fault or segment.")
    longitude: float = setting(..., "Longitude of the middle.", "deg", ge=-180, le=360)
    latitude: float = setting(..., "Latitude of the middle.", "deg", ge=-90, le=90)
    strike_deg: float = setting(..., "Strike, dip to the right.", "deg", ge=0, le=360)
    dip_deg: float = setting(..., "Dip.", "deg", gt=0, le=90)
    rake_deg: float | None = setting(None, "Rake of geological slip, if known.", "deg")
    dip_std_deg: float = setting(0.0, "Standard error of the dip.", "deg", ge=0, le=45)


class Tendency(Section):
    """Slip tendency of faults in the stress map. Runs where this group is given."""

    faults: list[FaultSegment] = setting(list, "Faults given here.")
    files: list[str] = setting(
        list, "Faults from GeoJSON or CSV files with strike, dip and rake; relative to `data`."
    )
    found: bool = setting(
        True, "Whether faults that the stage `faults` finds in this run are rated as well."
    )
    frictions: list[float] = setting(
        lambda: [0.4, 0.5, 0.6, 0.7, 0.85], "Friction coefficients that are equally likely."
    )
    draws: int = setting(500, "Posterior draws of the stress per fault.", "draws", ge=50)
