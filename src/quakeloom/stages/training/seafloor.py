"""Training of the networks of the sea floor on simulated ground, with a card of what was measured.

Areas of training, calibration and test have names of their own and share nothing. Every third
area is as a ship maps it, or as global compilations have it: fine along tracks, smooth between.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import SeafloorNetworkTraining, Settings
from quakeloom.core import SettingsError, random_stream
from quakeloom.formats import open_depth_grid, write_network_weights
from quakeloom.seafloor import (
    PLAIN,
    SPARSE,
    STEP,
    DictionaryTraining,
    PlainMethod,
    Restorer,
    SeafloorTraining,
    add_ship_noise,
    blend_tracks,
    build_network,
    calibrate_ranges,
    coarsen,
    count_parameters,
    draw_holes,
    half_widths,
    learn_joint_dictionary,
    load_ensemble,
    pool_scores,
    prepare_grids,
    repeat_cells,
    score_grid,
    share_held,
    simulate_terrain,
    train_network,
    unpack_dictionary,
)
from quakeloom.stages.training.simulated import use_one_thread
from quakeloom.stages.training.wanted import require_training
from quakeloom.store import atomic_file, input_place, open_folder, write_json_if_changed

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

WEIGHTS = "seafloor.npz"
"""File of all networks of the sea floor in resources/weights."""

_SIDE = 256
"""Cells along a side of an area; chosen here: 16 patches."""

_TEST_SIDE = 128
"""The same of areas to calibrate and test on."""

_SHIP_NOISE = (1e-5, 5e-4)
"""Range of the noise of areas that are as a ship maps them, over the depth; log-uniform. Chosen
here: after cleaning and averaging in cells."""

_TESTED = ("bicubic", "back_projection", "cubic_back_projection", "spline", "kriging")
"""Methods that networks are compared with."""


def train_seafloor(settings: Settings, out: Path, progress: Progress) -> dict[str, Any]:
    """Train the networks of the sea floor; write ``seafloor.npz`` and its card.

    Parameters
    ----------
    settings : Settings
        With ``training.seafloor``.
    out : Path
        Folder.
    progress : callable
        Called with a sentence now and then.

    Returns
    -------
    dict
        The card.
    """
    asked = settings.training
    wanted = require_training(asked.seafloor if asked else None, "seafloor")
    use_one_thread()
    folder, started = open_folder(out), time.perf_counter()
    progress(f"simulating {wanted.areas} areas")
    truths = simulate_areas(settings.seed, "train", wanted.areas, _SIDE, wanted.spacing_m)
    truths += [_read_truth(settings.data, name) for name in wanted.grids]
    states: dict[str, NDArray[Any]] = {}
    curves: dict[str, list[dict[str, float]]] = {}
    kinds = [*wanted.networks, *[wanted.networks[-1]] * (wanted.members - 1)]
    for number, kind in enumerate(kinds):
        # every member sees other holes and noise, and starts elsewhere
        grids = prepare_grids(truths, settings.seed + number)
        name = f"{kind}.{kinds[:number].count(kind)}"
        curve = curves.setdefault(name, [])

        def report(
            values: dict[str, float],
            name: str = name,
            curve: list[dict[str, float]] = curve,
        ) -> None:
            curve.append({k: float(f"{v:.5g}") for k, v in values.items()})
            progress(f"{name}: step {values['step']:.0f}, loss {values['loss']:.4f}")

        training = SeafloorTraining(wanted.steps, wanted.batch, 32, wanted.learning_rate)
        state = train_network(kind, grids, training, settings.seed + number, report)
        # half precision halves the file; the scores are of the numbers that are written
        states |= {f"{name}.{k}": v.astype(np.float16) for k, v in state.items()}
    if wanted.dictionary:
        progress(f"learning {wanted.atoms} atoms")
        learned = learn_joint_dictionary(truths, DictionaryTraining(wanted.atoms), settings.seed)
        states |= {f"{SPARSE}.0.{k}": v.astype(np.float16) for k, v in learned.as_arrays().items()}
    weights = folder / WEIGHTS
    with atomic_file(weights) as temporary:
        write_network_weights(temporary, states)
    progress("testing")
    card = {
        "networks": {k: count_parameters(build_network(k)) for k in wanted.networks},
        "members": wanted.members,
        "ensemble": [wanted.networks[-1]],
        "data": "simulated areas only; quakeloom.seafloor.simulate_terrain"
        + (f", and {len(wanted.grids)} grids of the user" if wanted.grids else ""),
        "settings": wanted.model_dump(),
        "seed": settings.seed,
        "curves": curves,
        **measure_networks(settings.seed, wanted, states, [wanted.networks[-1]]),
        "seconds": round(time.perf_counter() - started),
        "machine": f"{platform.machine()}, one thread",
        "sha256": weights.digest(),
    }
    write_json_if_changed(folder / WEIGHTS.replace(".npz", ".json"), card)
    return card


def simulate_areas(seed: int, name: str, count: int, side: int, spacing_m: float) -> list[Floats]:
    """Return true grids of simulated areas, every third as it would be mapped."""
    found = []
    for number in range(count):
        area = simulate_terrain((side, side), spacing_m, seed, f"{name}-{number}")
        rng = random_stream(seed, "mapped", f"{name}-{number}")
        way = rng.uniform()
        if way < 1 / 6:
            level = float(np.exp(rng.uniform(*np.log(_SHIP_NOISE))))
            found.append(add_ship_noise(area, level, seed, f"{name}-{number}"))
        elif way < 1 / 3:
            found.append(blend_tracks(area, seed, f"{name}-{number}"))
        else:
            found.append(area.depth_m)
    return found


def group_states(states: dict[str, NDArray[Any]]) -> dict[str, list[dict[str, NDArray[Any]]]]:
    """Return the arrays of a file of weights by kind of network, one dict per member."""
    found: dict[str, dict[int, dict[str, NDArray[Any]]]] = {}
    for key, values in states.items():
        kind, _, rest = key.partition(".")
        member, _, parameter = rest.partition(".")
        if member.isdigit() and parameter:
            found.setdefault(kind, {}).setdefault(int(member), {})[parameter] = values
    return {kind: [m[k] for k in sorted(m)] for kind, m in found.items()}


def measure_networks(
    seed: int,
    wanted: SeafloorNetworkTraining,
    states: dict[str, NDArray[Any]],
    together: Sequence[str],
) -> dict[str, Any]:
    """Calibrate ranges on areas of their own; score all methods and ranges on others.

    Parameters
    ----------
    seed : int
    wanted : SeafloorNetworkTraining
        How many areas, and the side of their cells.
    states : dict of str to ndarray
        As they are written.
    together : sequence of str
        Kinds of network whose members are the ensemble.
    """
    members = group_states(states)
    methods: dict[str, Restorer] = {
        **{n: PlainMethod(n) for n in _TESTED},
        **{
            k: unpack_dictionary(m[0]) if k == SPARSE else load_ensemble(k, [(k, m[0])])
            for k, m in members.items()
        },
        "ensemble": load_ensemble("ensemble", [(k, m) for k in together for m in members[k]]),
    }
    held = simulate_areas(seed, "held-out", wanted.held_out_areas, _TEST_SIDE, wanted.spacing_m)
    ranges = {
        name: calibrate_ranges(
            [method.restore(coarse) for coarse, _ in _with_holes(held, seed)], held, "simulated"
        )
        for name, method in methods.items()
        if name not in ("bicubic", "nearest")
    }
    test = simulate_areas(seed, "test", wanted.held_out_areas, _TEST_SIDE, wanted.spacing_m)
    scores: dict[str, dict[str, float]] = {}
    coverage: dict[str, dict[str, float]] = {}
    for name, method in methods.items():
        found, inside = [], []
        for (coarse, holes), truth in zip(_with_holes(test, seed + 1), test, strict=True):
            got = method.restore(coarse)
            found.append(score_grid(truth, got.depth, wanted.spacing_m, holes))
            if name in ranges:
                inside.append(share_held(got, truth, half_widths(got, ranges[name])[1]))
        scores[name] = {k: float(f"{v:.5g}") for k, v in pool_scores(found).items()}
        if inside:
            coverage[name] = _coverage(inside)
    bicubic = scores["bicubic"]["rmse_m"]
    for name in scores:
        scores[name]["rmse_over_bicubic"] = round(scores[name]["rmse_m"] / bicubic, 4)
    return {
        "ranges": {name: r.as_json() for name, r in ranges.items()},
        "test": {"areas": len(test), "scores": scores, "coverage_of_90_percent": coverage},
    }


def _with_holes(truths: Sequence[Floats], seed: int) -> list[tuple[Floats, NDArray[np.bool_]]]:
    """Return coarse grids of true ones, every second with holes, and where these are when fine."""
    found = []
    for number, truth in enumerate(truths):
        coarse = coarsen(truth, STEP)
        holes = np.zeros(coarse.shape, bool)
        if number % 2:
            holes = draw_holes(coarse.shape, random_stream(seed, "test-holes", number))
        fine = repeat_cells(holes, STEP) > 0
        found.append((np.where(holes, np.nan, coarse), fine))
    return found


def _coverage(inside: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean share over areas with its standard error, of known ground and of holes."""
    out = {}
    for kind in ("known", "holes"):
        values = np.array([s[kind] for s in inside], float)
        values = values[np.isfinite(values)]
        if values.size > 1:
            out[kind] = round(float(values.mean()), 4)
            out[f"{kind}_error"] = round(float(values.std(ddof=1) / np.sqrt(values.size)), 4)
    return out


def _read_truth(data: str, name: str) -> Floats:
    """Read a grid of the user's own as a true one: depths in m, positive down, without holes."""
    with open_depth_grid(input_place(data, name)) as grid:
        depth = grid.read(0, grid.shape[0])
    if not np.isfinite(depth).all():
        raise SettingsError(
            f"The grid '{name}' has {int((~np.isfinite(depth)).sum())} missing cells, and a true "
            "grid to train on must have none. Nothing was trained; cut out a part that is whole."
        )
    return depth


__all__ = [
    "PLAIN",
    "WEIGHTS",
    "group_states",
    "measure_networks",
    "simulate_areas",
    "train_seafloor",
]
