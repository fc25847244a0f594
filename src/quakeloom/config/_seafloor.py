"""Settings of the sea floor: finer grids, patterns in them, and soundings."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import OwnData, Section, setting

Method = Literal[
    "nearest", "bicubic", "back_projection", "cubic_back_projection", "spline", "kriging",
    "srcnn", "fsrcnn", "espcn", "srgan", "esrgan", "ensemble",
]  # fmt: skip
"""Methods that make a grid finer."""

Form = Literal["hills", "faults", "volcanoes", "canyons", "slides", "ripples"]
"""Forms of a simulated sea floor."""

_GREATEST_FACTOR = 8
"""Largest factor of refinement; beyond it nearly all detail would be invented. Chosen here."""


class SimulatedSeafloor(Section):
    """Simulated areas, whose truth is known."""

    areas: int = setting(5, "Areas, each of its own.", "areas", ge=1, le=1000)
    side_m: float = setting(3200.0, "Side of an area.", "m", gt=0)
    spacing_m: float = setting(50.0, "Side of a cell of the true grid.", "m", gt=0)
    holes: float = setting(0.0, "Share of the coarse cells that are missing, about.", "1", ge=0,
                           le=0.6)  # fmt: skip
    noise: float = setting(
        0.0, "Noise of a sounding at the middle of the swath, over the depth.", "1", ge=0, le=0.05
    )
    forms: list[Form] = setting(list, "Forms of all areas; by chance if empty.")


class Bathymetry(OwnData):
    """A grid of depths made finer, with ranges and a map of what is invented."""

    grid: str = setting("", "Grid: NetCDF, Zarr, ESRI ASCII or GeoTIFF; relative to `data`.")
    variable: str = setting("", "Its variable with depths or heights; found if empty.")
    positive: Literal["auto", "up", "down"] = setting(
        "auto", "Whether its numbers grow upward (heights) or downward (depths)."
    )
    unit: Literal["auto", "m", "km"] = setting("auto", "Unit of its numbers.")
    coordinates: Literal["auto", "degrees", "meters"] = setting("auto", "Unit of its coordinates.")
    datum: Literal[
        "", "mean sea level", "geoid", "ellipsoid", "lowest astronomical tide", "chart datum"
    ] = setting("", "Level that depths are counted from; what the file says if empty.")
    land: Literal["mask", "keep"] = setting(
        "mask", "Whether finer cells above the datum are missing in the result or kept."
    )
    simulated: SimulatedSeafloor | None = setting(
        None, "Simulated areas in place of a grid, to compare methods where the truth is known."
    )
    degrade: bool = setting(
        False,
        "Make the grid coarser first and restore it, to compare methods on real ground.",
    )
    factor: int = setting(2, "How many times finer.", "1", ge=2, le=_GREATEST_FACTOR)
    method: Method = setting("ensemble", "Method of the result.")
    compare: list[Method] = setting(
        lambda: ["bicubic", "back_projection", "spline", "kriging"],
        "Methods that are compared where the truth is known.",
    )
    weights: str = setting("own", "`own`, or a file that `quakeloom train seafloor` wrote.")
    ranges: Literal["own", "simulated"] = setting(
        "own",
        "Ground that ranges are calibrated on: the grid itself, made coarser once more, where it "
        "is large enough, or simulated areas.",
    )
    fill_cells: int = setting(
        8, "Holes are filled so far from what is known; beyond it nothing is told.", "cells", ge=0,
        le=16,
    )  # fmt: skip
    strip_rows: int = setting(
        512, "Rows of the input in a strip, the unit of work.", "rows", ge=16, le=8192
    )

    @model_validator(mode="after")
    def _has_one_ground(self) -> Bathymetry:
        if bool(self.grid) == (self.simulated is not None):
            raise ValueError(
                "`bathymetry` makes one grid finer: give `grid`, a file, or `simulated`, areas of "
                "the simulator, and not both"
            )
        return self
