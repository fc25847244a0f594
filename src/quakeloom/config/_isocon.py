"""Settings of gains and losses of altered rocks."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import Section, setting
from quakeloom.config._rock_tables import RockTable


class IsoconSimulation(Section):
    """Synthetic altered rocks, whose gains, losses and mass ratios are known."""

    samples: int = setting(6, "Altered rocks.", "samples", ge=1, le=500)
    protoliths: int = setting(5, "Samples of the protolith.", "samples", ge=1, le=500)
    elements: int = setting(24, "Oxides and elements.", "elements", ge=5, le=28)
    immobile_share: float = setting(0.4, "Share of elements that are immobile.", "1", ge=0.1, le=1)
    noise: float = setting(0.03, "Relative standard deviation of analyses.", "1", gt=0, le=0.5)
    scatter: float = setting(0.06, "Scatter among samples of the protolith.", "1", ge=0, le=0.5)
    missing_share: float = setting(0.03, "Share of analyses that are missing.", "1", ge=0, le=0.5)
    limited_share: float = setting(
        0.15, "Share of elements with a detection limit near their concentrations.", "1", ge=0,
        le=1,
    )  # fmt: skip


class Isocon(RockTable):
    """Gains and losses of altered rocks, without choosing immobile elements."""

    simulation: IsoconSimulation | None = setting(
        None, "Make rocks of known truth in place of a table."
    )
    protolith: list[str] = setting(
        list, "Samples of the protolith: their names, or values of `group_column`."
    )
    group_column: str = setting(
        "", "Column of the table by which `protolith` names samples; empty: that of their names."
    )
    noise: float = setting(
        0.03, "Relative standard deviation of analyses that state none.", "1", gt=0, le=0.5
    )
    protolith_scatter: float = setting(
        0.1, "Scatter of the logarithms among samples of a protolith, where there is one sample.",
        "1", ge=0, le=1,
    )  # fmt: skip
    scale: Literal["log", "linear"] = setting(
        "log", "Residuals of the sparse solution: `log` treats gains and losses alike."
    )
    bootstraps: int = setting(
        400, "Draws of elements and samples of the protolith.", "draws", ge=50, le=10000
    )
    chains: int = setting(4, "Chains of the posterior, from different starts.", "chains", ge=2)
    sweeps: int = setting(1500, "Draws of each chain.", "draws", ge=200, le=100000)

    @model_validator(mode="after")
    def _protolith_is_named(self) -> Isocon:
        if self.table and not self.protolith:
            raise ValueError("name the samples of the `protolith`")
        return self
