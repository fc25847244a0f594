"""What one earthquake says about stress: bases, design rows, normal matrices.

The method is Michael's (1984): slip is parallel to the shear traction, whose length is the
same for every earthquake, so that a fault with normal n and slip s gives three linear
equations ``(I - n n^T) sigma n = s`` for the deviatoric stress sigma. Stress is tension
positive here and everywhere in this room; axes are north, east, down; n points up and s is
the slip of the hanging wall, as in :func:`quakeloom.core.fault_vectors`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import auxiliary_plane, fault_vectors

Floats = NDArray[np.float64]
Basis = Literal["orthonormal", "satsi"]

STATISTIC_COUNT = 20
"""Numbers per mechanism: 15 of the symmetric normal matrix (rows of its upper triangle),
5 of the vector."""

UPPER = np.triu_indices(5)
"""Rows and columns of the upper triangle of a normal matrix, in the order of the statistics."""

_ROOT = np.sqrt(0.5)
"""Makes tensors with two equal entries of length 1."""

_TABLE_SCALE = 2.0**27
"""Table entries are whole multiples of one over this: times weights of 8 bits their sums over a
grid are exact in double precision, in whatever order a library adds them."""


def tensor_basis(basis: Basis = "orthonormal") -> Floats:
    """Return five trace-free symmetric tensors that span deviatoric stress.

    Parameters
    ----------
    basis : {"orthonormal", "satsi"}
        ``orthonormal`` under the Frobenius product, so that a sum of squared differences of
        components does not depend on the axes: ``(NN - EE)/sqrt 2``,
        ``(2 DD - NN - EE)/sqrt 6``, and the three off-diagonal pairs over ``sqrt 2`` (NE,
        ND, ED). ``satsi`` gives the components of SATSI, ``s_ee, s_en, s_eu, s_nn, s_nu``
        in east, north, up with ``s_uu = -s_ee - s_nn``: its smoothing depends on the axes;
        use it only to compare.

    Returns
    -------
    ndarray, shape (5, 3, 3)
        Axes north, east, down.
    """
    out = np.zeros((5, 3, 3))
    if basis == "orthonormal":
        out[0] = np.diag([_ROOT, -_ROOT, 0.0])
        out[1] = np.diag([-1.0, -1.0, 2.0]) / np.sqrt(6.0)
        for k, (i, j) in enumerate(((0, 1), (0, 2), (1, 2)), start=2):
            out[k, i, j] = out[k, j, i] = _ROOT
    elif basis == "satsi":
        out[0] = np.diag([0.0, 1.0, -1.0])
        out[1, 0, 1] = out[1, 1, 0] = 1.0
        out[2, 1, 2] = out[2, 2, 1] = -1.0
        out[3] = np.diag([1.0, 0.0, -1.0])
        out[4, 0, 2] = out[4, 2, 0] = -1.0
    else:
        raise ValueError(f"unknown basis {basis!r}")
    return out


def basis_change(basis: Basis) -> Floats:
    """Return T with ``m_orthonormal = T m_basis``, shape (5, 5)."""
    change: Floats = np.einsum("kij,lij->kl", tensor_basis("orthonormal"), tensor_basis(basis))
    return change


def design_rows(normal: ArrayLike, basis: Basis = "orthonormal") -> Floats:
    """Return the design matrix ``G_k = (I - n n^T) B_k n`` of fault planes.

    Parameters
    ----------
    normal : array_like, shape (..., 3)
        Unit normals in north, east, down.
    basis : {"orthonormal", "satsi"}

    Returns
    -------
    ndarray, shape (..., 3, 5)
        ``G m`` is the shear traction of the stress with components m.

    References
    ----------
    Michael, A. J. (1984). Determination of stress from slip data: faults and folds.
    J. Geophys. Res. 89, 11517-11526.
    """
    n = np.asarray(normal, dtype=float)
    traction = np.einsum("kij,...j->...ik", tensor_basis(basis), n)
    along = np.einsum("...i,...ik->...k", n, traction)
    rows: Floats = traction - n[..., :, None] * along[..., None, :]
    return rows


def mechanism_statistics(
    strike_deg: ArrayLike,
    dip_deg: ArrayLike,
    rake_deg: ArrayLike,
    planes: Literal["both", "given", "auxiliary"] = "both",
) -> Floats:
    """Return the normal matrix and vector of each mechanism, in the orthonormal basis.

    Parameters
    ----------
    strike_deg, dip_deg, rake_deg : array_like, shape (mechanisms,)
        One nodal plane each, degrees.
    planes : {"both", "given", "auxiliary"}
        ``both`` weighs the two nodal planes 1/2, the expectation over a plane chosen at
        random. The vector ``b_k = s . B_k n`` is the same for both planes.

    Returns
    -------
    ndarray, shape (mechanisms, 20)
        Upper triangle of ``G^T G`` by rows, then ``G^T s``.
    """
    angles = [np.atleast_1d(np.asarray(a, dtype=float)) for a in (strike_deg, dip_deg, rake_deg)]
    normal, slip = fault_vectors(*angles)
    if planes == "auxiliary":
        normal, slip = fault_vectors(*auxiliary_plane(*angles))
    first = _normal_matrices(normal)
    if planes == "both":
        # the other plane has the slip as its normal; the sign does not matter for G^T G
        first = 0.5 * (first + _normal_matrices(slip))
    vector = np.einsum("...ik,...i->...k", design_rows(normal), slip)
    return np.concatenate([first, vector], axis=-1)


def acceptance_table(
    strike_deg: ArrayLike,
    dip_deg: ArrayLike,
    rake_deg: ArrayLike,
    share: ArrayLike | None = None,
) -> Floats:
    """Return the statistics of every mechanism of a search grid, for :func:`weigh_acceptance`.

    The values are rounded to multiples of 2^-27, so that sums over up to 2^17 mechanisms
    with 8-bit weights are exact in float64 and do not depend on the order of summation.

    Parameters
    ----------
    strike_deg, dip_deg, rake_deg : array_like, shape (mechanisms,)
    share : array_like, shape (mechanisms,), optional
        Share of all orientations that each mechanism of the grid stands for, 0 to 2 and of
        mean 1 (the grid of HASH holds mechanisms with vertical planes twice); all alike if
        not given.

    Returns
    -------
    ndarray, shape (mechanisms, 21)
        The statistics times the share, and the share.
    """
    table = mechanism_statistics(strike_deg, dip_deg, rake_deg, "both")
    part = np.ones(table.shape[0]) if share is None else np.asarray(share, dtype=float)
    table = np.concatenate([table * part[:, None], part[:, None]], axis=1)
    return np.rint(table * _TABLE_SCALE) / _TABLE_SCALE


def weigh_acceptance(
    acceptance: NDArray[np.uint8], table: Floats, block: int = 256
) -> tuple[Floats, Floats]:
    """Return what sets of acceptable mechanisms say about stress, and how clearly.

    For an event with weights ``p_g`` (normalized acceptance times share of grid mechanism g)
    the squared misfit is replaced by its expectation over the set and over the two planes of
    each mechanism,

    ``sum_g p_g |G_g m - s_g|^2 = m^T K m - 2 b^T m + 1``, ``K = sum_g p_g G_g^T G_g``,
    ``b = sum_g p_g G_g^T s_g``,

    which is the lower bound of the log-likelihood used in expectation-maximization. Alone it
    would let an event that is not constrained at all pull the stress towards zero (b goes to
    zero, K does not). So the event's whole term is multiplied by its *coherence*, the squared
    length of the mean moment tensor relative to that of one double couple,

    ``w = |sum_g p_g M_g|^2 / |M|^2 = 2 |b|^2`` (orthonormal basis),

    1 for a single mechanism, 0 for a uniform set; for rotations by an angle a about random
    axes it is ``((1 + 2 cos a + 2 cos 2a)/5)^2``: 0.78 at 20 degrees, 0.56 at 30, 0.23 at 45.
    It is the Fisher information that the mean mechanism keeps when scatter shortens it.

    Parameters
    ----------
    acceptance : ndarray of uint8, shape (events, mechanisms)
        0 not acceptable, 255 the most accepted.
    table : ndarray, shape (mechanisms, 21)
        From :func:`acceptance_table`.
    block : int
        Events multiplied at a time.

    Returns
    -------
    statistics : ndarray, shape (events, 20)
        Expected K and b, not yet multiplied by w; zero for events without any weight.
    coherence : ndarray, shape (events,)
        w, from 0 to 1; 0 for events without any weight.
    """
    n = acceptance.shape[0]
    out = np.zeros((n, STATISTIC_COUNT))
    for start in range(0, n, block):
        part = acceptance[start : start + block]
        used = np.flatnonzero(part.any(axis=0))
        sums = part[:, used].astype(float) @ table[used]
        total = sums[:, STATISTIC_COUNT:]
        np.divide(sums[:, :STATISTIC_COUNT], total, out=out[start : start + block], where=total > 0)
    return out, np.minimum(1.0, 2.0 * np.sum(out[:, 15:] ** 2, axis=1))


SET_SIZE = 24
"""Mechanisms that stand for an acceptable set. Chosen here: in a set of 25 degrees they are 13
degrees apart, about what mechanisms are wrong by within it."""


def thin_acceptance(acceptance: NDArray[np.uint8], share: Floats) -> NDArray[np.int64]:
    """Return mechanisms that stand for acceptable sets, shape (events, :data:`SET_SIZE`).

    Each stands for as much of the set's weight: the grid is passed through in its order, strike
    within dip within rake, and one is taken at every 24th part of the weight. Nothing is random.

    Parameters
    ----------
    acceptance : ndarray of uint8, shape (events, mechanisms)
    share : ndarray, shape (mechanisms,)
        Share of all orientations that each mechanism of the grid stands for.
    """
    out = np.zeros((acceptance.shape[0], SET_SIZE), dtype=np.int64)
    for event, row in enumerate(acceptance):
        used = np.flatnonzero(row)
        if used.size:
            ends = np.cumsum(row[used] * share[used])
            places = (np.arange(SET_SIZE) + 0.5) / SET_SIZE * ends[-1]
            out[event] = used[np.minimum(np.searchsorted(ends, places), used.size - 1)]
    return out


def _normal_matrices(normal: Floats) -> Floats:
    g = design_rows(normal)
    upper: Floats = np.einsum("...ik,...il->...kl", g, g)[..., UPPER[0], UPPER[1]]
    return upper
