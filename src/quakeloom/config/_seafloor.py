"""Settings of the sea floor: finer grids, patterns in them, and soundings."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import OwnData, Section, setting

Method = Literal[
    "nearest", "bicubic", "back_projection", "cubic_back_projection", "spline", "kriging",
    "sparse", "srcnn", "fsrcnn", "espcn", "srgan", "esrgan", "ensemble",
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


class SimulatedSurvey(Section):
    """A simulated multibeam survey whose wrong soundings are known."""

    pings: int = setting(1000, "Pings, each with all beams.", "pings", ge=8, le=10_000_000)
    beams: int = setting(128, "Beams of a ping.", "beams", ge=8, le=2000)
    wrong_share: float = setting(0.03, "Share of wrong soundings, about.", "1", ge=0, le=0.4)


class SoundingFiles(OwnData):
    """Soundings of a survey judged by the ground around them, and gridded. None is deleted."""

    files: list[str] = setting(list, "Soundings as xyz or CSV; relative to `data`.")
    simulated: SimulatedSurvey | None = setting(
        None, "A simulated survey in place of files, whose wrong soundings are known."
    )
    positive: Literal["auto", "up", "down"] = setting(
        "auto", "Whether numbers grow upward (heights) or downward (depths)."
    )
    coordinates: Literal["auto", "degrees", "meters"] = setting("auto", "Unit of coordinates.")
    fit_cell_m: float = setting(
        0.0, "Side of cells that planes are fitted to; 0 follows from the density.", "m", ge=0
    )
    wrong_share: float = setting(
        0.02, "Share of wrong soundings before anything is seen.", "1", gt=0, lt=0.5
    )
    smoothing: float = setting(
        2.0, "What wrong neighbors at the same depth add to the log-odds of being wrong.", "1",
        ge=0, le=20,
    )  # fmt: skip
    grid_cell_m: float = setting(
        0.0, "Side of the cells of the grid; 0 takes twice that of the fits.", "m", ge=0
    )

    @model_validator(mode="after")
    def _has_one_survey(self) -> SoundingFiles:
        if bool(self.files) == (self.simulated is not None):
            raise ValueError(
                "`soundings` judges one survey: give `files`, or `simulated`, and not both"
            )
        return self
