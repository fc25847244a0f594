"""Nested dissection: the order in which the nodes of a sparse graph are eliminated.

A graph on a map or in a volume falls into two halves when a thin set of nodes, the
separator, is taken out. Eliminating the halves first and the separator last, and so on
within the halves, keeps the Cholesky factor small (George 1973).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Front:
    """One dense piece of the elimination.

    Attributes
    ----------
    pivots : ndarray of int64
        Nodes eliminated here.
    boundary : ndarray of int64
        Nodes eliminated later that these pivots couple to.
    parent : int
        Front into which the rest is added, -1 for a root.
    parent_rows : ndarray of int64
        Where the boundary nodes stand in the parent's ``pivots + boundary``.
    children : tuple of int
    pairs : ndarray of int64
        Entries of the pattern that are first touched here.
    rows, columns : ndarray of int64
        Their places in ``pivots + boundary``, row >= column.
    """

    pivots: Integers
    boundary: Integers
    parent: int
    parent_rows: Integers
    children: tuple[int, ...]
    pairs: Integers
    rows: Integers
    columns: Integers

    @property
    def size(self) -> int:
        """Number of nodes of the dense piece."""
        return self.pivots.size + self.boundary.size


@dataclass(frozen=True)
class Dissection:
    """The elimination of a graph, children before parents.

    Attributes
    ----------
    node_count : int
    pairs : ndarray of int64, shape (pairs, 2)
        The pattern: each unordered pair of coupled nodes once, the diagonal included.
    fronts : tuple of Front
    """

    node_count: int
    pairs: Integers
    fronts: tuple[Front, ...]

    def factor_bytes(self, block: int) -> int:
        """Return the bytes of the Cholesky factor for blocks of ``block`` unknowns."""
        cells = sum(f.pivots.size * f.size for f in self.fronts)
        return 8 * block * block * cells

    def factor_operations(self, block: int) -> float:
        """Return the multiply-add operations of one factorization."""
        total = 0.0
        for f in self.fronts:
            p, b = f.pivots.size * block, f.boundary.size * block
            total += p**3 / 3 + p * p * b + p * b * b
        return total


def dissect_graph(pairs: ArrayLike, coordinates: ArrayLike, leaf: int = 16) -> Dissection:
    """Order a graph for elimination by cutting it across its longest extent.

    Parameters
    ----------
    pairs : array_like of int, shape (pairs, 2)
        Coupled nodes, each unordered pair once. Diagonal pairs are added where missing.
    coordinates : array_like of float, shape (nodes, dimensions)
        Where the nodes are; only used to find good cuts, so that integer grid indices do.
    leaf : int
        Pieces of at most this many nodes are not cut further.

    Returns
    -------
    Dissection
        Its ``pairs`` are those given, followed by the diagonal pairs that were missing.

    References
    ----------
    George, A. (1973). Nested dissection of a regular finite element mesh. SIAM J. Numer.
    Anal. 10, 345-363.
    """
    places = np.asarray(coordinates, dtype=float)
    n = places.shape[0]
    given = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    diagonal = np.zeros(n, dtype=bool)
    diagonal[given[given[:, 0] == given[:, 1], 0]] = True
    missing = np.flatnonzero(~diagonal)
    given = np.concatenate([given, np.stack([missing, missing], axis=1)])
    start, neighbors = _adjacency(given, n)
    sets, children = _cut(places, start, neighbors, leaf)
    return Dissection(n, given, _build_fronts(n, given, start, neighbors, sets, children))


def _adjacency(pairs: Integers, n: int) -> tuple[Integers, Integers]:
    """Return where the neighbors of each node begin, and the neighbors of all in one array."""
    off = pairs[pairs[:, 0] != pairs[:, 1]]
    source = np.concatenate([off[:, 0], off[:, 1]])
    target = np.concatenate([off[:, 1], off[:, 0]])
    order = np.argsort(source, kind="stable")
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=n), out=start[1:])
    return start, target[order]


def _gather(nodes: Integers, start: Integers, neighbors: Integers) -> tuple[Integers, Integers]:
    """Neighbors of nodes, and for each the position in ``nodes`` it belongs to."""
    counts = start[nodes + 1] - start[nodes]
    owner = np.repeat(np.arange(nodes.size), counts)
    ends = np.cumsum(counts)
    within = np.arange(owner.size) - np.repeat(ends - counts, counts)
    return neighbors[start[nodes][owner] + within], owner


def _cut(
    places: NDArray[np.float64], start: Integers, neighbors: Integers, leaf: int
) -> tuple[list[Integers], list[list[int]]]:
    """Node sets of the elimination tree and the children of each, children first."""
    n = places.shape[0]
    side = np.zeros(n, dtype=np.int8)
    sets: list[Integers] = []
    children: list[list[int]] = []

    def visit(nodes: Integers) -> list[int]:
        if nodes.size == 0:
            return []
        if nodes.size <= leaf:
            sets.append(nodes)
            children.append([])
            return [len(sets) - 1]
        extent = np.ptp(places[nodes], axis=0)
        axis = int(np.argmax(extent))
        along = places[nodes, axis]
        middle = np.median(along)
        first = along < middle
        if not first.any() or first.all():
            # most nodes lie at one place along the axis: halve them by number, not by place
            rank = np.argsort(along, kind="stable")
            first = np.zeros(nodes.size, dtype=bool)
            first[rank[: nodes.size // 2]] = True
        side[nodes] = np.where(first, 1, 2)
        touched = []
        for here, other in ((1, 2), (2, 1)):
            part = nodes[side[nodes] == here]
            around, owner = _gather(part, start, neighbors)
            touches = np.zeros(part.size, dtype=bool)
            touches[owner[side[around] == other]] = True
            touched.append((part, touches))
        (a, ta), (b, tb) = touched
        # nodes outside this piece are 0 in the recursion, so that only edges within it count
        side[nodes] = 0
        # one side of the cut edges is enough to part the halves: the smaller one
        if ta.sum() <= tb.sum():
            left, right, separator = a[~ta], b, a[ta]
        else:
            left, right, separator = a, b[~tb], b[tb]
        below = visit(left) + visit(right)
        # halves that nothing joins hang below the same parent, without a front of their own
        if separator.size == 0:
            return below
        sets.append(separator)
        children.append(below)
        return [len(sets) - 1]

    visit(np.arange(n, dtype=np.int64))
    return sets, children


def _build_fronts(
    n: int,
    pairs: Integers,
    start: Integers,
    neighbors: Integers,
    sets: list[Integers],
    children: list[list[int]],
) -> tuple[Front, ...]:
    """Work out what each set couples to, and where its parts stand in its parent.

    Sets are numbered in the order of elimination, so a node is eliminated later than a set if its
    owner has a larger number. The boundary of a set is that of its own edges and of its
    children's boundaries (the fill of the elimination).
    """
    owner = np.empty(n, dtype=np.int64)
    for number, nodes in enumerate(sets):
        owner[nodes] = number
    parents = np.full(len(sets), -1)
    boundaries: list[Integers] = []
    for number, nodes in enumerate(sets):
        around, _ = _gather(nodes, start, neighbors)
        candidates = [around[owner[around] > number]]
        for child in children[number]:
            parents[child] = number
            rest = boundaries[child]
            candidates.append(rest[owner[rest] > number])
        boundary = np.unique(np.concatenate(candidates))
        boundaries.append(boundary[np.argsort(owner[boundary], kind="stable")])
    # an entry of the matrix is added at the first of its nodes to be eliminated
    first = np.minimum(owner[pairs[:, 0]], owner[pairs[:, 1]])
    by_front = np.argsort(first, kind="stable")
    limits = np.searchsorted(first[by_front], np.arange(len(sets) + 1))
    position = np.empty(n, dtype=np.int64)
    rows_in_parent: list[Integers] = [np.empty(0, dtype=np.int64)] * len(sets)
    fronts = []
    for number, nodes in enumerate(sets):
        members = np.concatenate([nodes, boundaries[number]])
        position[members] = np.arange(members.size)
        for child in children[number]:
            rows_in_parent[child] = position[boundaries[child]]
        mine = by_front[limits[number] : limits[number + 1]]
        one, two = position[pairs[mine, 0]], position[pairs[mine, 1]]
        fronts.append(
            Front(
                nodes,
                boundaries[number],
                int(parents[number]),
                np.empty(0, dtype=np.int64),
                tuple(children[number]),
                mine,
                np.maximum(one, two),
                np.minimum(one, two),
            )
        )
    return tuple(
        replace(front, parent_rows=rows) for front, rows in zip(fronts, rows_in_parent, strict=True)
    )
