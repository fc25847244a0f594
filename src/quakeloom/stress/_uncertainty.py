"""How sure a stress map is: standard deviations and ranges from posterior draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import compiled
from quakeloom.stress._tensors import REGIMES, classify_regime, describe_stress, diagonalize

Floats = NDArray[np.float64]

QUALITY_LETTERS = ("A", "B", "C", "D", "E")
"""Quality of a node, from small uncertainty to large."""

SHAPE_RATIO_STD = 0.08
"""Standard error of the method itself in the shape ratio. Assuming the same shear traction on
every fault shifts the ratio by up to 0.08 towards 0.5 where faults have all orientations, and
away from it where they are all near failure; which of the two holds is not known."""


@compiled()
def _look_at_draws(
    draws: Floats,
    best: Floats,
    shape_noise: Floats,
    shmax: Floats,
    ratio: Floats,
    number: Floats,
    angle: Floats,
    plunge: Floats,
) -> None:
    """Fill the quantities of every draw of every node, shape (nodes, draws, ...).

    ``best`` has the axes of the best stress and its SHmax; SHmax is given as the difference.
    """
    a = np.empty((3, 3))
    v = np.empty((3, 3))
    values = np.empty(3)
    axes = np.empty((3, 3))
    half, sixth = np.sqrt(0.5), np.sqrt(1.0 / 6.0)
    for n in range(draws.shape[0]):
        for d in range(draws.shape[1]):
            m = draws[n, d]
            a[0, 0] = half * m[0] - sixth * m[1]
            a[1, 1] = -half * m[0] - sixth * m[1]
            a[2, 2] = 2.0 * sixth * m[1]
            a[0, 1] = half * m[2]
            a[0, 2] = half * m[3]
            a[1, 2] = half * m[4]
            a[1, 0], a[2, 0], a[2, 1] = a[0, 1], a[0, 2], a[1, 2]
            if not np.isfinite(a).all():
                shmax[n, d] = ratio[n, d] = number[n, d] = np.nan
                angle[n, d] = np.nan
                plunge[n, d] = np.nan
                continue
            diagonalize(a, v, values, axes)
            spread = values[2] - values[0]
            phi = (values[2] - values[1]) / spread if spread > 0.0 else 0.5
            # The error of the method is reflected at 0 and at 1, which no ratio can pass.
            phi = abs(phi + shape_noise[d])
            phi = phi - 2.0 * max(0.0, phi - 1.0)
            ratio[n, d] = phi
            # compression of the reduced stress S1 = 1, S2 = phi, S3 = 0
            north = axes[0, 0] ** 2 + phi * axes[1, 0] ** 2
            east = axes[0, 1] ** 2 + phi * axes[1, 1] ** 2
            both = axes[0, 0] * axes[0, 1] + phi * axes[1, 0] * axes[1, 1]
            direction = 0.5 * np.degrees(np.arctan2(2.0 * both, north - east))
            off = direction - best[n, 9]
            shmax[n, d] = (off + 90.0) % 180.0 - 90.0
            steepest = 0
            for k in range(3):
                c = 0.0
                for i in range(3):
                    c += axes[k, i] * best[n, 3 * k + i]
                angle[n, d, k] = np.degrees(np.arccos(min(1.0, abs(c))))
                plunge[n, d, k] = np.degrees(np.arcsin(min(1.0, axes[k, 2])))
                if axes[k, 2] > axes[steepest, 2]:
                    steepest = k
            sign = -1.0 if steepest == 1 else 1.0
            number[n, d] = steepest + 0.5 + sign * (phi - 0.5)


@dataclass(frozen=True)
class StressUncertainty:
    """Scatter of the quantities of a stress map; arrays of shape (nodes,) unless said.

    Attributes
    ----------
    shmax_std_deg : ndarray
        Root mean square deviation from the best direction, wrapped to 90 degrees; 52 if every
        direction is as likely.
    shmax_range_deg : ndarray, shape (nodes, 2)
        95 % range as deviations from the best direction.
    shape_ratio_std, a_phi_std : ndarray
    shape_ratio_range, a_phi_range : ndarray, shape (nodes, 2)
        95 % ranges.
    axis_std_deg : ndarray, shape (nodes, 3)
        Root mean square angle of S1, S2, S3 to their best axes.
    axis_95_deg : ndarray, shape (nodes, 3)
        Angle that 95 % of the axes are within.
    regime_probability : ndarray, shape (nodes, 6)
        Share of each regime of :data:`REGIMES`.
    """

    shmax_std_deg: Floats
    shmax_range_deg: Floats
    shape_ratio_std: Floats
    shape_ratio_range: Floats
    a_phi_std: Floats
    a_phi_range: Floats
    axis_std_deg: Floats
    axis_95_deg: Floats
    regime_probability: Floats


def summarize_draws(
    components: ArrayLike, draws: ArrayLike, shape_noise: ArrayLike | None = None
) -> StressUncertainty:
    """Summarize draws of stress tensors around the best ones.

    Parameters
    ----------
    components : array_like, shape (nodes, 5)
        Best tensors, orthonormal basis, tension positive.
    draws : array_like, shape (nodes, draws, 5)
        Posterior or bootstrap draws. Only directions and shape are used, not the length.
    shape_noise : array_like, shape (draws,), optional
        Added to the shape ratio of the draws and reflected at 0 and 1: the error of the
        method, which no scatter of data shows.

    Returns
    -------
    StressUncertainty
        NaN where the best tensor is NaN.
    """
    best = describe_stress(components)
    values = np.ascontiguousarray(draws, dtype=float)
    shape = values.shape[:2]
    noise = np.zeros(shape[1]) if shape_noise is None else np.asarray(shape_noise, dtype=float)
    known = np.concatenate([best.axes.reshape(-1, 9), best.shmax_deg[:, None]], axis=1)
    off, ratio, number = np.empty(shape), np.empty(shape), np.empty(shape)
    angle, plunge = np.empty((*shape, 3)), np.empty((*shape, 3))
    _look_at_draws(values, known, noise, off, ratio, number, angle, plunge)
    regime = classify_regime(plunge)
    regimes = np.stack([np.mean(regime == r, axis=1) for r in range(len(REGIMES))], axis=1)
    unknown = ~np.isfinite(best.shmax_deg)
    regimes[unknown] = np.nan
    ranges = []
    for quantity in (off, ratio, number):
        span = np.quantile(np.sort(quantity, axis=1), [0.025, 0.975], axis=1).T
        span[unknown] = np.nan
        ranges.append(span)
    return StressUncertainty(
        np.sqrt(np.mean(off**2, axis=1)),
        ranges[0],
        np.sqrt(np.mean((ratio - best.shape_ratio[:, None]) ** 2, axis=1)),
        ranges[1],
        np.sqrt(np.mean((number - best.a_phi[:, None]) ** 2, axis=1)),
        ranges[2],
        np.sqrt(np.mean(angle**2, axis=1)),
        np.quantile(angle, 0.95, axis=1),
        regimes,
    )


def draw_nodes(
    components: ArrayLike,
    covariance: ArrayLike,
    normals: ArrayLike,
    chi_squared: ArrayLike | None = None,
    freedom: float = np.inf,
) -> Floats:
    """Return draws of the marginal posterior of every node, shape (nodes, draws, 5).

    The same numbers serve every node: a map of their scatter has no noise of its own from
    node to node, and a node keeps its draws when others come or go.

    Parameters
    ----------
    components : array_like, shape (nodes, 5)
    covariance : array_like, shape (nodes, 5, 5)
    normals : array_like, shape (draws, 5)
        Standard normal numbers.
    chi_squared : array_like, shape (draws,), optional
        Chi-squared numbers of ``freedom`` degrees; with them the draws follow Student's t,
        since the noise variance is itself estimated from few data.
    freedom : float
    """
    m = np.asarray(components, dtype=float)
    c = np.asarray(covariance, dtype=float)
    known = np.isfinite(c).all(axis=(1, 2))
    values, vectors = np.linalg.eigh(np.where(known[:, None, None], c, np.eye(5)))
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    root[~known] = np.nan
    z = np.asarray(normals, dtype=float)
    if chi_squared is not None and np.isfinite(freedom):
        z = z * np.sqrt(freedom / np.asarray(chi_squared, dtype=float))[:, None]
    draws: Floats = m[:, None, :] + np.einsum("nij,rj->nri", root, z)
    return draws


def summarize_posterior(
    components: Floats,
    covariance: Floats,
    draws: int = 1000,
    freedom: float = np.inf,
    seed: int = 0,
    block: int = 100,
    shape_ratio_std: float = SHAPE_RATIO_STD,
) -> StressUncertainty:
    """Summarize the marginal posterior of every node from draws.

    Parameters
    ----------
    components : ndarray, shape (nodes, 5)
    covariance : ndarray, shape (nodes, 5, 5)
    draws : int
    freedom : float
        Degrees of freedom of the noise variance, ``N + P - M``.
    seed : int
    block : int
        Nodes handled at a time.
    shape_ratio_std : float
        Error of the method in the shape ratio, see :data:`SHAPE_RATIO_STD`; 0 for none.
    """
    generator = np.random.default_rng(seed)
    normals = generator.standard_normal((draws, 5))
    chi = generator.chisquare(freedom, draws) if np.isfinite(freedom) else None
    noise = shape_ratio_std * generator.standard_normal(draws)
    pieces = []
    for start in range(0, components.shape[0], block):
        m, c = components[start : start + block], covariance[start : start + block]
        pieces.append(summarize_draws(m, draw_nodes(m, c, normals, chi, freedom), noise))
    return _join(pieces)


def summarize_replicates(
    components: Floats, replicates: NDArray[np.float32], block: int = 100
) -> StressUncertainty:
    """Summarize bootstrap replicates around the best tensors, a block of nodes at a time.

    Parameters
    ----------
    components : ndarray, shape (nodes, 5)
    replicates : ndarray, shape (replicates, nodes, 5)
        From :meth:`Bootstrap.run`.
    block : int
        Nodes handled at a time.
    """
    return _join(
        [
            summarize_draws(
                components[start : start + block],
                replicates[:, start : start + block].transpose(1, 0, 2),
            )
            for start in range(0, components.shape[0], block)
        ]
    )


def _join(pieces: list[StressUncertainty]) -> StressUncertainty:
    names = StressUncertainty.__dataclass_fields__
    return StressUncertainty(
        *(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names)
    )


def grade_quality(shmax_range_deg: ArrayLike) -> NDArray[np.str_]:
    """Return quality letters from the 95 % range of SHmax.

    A within 15 degrees, B 20, C 25, D 40, else E: half the width of the range, as the World
    Stress Map grades single measurements. Empty where the range is not known.
    """
    span = np.asarray(shmax_range_deg, dtype=float)
    half = 0.5 * (span[..., 1] - span[..., 0])
    letters = np.array([*QUALITY_LETTERS, ""])
    grade = np.searchsorted([15.0, 20.0, 25.0, 40.0], half, side="left")
    return letters[np.where(np.isfinite(half), grade, 5)]
