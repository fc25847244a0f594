"""Settings of structure from earthquakes."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import Section, setting

SAME_RUN = "structure"
"""What `locate.models` names to locate in the members that the run itself makes."""


class Structure(Section):
    """Velocities in three dimensions from the arrival times of the run's own events.

    Runs where this group is given. `locate: {models: [structure]}` locates in its members.
    """

    origin_longitude_deg: float = setting(
        ..., "Longitude of the point that norths and easts count from.", "deg", ge=-180, le=360
    )
    origin_latitude_deg: float = setting(
        ..., "Latitude of the point that norths and easts count from.", "deg", ge=-90, le=90
    )
    azimuth_deg: float = setting(
        0.0, "Azimuth of the grid's north, clockwise; along a fault, say.", "deg", ge=-360, le=360
    )
    depth_range_km: tuple[float, float] = setting(
        ..., "Extent in depth below sea level; negative above it, to hold all stations.", "km"
    )
    north_range_km: tuple[float, float] = setting(..., "Extent to the grid's north.", "km")
    east_range_km: tuple[float, float] = setting(..., "Extent to the grid's east.", "km")
    spacing_km: tuple[float, float, float] = setting(
        (2.0, 4.0, 4.0), "Spacing of the field's nodes in depth, north and east.", "km"
    )
    refine: tuple[int, int, int] = setting(
        (2, 2, 2), "Steps of the solver of travel times to one of the field.", "steps"
    )
    model: str = setting(
        "generic_crust",
        "Starting model: a name of resources/velocity_models, or a file of depth and velocity; "
        "relative to `data`.",
    )
    vp_vs_ratio: float = setting(
        1.73, "Starting Vp/Vs, where the model has no S velocities.", "1", ge=1.2, le=3
    )
    standard_deviation: list[tuple[float, float]] = setting(
        lambda: [(0.0, 0.06)],
        "Depth (km) and standard deviation of the logarithm of velocity, linear between; a factor "
        "of it is found by ABIC.",
    )
    vp_vs_spread: float = setting(
        0.5, "Standard deviation of ln(Vp/Vs) over that of ln Vp.", "1", ge=0, le=3
    )
    vp_vs_correlation: float = setting(
        0.0, "Correlation of ln(Vp/Vs) with ln Vp.", "1", gt=-1, lt=1
    )
    lengths_km: tuple[float, float, float] = setting(
        (4.0, 8.0, 8.0), "Shortest correlation lengths in depth, north and east.", "km"
    )
    length_factors: list[float] = setting(
        lambda: [1.0, 1.5, 2.25],
        "Correlation lengths that are tried over the shortest; ABIC takes one.",
    )
    largest_spread: float = setting(
        1.5,
        "Largest spread of the field over `standard_deviation` that ABIC may take: beyond it times "
        "are far from linear, and a fit is foreseen that the models do not keep.",
        "1", ge=0.1, le=20,
    )  # fmt: skip
    modes: int = setting(1000, "Most modes of ln Vp.", "modes", ge=1, le=5000)
    vp_vs_modes: int = setting(
        400, "Most modes of ln(Vp/Vs); 0 where it follows ln Vp alone.", "modes", ge=0, le=5000
    )
    station_term_s: float = setting(
        0.2, "Standard deviation of the delay of a station, of P and of S.", "s", gt=0, le=5
    )
    source_error_km: tuple[float, float] = setting(
        (0.0, 0.0),
        "Standard deviations, vertical and horizontal, of sources around their starting places; 0 "
        "leaves them free.",
        "km",
    )
    pick_errors_s: list[float] = setting(
        lambda: [0.05, 0.1, 0.2, 0.4],
        "Standard errors of P picks without one, by weight code from 0; worse codes are not used. "
        "A factor of all, for P and for S, is inferred.",
        "s",
    )
    s_error_factor: float = setting(
        2.0, "Standard errors of S picks without one, over those of P.", "1", ge=1, le=10
    )
    minimum_pick_error_s: float = setting(0.02, "No pick is taken to be better.", "s", gt=0, le=10)
    largest_residual_s: float = setting(
        1.0,
        "Picks farther off than this in the starting model are wrong ones; later rounds infer the "
        "share of wrong picks and weigh each by its residual.",
        "s", gt=0, le=100,
    )  # fmt: skip
    minimum_picks: int = setting(6, "Events with fewer usable picks are left out.", "picks", ge=5)
    maximum_gap_deg: float = setting(
        180.0, "Events with a larger gap between their stations are left out.", "deg", gt=0, le=360
    )
    maximum_distance_km: float = setting(
        100.0, "Stations farther from an epicenter are not used.", "km", gt=0, le=2000
    )
    rounds: int = setting(3, "Gauss-Newton rounds, each with new rays.", "rounds", ge=1, le=10)
    members: int = setting(20, "Members of the ensemble.", "models", ge=2, le=1000)
    table_every: tuple[int, int, int] = setting(
        (1, 1, 1),
        "Tables keep every so many of the solver's nodes in depth, north and east.",
        "nodes",
    )
    order: Literal[1, 2] = setting(2, "Order of the eikonal solver.")

    @model_validator(mode="after")
    def _grid_is_possible(self) -> Structure:
        for name, (first, last), step, keep, fine in zip(
            ("depth", "north", "east"),
            (self.depth_range_km, self.north_range_km, self.east_range_km),
            self.spacing_km,
            self.table_every,
            self.refine,
            strict=True,
        ):
            if not step > 0 or last - first < 2 * step:
                raise ValueError(
                    f"{name}_range_km ({first:g} to {last:g}) holds fewer than three nodes at a "
                    f"spacing of {step:g} km; widen it or use a finer spacing"
                )
            if keep < 1 or fine < 1:
                raise ValueError(f"table_every and refine are 1 or more, also in {name}")
        if not self.length_factors or min(self.length_factors) < 1.0:
            raise ValueError(
                "length_factors are 1 or more: modes are those of the shortest lengths; write "
                "shorter lengths_km"
            )
        if min(self.lengths_km) <= 0 or min(self.source_error_km) < 0:
            raise ValueError("lengths_km are positive, source_error_km positive or 0")
        return self
