"""A smoothed stress field with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference import AbicPoint, AbicScan
from quakeloom.stress._interpolation import NEIGHBOR_SHIFTS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StressField:
    """A smoothed stress field and how well it is known.

    Attributes
    ----------
    components : ndarray, shape (nodes, 5)
        Orthonormal basis, tension positive; NaN where no data reach.
    covariance : ndarray, shape (nodes, 5, 5)
        Posterior covariance of each node's components.
    neighbor_covariance : ndarray, shape (nodes, 4, 5, 5)
        Posterior covariance with the components of the neighbors at
        :data:`NEIGHBOR_SHIFTS`; NaN where there is none.
    resolution : ndarray, shape (nodes,)
        Share of a node's estimate that its own data decide, the mean diagonal of
        ``H^-1 G^T G``; the rest is decided by its neighbors through the smoothness.
    data_weight : ndarray, shape (nodes,)
        Sum of the weights of mechanisms.
    mechanism_count : ndarray of int64, shape (nodes,)
    noise_variance : float
    score_ratio : float
        Scatter of what mechanisms ask for relative to what the noise variance makes expect;
        near 1 for known planes, less where both planes or wide sets of acceptable mechanisms
        share an event. Data alone would scatter the field by its square root less.
    largest_score_ratio : float
        The same along the combination of components in which it is largest.
    freedom : float
        Degrees of freedom of the noise variance, ``N + P - M`` and those of its prior.
    point : AbicPoint
        The strength used.
    scan : AbicScan or None
        All strengths tried; None if the strength was given.
    data_count, rank, parameter_count : float, int, int
        N, P and M.
    independent_share : float
        Least share of its weight that counts in any area; 1 where mechanisms differ.
    held : ndarray of bool, shape (nodes,)
        Where the data are few, or alike, or leave some combination free: a wide prior holds the
        stress, or the mechanisms count in part.
    """

    components: Floats
    covariance: Floats
    neighbor_covariance: Floats
    resolution: Floats
    data_weight: Floats
    mechanism_count: NDArray[np.int64]
    noise_variance: float
    score_ratio: float
    largest_score_ratio: float
    freedom: float
    point: AbicPoint
    scan: AbicScan | None
    data_count: float
    rank: int
    parameter_count: int
    independent_share: float
    held: NDArray[np.bool_]

    @classmethod
    def unknown(cls, nodes: int) -> StressField:
        """Return a field without any stress, of no mechanism."""
        nan = np.nan
        return cls(
            np.full((nodes, 5), nan),
            np.full((nodes, 5, 5), nan),
            np.full((nodes, len(NEIGHBOR_SHIFTS), 5, 5), nan),
            np.zeros(nodes),
            np.zeros(nodes),
            np.zeros(nodes, dtype=np.int64),
            nan,
            nan,
            nan,
            nan,
            AbicPoint((), nan, nan, nan, nan, (), nan, nan),
            None,
            0.0,
            0,
            0,
            nan,
            np.zeros(nodes, dtype=bool),
        )


def independent_scatter(field: StressField) -> float:
    """Return the share of the noise variance that is scatter from event to event, up to 1.

    Where events enter with sets of acceptable mechanisms or with both planes, the misfit has the
    width of every set in it, which the weight of the event has in it too. How much the field
    scatters is decided by how much what the events ask for differs alone: by
    :attr:`StressField.largest_score_ratio`, which leaves no combination of components too sure,
    times ``n / (n - p)`` for the p parameters that n events have determined. 1 where events are
    fewer than twice that.
    """
    events = int(field.mechanism_count.sum())
    parameters = 5.0 * float(np.nansum(field.resolution))
    if events <= 2.0 * parameters:
        return 1.0
    return min(1.0, field.largest_score_ratio * events / (events - parameters))


def widen_field(field: StressField, shift: Floats, neighbors: NDArray[np.int64]) -> StressField:
    """Return a field whose covariance has the square of a shift of all nodes added.

    Parameters
    ----------
    field : StressField
    shift : ndarray, shape (nodes, 5)
    neighbors : ndarray of int64, shape (nodes, 4)
        From :func:`find_neighbors`.
    """
    own = field.covariance + np.einsum("ni,nj->nij", shift, shift)
    between = field.neighbor_covariance + np.einsum("ni,nkj->nkij", shift, shift[neighbors])
    return replace(field, covariance=own, neighbor_covariance=between)
