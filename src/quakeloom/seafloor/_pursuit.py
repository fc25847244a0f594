"""Orthogonal matching pursuit of many signals at once, and the step of K-SVD, compiled.

Every sum runs in a fixed order: a signal has the same code in any batch, for any number of
workers and of threads of linear algebra.
"""

from __future__ import annotations

from typing import Any

from quakeloom.core import UNCOUNTED, compiled


@compiled(**UNCOUNTED, nogil=True, error_model="numpy")
def pursue(
    signals: Any, atoms: Any, gram: Any, least: Any, index: Any, value: Any, work: Any, root: Any
) -> None:
    """Write the code of every signal by orthogonal matching pursuit (Pati et al. 1993).

    The correlations with all atoms are updated by the Gram matrix, and the factor of the normal
    equations grows by a row per atom (Rubinstein et al. 2008, "batch OMP").

    Parameters
    ----------
    signals : float64 (m, n)
    atoms : float64 (n, count)
        Atoms of unit length as columns.
    gram : float64 (count, count)
    least : float
        Correlation over the length of the signal below which no atom is added.
    index : int32 (m, k), out
        Atoms of each signal, -1 where there are fewer.
    value : float64 (m, k), out
        Their coefficients, 0 where there are fewer.
    work : float64 (2, count)
        Room for the correlations at first and now.
    root : float64 (k + 2, k)
        Room for the factor, the new row and the coefficients.
    """
    n, count = atoms.shape
    most = index.shape[1]
    for s in range(signals.shape[0]):
        length = 0.0
        for a in range(count):
            work[0, a] = 0.0
        for i in range(n):
            y = signals[s, i]
            length += y * y
            for a in range(count):
                work[0, a] += y * atoms[i, a]
        for a in range(count):
            work[1, a] = work[0, a]
        for j in range(most):
            index[s, j] = -1
            value[s, j] = 0.0
        bound = least * length**0.5
        for step in range(most):
            best, top = -1, bound
            for a in range(count):
                size = abs(work[1, a])
                if size > top:
                    best, top = a, size
            if best < 0:
                break
            left = 1.0
            for j in range(step):
                if index[s, j] == best:
                    left = 0.0
                total = gram[index[s, j], best]
                for i in range(j):
                    total -= root[j, i] * root[step, i]
                root[step, j] = total / root[j, j]
                left -= root[step, j] * root[step, j]
            if left < 1e-10:  # the atom is a sum of those that are there
                break
            root[step, step] = left**0.5
            index[s, step] = best
            for j in range(step + 1):
                total = work[0, index[s, j]]
                for i in range(j):
                    total -= root[j, i] * root[most, i]
                root[most, j] = total / root[j, j]
            for j in range(step, -1, -1):
                total = root[most, j]
                for i in range(j + 1, step + 1):
                    total -= root[i, j] * value[s, i]
                value[s, j] = total / root[j, j]
            for a in range(count):
                work[1, a] = work[0, a]
            for j in range(step + 1):
                row, c = index[s, j], value[s, j]
                for a in range(count):
                    work[1, a] -= c * gram[row, a]


@compiled(**UNCOUNTED, nogil=True, error_model="numpy")
def improve_atoms(
    rest: Any, atoms: Any, value: Any, starts: Any, users: Any, places: Any, fresh: Any
) -> None:
    """Move every atom, one after the other, to where its users want it (approximate K-SVD).

    One power step for each atom in place of its singular vectors (Rubinstein et al. 2008).

    Parameters
    ----------
    rest : float64 (m, n), in and out
        What the codes leave of the signals.
    atoms : float64 (count, n), in and out
        Atoms of unit length as rows; those without users stay.
    value : float64 (m, k), in and out
        Coefficients.
    starts : int64 (count + 1,)
        Where the users of each atom begin in the next two.
    users, places : int64
        Signal, and place of the atom in its code.
    fresh : float64 (n,)
        Room for an atom.
    """
    count, n = atoms.shape
    for a in range(count):
        if starts[a] == starts[a + 1]:
            continue
        for i in range(n):
            fresh[i] = 0.0
        for u in range(starts[a], starts[a + 1]):
            s, c = users[u], value[users[u], places[u]]
            for i in range(n):
                fresh[i] += c * (rest[s, i] + c * atoms[a, i])
        length = 0.0
        for i in range(n):
            length += fresh[i] * fresh[i]
        if length <= 0.0:
            continue
        length = length**0.5
        for i in range(n):
            fresh[i] /= length
        for u in range(starts[a], starts[a + 1]):
            s, c = users[u], value[users[u], places[u]]
            new = 0.0
            for i in range(n):
                rest[s, i] += c * atoms[a, i]
                new += rest[s, i] * fresh[i]
            for i in range(n):
                rest[s, i] -= new * fresh[i]
            value[s, places[u]] = new
        for i in range(n):
            atoms[a, i] = fresh[i]
