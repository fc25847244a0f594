"""Settings of degrees of melting and source composition of basalts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from quakeloom.config._fields import Section, setting
from quakeloom.config._rock_tables import RockTable


class MeltingSimulation(Section):
    """Synthetic basalts, whose source and degrees of melting are known."""

    samples: int = setting(12, "Basalts.", "samples", ge=1, le=500)
    elements: int = setting(16, "Oxides and elements.", "elements", ge=2, le=25)
    melting: Literal["batch", "fractional"] = setting("fractional", "How the source melts.")
    fractions: tuple[float, float] = Field(
        (0.03, 0.18), description="Least and largest degree of melting.",
        json_schema_extra={"unit": "1"},
    )  # fmt: skip
    noise: float = setting(0.05, "Relative standard deviation of analyses.", "1", gt=0, le=0.5)
    scatter: float = setting(
        0.03, "Scatter of the logarithms beyond that, such as of crystallization.", "1", ge=0,
        le=0.5,
    )  # fmt: skip
    source_scatter: float = setting(
        0.3, "How far the logarithms of the source are from the depleted mantle.", "1", ge=0, le=2
    )
    missing_share: float = setting(0.05, "Share of analyses that are missing.", "1", ge=0, le=0.5)

    @model_validator(mode="after")
    def _fractions_ascend(self) -> MeltingSimulation:
        if not 0.0 < self.fractions[0] <= self.fractions[1] < 1.0:
            raise ValueError("fractions must ascend between 0 and 1")
        return self


class Melting(RockTable):
    """Degrees of melting of basalts and the composition of their source."""

    simulation: MeltingSimulation | None = setting(
        None, "Make basalts of known truth in place of a table."
    )
    model: Literal["both", "batch", "fractional"] = setting(
        "both", "How the source melts; `both` weighs them by their evidence."
    )
    coefficients: dict[str, tuple[float, float, float]] = Field(
        default_factory=dict,
        description="By oxide or element: concentration in the source (wt% of oxides, ppm of "
        "elements), bulk partition coefficient, and that of the phases that melt; in place of "
        "those of the depleted mantle, or beside them.",
    )
    noise: float = setting(
        0.05, "Relative standard deviation of analyses that state none.", "1", gt=0, le=0.5
    )
    source_scatter: float = setting(
        0.5, "Standard deviation of the logarithms of the source beforehand.", "1", gt=0, le=3
    )
    fraction_range: tuple[float, float] = Field(
        (0.005, 0.25), description="Degrees of melting that are possible, any alike beforehand.",
        json_schema_extra={"unit": "1"},
    )  # fmt: skip
    chains: int = setting(4, "Chains of the posterior.", "chains", ge=2, le=16)
    draws: int = setting(1000, "Draws of each chain.", "draws", ge=200, le=100000)

    @model_validator(mode="after")
    def _numbers_can_be(self) -> Melting:
        low, high = self.fraction_range
        if not 0.0 < low < high < 1.0:
            raise ValueError("fraction_range must ascend between 0 and 1")
        for name, numbers in self.coefficients.items():
            if min(numbers) <= 0.0:
                raise ValueError(f"the coefficients of {name} must be above 0")
        return self
