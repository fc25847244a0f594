"""Settings of restoring fields with noise and holes."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import OwnData, Section, setting


class SimulatedFields(Section):
    """Fields with known truth in place of a file: one of every kind."""

    kinds: list[Literal["rough", "smooth", "blocks"]] = setting(
        lambda: ["rough", "smooth", "blocks"],
        "`rough` and `smooth` random fields, and `blocks` of constant value.",
    )
    shape: list[int] = setting(lambda: [128, 128], "Nodes along every dimension.", "1")
    noise: float = setting(
        0.5, "Standard deviation of the noise over that of the field.", "1", gt=0, le=100
    )
    missing_share: float = setting(
        0.2, "Part of the nodes without data, half of them in one block.", "1", ge=0, le=0.8
    )


class Restore(OwnData):
    """Fields restored by Markov random fields: posterior mean and standard deviation."""

    file: str = setting("", "NetCDF, Zarr, SIMUL or text with a row per node, below `data`.")
    run: str = setting(
        "", "Name of a finished run beside this one whose product `file` is restored instead."
    )
    variables: list[str] = setting(list, "Variables of the file to restore.")
    deviation: str = setting(
        "", "Variable with the standard deviation of every datum; noise is found if empty."
    )
    noise_deviation: float | None = setting(
        None, "Standard deviation of the noise, in the unit of the variable; found if absent.",
        gt=0,
    )  # fmt: skip
    dimensions: list[str] = setting(
        list,
        "Dimensions along which a field is smooth; every slice of the others is restored by "
        "itself. All if empty.",
    )
    prior: Literal["auto", "membrane", "plate", "matern"] = setting(
        "auto",
        "First differences, second differences or a Matern field; `auto` asks the evidence.",
    )
    edges: bool = setting(False, "Keep edges by line processes.")
    draws: int = setting(
        64, "Draws for standard deviations beside holes, and for edges.", "1", ge=8, le=10000
    )
    simulation: SimulatedFields | None = setting(None, "Simulate the fields.")

    @model_validator(mode="after")
    def _one_input(self) -> Restore:
        if (self.simulation is None) == (not self.file):
            raise ValueError("give either `file` with `variables`, or `simulation`")
        if self.file and not self.variables:
            raise ValueError("name the `variables` of `file` that are to be restored")
        if self.simulation is not None and (self.run or self.variables or self.deviation):
            raise ValueError("`simulation` takes neither `run`, `variables` nor `deviation`")
        if self.deviation and self.noise_deviation is not None:
            raise ValueError("`deviation` and `noise_deviation` exclude each other; remove one")
        return self
