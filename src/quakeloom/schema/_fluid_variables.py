"""Variables and tables of rock physics and fluids."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

VOXEL_STATUSES = ("solved", "outside", "missing", "impossible")
"""What became of a voxel: solved, fitted by no candidate, without data, or no stable solid."""

FLUIDS = ("", "aqueous", "melt")
"""Fluids of pores; empty where not known."""


def _number(
    name: str, unit: str, meaning: str, least: float | None = None, most: float | None = None
) -> Variable:
    return Variable(name, "float64", unit, meaning, "NaN", least, most)


def _text(name: str, meaning: str, values: tuple[str, ...] = ()) -> Variable:
    return Variable(name, "string", "", meaning, "empty", values=values)


def _range(name: str, meaning: str) -> list[Variable]:
    """Median and ends of the 68 and 95 % ranges of a number between 0 and 1."""
    ends = {
        "_lower95": "2.5 % quantile", "_lower68": "16 % quantile", "": "Median",
        "_upper68": "84 % quantile", "_upper95": "97.5 % quantile",
    }  # fmt: skip
    return [_number(f"{name}{e}", "1", f"{w} of the {meaning}.", 0, 1) for e, w in ends.items()]


_CANDIDATES = (
    _number("temperature_k", "K", "Temperature of the rock.", 0),
    _number("pressure_gpa", "GPa", "Pressure on the rock and in its fluid.", 0),
    _text("lithology", "Name of the rock; of voxels the most probable one."),
    _text("pore_fluid", "Fluid in the pores; of voxels that of the most probable pair.", FLUIDS),
    _number("solid_p_velocity", "km/s", "P velocity of the rock without pores.", 0),
    _number("solid_s_velocity", "km/s", "S velocity of the rock without pores.", 0),
    _number("solid_density_kg_m3", "kg/m3", "Density of the rock without pores.", 0),
    _number("solid_conductivity", "S/m", "Conductivity of the dry rock.", 0),
    _number("fluid_bulk_gpa", "GPa", "Bulk modulus of the fluid.", 0),
    _number("fluid_density_kg_m3", "kg/m3", "Density of the fluid.", 0),
    _number("fluid_conductivity", "S/m", "Conductivity of the fluid.", 0),
)
"""Variables of candidates."""

_VOXELS = (
    _text("voxel_name", "Name of the place, or number of the node in C order."),
    _number("observed_p_velocity", "km/s", "P velocity as observed."),
    _number("observed_s_velocity", "km/s", "S velocity as observed."),
    _number("log10_conductivity", "1", "log10 of the conductivity in S/m as observed."),
    Variable(
        "voxel_status", "string", "",
        "Solved; outside of all candidates; no data; or velocities of no stable solid.",
        values=VOXEL_STATUSES,
    ),
    _number("melt_probability", "1", "Probability that the fluid is melt.", 0, 1),
    _number("lithology_probability", "1", "Probability of the most probable rock.", 0, 1),
    Variable(
        "lithologies_held", "int64", "1",
        "Rocks that together hold 80 % of the probability, the most probable first; 0 if not "
        "solved.", minimum=0,
    ),
    _text("joint_lithology", "Rock of the largest joint density of rock, porosity and shapes."),
    _text("joint_fluid", "Fluid of that.", FLUIDS),
    Variable(
        "joint_ties", "int64", "1",
        "Pairs of rock and fluid within 0.1 of the largest joint log density: they fit alike.",
        minimum=0,
    ),
    _number("voxel_misfit", "1", "Smallest squared misfit in standard deviations.", 0),
    *_range("porosity", "porosity"),
    *_range("pore_ratio", "aspect ratio of pores"),
    *_range("path_ratio", "aspect ratio of conducting paths"),
    _text("true_lithology", "Rock of a simulated voxel."),
    _text("true_fluid", "Fluid of a simulated voxel.", FLUIDS),
    _number("true_porosity", "1", "Porosity of a simulated voxel.", 0, 1),
    _number("true_pore_ratio", "1", "Aspect ratio of its pores.", 0, 1),
    _number("true_path_ratio", "1", "Aspect ratio of its conducting paths.", 0, 1),
)  # fmt: skip
"""Variables of voxels."""

LIST = (*_CANDIDATES, *_VOXELS)
"""The variables."""

_RANGES = tuple(
    f"{n}{e}"
    for n in ("porosity", "pore_ratio", "path_ratio")
    for e in ("_lower95", "_lower68", "", "_upper68", "_upper95")
)
"""Quantiles of voxels."""

TABLE_LIST = (
    TableSpec(
        "rock_candidates",
        "Every lithology with every fluid at every depth; a fluid that is not known there has a "
        "row without a lithology, with the reason.",
        ("depth_km", *(v.name for v in _CANDIDATES), "reason"),
    ),
    TableSpec(
        "fluid_voxels",
        "Voxels: what was observed, the most probable rock and fluid, porosity and shapes.",
        (
            "voxel_name", "depth_km", "observed_p_velocity", "observed_s_velocity",
            "log10_conductivity", "voxel_status", "reason", "melt_probability", "lithology",
            "lithology_probability", "lithologies_held", "pore_fluid", "joint_lithology",
            "joint_fluid", "joint_ties", "voxel_misfit", *_RANGES,
            "true_lithology", "true_fluid", "true_porosity", "true_pore_ratio", "true_path_ratio",
        ),
    ),
)  # fmt: skip
"""The tables."""
