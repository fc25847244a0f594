"""How sure a stress map is: standard deviations and ranges from posterior draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.stress._tensors import REGIMES, axial_difference, describe_stress

Floats = NDArray[np.float64]

QUALITY_LETTERS = ("A", "B", "C", "D", "E")


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


def summarize_draws(components: ArrayLike, draws: ArrayLike) -> StressUncertainty:
    """Summarize draws of stress tensors around the best ones.

    Parameters
    ----------
    components : array_like, shape (nodes, 5)
        Best tensors, orthonormal basis, tension positive.
    draws : array_like, shape (nodes, draws, 5)
        Posterior or bootstrap draws. Only directions and shape are used, not the length.

    Returns
    -------
    StressUncertainty
        NaN where the best tensor is NaN.
    """
    best = describe_stress(components)
    many = describe_stress(draws)
    level = [2.5, 97.5]
    off = axial_difference(many.shmax_deg, best.shmax_deg[:, None])
    ratio_off = many.shape_ratio - best.shape_ratio[:, None]
    phi_off = many.a_phi - best.a_phi[:, None]
    cosine = np.abs(np.sum(many.axes * best.axes[:, None], axis=-1))
    angle = np.degrees(np.arccos(np.minimum(cosine, 1.0)))
    regimes = np.stack([np.mean(many.regime == r, axis=1) for r in range(len(REGIMES))], axis=1)
    regimes[~np.isfinite(best.shmax_deg)] = np.nan
    return StressUncertainty(
        np.sqrt(np.mean(off**2, axis=1)),
        np.percentile(off, level, axis=1).T,
        np.sqrt(np.mean(ratio_off**2, axis=1)),
        np.percentile(many.shape_ratio, level, axis=1).T,
        np.sqrt(np.mean(phi_off**2, axis=1)),
        np.percentile(many.a_phi, level, axis=1).T,
        np.sqrt(np.mean(angle**2, axis=1)),
        np.percentile(angle, 95.0, axis=1).T,
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
    return m[:, None, :] + np.einsum("nij,rj->nri", root, z)


def summarize_posterior(
    components: Floats,
    covariance: Floats,
    draws: int = 1000,
    freedom: float = np.inf,
    seed: int = 0,
    block: int = 100,
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
    """
    generator = np.random.default_rng(seed)
    normals = generator.standard_normal((draws, 5))
    chi = generator.chisquare(freedom, draws) if np.isfinite(freedom) else None
    pieces = []
    for start in range(0, components.shape[0], block):
        m, c = components[start : start + block], covariance[start : start + block]
        pieces.append(summarize_draws(m, draw_nodes(m, c, normals, chi, freedom)))
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
