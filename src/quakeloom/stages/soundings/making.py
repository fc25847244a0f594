"""What stage ``soundings`` makes: a table of judged soundings, a grid, and counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.config import Settings, SoundingFiles
from quakeloom.core import PlanError, SettingsError, local_position
from quakeloom.formats import read_soundings
from quakeloom.schema import make_table
from quakeloom.seafloor import (
    REASONS,
    CleaningOptions,
    GriddedSoundings,
    JudgedSoundings,
    flag_by_hypotheses,
    flag_by_median,
    grid_soundings,
    judge_soundings,
    score_flags,
    simulate_survey,
    sort_soundings,
)
from quakeloom.store import (
    RunLayout,
    input_place,
    write_dataset,
    write_json_if_changed,
    write_table,
)

Floats = NDArray[np.float64]

FACTS = "soundings.json"
"""File with counts, and scores where the truth is known."""

_STATED_SIGMA = 0.005
"""Standard error of depths over the depth that the hypotheses are given: near the order 1 of S-44
(International Hydrographic Organization)."""


@dataclass(frozen=True)
class Survey:
    """Soundings of all files, or simulated ones, in meters.

    Attributes
    ----------
    longitude, latitude : ndarray
        NaN where coordinates are meters.
    east_m, north_m, depth_m : ndarray
    source : list of str
    line : ndarray of int64
    wrong : ndarray of bool, or None
        The truth, of a simulated survey.
    notes : list of str
    """

    longitude: Floats
    latitude: Floats
    east_m: Floats
    north_m: Floats
    depth_m: Floats
    source: list[str]
    line: NDArray[np.int64]
    wrong: NDArray[np.bool_] | None
    notes: list[str]


def make_products(
    settings: Settings, layout: RunLayout, provenance: dict[str, Any]
) -> dict[str, Any]:
    """Judge all soundings, grid them, and write all products; return what the JSON file holds."""
    wanted = sounding_settings(settings)
    survey = _simulated(settings) if wanted.simulated else _read(settings)
    options = CleaningOptions(wanted.fit_cell_m, wanted.wrong_share, wanted.smoothing)
    judged = judge_soundings(survey.east_m, survey.north_m, survey.depth_m, options)
    there = np.isfinite(survey.east_m + survey.north_m + survey.depth_m)
    x, y = survey.east_m[there], survey.north_m[there]
    fit_cell = sort_soundings(x, y, wanted.fit_cell_m).size
    cell = wanted.grid_cell_m or float(f"{2 * fit_cell:.2g}")
    grid = grid_soundings(
        (survey.east_m, survey.north_m), survey.depth_m, judged.probability, judged.scale_m, cell
    )
    facts: dict[str, Any] = {
        "soundings": int(there.size),
        "likely_wrong": int((judged.probability > 0.5).sum()),
        "reasons": {
            name: int((judged.reason == k).sum()) for k, name in enumerate(REASONS) if name
        },
        "fit_cell_m": fit_cell,
        "grid_cell_m": cell,
        "notes": survey.notes,
    }
    if survey.wrong is not None:
        facts["scores"] = _scores(survey, judged)
    table = _table(survey, judged)
    write_table(layout.table("soundings"), "soundings", table, provenance)
    write_dataset(layout.root / "soundings.nc", describe_grid(settings.name, grid))
    write_json_if_changed(layout.root / FACTS, facts)
    return facts


def sounding_settings(settings: Settings) -> SoundingFiles:
    """Return the group ``soundings``.

    Raises
    ------
    PlanError
        If there is none.
    """
    if settings.soundings is None:
        raise PlanError(f"Run '{settings.name}' has no `soundings` group in its settings.")
    return settings.soundings


def _read(settings: Settings) -> Survey:
    """Read all files; degrees become meters about the middle of the first."""
    wanted = sounding_settings(settings)
    parts = [
        (name, read_soundings(input_place(settings.data, name), wanted.positive,
                              wanted.coordinates))
        for name in wanted.files
    ]  # fmt: skip
    kinds = {s.degrees for _, s in parts}
    if len(kinds) > 1:
        degrees = [n for n, s in parts if s.degrees]
        raise SettingsError(
            f"Soundings in degrees ({', '.join(degrees)}) and in meters cannot be judged together: "
            "their places have nothing in common. Nothing was judged; convert some of them."
        )
    first = np.concatenate([s.first for _, s in parts])
    second = np.concatenate([s.second for _, s in parts])
    depth = np.concatenate([s.depth_m for _, s in parts])
    nothing = np.full(first.shape, np.nan)
    longitude, latitude, east, north = nothing, nothing, first, second
    if kinds == {True}:
        longitude, latitude = first, second
        east, north = nothing.copy(), nothing.copy()
        there = np.isfinite(first) & np.isfinite(second)
        middle = float(np.median(first[there])), float(np.median(second[there]))
        up, right = local_position(*middle, first[there], second[there])
        north[there], east[there] = 1000.0 * up, 1000.0 * right
    return Survey(
        longitude, latitude, east, north, depth,
        [name for name, s in parts for _ in range(s.line.size)],
        np.concatenate([s.line for _, s in parts]), None,
        [f"{name}: {note}" for name, s in parts for note in s.notes],
    )  # fmt: skip


def _simulated(settings: Settings) -> Survey:
    asked = sounding_settings(settings).simulated
    assert asked is not None
    s = simulate_survey(asked.pings, asked.beams, settings.seed, settings.name, asked.wrong_share)
    nothing = np.full(s.east_m.shape, np.nan)
    return Survey(
        nothing, nothing, s.east_m, s.north_m, s.depth_m, ["simulated"] * nothing.size,
        np.arange(1, nothing.size + 1), s.kind > 0, [],
    )  # fmt: skip


def _scores(survey: Survey, judged: JudgedSoundings) -> dict[str, dict[str, float]]:
    """Return precision, recall and F1 of ours and of the yardsticks."""
    assert survey.wrong is not None
    place = survey.east_m, survey.north_m, survey.depth_m
    sigma = _STATED_SIGMA * np.abs(survey.depth_m)
    flags = {
        "ours": judged.probability > 0.5,
        "like CUBE": flag_by_hypotheses(*place, sigma),
        "median filter": flag_by_median(*place),
    }
    return {
        name: {k: round(v, 4) for k, v in score_flags(survey.wrong, f).items()}
        for name, f in flags.items()
    }


def _table(survey: Survey, judged: JudgedSoundings) -> pa.Table:
    reasons = np.array(REASONS, object)
    return make_table(
        "soundings",
        {
            "longitude": survey.longitude,
            "latitude": survey.latitude,
            "easting_m": survey.east_m,
            "northing_m": survey.north_m,
            "sounding_depth_m": survey.depth_m,
            "probability_wrong": judged.probability,
            "sounding_reason": reasons[judged.reason].tolist(),
            "ground_depth_m": judged.expected_m,
            "ground_scatter_m": judged.scale_m,
            "source_file": survey.source,
            "source_line": survey.line,
        },
        rows=survey.line.size,
    )


def describe_grid(title: str, grid: GriddedSoundings) -> xr.Dataset:
    """Return gridded soundings by the CF conventions."""
    plane = ("northing", "easting")
    return xr.Dataset(
        {
            "depth": (plane, grid.depth_m, {
                "units": "m", "positive": "down", "long_name": "depth of the sea floor",
                "standard_name": "sea_floor_depth_below_geoid",
                "ancillary_variables": "depth_sd count",
            }),
            "depth_sd": (plane, grid.deviation_m, {
                "units": "m", "long_name": "standard error of the depth of a cell",
            }),
            "count": (plane, grid.count, {"units": "1", "long_name": "soundings in a cell"}),
        },
        {
            "northing": ("northing", grid.north_m, {
                "units": "m", "axis": "Y", "standard_name": "projection_y_coordinate"}),
            "easting": ("easting", grid.east_m, {
                "units": "m", "axis": "X", "standard_name": "projection_x_coordinate"}),
        },
        {
            "Conventions": "CF-1.10", "title": title,
            "source": f"quakeloom {__version__} soundings",
        },
    )  # fmt: skip
