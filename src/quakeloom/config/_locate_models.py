"""Settings of the location of events in an ensemble of velocity models."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator, model_validator

from quakeloom.config._fields import Section, setting

_LARGEST_ERROR_S = 60.0
"""Largest standard error in s of a pick that a setting may state (chosen here); a larger number is
one of another unit."""


class Locate(Section):
    """Hypocenters from picks. The stage runs where this group is given."""

    models: list[str] = setting(
        list,
        "Velocity models: names of resources/velocity_models, files of depth and velocity, "
        "NonLinLoc control files with `LAYER` lines, tables like `tjma2001`, roots of NonLinLoc's "
        "time grids (`ROOT` of `ROOT.P.STATION.time.hdr`), models of SIMULPS in three dimensions, "
        "or the folder of a finished run that made an ensemble (of a line or a region); relative "
        "to `data`. Several are an ensemble.",
    )
    members: int = setting(
        100,
        "Members drawn around the models, in turn; 0 takes the models as they are. Tables are "
        "never drawn around; of the ensemble of a run the first so many members are taken.",
        "models",
        ge=0,
        le=5000,
    )
    velocity_spread: float = setting(
        0.03, "Standard deviation of velocities in the ensemble, as a share.", "1", ge=0, le=0.5
    )
    thickness_spread: float = setting(
        0.1, "Standard deviation of the thickness of layers, as a share.", "1", ge=0, le=1
    )
    vp_vs_spread: float = setting(
        0.02, "Standard deviation of Vp/Vs in the ensemble, as a share.", "1", ge=0, le=0.3
    )
    correlation_km: float = setting(
        15.0, "Depth over which deviations of velocity are correlated.", "km", gt=0, le=1000
    )
    s_velocities: Literal["model", "ratio"] = setting(
        "model",
        "S velocities of the models where they have some, or those of P over `vp_vs_ratio`.",
    )
    vp_vs_ratio: float = setting(1.73, "Vp/Vs of models without S velocities.", "1", ge=1.2, le=3)
    likelihood: Literal["gaussian", "student_t", "edt", "edt_ot"] = setting(
        "student_t",
        "Errors of picks: `gaussian`; `student_t`, robust against wrong picks; `edt`, equal "
        "differential times, robust as well; or `edt_ot`, which also weighs the agreement of "
        "origin times, as NonLinLoc's EDT_OT_WT.",
    )
    freedom: float = setting(4.0, "Degrees of freedom of `student_t`.", "1", gt=0.5, le=100)
    pick_errors_s: list[float] = setting(
        lambda: [0.05, 0.1, 0.2, 0.4],
        "Standard errors of P picks without one, by weight code from 0; worse codes are not used. "
        "The first holds for picks that have no code either.",
        "s",
    )
    s_error_factor: float = setting(
        2.0, "Standard errors of S picks without one, over those of P.", "1", ge=1, le=10
    )
    minimum_pick_error_s: float = setting(0.02, "No pick is taken to be better.", "s", gt=0, le=10)
    station_error_s: float = setting(
        0.05,
        "Standard deviation (tau) of delays at stations that no member explains; added to the "
        "errors of picks.",
        "s",
        ge=0,
        le=10,
    )
    time_error_fraction: float = setting(
        0.02,
        "Error of travel times as a share of them, of structure that no member has; added "
        "likewise.",
        "1",
        ge=0,
        le=1,
    )
    time_error_minimum_s: float = setting(0.0, "Minimum of this error.", "s", ge=0, le=100)
    time_error_maximum_s: float = setting(2.0, "Largest such error.", "s", ge=0, le=100)
    smooth_models: bool = setting(
        True,
        "Of ten members and more, every member is moved along the scatter of all, by a kernel "
        "(Silverman's) and toward the picks, and counts by what that costs: so a sample of models "
        "stands for all models between.",
    )
    lateral_spread: float = setting(
        0.04,
        "Standard deviation of the logarithm of velocity from place to place, which flat models do "
        "not have: errors of travel times that neighboring paths share, and that move epicenters. "
        "Flat models of ten members and more, with `smooth_models`; 0 is none.",
        "1",
        ge=0,
        le=0.3,
    )
    lateral_km: float = setting(
        20.0, "Distance over which velocity is alike sideways.", "km", gt=0, le=500
    )
    minimum_models: float = setting(
        3.0,
        "Weights of ten or more members are tempered so that at least so many of them count "
        "(a quarter of them, if that is less); 0: never.",
        "models",
        ge=0,
        le=1000,
    )
    minimum_depth_km: float | None = setting(
        None,
        "Minimum depth below sea level (negative: above it); by default 1 km above the sea, or the "
        "level of the highest station if that is higher.",
        "km",
        ge=-9,
        le=700,
    )
    maximum_depth_km: float | None = setting(
        None,
        "Largest depth below sea level; by default 60 km, or the bottom of tables and grids that "
        "`models` names.",
        "km",
        gt=-9,
        le=800,
    )
    radius_km: float = setting(
        150.0,
        "Half-width of the searched volume around the first station; in flat models it grows where "
        "the best hypocenter is at a side.",
        "km",
        gt=0,
        le=2000,
    )
    maximum_distance_km: float = setting(
        300.0,
        "Picks are not used of stations farther than this from the station of the first arrival.",
        "km",
        gt=0,
        le=2000,
    )
    depth_prior_km: float = setting(10.0, "Mean of a Gaussian prior of depth.", "km", ge=-9, le=800)
    depth_prior_error_km: float = setting(
        0.0, "Standard deviation of it; 0 for an even prior.", "km", ge=0, le=1000
    )
    epicenter_prior_error_km: float = setting(
        0.0,
        "Standard deviation of a Gaussian prior around the epicenter in the input, where there is "
        "one; 0 for an even prior.",
        "km",
        ge=0,
        le=1000,
    )
    minimum_picks: int = setting(4, "Fewer picks locate nothing.", "picks", ge=3)
    resolution: float = setting(
        0.9,
        "Spacing of nodes in standard deviations of one member's posterior.",
        "1",
        ge=0.2,
        le=1.5,
    )
    maximum_nodes: int = setting(
        12000, "The grid stays coarser where it would need more nodes.", "nodes", ge=1000
    )
    table_step_km: float = setting(
        1.0, "Finest step of the travel-time tables; it grows with depth and distance.", "km",
        gt=0, le=20,
    )  # fmt: skip
    level_step_km: float = setting(
        0.5, "Step of the receiver levels that stations are interpolated between.", "km", gt=0, le=5
    )
    spherical: bool = setting(False, "Trace on a sphere; matters from about 300 km on.")
    section_start: tuple[float, float] | None = setting(
        None,
        "Longitude and latitude of distance 0 of the line, where the ensemble is that of a line.",
        "deg",
    )
    section_azimuth_deg: float = setting(
        90.0, "Azimuth along the line, clockwise from north.", "deg", ge=-360, le=360
    )
    section_width_km: float = setting(
        5.0, "Stations farther from the line than this are not used.", "km", gt=0, le=200
    )
    model_stations: str = setting(
        "",
        "Station file of SIMULPS (STNS), whose first line has the origin and the rotation of the "
        "models of SIMULPS; relative to `data`. Or give the three below.",
    )
    model_origin: tuple[float, float] | None = setting(
        None, "Longitude and latitude of x = y = 0 of models of SIMULPS or TomoDD.", "deg"
    )
    model_azimuth_deg: float | None = setting(
        None,
        "Azimuth of their y axis, clockwise from north: the negative of `rota` of SIMULPS.",
        "deg",
        ge=-360,
        le=360,
    )
    model_x_axis: Literal["west", "east"] | None = setting(
        None, "Where their x points if y points north: `west` in SIMULPS, `east` in TomoDD."
    )
    model_second_block: Literal["judged", "vp_vs", "s_velocity"] = setting(
        "judged",
        "What follows the P velocities of a model of SIMULPS: Vp/Vs, S velocities, or whichever of "
        "the two makes the Vp/Vs of rock.",
    )
    model_spacing_km: float = setting(
        1.0, "Spacing of the grid that times in models of SIMULPS are computed on.", "km",
        ge=0.05, le=20,
    )  # fmt: skip
    model_margin_km: float = setting(
        10.0,
        "Stations farther than this outside of the nodes of a model of SIMULPS, the outermost left "
        "out, are not used.",
        "km",
        ge=0,
        le=200,
    )
    draws: int = setting(100, "Draws of hypocenter and member kept per event.", "draws", ge=0)
    station_iterations: int = setting(
        1,
        "How often delays of stations (terms) are estimated from all events and events located "
        "again; 0: never, which with `pick_noise: stated` keeps partitions independent.",
        "1", ge=0, le=10,
    )  # fmt: skip
    station_events: int = setting(
        20,
        "Terms are estimated from so many events on. Fewer say little of delays, which then are "
        "errors of the picks.",
        "events", ge=5,
    )  # fmt: skip
    corrections: str = setting(
        "",
        "Folder of a finished run, or of what `quakeloom locate` wrote, in the same ensemble "
        "(models, members, seed): its station terms and errors of picks are used and none are "
        "estimated, so that partitions are independent; relative to `data`.",
    )
    pick_noise: Literal["inferred", "stated"] = setting(
        "inferred",
        "`inferred`: what picks of P and of S err beyond their stated errors is inferred from the "
        "residuals of all events, with the share of wrong picks, and added, from ten events on. "
        "`stated`: errors are those that are stated.",
    )
    boundary_velocity_km_s: float = setting(
        0.0,
        "A boundary (such as the Moho) is where P, going down, first exceeds this velocity, in "
        "each member for itself, whatever comes below; the probability to be below it is given. "
        "Tables and grids of travel times have no velocities and no boundary. 0: none.",
        "km/s",
        ge=0,
        le=12,
    )
    compare: bool = setting(
        False, "Also locate with the Gaussian approximation and in the mean model."
    )

    @field_validator("pick_errors_s")
    @classmethod
    def _errors_are_positive(cls, errors: list[float]) -> list[float]:
        if not errors or any(not 0 < e <= _LARGEST_ERROR_S for e in errors) or len(errors) > 10:
            raise ValueError(
                f"{errors} are no errors; write one to ten numbers above 0, in s, of at most "
                f"{_LARGEST_ERROR_S:g}"
            )
        return errors

    @model_validator(mode="after")
    def _models_lie_at_one_place(self) -> Locate:
        given = (self.model_origin, self.model_azimuth_deg, self.model_x_axis)
        if self.model_stations and given != (None, None, None):
            raise ValueError(
                "model_stations has the origin, the rotation and the axes of the models; leave out "
                "model_origin, model_azimuth_deg and model_x_axis, or leave out model_stations"
            )
        if self.model_origin is not None and not abs(self.model_origin[1]) <= 90:
            raise ValueError(
                f"model_origin is longitude, then latitude, and {self.model_origin[1]:g} is no "
                "latitude"
            )
        return self

    @model_validator(mode="after")
    def _depths_are_a_range(self) -> Locate:
        least, largest = self.minimum_depth_km, self.maximum_depth_km
        if least is not None and largest is not None and least >= largest:
            raise ValueError(
                f"minimum_depth_km ({least}) is not less than maximum_depth_km ({largest})"
            )
        if not self.models:
            raise ValueError(
                "models needs at least one velocity model; `generic_crust` comes with quakeloom"
            )
        return self
