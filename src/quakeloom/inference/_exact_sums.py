"""Normal equations as exact sums: the same bytes for any order, partition and number of threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

ROW_BITS = 14
"""Binary digits after the point that rows of whitened data keep (chosen here): 3e-5 standard errors
for a change of a white coordinate by one, a thousandth of an error for all of them together."""

_BATCH_ROWS = 2048
"""Rows multiplied at once, so that sums of products of integers stay below 2**53, where double
precision is exact."""

_UNIT = 2.0 ** (-2 * ROW_BITS)
"""What one of the integers of the sums stands for."""

_EXACT = 2.0**53
"""Integers below are exact in double precision."""


@dataclass(frozen=True)
class ExactSums:
    """Sums of products of whitened rows, as integers.

    Rows of data over their errors are rounded to multiples of ``2**-ROW_BITS`` once; their
    products and sums are then integers below ``2**53``, on which double precision makes no error,
    and the sums of blocks are added as 64-bit integers. So sums over partitions are those over all
    data at once, to the last bit, in whatever order they are added.

    Attributes
    ----------
    matrix : ndarray of int64, (size, size)
        Of ``X' X`` in units of ``2**(-2 ROW_BITS)``, as are the others.
    vector : ndarray of int64, (size,)
        Of ``X' r``.
    square : int
        Of ``r' r``.
    rows : int
        Number of rows.
    count : int
        Number of independent data in them.

    References
    ----------
    Demmel, J. & Nguyen, H. D. (2015). Parallel reproducible summation. IEEE Trans. Comput. 64,
    2060-2070, for why such sums must be made with a common unit.
    """

    matrix: NDArray[np.int64]
    vector: NDArray[np.int64]
    square: int
    rows: int
    count: int

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return int(self.vector.size)

    def values(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return ``X' X``, ``X' r`` and ``r' r`` as floating-point numbers."""
        matrix, vector = (v.astype(np.float64) * _UNIT for v in (self.matrix, self.vector))
        return matrix, vector, self.square * _UNIT

    def __add__(self, other: ExactSums) -> ExactSums:
        """Add the sums of other data.

        Raises
        ------
        InputError
            If the sums have other unknowns, or grow beyond 64 bits.
        """
        if self.size != other.size:
            raise InputError(
                f"Sums of {self.size} and of {other.size} unknowns cannot be added; nothing was. "
                "Make them anew with the same settings."
            )
        for a, b in ((self.matrix, other.matrix), (self.vector, other.vector)):
            most = float(np.abs(a).max(initial=0)) + float(np.abs(b).max(initial=0))
            if most >= 2.0**62:
                raise InputError(
                    "The sums of the normal equations grew beyond 64 bits, so they would be wrong. "
                    "Nothing was added; give picks larger errors, or fewer events."
                )
        return ExactSums(
            self.matrix + other.matrix,
            self.vector + other.vector,
            self.square + other.square,
            self.rows + other.rows,
            self.count + other.count,
        )


def no_sums(size: int) -> ExactSums:
    """Return the sums over no data."""
    return ExactSums(np.zeros((size, size), np.int64), np.zeros(size, np.int64), 0, 0, 0)


def sum_rows(rows: ArrayLike, residuals: ArrayLike, count: int) -> ExactSums:
    """Sum the products of whitened rows and residuals exactly.

    Parameters
    ----------
    rows : array_like, (n, size)
        Derivatives of the data by white coordinates, over the errors of the data.
    residuals : array_like, (n,)
        Over the errors likewise.
    count : int
        Independent data in them: fewer than rows where something was projected out.

    Raises
    ------
    InputError
        If a row is so large that its sums would not be exact.
    """
    scale = 2.0**ROW_BITS
    x = np.rint(np.asarray(rows, dtype=np.float64) * scale)
    r = np.rint(np.asarray(residuals, dtype=np.float64) * scale)
    total = no_sums(x.shape[1])
    for first in range(0, len(x), _BATCH_ROWS):
        part, left = x[first : first + _BATCH_ROWS], r[first : first + _BATCH_ROWS]
        # Cauchy and Schwarz: no sum of products exceeds the largest of these
        largest = max(float(np.einsum("ij,ij->j", part, part).max(initial=0.0)), float(left @ left))
        if not largest < _EXACT:
            raise InputError(
                "A datum changes by more than a thousand of its standard errors with one of the "
                "unknowns, or lies as far off, so sums over data would not be exact. Nothing was "
                "summed; look for errors of zero, or times that are wrong by minutes."
            )
        total = total + ExactSums(
            (part.T @ part).astype(np.int64),
            (part.T @ left).astype(np.int64),
            int(left @ left),
            len(part),
            0,
        )
    return ExactSums(total.matrix, total.vector, total.square, total.rows, count)
