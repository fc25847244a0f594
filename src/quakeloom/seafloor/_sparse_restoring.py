"""Super-resolution by sparse coding with joint dictionaries.

The fine detail of a coarse grid is taken apart from its level and slope first (Yutani et al. 2022),
its first and second derivatives around a cell are coded by few atoms, and the same coefficients of
the fine halves of the atoms give what the spline in tension lacks (Yang et al. 2010). Both
halves are learned together by K-SVD; the fine one is then fitted anew to the codes that the
coarse one finds alone, since no other are there when a grid is restored (Zeyde et al. 2012).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate

from quakeloom.core import InputError, random_stream
from quakeloom.seafloor._dictionaries import (
    SparseCodes,
    code_signals,
    compose_signals,
    learn_dictionary,
)
from quakeloom.seafloor._features import STEP, Features, describe_grid
from quakeloom.seafloor._resampling import coarsen, project_consistent
from quakeloom.seafloor._restoring import Restoration

Floats = NDArray[np.float64]

SPARSE = "sparse"
"""Name of the method."""

COARSE_SIDE = 5
"""Side of a patch of derivatives, coarse cells (block J: 5 x 5)."""

FINE_SIDE = 3
"""Side of what a patch adds to, coarse cells; those of neighbors overlap by two. Chosen here."""

SPARSE_REACH = COARSE_SIDE // 2 + 2 + FINE_SIDE // 2
"""Coarse cells around a cell that decide what is added to it: half a patch, what its derivatives
see, and the patches that overlap."""

_DERIVATIVES = ((-1.0, 0.0, 1.0), (1.0, 0.0, -2.0, 0.0, 1.0))
"""Filters along both axes (Yang et al. 2010)."""

_ENERGY = 0.999
"""Share of the variance of derivatives that their principal components keep."""

_RIDGE = 0.5
"""Sum of squares that every atom is given beyond its own in the fit of the fine halves, in units of
a mean squared coefficient; chosen here: rare atoms add little."""

_ROWS = 64
"""Rows of a grid that are coded at once, which bounds memory."""

_PARTS = ("filters", "coarse", "fine")
"""Arrays of a dictionary in a file of weights."""


@dataclass(frozen=True)
class DictionaryTraining:
    """How a joint dictionary is learned.

    Attributes
    ----------
    atoms, most : int
        Atoms, and how many code a patch.
    patches : int
        Patches to learn from.
    rounds : int
        Rounds of K-SVD.
    """

    atoms: int = 256
    most: int = 3
    patches: int = 60_000
    rounds: int = 15


@dataclass(frozen=True)
class JointDictionary:
    """Atoms of coarse and fine ground that go together. A method that makes grids finer.

    Attributes
    ----------
    filters : ndarray, shape (components, 9, 9)
        Filters of the detail that are the principal components of its derivatives.
    coarse : ndarray, shape (atoms, components)
        Coarse halves, of unit length.
    fine : ndarray, shape (atoms, 36)
        Fine halves, rows by rows of 6 x 6 fine cells.
    most : int
        Atoms in a code.
    name : str
    """

    filters: Floats
    coarse: Floats
    fine: Floats
    most: int = 3
    name: str = field(default=SPARSE)

    @property
    def reach(self) -> int:
        """Coarse cells around a cell that decide what is added to it."""
        return SPARSE_REACH

    def restore(self, coarse: Floats) -> Restoration:
        """Return a grid twice as fine."""
        features = describe_grid(coarse)
        known = np.where(features.mask > 0, features.coarse, np.nan)
        added = _add_detail(self, features)
        depth = project_consistent(features.base + features.size * added, known, STEP)
        return Restoration(depth, np.zeros_like(depth), features)

    def as_arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return it as the arrays of a file of weights."""
        arrays = {n: np.asarray(getattr(self, n), np.float32) for n in _PARTS}
        return arrays | {"most": np.array([self.most], np.float32)}


def unpack_dictionary(arrays: Mapping[str, NDArray[Any]]) -> JointDictionary:
    """Return a joint dictionary from the arrays of a file of weights.

    Raises
    ------
    InputError
        If they are of none.
    """
    side = COARSE_SIDE + 4
    try:
        parts = [np.asarray(arrays[n], np.float64) for n in _PARTS]
        most = int(arrays["most"][0])
    except (KeyError, IndexError) as error:
        raise InputError(
            f"The weights are of no dictionary ({error} is missing). Nothing was computed; give a "
            "file that `quakeloom train seafloor` wrote."
        ) from None
    filters, low, high = parts
    fits = filters.shape == (low.shape[-1], side, side) and high.shape == (
        len(low), (STEP * FINE_SIDE) ** 2,
    )  # fmt: skip
    if not fits or most < 1:
        raise InputError(
            f"The arrays of a dictionary do not fit each other: filters {filters.shape}, coarse "
            f"{low.shape}, fine {high.shape}. Nothing was computed; train again."
        )
    # half precision takes them off unit length
    low = low / np.sqrt(np.einsum("an,an->a", low, low))[:, None]
    return JointDictionary(filters, low, high, most)


def learn_joint_dictionary(
    truths: Sequence[Floats], training: DictionaryTraining, seed: int
) -> JointDictionary:
    """Learn a joint dictionary from true grids.

    Parameters
    ----------
    truths : sequence of ndarray
        Depths in m on the fine grid, without holes.
    training : DictionaryTraining
    seed : int
    """
    low, high = _draw_patches(truths, training.patches, seed)
    filters, components = _principal_filters(low)
    y = low @ components
    # Both halves weigh alike, as in Yang et al. (2010).
    parts = [a / np.sqrt(np.mean(a**2) * a.shape[1]) for a in (y, high)]
    joint = learn_dictionary(
        np.concatenate(parts, axis=1), training.atoms, training.most, seed, "joint", training.rounds
    )
    coarse = joint[:, : y.shape[1]]
    length = np.sqrt(np.einsum("an,an->a", coarse, coarse))
    coarse = coarse[length > 1e-6] / length[length > 1e-6, None]
    fine = _fit_fine(y, high, coarse, training.most)
    return JointDictionary(filters, coarse, fine, training.most)


def _fit_fine(y: Floats, high: Floats, coarse: Floats, most: int) -> Floats:
    """Return the fine halves that are best for the codes of the coarse ones alone."""
    codes = code_signals(y, coarse, most)
    count = len(coarse)
    gram, right = np.zeros((count, count)), np.zeros((count, high.shape[1]))
    for first in range(0, len(y), 20_000):
        part = slice(first, first + 20_000)
        a = SparseCodes(codes.index[part], codes.value[part]).dense(count)
        gram += a.T @ a
        right += a.T @ high[part]
    typical = float(np.mean(codes.value**2))
    return np.asarray(np.linalg.solve(gram + _RIDGE * typical * most * np.eye(count), right))


def _draw_patches(truths: Sequence[Floats], wanted: int, seed: int) -> tuple[Floats, Floats]:
    """Return derivatives of patches (m, 100) and what the spline lacks in their middle (m, 36)."""
    low, high = [], []
    each = max(1, wanted // len(truths))
    for number, truth in enumerate(truths):
        rng = random_stream(seed, "dictionary-patches", number)
        whole = [n // STEP * STEP for n in truth.shape]
        z = np.asarray(truth, np.float64)[: whole[0], : whole[1]]
        turn, mirror = int(rng.integers(4)), bool(rng.integers(2))
        z = np.rot90(z[:, ::-1] if mirror else z, turn)
        coarse = coarsen(z, STEP)
        f = describe_grid(coarse)
        maps, lacking = _derive(f.detail), (z - f.base) / f.size
        edge = 8
        rows = rng.integers(edge, coarse.shape[0] - edge, each)
        columns = rng.integers(edge, coarse.shape[1] - edge, each)
        h = COARSE_SIDE // 2
        windows = np.lib.stride_tricks.sliding_window_view(
            maps, (COARSE_SIDE, COARSE_SIDE), axis=(1, 2)
        )
        low.append(windows[:, rows - h, columns - h].transpose(1, 0, 2, 3).reshape(each, -1))
        n = STEP * FINE_SIDE
        pieces = np.lib.stride_tricks.sliding_window_view(lacking, (n, n))
        o = FINE_SIDE // 2
        high.append(pieces[STEP * (rows - o), STEP * (columns - o)].reshape(each, -1))
    return np.concatenate(low), np.concatenate(high)


def _derive(detail: Floats) -> Floats:
    """Return first and second derivatives along both axes, shape (4, rows, columns)."""
    found = []
    for weights in _DERIVATIVES:
        for axis in (0, 1):
            shape = (-1, 1) if axis == 0 else (1, -1)
            found.append(correlate(detail, np.reshape(weights, shape), mode="nearest"))
    return np.stack(found)


def _principal_filters(low: Floats) -> tuple[Floats, Floats]:
    """Return principal components of derivatives, as filters of the detail and as columns."""
    values, vectors = np.linalg.eigh(low.T @ low / len(low))
    order = np.argsort(-values)
    share = np.cumsum(values[order]) / values.sum()
    columns = vectors[:, order[: int(np.searchsorted(share, _ENERGY)) + 1]]
    side = COARSE_SIDE + 4
    filters = np.zeros((columns.shape[1], side, side))
    maps = columns.T.reshape(-1, len(_DERIVATIVES), 2, COARSE_SIDE, COARSE_SIDE)
    for k, weights in enumerate(_DERIVATIVES):
        half = len(weights) // 2
        for i, w in enumerate(weights):
            down = 2 + i - half
            filters[:, down : down + COARSE_SIDE, 2 : 2 + COARSE_SIDE] += w * maps[:, k, 0]
            filters[:, 2 : 2 + COARSE_SIDE, down : down + COARSE_SIDE] += w * maps[:, k, 1]
    return filters, columns


def _add_detail(dictionary: JointDictionary, features: Features) -> Floats:
    """Return what is added to the spline in units of the size of the detail.

    Patches that overlap are averaged, each weighed by the share of it that is known.
    """
    rows, columns = features.detail.shape
    o = FINE_SIDE // 2
    total = np.zeros((STEP * (rows + 2 * o), STEP * (columns + 2 * o)))
    weight = np.zeros((rows + 2 * o, columns + 2 * o))
    kernel = np.full((COARSE_SIDE, COARSE_SIDE), 1.0 / COARSE_SIDE**2)
    sure = correlate(features.mask, kernel, mode="nearest")
    for first, signals in _signals(dictionary, features.detail):
        stop = first + len(signals) // columns
        codes = code_signals(signals, dictionary.coarse, dictionary.most)
        patches = compose_signals(codes, dictionary.fine)
        share = sure[first:stop]
        side = STEP * FINE_SIDE
        patches = patches.reshape(stop - first, columns, side, side) * share[..., None, None]
        for i in range(FINE_SIDE):
            for j in range(FINE_SIDE):
                weight[first + i : stop + i, j : j + columns] += share
                block = patches[:, :, STEP * i : STEP * (i + 1), STEP * j : STEP * (j + 1)]
                total[STEP * (first + i) : STEP * (stop + i), STEP * j : STEP * (j + columns)] += (
                    block.transpose(0, 2, 1, 3).reshape(STEP * (stop - first), STEP * columns)
                )
    fine_weight = np.repeat(np.repeat(np.maximum(weight, 1e-9), STEP, 0), STEP, 1)
    inner = slice(STEP * o, STEP * (o + rows)), slice(STEP * o, STEP * (o + columns))
    return np.asarray((total / fine_weight)[inner])


def _signals(dictionary: JointDictionary, detail: Floats) -> Iterator[tuple[int, Floats]]:
    """Yield rows of cells as signals: first row, and their components (cells, components)."""
    half = COARSE_SIDE // 2 + 2
    rows, columns = detail.shape
    wide = np.pad(detail, half, mode="edge")
    for first in range(0, rows, _ROWS):
        stop = min(rows, first + _ROWS)
        strip = wide[first : stop + 2 * half]
        found = np.empty((stop - first, columns, len(dictionary.filters)))
        for k, one in enumerate(dictionary.filters):
            found[:, :, k] = correlate(strip, one, mode="nearest")[
                half : half + stop - first, half : half + columns
            ]
        yield first, found.reshape(-1, len(dictionary.filters))
