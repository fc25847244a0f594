"""Porosity and pore shape of one rock with one fluid, smooth in space (Kuwatani et al. 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.fluids._candidates import ForwardTables
from quakeloom.inference import CoupledFields, fit_coupled_fields

Floats = NDArray[np.float64]

_NORMAL_95 = 1.959963984540054
"""Standard deviations of a normal 95 % range."""


@dataclass(frozen=True)
class PorosityMap:
    """Smooth porosity and aspect ratio on a grid.

    Attributes
    ----------
    porosity, ratio : ndarray, (3, ...)
        Median, and ends of the 95 % range.
    deviations : ndarray, (2, ...)
        Of ln porosity: from what the data leave open given the velocities, and from the spread of
        the velocities over an ensemble (0 without one).
    fields : CoupledFields
        The same in coordinates without bounds, with the smoothness of both.
    misfit : float
        Mean squared misfit of a datum, in standard deviations.
    """

    porosity: Floats
    ratio: Floats
    deviations: Floats
    fields: CoupledFields
    misfit: float


def map_porosity(
    tables: Sequence[ForwardTables],
    which: NDArray[np.int64],
    members: Sequence[Floats],
    covariance: Floats,
    stream: np.random.Generator,
) -> PorosityMap:
    r"""Invert velocities on a grid for porosity and aspect ratio with a Markov random field.

    Both are logistic in coordinates without bounds, :math:`\ln\phi = \ln\phi_0 + (\ln\phi_1 -
    \ln\phi_0)/(1 + e^{-u})`, so that a smooth field stays in its range; smoothness of both follows
    from the Laplace evidence. Of an ensemble every member is inverted by itself: errors that
    are correlated in space stay so, and the variance is that within and between the members.

    Parameters
    ----------
    tables : sequence of ForwardTables
        Of one candidate each, at the conditions that voxels may have.
    which : ndarray of int, shape of the grid
        Table of every voxel.
    members : sequence of ndarray, (2, ...)
        Vp and Vs in km/s, NaN where missing; one where there is no ensemble.
    covariance : ndarray, (2, 2, ...)
        Of the errors that are independent from voxel to voxel.
    stream : numpy.random.Generator

    Raises
    ------
    InputError
        If there are fewer than four data.
    """
    forward = _Forward(tables, which)
    found = [_invert(forward, values, covariance, stream) for values in members]
    mean = np.mean([f.mean for f in found], axis=0)
    within = np.mean([f.deviation**2 for f in found], axis=0)
    between = np.var([f.mean for f in found], axis=0, ddof=1) if len(found) > 1 else 0.0 * within
    deviation = np.sqrt(within + between)
    ends = [
        np.stack(
            [forward.undo(j, mean[j] + s * _NORMAL_95 * deviation[j]) for s in (0.0, -1.0, 1.0)]
        )
        for j in range(2)
    ]
    steep = forward.steepness(0, mean[0])
    parts = np.stack([steep * np.sqrt(within[0]), steep * np.sqrt(between[0])])
    fields = CoupledFields(
        mean, deviation, np.exp(np.mean([np.log(f.smoothness) for f in found], axis=0)),
        all(f.settled for f in found), float(np.mean([f.misfit for f in found])),
    )  # fmt: skip
    count = int(np.isfinite(members[0]).sum())
    return PorosityMap(ends[0], ends[1], parts, fields, 2.0 * fields.misfit / count)


def _invert(
    forward: _Forward, values: Floats, covariance: Floats, stream: np.random.Generator
) -> CoupledFields:
    """Invert the velocities of one member."""
    seen = np.isfinite(values)
    if seen.sum() < 4:
        raise InputError(
            f"A grid with {int(seen.sum())} velocities cannot be mapped; give four or more."
        )
    precision = _masked_precision(covariance, seen)
    data = np.where(seen, values, 0.0)

    def linearize(u: Floats) -> tuple[Floats, Floats, float]:
        predicted, slope = forward(u)
        residual = predicted - data
        weighted = np.einsum("ij...,j...->i...", precision, residual)
        gradient = np.einsum("ia...,i...->a...", slope, weighted)
        matrix = np.einsum("ia...,ij...,jb...->ab...", slope, precision, slope)
        return gradient, matrix, 0.5 * float(np.sum(residual * weighted))

    return fit_coupled_fields(linearize, np.zeros_like(data), stream)


def _masked_precision(covariance: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Return precisions of the data that are there; zero rows for those that are not."""
    c = np.moveaxis(covariance, (0, 1), (-2, -1)).copy()
    held = np.moveaxis(seen, 0, -1)
    apart = ~(held[..., :, None] & held[..., None, :])
    c[apart] = 0.0
    for j in range(2):
        c[..., j, j] = np.where(held[..., j], c[..., j, j], 1.0)
    inverse: Floats = np.asarray(np.linalg.inv(c), dtype=np.float64)
    inverse[apart] = 0.0
    return np.moveaxis(inverse, (-2, -1), (0, 1))


class _Forward:
    """Velocities and their slopes by splines of the tables, in coordinates without bounds."""

    def __init__(self, tables: Sequence[ForwardTables], which: NDArray[np.int64]) -> None:
        from scipy.interpolate import RectBivariateSpline

        grid = tables[0].grid
        self.axes = (np.log(grid.porosity), np.log(grid.ratio))
        self.which = which
        self.splines = [
            [RectBivariateSpline(*self.axes, _filled(v[0])) for v in (t.vp, t.vs)] for t in tables
        ]

    def undo(self, j: int, u: Floats) -> Floats:
        """Return porosity (0) or aspect ratio (1) of a coordinate."""
        return np.exp(self._log(j, u)[0])

    def steepness(self, j: int, u: Floats) -> Floats:
        """Return the derivative of ln porosity (0) or ln aspect ratio (1) by a coordinate."""
        return self._log(j, u)[1]

    def _log(self, j: int, u: Floats) -> tuple[Floats, Floats]:
        low, high = self.axes[j][0], self.axes[j][-1]
        share = 1.0 / (1.0 + np.exp(-np.clip(u, -30.0, 30.0)))
        return low + (high - low) * share, (high - low) * share * (1.0 - share)

    def __call__(self, u: Floats) -> tuple[Floats, Floats]:
        (a, da), (b, db) = self._log(0, u[0]), self._log(1, u[1])
        predicted = np.empty_like(u)
        slope = np.empty((2, 2, *u.shape[1:]))
        for k, pair in enumerate(self.splines):
            here = self.which == k
            if not here.any():
                continue
            for i, spline in enumerate(pair):
                predicted[i][here] = spline(a[here], b[here], grid=False)
                slope[i, 0][here] = spline(a[here], b[here], dx=1, grid=False) * da[here]
                slope[i, 1][here] = spline(a[here], b[here], dy=1, grid=False) * db[here]
        return predicted, slope


def _filled(values: Floats) -> Floats:
    """Fill what a model does not describe with the value of the next rounder pore."""
    found = values.copy()
    for j in range(found.shape[1] - 2, -1, -1):
        bad = ~np.isfinite(found[:, j])
        found[bad, j] = found[bad, j + 1]
    return found
