"""Ranges of finer depths that hold what they say: variance model and conformal calibration.

The variance of a fine cell is modeled by what can be seen without the truth: the size of the
detail around it, the spread of the networks, and the relief that was added inside coarse cells.
Errors over its root then have quantiles that are measured on ground whose truth is known
(conformal prediction, Vovk et al. 2005), for known cells and for holes by their distance to what is
known. That ground is simulated, or it is the user's own: a grid that is made coarser once more is
restored to itself, and errors over the size of the detail are taken to be alike one step finer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.optimize import nnls

from quakeloom.core import InputError
from quakeloom.seafloor._features import STEP
from quakeloom.seafloor._resampling import coarsen, repeat_cells
from quakeloom.seafloor._restoring import Restoration

Floats = NDArray[np.float64]

LEVELS = (0.68, 0.9)
"""Probabilities of the ranges that are told."""

HOLE_STEPS = (0.5, 1.5, 3.5, 6.5)
"""Distances to the nearest known cell, in coarse cells, at which classes of holes begin; chosen
here. The first class is known ground."""

_LEAST_CELLS = 400
"""Cells of a class from which it has quantiles of its own; those of the class before count, times
the growth of its errors, in poorer ones. Chosen here."""

_STEP_BOUNDS = (0.25, 2.0)
"""Least and largest ratio of quantiles from one scale to the next; chosen here."""

_LARGEST_RATIO = 100.0
"""Squared error over the squared size of the detail that counts at most in the variance model."""


@dataclass(frozen=True)
class RangeCalibration:
    """How wide ranges must be.

    Attributes
    ----------
    weights : tuple of float
        Of the squared size of detail, the squared spread, and the added relief, in the variance.
    quantiles : tuple of tuple of float
        By class of :data:`HOLE_STEPS`: half widths for :data:`LEVELS` over the root of the
        variance.
    cells : tuple of int
        Cells that each class was measured on.
    ground : str
        ``simulated`` or ``own``: what it was measured on.
    """

    weights: tuple[float, float, float]
    quantiles: tuple[tuple[float, float], ...]
    cells: tuple[int, ...]
    ground: str = "simulated"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> RangeCalibration:
        """Return it from JSON values.

        Raises
        ------
        InputError
            If they are of no calibration.
        """
        try:
            w = tuple(float(x) for x in values["weights"])
            q = tuple((float(a), float(b)) for a, b in values["quantiles"])
            return cls((w[0], w[1], w[2]), q, tuple(int(n) for n in values["cells"]),
                       str(values["ground"]))  # fmt: skip
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise InputError(
                f"The calibration of ranges in a card of weights cannot be read ({error!r}). "
                "Nothing was computed; train again, or take the card that belongs to the weights."
            ) from None


def calibrate_ranges(
    restorations: Sequence[Restoration], truths: Sequence[Floats], ground: str, edge: int = 8
) -> RangeCalibration:
    """Measure how wide ranges must be on grids whose truth is known.

    Parameters
    ----------
    restorations : sequence of Restoration
    truths : sequence of ndarray
        True depths, m; cells that are NaN do not count.
    ground : str
    edge : int
        Fine cells at each edge that do not count.

    Raises
    ------
    InputError
        If no cell counts.
    """
    rows, errors, classes, sizes = [], [], [], []
    for found, truth in zip(restorations, truths, strict=True):
        box = tuple(slice(edge, n - edge) for n in found.depth.shape)
        error = found.depth - truth[: found.depth.shape[0], : found.depth.shape[1]]
        use = np.isfinite(error[box])
        size = found.features.size[box][use]
        rows.append(_predictors(found)[:, box[0], box[1]][:, use] / size**2)
        errors.append(error[box][use])
        classes.append(hole_class(found.features.mask)[box][use])
        sizes.append(size)
    x, error, size = (np.concatenate(a, axis=-1) for a in (rows, errors, sizes))
    kind = np.concatenate(classes)
    if not error.size:
        raise InputError(
            "Ranges cannot be calibrated: no cell has a known depth inside the edges. Nothing was "
            "told of the uncertainty; give a larger grid, or calibrate on simulated ground."
        )
    known = kind == 0 if (kind == 0).any() else np.ones(kind.shape, bool)
    target = np.minimum((error / size) ** 2, _LARGEST_RATIO)
    weights, _ = nnls(x[:, known].T, target[known])
    if not weights.any():
        weights = np.array([1.0, 0.0, 0.0])
    ratio = np.abs(error) / (size * np.sqrt(np.maximum(weights @ x, 1e-12)))
    quantiles, cells = [], []
    for k in range(len(HOLE_STEPS) + 1):
        here = ratio[kind == k]
        cells.append(int(here.size))
        if here.size >= _LEAST_CELLS or k == 0:
            pool = here if here.size else ratio
            levels = [min(1.0, p * (1 + 1 / pool.size)) for p in LEVELS]
            a, b = (float(q) for q in np.quantile(pool, levels))
            quantiles.append((a, b))
        else:
            quantiles.append((quantiles[-1][0] * 1.5, quantiles[-1][1] * 1.5))
    w = tuple(float(v) for v in weights)
    return RangeCalibration((w[0], w[1], w[2]), tuple(quantiles), tuple(cells), ground)


def follow_scales(
    calibration: RangeCalibration,
    coarser: Sequence[Restoration],
    truths: Sequence[Floats],
    edge: int = 8,
) -> RangeCalibration:
    """Return ranges for a step finer than they were measured on.

    Errors over the size of the detail are alike on all scales where ground is fractal, and fall
    from step to step where it is smooth. What they did from the step before to the one that was
    measured is taken to go on: quantiles are multiplied by the ratio of both.

    Parameters
    ----------
    calibration : RangeCalibration
    coarser : sequence of Restoration
        The same ground, restored from a grid one step coarser than the calibration had.
    truths : sequence of ndarray
    edge : int
        Fine cells at each edge that do not count.
    """
    ratios: list[list[Floats]] = [[], []]
    for found, truth in zip(coarser, truths, strict=True):
        box = tuple(slice(edge, n - edge) for n in found.depth.shape)
        error = np.abs(found.depth - truth[: found.depth.shape[0], : found.depth.shape[1]])[box]
        for level, half in enumerate(half_widths(found, calibration)):
            here = error / half[box]
            ratios[level].append(here[np.isfinite(here)])
    if not sum(r.size for r in ratios[0]):
        return calibration
    steps = [
        float(np.clip(1.0 / np.quantile(np.concatenate(r), p), *_STEP_BOUNDS))
        for r, p in zip(ratios, LEVELS, strict=True)
    ]
    first = calibration.quantiles[0]
    known = (first[0] * steps[0], first[1] * steps[1])
    return replace(calibration, quantiles=(known, *calibration.quantiles[1:]))


def half_widths(found: Restoration, calibration: RangeCalibration) -> tuple[Floats, Floats]:
    """Return the half widths of the 68 and 90 % ranges of every fine cell, m."""
    root = np.sqrt(np.tensordot(np.array(calibration.weights), _predictors(found), axes=1))
    kind = hole_class(found.features.mask)
    table = np.array(calibration.quantiles)
    return root * table[kind, 0], root * table[kind, 1]


def invented_share(found: Restoration, deviation: Floats) -> Floats:
    """Return the share of the relief inside coarse cells that the input does not decide.

    The variance of the error over that of the error and of the relief that is shown: 0 where all
    detail is known, 1 where all of it is invented.
    """
    shown = _relief(found.depth)
    return np.asarray(np.clip(deviation**2 / np.maximum(deviation**2 + shown, 1e-12), 0.0, 1.0))


def hole_class(mask: NDArray[Any]) -> NDArray[np.int64]:
    """Return the class of every fine cell: 0 where known, else by the distance to what is."""
    known = np.asarray(mask) > 0
    if known.all():
        distance = np.zeros(known.shape)
    else:
        distance = np.asarray(distance_transform_edt(~known))
    kind = np.digitize(distance, HOLE_STEPS)
    return np.repeat(np.repeat(kind, STEP, 0), STEP, 1)


def share_held(found: Restoration, truth: Floats, half: Floats, edge: int = 8) -> dict[str, float]:
    """Return the share of true depths that lie within half widths: of known cells, and of holes."""
    box = tuple(slice(edge, n - edge) for n in found.depth.shape)
    inside = (np.abs(found.depth - truth) <= half)[box]
    counts = np.isfinite(truth[box])
    hole = (hole_class(found.features.mask) > 0)[box] & counts
    known = ~(hole_class(found.features.mask) > 0)[box] & counts

    def share(where: NDArray[np.bool_]) -> float:
        return float(inside[where].mean()) if where.any() else float("nan")

    return {"known": share(known), "holes": share(hole)}


def _predictors(found: Restoration) -> Floats:
    """Return what the variance is made of, shape (3, rows, columns), m^2."""
    return np.stack([found.features.size**2, found.spread**2, _relief(found.depth)])


def _relief(depth: Floats) -> Floats:
    """Return the variance of depths inside coarse cells, averaged over some of them, m^2."""
    within = depth - repeat_cells(coarsen(depth, STEP), STEP)
    return np.asarray(gaussian_filter(within**2, 3.0, mode="nearest", truncate=3.0))
