"""Settings of slip on a fault from displacements of the surface."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import OwnData, Section, setting


class DisplacementFile(Section):
    """A file of displacements: GNSS sites or points of InSAR."""

    path: str = setting(..., "File, relative to `data`.")
    format: Literal["auto", "table", "psvelo", "line_of_sight"] = setting(
        "auto", "Kind of file; `auto` looks at its first lines."
    )
    unit: Literal["auto", "m", "cm", "mm"] = setting(
        "auto", "Unit of displacements and errors; `auto` takes it from the names of columns."
    )
    components: list[Literal["east", "north", "up"]] = setting(
        lambda: ["east", "north", "up"], "Components of GNSS sites that are used."
    )
    error_m: float | None = setting(
        None, "Standard error of displacements that state none; without it they are refused.",
        "m", gt=0, le=10,
    )  # fmt: skip
    error_up_m: float | None = setting(
        None, "The same for vertical components; as `error_m` if absent.", "m", gt=0, le=10
    )
    covariance: str = setting(
        "", "File of the covariance (m^2) of the points, a square of numbers or .npy."
    )
    common_share: float = setting(
        0.0, "Share of the variance that is common to neighbors, falling with distance.", "1",
        ge=0, lt=1,
    )  # fmt: skip
    common_length_km: float = setting(
        100.0, "Distance at which the common part has fallen to 1/e.", "km", gt=0, le=10000
    )


class SlipFault(Section):
    """The fault in the reference model: a plane of rectangular patches."""

    longitude: float = setting(
        ..., "Longitude of the middle of the upper edge.", "deg", ge=-180, le=360
    )
    latitude: float = setting(
        ..., "Latitude of the middle of the upper edge.", "deg", ge=-90, le=90
    )
    strike_deg: float = setting(..., "Strike; the dip is to its right.", "deg", ge=0, le=360)
    dip_deg: float = setting(..., "Dip.", "deg", gt=0, le=90)
    length_km: float = setting(..., "Length along strike.", "km", gt=0, le=5000)
    depth_range_km: tuple[float, float] = setting(
        ..., "Depths of the upper and the lower edge, below the ground.", "km"
    )
    patches: tuple[int, int] = setting((10, 5), "Patches along strike and down dip.", "patches")
    offset_km: float = setting(0.0, "Shift of the plane to the left of its strike.", "km")

    @model_validator(mode="after")
    def _plane_is_possible(self) -> SlipFault:
        top, bottom = self.depth_range_km
        if bottom <= top:
            raise ValueError(f"depth_range_km is {top:g} to {bottom:g}; the second is deeper")
        if top < 0:
            raise ValueError(
                f"depth_range_km begins at {top:g}, above the ground on which the stations stand; "
                "depths count from it: begin at 0 or below"
            )
        if min(self.patches) < 1 or self.patches[0] * self.patches[1] > 4000:
            raise ValueError(f"patches are {self.patches}; give 1 to 4000 in all")
        return self


class SlipModels(Section):
    """The ensemble of models: geometry of the fault and medium.

    Either lists, of which every combination is a model, or draws around the reference model.
    """

    draws: int = setting(
        0, "Models drawn around the reference by the standard deviations; 0 takes the lists.",
        "models", ge=0, le=100000,
    )  # fmt: skip
    rounds: int = setting(
        2, "Rounds in which as many models again are drawn where the data want them, and weighed "
        "for it.", "1", ge=0, le=10,
    )  # fmt: skip
    strike_std_deg: float = setting(0.0, "Standard deviation of the strike.", "deg", ge=0, le=90)
    dip_std_deg: float = setting(0.0, "Standard deviation of the dip.", "deg", ge=0, le=45)
    depth_std_km: float = setting(0.0, "Standard deviation of the depth.", "km", ge=0, le=100)
    offset_std_km: float = setting(
        0.0, "Standard deviation of the place across strike.", "km", ge=0, le=100
    )
    poisson_std: float = setting(0.0, "Standard deviation of Poisson's ratio.", "1", ge=0, le=0.2)
    rigidity_spread: float = setting(
        0.0, "Standard deviation of the logarithm of the rigidity.", "1", ge=0, le=1
    )
    strikes_deg: list[float] = setting(list, "Strikes; that of `fault` if empty.", "deg")
    dips_deg: list[float] = setting(list, "Dips; that of `fault` if empty.", "deg")
    offsets_km: list[float] = setting(list, "Offsets; that of `fault` if empty.", "km")
    depth_shifts_km: list[float] = setting(list, "Shifts of the depth; 0 if empty.", "km")
    poisson_ratios: list[float] = setting(list, "Poisson's ratios; `poisson_ratio` if empty.", "1")
    poisson_ratio: float = setting(
        0.25, "Poisson's ratio of the reference model.", "1", ge=0, lt=0.5
    )
    rigidity_gpa: float = setting(30.0, "Rigidity, for the moment.", "GPa", gt=0, le=500)
    minimum: float = setting(
        0.0, "Effective number of models that the evidence leaves at least; 0 leaves it alone.",
        "models", ge=0,
    )  # fmt: skip


class SlipPriorSettings(Section):
    """Prior of slip on the patches, and the grid of hyper-parameters that all models share."""

    mean_m: float = setting(0.0, "Mean slip.", "m", ge=-100, le=100)
    standard_deviation_m: float = setting(0.5, "Standard deviation of slip.", "m", gt=0, le=100)
    lengths_km: tuple[float, float] = setting(
        (10.0, 10.0), "Correlation lengths along strike and down dip.", "km"
    )
    kernel: Literal["exponential", "von_karman", "gaussian"] = setting(
        "exponential", "How correlations fall with distance."
    )
    hurst: float = setting(0.75, "Hurst exponent of `von_karman`.", "1", gt=0, le=1)
    spread_factors: list[float] = setting(
        lambda: [1.0], "Factors of the standard deviation, equally probable.", "1"
    )
    length_factors: list[float] = setting(
        lambda: [1.0], "Factors of the correlation lengths, equally probable.", "1"
    )
    noise_factors: list[float] = setting(
        lambda: [1.0], "Factors of the errors of the data, equally probable.", "1"
    )

    @model_validator(mode="after")
    def _factors_are_positive(self) -> SlipPriorSettings:
        for name in ("spread_factors", "length_factors", "noise_factors"):
            values = getattr(self, name)
            if not values or min(values) <= 0:
                raise ValueError(f"{name} is {values}; give one or more above 0")
        if min(self.lengths_km) <= 0:
            raise ValueError(f"lengths_km is {self.lengths_km}; give both above 0")
        return self


class SlipSimulation(Section):
    """Displacements that quakeloom simulates: the true slip is known and shown beside."""

    sites: int = setting(40, "GNSS sites, with three components each.", "sites", ge=3, le=5000)
    reach_km: float = setting(
        60.0, "Sites lie within so far of the middle of the fault, east and north.", "km", gt=0
    )
    error_m: float = setting(0.003, "Standard error of horizontal components.", "m", gt=0, le=1)
    error_up_m: float = setting(0.01, "Standard error of vertical components.", "m", gt=0, le=1)
    event: int = setting(0, "Number of the simulated event; each has its own slip and medium.",
                         "1", ge=0)  # fmt: skip


class Slip(OwnData):
    """Slip on a fault from displacements of the surface, with an ensemble of models."""

    files: list[DisplacementFile] = setting(list, "Files of displacements.")
    simulation: SlipSimulation | None = setting(
        None, "Simulate the displacements; then `files` stays empty."
    )
    fault: SlipFault = setting(..., "The fault in the reference model.")
    models: SlipModels = setting(SlipModels, "The ensemble of models.")
    prior: SlipPriorSettings = setting(SlipPriorSettings, "Prior of slip.")
    rake_deg: float | None = setting(
        None, "Direction of slip: 0 left-lateral, 90 reverse, 180 right-lateral, -90 normal.",
        "deg", ge=-180, le=360,
    )  # fmt: skip
    rake_range_deg: tuple[float, float] | None = setting(
        None, "Slip has any direction between these two, instead of `rake_deg`.", "deg"
    )
    positive: bool = setting(
        False, "Slip is nowhere backward: the prior is cut off at zero. So it is with a range."
    )
    exceedance_m: list[float] = setting(
        lambda: [0.1], "Slips of which the probability to be exceeded is mapped.", "m"
    )
    draws: int = setting(2000, "Draws of the posterior, for what is no linear sum.", "1",
                         ge=0, le=100000)  # fmt: skip

    @model_validator(mode="after")
    def _data_are_one_of_two(self) -> Slip:
        if bool(self.files) == (self.simulation is not None):
            raise ValueError(
                "displacements come from `files` or from `simulation`; give one of the two"
            )
        if (self.rake_deg is None) == (self.rake_range_deg is None):
            raise ValueError("give one of `rake_deg` and `rake_range_deg`, the direction of slip")
        if self.rake_range_deg is not None:
            first, last = self.rake_range_deg
            if not 0.0 < last - first < 180.0:
                raise ValueError(
                    f"rake_range_deg is {first:g} to {last:g}; the second is larger, by less than "
                    "180 degrees"
                )
        if self.one_way and self.draws < 100:
            raise ValueError("slip that is nowhere backward is known by draws; give 100 or more")
        return self

    @property
    def one_way(self) -> bool:
        """Whether slip is nowhere backward."""
        return self.positive or self.rake_range_deg is not None

    @property
    def rakes_deg(self) -> tuple[float, ...]:
        """Directions of the parameters of a patch: the rake, or the ends of its range."""
        if self.rake_range_deg is not None:
            return self.rake_range_deg
        assert self.rake_deg is not None
        return (self.rake_deg,)
