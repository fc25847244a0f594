"""Settings of a regional ensemble of three-dimensional velocity models."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import Section, setting


class Regional(Section):
    """An ensemble of velocity models of a region, and travel times to its stations."""

    origin_longitude_deg: float = setting(
        ..., "Longitude of the point that norths and easts count from.", "deg", ge=-180, le=360
    )
    origin_latitude_deg: float = setting(
        ..., "Latitude of the point that norths and easts count from.", "deg", ge=-90, le=90
    )
    depth_range_km: tuple[float, float] = setting(
        ..., "Extent in depth below sea level; negative above it, to hold all stations.", "km"
    )
    north_range_km: tuple[float, float] = setting(..., "Extent to the north.", "km")
    east_range_km: tuple[float, float] = setting(..., "Extent to the east.", "km")
    spacing_km: tuple[float, float, float] = setting(
        (1.0, 2.0, 2.0), "Node spacing of models and solver in depth, north and east.", "km"
    )
    model: str = setting(
        "generic_crust",
        "Starting model: a name of resources/velocity_models, a file of depth and velocity, or a "
        "CSV of depth_km, north_km, east_km, p_velocity_km_s on a regular grid; relative to "
        "`data`.",
    )
    standard_deviation: list[tuple[float, float]] = setting(
        lambda: [(0.0, 0.05)],
        "Depth (km) and standard deviation of the logarithm of velocity, linear between.",
    )
    lengths_km: tuple[float, float, float] = setting(
        (6.0, 20.0, 20.0), "Correlation lengths in depth, north and east.", "km"
    )
    variance_share: float = setting(
        0.95, "Share of the prior's variance that is kept in modes.", "1", gt=0.5, le=1
    )
    known: str = setting(
        "",
        "CSV of what is known: depth_km, north_km, east_km, p_velocity_km_s, relative_error "
        "(boreholes, the mean of a survey); members honor it.",
    )
    stations: str = setting("", "Stations, any format that gives stations; tables are for them.")
    stations_format: str = setting("auto", "Format of `stations`.")
    table_every: tuple[int, int, int] = setting(
        (1, 1, 1), "Tables keep every so many nodes in depth, north and east.", "nodes"
    )
    order: Literal[1, 2] = setting(2, "Order of the eikonal solver.")
    members: int = setting(32, "Members of the ensemble; more can be added later.", "models", ge=2)
    block_members: int = setting(4, "Members computed and written as one.", "models", ge=1)

    @model_validator(mode="after")
    def _grid_is_possible(self) -> Regional:
        for name, (first, last), step, keep in zip(
            ("depth", "north", "east"),
            (self.depth_range_km, self.north_range_km, self.east_range_km),
            self.spacing_km,
            self.table_every,
            strict=True,
        ):
            if not step > 0 or last - first < 2 * step:
                raise ValueError(
                    f"{name}_range_km ({first:g} to {last:g}) holds fewer than three nodes at a "
                    f"spacing of {step:g} km; widen it or use a finer spacing"
                )
            if keep < 1:
                raise ValueError(f"table_every is {keep} in {name}; write 1 or more")
        return self
