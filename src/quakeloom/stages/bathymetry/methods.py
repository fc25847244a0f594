"""Methods by their names in the settings, with weights and ranges where they need some."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError, random_stream
from quakeloom.formats import read_network_weights
from quakeloom.networks import find_device
from quakeloom.seafloor import (
    PLAIN,
    SPARSE,
    STEP,
    PlainMethod,
    RangeCalibration,
    Restorer,
    calibrate_ranges,
    coarsen,
    draw_holes,
    follow_scales,
    load_ensemble,
    simulate_terrain,
    unpack_dictionary,
)
from quakeloom.stages.training.seafloor import WEIGHTS, group_states
from quakeloom.stages.weights.pickers import own_weights
from quakeloom.store import digest_input, input_place, is_input, read_input_text

_LEAST_TWICE = 96
"""Cells along a side from which a window is made coarser twice; chosen here."""

_AREAS, _SIDE, _SPACING_M = 12, 128, 50.0
"""Areas to calibrate ranges on that no card has: how many, cells along a side, m of a cell."""


def needs_weights(name: str) -> bool:
    """Say whether a method has weights."""
    return name not in PLAIN


def weights_file(data: str, weights: str) -> Path:
    """Return the file that a setting of weights means.

    Raises
    ------
    InputError
        If it is not there.
    """
    file = own_weights(WEIGHTS) if weights == "own" else input_place(data, weights)
    if not is_input(file):
        raise InputError(
            f"The weights of the networks of the sea floor are not present (looked for {file}). "
            "Nothing was computed; train them with `quakeloom train seafloor`, or take a method "
            f"that needs none ({', '.join(PLAIN)})."
        )
    return file


def weights_digest(data: str, weights: str, names: list[str]) -> str:
    """Return the digest of the weights that methods need, empty where none does."""
    if not any(needs_weights(n) for n in names):
        return ""
    return digest_input(weights_file(data, weights))


@lru_cache(maxsize=8)
def open_method(name: str, file: Path | None) -> Restorer:
    """Return a method, loaded once per process.

    Parameters
    ----------
    name : str
    file : Path or None
        Weights, for those that need some.

    Raises
    ------
    InputError
        If the file has no weights of it: an untrained network is never used.
    """
    if not needs_weights(name):
        return PlainMethod(name)
    assert file is not None
    states = group_states(read_network_weights(file))
    if name == "ensemble":
        kinds = [str(k) for k in read_card(file).get("ensemble", [])]
        every = [(k, m) for k in kinds for m in states.get(k, [])]
        return load_ensemble(name, every, find_device())
    first = states.get(name, [])[:1]
    if name == SPARSE and first:
        return unpack_dictionary(first[0])
    return load_ensemble(name, [(name, m) for m in first], find_device())


def read_card(file: Path) -> dict[str, Any]:
    """Return the card beside a file of weights.

    Raises
    ------
    InputError
        If there is none, or it is none.
    """
    import json

    beside = file.with_suffix(".json")
    try:
        card = json.loads(read_input_text(beside))
    except (InputError, OSError, ValueError) as error:
        raise InputError(
            f"The card '{beside.name}' of the weights '{file.name}' cannot be read ({error}). "
            "Nothing was computed: without it the width of ranges is unknown. Copy it "
            "beside the weights, or train again."
        ) from None
    if not isinstance(card, dict):
        raise InputError(f"The card '{beside.name}' is no card of weights. Nothing was computed.")
    return card


def simulated_ranges(method: Restorer, file: Path | None, seed: int) -> RangeCalibration:
    """Return the ranges of a method on simulated ground: of the card, else measured now."""
    if file is not None and needs_weights(method.name):
        known = read_card(file).get("ranges", {})
        if method.name in known:
            return RangeCalibration.from_json(known[method.name])
    truths = [
        simulate_terrain((_SIDE, _SIDE), _SPACING_M, seed, f"ranges-{k}").depth_m
        for k in range(_AREAS)
    ]
    return ranges_on(method, truths, seed, "simulated")


def own_ranges(method: Restorer, truths: list[NDArray[np.float64]], seed: int) -> RangeCalibration:
    """Return ranges measured on the input itself, one step coarser, and carried a step on."""
    found = ranges_on(method, truths, seed, "own")
    coarser = [coarsen(t, STEP) for t in truths if min(t.shape) >= _LEAST_TWICE]
    return follow_scales(found, [method.restore(coarsen(c, STEP)) for c in coarser], coarser)


def ranges_on(
    method: Restorer, truths: list[NDArray[np.float64]], seed: int, ground: str
) -> RangeCalibration:
    """Return ranges measured on grids that are made coarser; every second gets holes as well."""
    found = []
    for number, truth in enumerate(truths):
        coarse = coarsen(truth, STEP)
        if number % 2:
            holes = draw_holes(coarse.shape, random_stream(seed, "range-holes", number))
            coarse = np.where(holes, np.nan, coarse)
        found.append(method.restore(coarse))
    return calibrate_ranges(found, truths, ground)
