"""Fields with edges: line processes between neighbors, by sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference._grid_fields import Floats, GridFit, laplacian_eigenvalues
from quakeloom.inference._masked_fields import MaskedField, solve_preconditioned

_ACROSS = 1e-3
"""Smallest smoothness across an edge over that elsewhere; chosen here."""

_SHARE = (1e-4, 0.3)
"""Bounds of the share of neighbors with an edge between them; chosen here."""


_SMOOTH = 60.0
"""Smoothness over noise precision that the sampling starts with: so smooth that what rises is an
edge. Chosen here."""


@dataclass(frozen=True)
class EdgeField:
    """A restored field whose edges were kept.

    Attributes
    ----------
    mean, deviation : ndarray
        Posterior mean and standard deviation.
    edges : tuple of ndarray
        Per axis: probability of an edge between each node and the next one along the axis; one
        shorter there than the field.
    smoothness, noise_precision : float
        Precision of differences without an edge, and of the noise.
    edge_smoothness : float
        Precision of differences across an edge.
    edge_share : float
        Share of neighbors with an edge, of the prior.
    settled : float
        Largest difference of the means of the two halves of the draws, in posterior standard
        deviations (99 % quantile over the nodes).
    """

    mean: Floats
    deviation: Floats
    edges: tuple[Floats, ...]
    smoothness: float
    noise_precision: float
    edge_smoothness: float
    edge_share: float
    settled: float


@dataclass
class _State:
    """Hyper-parameters of the model, which move during the first half of the sweeps."""

    smoothness: float
    noise: float
    across: float
    share: float


def restore_with_edges(
    field: MaskedField,
    fit: GridFit,
    stream: np.random.Generator,
    draws: int = 60,
    noise_known: bool = False,
) -> EdgeField:
    r"""Restore a field and find its edges by Gibbs sampling.

    Geman & Geman's line process: between two neighbors there is an edge or none,
    :math:`p(x, s) \propto \prod_{ij} [\sqrt a\, e^{-a d^2/2}(1-q)]^{1-s_{ij}}
    [\sqrt{a_e}\, e^{-a_e d^2/2} q]^{s_{ij}}` with the difference :math:`d = x_i - x_j`. Given the
    edges the field is Gaussian, and a draw of it costs one solution; given the field the edges are
    independent. The four hyper-parameters follow from the draws of the first half (stochastic EM)
    and are kept in the second half, of which mean, standard deviation and edges are told: their
    own uncertainty is not in these.

    Parameters
    ----------
    field : MaskedField
    fit : GridFit
        Of first differences without edges: where it starts.
    stream : numpy.random.Generator
    draws : int
        Draws that are kept; as many are made before.
    noise_known : bool
        The relative precisions are absolute.

    References
    ----------
    Geman, S. & Geman, D. (1984). Stochastic relaxation, Gibbs distributions, and the Bayesian
    restoration of images. IEEE Trans. Pattern Anal. Mach. Intell. 6, 721-741.
    """
    seen = field.seen
    middle = float(np.average(field.values[seen], weights=field.relative[seen]))
    y = np.where(seen, field.values - middle, 0.0)
    shape, weights = y.shape, fit.weights
    laplacian = laplacian_eigenvalues(shape, weights)
    state = _start(field, fit, noise_known)
    x = _draw_field(
        field.relative * fit.noise_precision, y,
        [np.full(_shorter(shape, a), fit.smoothness) for a in range(y.ndim)],
        (laplacian, weights), stream,
    )  # fmt: skip
    differences = [np.sqrt(w) * np.diff(x, axis=a) for a, w in enumerate(weights)]
    bonds = [np.where(_edge_chance(d, state) > 0.5, state.across, state.smoothness)
             for d in differences]  # fmt: skip
    chance: list[Floats] = []
    total, square, half = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    edges = [np.zeros(b.shape) for b in bonds]
    for sweep in range(2 * draws):
        x = _draw_field(field.relative * state.noise, y, bonds, (laplacian, weights), stream)
        differences = [np.sqrt(w) * np.diff(x, axis=a) for a, w in enumerate(weights)]
        chance = [_edge_chance(d, state) for d in differences]
        drawn = [stream.random(c.shape) < c for c in chance]
        if sweep < draws // 3:
            pass  # the field and its edges find each other first
        elif sweep < draws:
            left = float(np.sum(field.relative * (y - x) ** 2))
            _update(state, differences, chance, y.size, (left, int(seen.sum()), noise_known))
        else:
            total += x
            square += x * x
            for e, c in zip(edges, chance, strict=True):
                e += c
            if sweep < draws + draws // 2:
                half += x
        bonds = [np.where(s, state.across, state.smoothness) for s in drawn]
    mean = total / draws
    deviation = np.sqrt(np.maximum(square / draws - mean**2, 0.0) * draws / (draws - 1))
    first, last = draws // 2, draws - draws // 2
    apart = np.abs(half / first - (total - half) / last) / np.maximum(deviation, 1e-300)
    return EdgeField(
        mean + middle, deviation, tuple(e / draws for e in edges), state.smoothness,
        state.noise, state.across, state.share, float(np.quantile(apart, 0.99)),
    )  # fmt: skip


def _start(field: MaskedField, fit: GridFit, noise_known: bool) -> _State:
    """Return a start that is smooth but for edges: the noise of most neighbors' differences."""
    holes = np.where(field.seen, field.values, np.nan)
    pairs = [np.abs(np.diff(holes, axis=a)).ravel() for a in range(holes.ndim)]
    typical = float(np.nanmedian(np.concatenate(pairs)))
    # 0.6745: the median of |N(0, 1)|; 2: two values in a difference
    noise = fit.noise_precision if noise_known else 2.0 * (0.6745 / max(typical, 1e-300)) ** 2
    spread = float(np.nanvar(holes))
    unit = noise * float(np.median(field.relative[field.seen]))
    return _State(max(_SMOOTH * unit, 30.0 / spread), noise, 1.0 / spread, 0.05)


def _shorter(shape: Sequence[int], axis: int) -> tuple[int, ...]:
    return tuple(n - (a == axis) for a, n in enumerate(shape))


def _edge_chance(difference: Floats, state: _State) -> Floats:
    """Return the probability of an edge for differences of neighbors."""
    odds = np.log(state.share / (1.0 - state.share))
    odds += 0.5 * np.log(state.across / state.smoothness)
    exponent = odds + 0.5 * (state.smoothness - state.across) * difference**2
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(exponent, -700.0, 700.0))))


def _update(
    state: _State,
    differences: Sequence[Floats],
    chance: Sequence[Floats],
    nodes: int,
    noise: tuple[float, int, bool],
) -> None:
    """Move the hyper-parameters halfway to what the last draw says.

    Differences around a square sum to zero, so that of all bonds only as many are free as there
    are nodes: their squares count in that proportion.
    """
    d = np.concatenate([d.ravel() for d in differences])
    s = np.concatenate([c.ravel() for c in chance])
    free = (nodes - 1) / d.size
    inside = free * (1.0 - s).sum() / max(float(np.sum((1.0 - s) * d**2)), 1e-300)
    across = free * max(float(s.sum()), 1.0) / max(float(np.sum(s * d**2)), 1e-300)
    left, count, known = noise
    state.smoothness = float(np.sqrt(state.smoothness * inside))
    state.across = float(
        np.clip(np.sqrt(state.across * across), _ACROSS * state.smoothness, 0.05 * state.smoothness)
    )
    state.share = float(np.clip(0.5 * (state.share + s.mean()), *_SHARE))
    if not known:
        state.noise = float(np.sqrt(state.noise * count / max(left, 1e-300)))


def _draw_field(
    data_weights: Floats,
    y: Floats,
    bonds: Sequence[Floats],
    grid: tuple[Floats, Sequence[float]],
    stream: np.random.Generator,
) -> Floats:
    """Draw a field given the precisions of its bonds: perturb, then solve."""
    from scipy.fft import dctn, idctn

    laplacian, weights = grid
    right = data_weights * y + np.sqrt(data_weights) * stream.standard_normal(y.shape)
    for axis, (bond, weight) in enumerate(zip(bonds, weights, strict=True)):
        noise = np.sqrt(weight * bond) * stream.standard_normal(bond.shape)
        _scatter(right, noise, axis)
    mean = float(np.exp(np.mean([np.log(b).mean() for b in bonds])))
    scale = mean * laplacian + max(float(data_weights.mean()), 1e-9 * mean)

    def apply(x: Floats) -> Floats:
        found = data_weights * x
        for axis, (bond, weight) in enumerate(zip(bonds, weights, strict=True)):
            _scatter(found, weight * bond * np.diff(x, axis=axis), axis)
        return np.asarray(found)

    def precondition(r: Floats) -> Floats:
        spectrum = dctn(r, norm="ortho")
        spectrum /= scale
        return np.asarray(idctn(spectrum, norm="ortho", overwrite_x=True))

    return solve_preconditioned(apply, precondition, right, 1e-6)


def _scatter(target: Floats, flow: Floats, axis: int) -> None:
    """Add the transpose of differences along an axis: ``flow`` in at its end, out at its start."""
    ends: list[slice] = [slice(None)] * target.ndim
    ends[axis] = slice(1, None)
    target[tuple(ends)] += flow
    ends[axis] = slice(None, -1)
    target[tuple(ends)] -= flow


def edges_on_nodes(edges: Sequence[NDArray[np.float64]], shape: Sequence[int]) -> Floats:
    """Return the largest probability of an edge beside every node, to be drawn on the grid."""
    found = np.zeros(tuple(shape))
    for axis, edge in enumerate(edges):
        ends: list[slice] = [slice(None)] * len(shape)
        for part in (slice(None, -1), slice(1, None)):
            ends[axis] = part
            here = found[tuple(ends)]
            np.maximum(here, edge, out=here)
    return found
