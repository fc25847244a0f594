"""Covariances of Gaussian fields in the modes of another one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.inference._gaussian_fields import GaussianField, Kernel, correlation_matrix


def covariance_in_modes(
    field: GaussianField,
    axes: Sequence[ArrayLike],
    lengths: Sequence[float],
    kernel: Kernel = "squared_exponential",
) -> NDArray[np.float64]:
    r"""Return the covariance of white coordinates that gives a field other correlation lengths.

    The modes of a field with short lengths hold those with longer ones. So data are summed once,
    in the modes of the shortest lengths, and any longer ones are another prior of the same white
    coordinates: :math:`G = D^{-1} V^T K V D^{-1}` with the eigenvectors ``V`` and the scale ``D``
    of the field and the correlations ``K`` of the wanted lengths. For the field's own lengths it
    is the identity.

    Parameters
    ----------
    field : GaussianField
    axes : sequence of array_like
        Coordinates that the field was made with.
    lengths : sequence of float
        Wanted correlation lengths, not shorter than the field's.

    Returns
    -------
    ndarray, (modes, modes)
    """
    parts = []
    for axis, length, vectors, chosen in zip(
        axes, lengths, field.vectors, field.chosen, strict=True
    ):
        count = int(chosen.max()) + 1
        inner = vectors[:, :count].T @ correlation_matrix(axis, length, kernel)
        own = inner @ vectors[:, :count]
        parts.append(0.5 * (own + own.T)[np.ix_(chosen, chosen)])
    product = reduce(np.multiply, parts)
    return np.asarray(product / np.outer(field.scale, field.scale))
