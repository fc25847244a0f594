"""Settings of ensemble tomography."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import Section, setting

REGIONAL_SPREAD = ((0.0, 0.12), (5.0, 0.12), (10.0, 0.06), (20.0, 0.045), (50.0, 0.05))
"""Depth in km and standard deviation of the logarithm of P velocity between regions, after the
refraction profiles that Christensen & Mooney (1995, J. Geophys. Res. 100, 9761-9788) compiled:
5.95 +- 0.73 km/s at 5 km, 6.21 +- 0.37 at 10, 6.47 +- 0.28 at 20, 7.02 +- 0.32 at 40, rounded. At
the ground as at 5 km, which is the least that is published."""


class TomographyPicks(Section):
    """Which travel times are used, and how well they are known."""

    path: str = setting(..., "Pick file; relative to `data`; `${VARIABLE:-default}` is expanded.")
    format: Literal["auto", "rayinvr", "pygimli", "csv"] = setting(
        "auto", "Format of the pick file; `auto` looks inside."
    )
    unit: Literal["auto", "km", "m"] = setting("auto", "Unit of positions in the file.")
    first_arrivals: list[str] = setting(
        list,
        "Phase codes that may be first arrivals. Reflections and other later arrivals carry "
        "codes of their own in most files and must be left out: the solver knows first arrivals "
        "only. If empty, a code is left out where more than four fifths of its picks come after "
        "another's (`moveout_velocity_km_s`).",
    )
    moveout_velocity_km_s: float | None = setting(
        None,
        "A pick is no first arrival if a wave of another phase, picked nearby and moving on at "
        "this velocity, would be earlier; 0 does not ask. From the slope of the picked times over "
        "offset if absent.",
        "km/s",
        ge=0,
    )
    maximum_velocity_km_s: float = setting(
        9.0, "Picks that need a faster mean velocity are too early and put aside.", "km/s", gt=0
    )
    error_s: float | None = setting(
        None, "Standard error of picks that have none (missing or zero).", "s", gt=0, le=10
    )
    relative_error: float = setting(
        0.0, "Added in quadrature, as a share of the travel time.", "1", ge=0, lt=1
    )


class TomographySection(Section):
    """The section below the line."""

    distance_range_km: tuple[float, float] | None = setting(
        None, "Extent along the line; a little more than the picks' if absent.", "km"
    )
    depth_range_km: tuple[float, float] | None = setting(
        None, "Extent in depth; from the ground to 1.4 times where rays turn if absent.", "km"
    )
    spacing_km: tuple[float, float] | None = setting(
        None, "Node spacing of the solver in depth and distance; 300 nodes along the line and at "
        "least 100 in depth if absent.", "km",
    )  # fmt: skip
    ground: str = setting(
        "",
        "File of the ground or sea floor: a rayinvr model (`v.in`), or CSV of distance_km, "
        "depth_km. If empty, the positions in the pick file, or depth 0.",
    )
    water_surface_km: float | None = setting(
        None, "Depth of the water's surface; no water if absent.", "km"
    )
    water_velocity_km_s: float = setting(1.5, "Velocity in the water.", "km/s", gt=0)


class TomographyPrior(Section):
    """What is believed of the velocity before the data are seen."""

    scale: Literal["velocity", "log_velocity"] = setting(
        "log_velocity", "What is Gaussian: the velocity, or its logarithm (never negative)."
    )
    reference: list[tuple[float, float]] = setting(
        list,
        "Mean velocity: depth below ground (km) and velocity (km/s), linear between; fitted to "
        "the picks if empty.",
    )
    standard_deviation: list[tuple[float, float]] = setting(
        list,
        "Depth below ground (km) and standard deviation, in km/s or of the logarithm; if empty, "
        "from how far times at one offset differ, times a factor that makes the data most "
        "probable.",
    )
    lengths_km: tuple[float, float] | None = setting(
        None, "Correlation lengths in depth (at the ground) and distance; those that make the data "
        "most probable if absent.", "km",
    )  # fmt: skip
    length_growth: float | None = setting(
        None, "Growth of the vertical correlation length per depth; what makes the data most "
        "probable if absent.", "1", ge=0, le=2,
    )  # fmt: skip
    hyperparameters: Literal["marginalized", "maximized"] = setting(
        "marginalized",
        "What is left open of width, lengths and growth: members have different values, drawn by "
        "their evidence; or all have those that make the data most probable, which is too sure.",
    )
    regional_spread: list[tuple[float, float]] = setting(
        lambda: list(REGIONAL_SPREAD),
        "Depth below ground (km) and standard deviation of the logarithm of velocity between "
        "regions, even along the line: no evidence makes the prior narrower, so that this is known "
        "where no ray goes. After the refraction profiles that Christensen & Mooney (1995) "
        "compiled. None if empty, where `standard_deviation` is given, or hyper-parameters are "
        "maximized.",
    )
    blocks: int = setting(
        150, "Layers that turn no ray, and basins with an edge, whose evidence is compared where "
        "hyper-parameters are marginalized: members have them where the picks allow them. 0 for "
        "none: what a Gaussian field rules out is then not in the ranges.", "1", ge=0, le=5000,
    )  # fmt: skip
    kernel: Literal["squared_exponential", "matern52", "matern32", "exponential"] | None = setting(
        None,
        "Correlation function. If absent and hyper-parameters are marginalized, `matern52` and "
        "`exponential` (with steps) are weighed by their evidence; else `matern52`.",
    )
    nodes_per_length: float = setting(3.0, "Density of the prior's grid.", "1", ge=1, le=10)
    variance_share: float = setting(
        0.999,
        "Share of the prior's variance that is kept in modes. What is left out is missing "
        "in the posterior too, where it is a larger share.",
        "1",
        gt=0.5,
        le=1,
    )
    bounds_km_s: tuple[float, float] = setting(
        (0.1, 12.0), "Velocities are cut here.", "km/s"
    )  # fmt: skip


class Tomography(Section):
    """Ensemble tomography of a refraction line."""

    picks: TomographyPicks = setting(..., "The travel times.")
    section: TomographySection = setting(TomographySection, "The section below the line.")
    prior: TomographyPrior = setting(TomographyPrior, "The prior on the velocity function.")
    sampler: Literal["rml", "psvgd", "fsvgd"] = setting(
        "rml",
        "`rml` randomized maximum likelihood, members independent; `psvgd` Stein descent in the "
        "data-informed subspace; `fsvgd` function-space Stein descent as published, which loses "
        "variance and is kept for comparison.",
    )
    travel_times: Literal["eikonal", "networks"] = setting(
        "eikonal",
        "How `psvgd` and `fsvgd` move their particles: by the eikonal solver, or by "
        "physics-informed networks (needs torch; all particles are one job on a GPU).",
    )
    members: int = setting(64, "Members of the ensemble; more can be added later.", ge=2)
    block_members: int = setting(
        8, "Members computed and written as one. Particles of Stein descent move together in "
        "blocks, so give those as many as there is memory for.", ge=1,
    )  # fmt: skip
    steps: int = setting(15, "Most Gauss-Newton steps of a member.", "1", ge=1)
    particle_steps: int = setting(30, "Steps of Stein descent.", "1", ge=1)
    tolerance: float = setting(
        3e-3, "A step that lowers the misfit per datum by less is the last.", "1", gt=0
    )
    pilots: int = setting(
        8, "Pilot members that the data-informed directions are averaged over; 0 takes those of "
        "the most probable model.", "1", ge=0,
    )  # fmt: skip
    correction_steps: int = setting(
        20, "Metropolis-adjusted Langevin steps that end every member of `rml` and `psvgd`. They "
        "wear off the bias that both have where times are no linear function of velocity; 0 "
        "leaves it.", "1", ge=0,
    )  # fmt: skip
    degrees_of_freedom: float | None = setting(
        None, "Student's t likelihood, robust to outliers, instead of normal errors.", "1", gt=0
    )
    infer_noise: bool = setting(
        False, "Infer one factor of all time errors, where they are not known."
    )
    order: Literal[1, 2] = setting(2, "Order of the eikonal solver.")
    mask_above_ratio: float = setting(
        0.8,
        "Sections are blank where the standard deviation exceeds this share of the prior's: there "
        "the picks have said next to nothing.",
        "1",
        gt=0,
    )
    mask_above_km_s: float | None = setting(
        None, "Sections are blank where the standard deviation exceeds this, too.", "km/s", gt=0
    )
    exceedance_km_s: list[float] = setting(
        list, "Velocities whose probability of being exceeded is mapped.", "km/s"
    )
    isovelocities_km_s: list[float] = setting(
        list, "Velocities whose depth is given with its range.", "km/s"
    )
    compare: str = setting("", "Published model to compare the mean with: a rayinvr `v.in`.")

    @model_validator(mode="after")
    def _stein_needs_particles(self) -> Tomography:
        if self.sampler != "rml" and self.block_members < 16:
            raise ValueError(
                f"sampler `{self.sampler}` moves its particles in blocks of block_members "
                f"({self.block_members}); write at least 16"
            )
        if self.infer_noise and self.degrees_of_freedom is not None:
            raise ValueError(
                "infer_noise and degrees_of_freedom both widen the errors, and one cannot be told "
                "from the other; write one of them"
            )
        if self.sampler == "rml" and self.travel_times == "networks":
            raise ValueError(
                "sampler `rml` computes on the eikonal solver; write travel_times: eikonal"
            )
        return self
