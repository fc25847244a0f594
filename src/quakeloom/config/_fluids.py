"""Settings of rock physics and of mapping fluids in velocities and conductivity."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import OwnData, Section, setting

Fluid = Literal["aqueous", "melt"]
"""Fluids that pores may hold."""


class RockPhysics(OwnData):
    """Candidates: every lithology with every fluid, at the pressures and temperatures of depths."""

    lithologies: str = setting(
        "", "CSV with the columns of `resources/fluids/lithologies.csv`; that file if empty."
    )
    fluids: list[Fluid] = setting(lambda: ["aqueous", "melt"], "Fluids that pores may hold.")
    model: Literal["self_consistent", "differential", "gassmann", "equilibrium"] = setting(
        "self_consistent", "Model of moduli."
    )
    mixing: Literal["spheroids", "upper", "lower", "tubes", "archie"] = setting(
        "spheroids", "Mixing law of conductivity."
    )
    salinity_percent: float = setting(5.0, "NaCl in the aqueous fluid.", "%", ge=0.05, le=25)
    melt: Literal["rhyolite", "andesite", "basalt"] = setting("rhyolite", "Composition of melt.")
    melt_water_percent: float = setting(5.0, "Water in the melt.", "%", ge=0, le=10)
    depths_km: list[float] = setting(
        lambda: [20.0], "Depths at which candidates are computed; voxels take the nearest.", "km"
    )
    geotherm_c: list[tuple[float, float]] = setting(
        lambda: [(0.0, 10.0), (40.0, 900.0)], "Depth in km and temperature in degrees Celsius."
    )
    temperature_deviation_c: float = setting(
        0.0, "Standard deviation of the temperature; it adds to the errors of velocity.", "deg",
        ge=0, le=500,
    )  # fmt: skip
    pressure_gpa: float | None = setting(
        None, "Pressure; that of rock of `density_kg_m3` above each depth if absent.", gt=0, le=5
    )
    density_kg_m3: float = setting(
        2800.0, "Density of the rock above, for pressure.", "1", ge=1000, le=4000
    )
    porosity_range: tuple[float, float] = setting((1e-4, 0.3), "Range of its log-uniform prior.")
    ratio_range: tuple[float, float] = setting(
        (1e-3, 1.0), "Range of the aspect ratios of pores, log-uniform."
    )
    path_ratio_range: tuple[float, float] = setting(
        (1e-4, 1.0), "Range of the aspect ratios of conducting paths, log-uniform."
    )
    nodes: tuple[int, int, int] = setting(
        (100, 50, 50), "Nodes of porosity, aspect ratio and that of paths."
    )

    @model_validator(mode="after")
    def _depths_are_there(self) -> RockPhysics:
        if not self.depths_km or not self.fluids or not self.geotherm_c:
            raise ValueError("give at least one depth, one fluid and one point of the geotherm")
        if any(n < 2 or n > 2000 for n in self.nodes):
            raise ValueError("`nodes` are at least 2 and at most 2000 each")
        return self


class Observation(Section):
    """What was observed at one place."""

    name: str = setting(..., "Name of the place.")
    vp_km_s: float | None = setting(None, "P velocity.", "km/s")
    vs_km_s: float | None = setting(None, "S velocity.", "km/s")
    conductivity_s_m: float | None = setting(None, "Electrical conductivity in S/m.", gt=0)
    depth_km: float | None = setting(None, "Depth; the first of `depths_km` if absent.", "km")


class SimulatedRocks(Section):
    """Simulated voxels with known rock, fluid and pores."""

    rocks: int = setting(30, "Truths, drawn of the priors.", "1", ge=1, le=100000)
    realizations: int = setting(20, "Draws of the errors for each.", "1", ge=1, le=1000)


class SmoothPorosity(Section):
    """Porosity and aspect ratio of one rock with one fluid, smooth in space (Inversion I)."""

    lithology: str = setting(..., "Rock, by its name in the table of lithologies.")
    fluid: Fluid = setting("aqueous", "Fluid in its pores.")
    members: int = setting(
        8, "Members of an ensemble that are inverted one by one.", "1", ge=2, le=1000
    )


class Fluids(OwnData):
    """Lithology, fluid, porosity and pore shape of voxels. Needs a group `rockphysics`."""

    observations: list[Observation] = setting(list, "Single places.")
    file: str = setting(
        "", "NetCDF, Zarr, SIMUL or text with a row per node, with velocities, below `data`."
    )
    ensemble: bool = setting(
        False, "The P velocities of the ensemble of this run (`tomography` or `regional`)."
    )
    every: list[int] = setting(
        list, "Every so many nodes of a grid along each dimension; all if empty."
    )
    smooth: SmoothPorosity | None = setting(
        None, "Map porosity and pore shape of one rock smoothly, beside the selection."
    )
    run: str = setting("", "A finished run beside this one, whose product `file` is.")
    vp: str = setting("", "Variable with the P velocity in `file`.")
    vs: str = setting("", "Variable with the S velocity.")
    vp_vs: str = setting("", "Variable with their ratio, in place of `vs`.")
    conductivity: str = setting("", "Variable with the conductivity in S/m.")
    vp_deviation: str = setting("", "Variable with the standard deviation of the P velocity.")
    depth: str = setting(
        "", "Coordinate with depths in km; the first whose name begins with depth or z if empty."
    )
    velocity_unit: Literal["km/s", "m/s"] = setting("km/s", "Unit of the velocities of `file`.")
    vp_error_km_s: float = setting(0.05, "Standard deviation of the P velocity.", "km/s", gt=0)
    vs_error_km_s: float = setting(0.05, "Standard deviation of the S velocity.", "km/s", gt=0)
    log10_conductivity_error: float = setting(
        0.1, "Standard deviation of log10 of the conductivity.", "1", gt=0
    )
    velocity_correlation: float = setting(
        0.0, "Correlation of the errors of both velocities (0.5 is usual in tomography).", "1",
        gt=-1, lt=1,
    )  # fmt: skip
    simulation: SimulatedRocks | None = setting(None, "Simulate the voxels.")

    @model_validator(mode="after")
    def _one_input(self) -> Fluids:
        given = [
            bool(self.observations), bool(self.file), self.simulation is not None, self.ensemble
        ]  # fmt: skip
        if sum(given) != 1:
            raise ValueError("give one of `observations`, `file`, `simulation` and `ensemble`")
        if self.smooth is not None and not (self.file or self.ensemble):
            raise ValueError("`smooth` maps a grid; give `file` or `ensemble`")
        if any(k < 1 for k in self.every):
            raise ValueError("`every` are numbers of nodes, 1 or more")
        if self.file and not (self.vp or self.vs or self.conductivity):
            raise ValueError("name the variables of `file`: `vp`, `vs` or `conductivity`")
        if self.vs and self.vp_vs:
            raise ValueError("`vs` and `vp_vs` exclude each other; remove one")
        if self.vp_vs and not self.vp:
            raise ValueError("`vp_vs` needs `vp` beside it")
        return self
