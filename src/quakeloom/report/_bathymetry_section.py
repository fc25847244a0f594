"""A finer grid of the sea floor in the report: methods, pictures, ranges, what is invented."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.plots import (
    plot_depth_profile,
    plot_depth_spectra,
    plot_difference_panels,
    plot_relief_panels,
)
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._phrases import DASH, number, percent
from quakeloom.seafloor import GENERATIVE, power_spectrum
from quakeloom.store import RunLayout, open_dataset, read_json, read_table

Floats = NDArray[np.float64]

_WORDS = {
    "nearest": "as it is", "bicubic": "bicubic", "back_projection": "bicubic, back-projected",
    "cubic_back_projection": "bicubic, back-projected by cubics", "spline": "spline in tension",
    "kriging": "ordinary kriging", "srcnn": "SRCNN", "fsrcnn": "FSRCNN", "espcn": "ESPCN",
    "srgan": "SRGAN", "esrgan": "ESRGAN", "ensemble": "ensemble of networks",
    "sparse": "sparse coding",
}  # fmt: skip
"""How methods are called on the page."""

_PANELS = 4
"""Maps side by side: truth, input and two methods, or four methods."""


def bathymetry_section(settings: Settings, layout: RunLayout) -> Section:
    """Return how good methods are where the truth is known, with pictures, and what was made."""
    section = Section("bathymetry", "Finer sea floor")
    facts = read_json(layout.root / "bathymetry.json")
    wanted = settings.bathymetry
    assert wanted is not None
    for note in facts.get("notes", []):
        section.add(Text(note, "warning"))
    section.add(Text(_lead(facts), "lead"))
    if facts["method"] in GENERATIVE:
        section.add(
            Text(
                "A generative network made this grid look like sea floor: its texture is invented "
                "everywhere, and no form finer than a cell of the input is an observation.",
                "warning",
            )
        )
    scores = read_table(layout.table("seafloor_scores"), "seafloor_scores").to_pylist()
    if scores:
        section.add(*_score_blocks(scores))
    samples = layout.root / "seafloor_samples.nc"
    if samples.exists() and scores:
        with open_dataset(samples) as data:
            arrays = {str(n): np.asarray(data[n].to_numpy(), float) for n in data.data_vars}
            names = str(data.attrs["areas"]).split("\n")
            spacing = float(data.attrs["spacing_m"])
        section.add(*_picture_blocks(arrays, names, spacing, wanted.method, wanted.factor))
    elif (layout.root / "bathymetry.nc").exists():
        section.add(*_result_blocks(layout, facts))
    return section


def _lead(facts: dict[str, Any]) -> str:
    method = _WORDS[facts["method"]]
    if "cells" not in facts:
        return (
            f"{facts['areas']} simulated areas that no network was trained on were made coarser "
            f"by {facts['factor']} and restored to cells of {number(facts['spacing_m'], 0)} m; the "
            f"result is that of the {method}."
        )
    ground = next(iter(facts["ranges"].values()))["ground"]
    on = "this grid itself, made coarser" if ground == "own" else "simulated ground"
    return (
        f"{facts['cells']:,} cells by the {method}, {facts['factor']} times finer. Means of blocks "
        f"are those of the input to {facts['inconsistent_m']:.1e} m; {facts['holes']:,} cells of "
        f"the input are missing. Ranges are calibrated on {on}."
    )


def _score_blocks(scores: list[dict[str, Any]]) -> list[Any]:
    pooled = [r for r in scores if r["seafloor_area"] in ("all", "whole grid")] or scores
    heads = (
        "Method", "RMSE (m)", "over bicubic", "steepest fifth (m)", "holes (m)",
        "slope error", "PSNR (dB)", "power", "within 90 %", "in holes",
    )  # fmt: skip
    rows = [
        (
            _WORDS[r["seafloor_method"]], number(r["depth_rmse_m"], 2),
            number(r["rmse_over_bicubic"], 3), number(r["rugged_rmse_m"], 2),
            number(r["hole_rmse_m"], 2), number(r["slope_rmse"], 4), number(r["psnr_db"], 1),
            number(r["power_ratio"], 2), _percent(r["held_share"]), _percent(r["held_hole_share"]),
        )
        for r in pooled
    ]  # fmt: skip
    blocks: list[Any] = [
        Grid(
            heads, rows,
            "Errors at cells that were known; power: of the finest octave of waves that the input "
            "resolves, over the true one. The last two columns are the shares of true depths "
            "within stated 90 % ranges.",
            (False, *[True] * (len(heads) - 1)),
        )
    ]  # fmt: skip
    areas = list(dict.fromkeys(r["seafloor_area"] for r in scores if r["seafloor_area"] != "all"))
    if len(areas) > 1:
        methods = list(dict.fromkeys(r["seafloor_method"] for r in scores))
        by = {(r["seafloor_area"], r["seafloor_method"]): r["depth_rmse_m"] for r in scores}
        blocks.append(
            Grid(
                ("RMSE (m)", *(_WORDS[m] for m in methods)),
                [(a, *(number(by[a, m], 2) for m in methods)) for a in areas],
                "",
                (False, *[True] * len(methods)),
            )
        )
    return blocks


def _picture_blocks(
    arrays: dict[str, Floats], names: list[str], spacing: float, method: str, factor: int
) -> list[Any]:
    """Return pictures of the area where the result differs most from the cubic interpolation."""
    plain = "bicubic" if "bicubic" in arrays else next(n for n in arrays if n in _WORDS)
    gain = [np.nanstd(arrays[plain][k] - arrays[method][k]) for k in range(len(names))]
    k = int(np.argmax(gain))
    truth = arrays["truth"][k]
    panels = {"Truth": truth, "Input": arrays["input"][k],
              **{_WORDS[n].capitalize(): arrays[n][k] for n in (plain, method)}}  # fmt: skip
    errors = {
        _WORDS[n].capitalize(): arrays[n][k] - truth for n in arrays if n in _WORDS
    }  # fmt: skip
    row = int(np.argmax(np.nanmax(np.abs(np.diff(truth, axis=1)), axis=1)))
    distance = spacing * (np.arange(truth.shape[1]) + 0.5)
    half = arrays["half_range"][k][row]
    middle = arrays[method][k][row]
    lines = {
        "truth": truth[row], "input": arrays["input"][k][row],
        _WORDS[plain]: arrays[plain][k][row], _WORDS[method]: middle,
    }  # fmt: skip
    maps = {"Half width of the 90 % range (m)": arrays["half_range"][k]}
    invented = {"Share that is invented": arrays["invented"][k]}
    return [
        page_picture(
            partial(plot_relief_panels, dict(list(panels.items())[:_PANELS]), spacing),
            f"Hillshades of {names[k]}.",
            f"{names[k].capitalize()}: light from the north-west, one exaggeration for all.",
        ),
        page_picture(
            partial(plot_difference_panels, errors, "Depth less the true one (m)"),
            "Errors of the methods.",
            "Errors of all methods on the same scale.",
        ),
        page_picture(
            partial(plot_depth_profile, distance, lines, (middle - half, middle + half)),
            "Profile through the steepest step of the area.",
            "Along the row with the steepest step of the truth.",
        ),
        _spectra(arrays, spacing, factor),
        page_picture(
            partial(plot_difference_panels, maps, "m", False), "Map of the 90 % range.",
            "How far the true depth may be from the shown one.",
        ),
        page_picture(
            partial(plot_difference_panels, invented, "share", False), "Map of what is invented.",
            "Share of the relief inside cells of the input that the input does not decide.",
        ),
    ]  # fmt: skip


def _spectra(arrays: dict[str, Floats], spacing: float, factor: int) -> Any:
    """Return the power of every method over that of the truth, over all samples."""
    mean: dict[str, Floats] = {}
    k = np.zeros(0)
    for name in ("truth", *(n for n in arrays if n in _WORDS)):
        found = []
        for grid in arrays[name]:
            filled = np.where(np.isfinite(grid), grid, np.nanmean(grid))
            k, power = power_spectrum(filled)
            found.append(power)
        mean["truth" if name == "truth" else _WORDS[name]] = np.sum(found, axis=0)
    return page_picture(
        partial(plot_depth_spectra, spacing / k, mean, 2 * factor * spacing),
        "Power of the methods over the true one, by wavelength.",
        "Waves to the left of the dotted line are shorter than the input resolves.",
    )


def _result_blocks(layout: RunLayout, facts: dict[str, Any]) -> list[Any]:
    """Return pictures of a grid whose truth is unknown: thinned to what a page can show."""
    with open_dataset(layout.root / "bathymetry.nc") as data:
        step = max(1, max(data["depth"].shape) // 400)
        depth, half, share = (
            np.asarray(data[n].to_numpy(), float)[::step, ::step]
            for n in ("depth", "depth_half_range_90", "invented_share")
        )
    spacing = facts["spacing_m"] * facts["degraded"] / facts["factor"] * step
    shown = np.where(np.isfinite(depth), depth, np.nanmean(depth))
    return [
        page_picture(
            partial(plot_relief_panels, {"Finer grid": shown}, spacing), "Hillshade.",
            "The finer grid, light from the north-west.",
        ),
        page_picture(
            partial(plot_difference_panels, {"90 % range": half}, "half width (m)", False),
            "Map of the 90 % range.", "How far the true depth may be from the shown one.",
        ),
        page_picture(
            partial(plot_difference_panels, {"Invented": share}, "share", False),
            "Map of what is invented.",
            "Share of the relief inside cells of the input that the input does not decide.",
        ),
    ]  # fmt: skip


def _percent(value: float) -> str:
    return percent(value) if np.isfinite(value) else DASH
