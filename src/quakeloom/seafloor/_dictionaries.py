"""Dictionaries: atoms that few of which make up any piece of ground, learned and used.

A signal ``y`` is coded as ``y = D a + e`` with at most k coefficients (orthogonal matching
pursuit), and the atoms D are those that make ``e`` smallest over many signals (K-SVD, Aharon et al.
2006, in the approximate form of Rubinstein et al. 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from quakeloom.core import InputError, random_stream
from quakeloom.seafloor._pursuit import improve_atoms, pursue

Floats = NDArray[np.float64]

ROUNDS = 40
"""Rounds of coding and moving atoms; chosen here: planted atoms are found before."""

_LEAST = 1e-6
"""Correlation over the length of a signal below which no atom is added to a code."""

_ALIKE = 0.99
"""Correlation from which two atoms are one; the later is replaced. As makers of K-SVD do."""


@dataclass(frozen=True)
class SparseCodes:
    """Codes of signals.

    Attributes
    ----------
    index : ndarray of int32, shape (signals, k)
        Atoms, -1 where a signal needs fewer.
    value : ndarray of float64, the same shape
        Coefficients, 0 there.
    """

    index: NDArray[np.int32]
    value: Floats

    def dense(self, count: int) -> Floats:
        """Return them as a matrix, shape (signals, count)."""
        full = np.zeros((len(self.index), count))
        rows, places = np.nonzero(self.index >= 0)
        full[rows, self.index[rows, places]] = self.value[rows, places]
        return full

    def use(self, count: int) -> Floats:
        """Return the sum of absolute coefficients of every atom, shape (count,)."""
        used = self.index >= 0
        sums = np.bincount(self.index[used], np.abs(self.value[used]), count)
        return np.asarray(sums, np.float64)


def code_signals(signals: ArrayLike, atoms: ArrayLike, most: int) -> SparseCodes:
    """Code signals by at most ``most`` atoms each.

    Parameters
    ----------
    signals : array_like, shape (m, n)
    atoms : array_like, shape (count, n)
        Rows of unit length.
    most : int

    Raises
    ------
    InputError
        If signals and atoms have other lengths, or a number is missing.
    """
    y = np.ascontiguousarray(signals, np.float64)
    d = np.ascontiguousarray(atoms, np.float64)
    if y.ndim != 2 or d.ndim != 2 or y.shape[1] != d.shape[1] or not np.isfinite(y).all():
        raise InputError(
            f"Signals of shape {y.shape} cannot be coded by atoms of shape {d.shape}: lengths "
            "differ, or numbers are missing. Nothing was coded; leave out pieces with holes."
        )
    most = min(most, *d.shape)
    index = np.empty((len(y), most), np.int32)
    value = np.empty((len(y), most))
    gram = np.einsum("an,bn->ab", d, d)  # no threads of linear algebra
    work, root = np.empty((2, len(d))), np.empty((most + 2, most))
    pursue(y, np.ascontiguousarray(d.T), gram, _LEAST, index, value, work, root)
    return SparseCodes(index, value)


def compose_signals(codes: SparseCodes, atoms: ArrayLike) -> Floats:
    """Return the signals that codes stand for, shape (signals, n)."""
    d = np.asarray(atoms, np.float64)
    out = np.zeros((len(codes.index), d.shape[1]))
    for place in range(codes.index.shape[1]):
        # a code that is short has -1 with a coefficient of 0
        out += codes.value[:, place, None] * d[codes.index[:, place]]
    return out


def learn_dictionary(
    signals: ArrayLike, count: int, most: int, seed: int, name: str, rounds: int = ROUNDS
) -> Floats:
    """Learn atoms from signals.

    Parameters
    ----------
    signals : array_like, shape (m, n)
        Without missing numbers; means taken off as the user wants.
    count : int
        Atoms.
    most : int
        Atoms in the code of a signal.
    seed, name : int and str
        Of the signals that atoms begin as; other names begin elsewhere.
    rounds : int

    Returns
    -------
    ndarray, shape (count, n)
        Rows of unit length, sorted by use.

    Raises
    ------
    InputError
        If there are fewer signals with any relief than atoms.
    """
    y = np.ascontiguousarray(signals, np.float64)
    lengths = np.sqrt(np.einsum("mn,mn->m", y, y))
    lively = np.flatnonzero(lengths > 1e-12 * max(float(lengths.max(initial=0.0)), 1e-300))
    if len(lively) < count:
        raise InputError(
            f"{count} atoms cannot be learned from {len(lively)} signals that are not flat. "
            "Nothing was learned; take fewer atoms or more ground."
        )
    rng = random_stream(seed, "dictionary", name)
    first = rng.choice(lively, count, replace=False)
    atoms = y[first] / lengths[first, None]
    for turn in range(rounds):
        codes = code_signals(y, atoms, most)
        rest = y - compose_signals(codes, atoms)
        starts, users, places = _users_of(codes, count)
        improve_atoms(rest, atoms, codes.value, starts, users, places, np.empty(y.shape[1]))
        if turn < rounds - 1:
            _replace_idle(atoms, y, rest, codes.use(count), lengths)
    order = np.argsort(-code_signals(y, atoms, most).use(count), kind="stable")
    return np.asarray(atoms[order])


def _users_of(
    codes: SparseCodes, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return which signals use each atom, and at which place of their codes."""
    users, places = np.nonzero(codes.index >= 0)
    atom = codes.index[users, places]
    order = np.argsort(atom, kind="stable")
    starts = np.zeros(count + 1, np.int64)
    starts[1:] = np.cumsum(np.bincount(atom, minlength=count))
    return starts, users[order].astype(np.int64), places[order].astype(np.int64)


def _replace_idle(atoms: Floats, y: Floats, rest: Floats, use: Floats, lengths: Floats) -> None:
    """Put the worst coded signals in place of atoms that none uses or that are there twice."""
    gram = np.abs(np.einsum("an,bn->ab", atoms, atoms))
    twice = (np.triu(gram, 1) > _ALIKE).any(axis=0)
    idle = np.flatnonzero(twice | (use <= 0))
    if not idle.size:
        return
    left = np.einsum("mn,mn->m", rest, rest)
    worst = np.argsort(-left, kind="stable")[: len(idle)]
    ready = worst[lengths[worst] > 0]
    atoms[idle[: len(ready)]] = y[ready] / lengths[ready, None]


def match_atoms(found: ArrayLike, wanted: ArrayLike) -> Floats:
    """Return the correlation of every wanted atom with the one that is matched to it.

    Atoms are matched one to one so that the sum of absolute correlations is largest; the sign of
    an atom means nothing.
    """
    gram = np.abs(np.einsum("an,bn->ab", np.asarray(found, float), np.asarray(wanted, float)))
    rows, columns = linear_sum_assignment(-gram)
    out = np.zeros(gram.shape[1])
    out[columns] = gram[rows, columns]
    return out
