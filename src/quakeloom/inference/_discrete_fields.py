"""Discrete Markov random fields on grids: Potts fields by belief propagation and by sampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Beliefs:
    """What belief propagation says of a field.

    Attributes
    ----------
    marginals : ndarray, (..., states)
        Probabilities of the states of every node. Exact on lines and trees; on grids an
        approximation, too sure where the coupling is strong.
    log_partition : float
        Bethe's approximation of ``ln Z``; exact on lines and trees.
    settled : bool
    """

    marginals: Floats
    log_partition: float
    settled: bool


def propagate_beliefs(
    log_weights: ArrayLike, coupling: float, rounds: int = 500, damping: float = 0.3
) -> Beliefs:
    r"""Return marginals of a Potts field, :math:`p(s) \propto \prod_i w_i(s_i)
    \prod_{ij} e^{J [s_i = s_j]}`, by loopy belief propagation.

    Parameters
    ----------
    log_weights : array_like, (..., states)
        ``ln w``, such as the log evidence of every lithology at every voxel.
    coupling : float
        J; 0 leaves every node by itself. The Ising model with spins of +1 and -1 and coupling K has
        J = 2 K, and every pair of neighbors adds K to ``-ln Z`` of the two.
    rounds : int
        At most.
    damping : float
        Part of the old message that is kept.

    Raises
    ------
    InputError
        If a node has no possible state.
    """
    own = np.asarray(log_weights, dtype=np.float64)
    if not np.isfinite(own.max(axis=-1)).all():
        raise InputError(
            "A node of the field has no possible state (all its weights are zero). Nothing was "
            "computed; give it equal weights where nothing is known."
        )
    axes = range(own.ndim - 1)
    # messages into every node from the one before and the one behind it, along each axis
    messages = {(a, s): np.zeros_like(own) for a in axes for s in (1, -1)}
    settled = False
    for _ in range(rounds):
        belief = own + sum(messages.values())
        moved, new = 0.0, {}
        for (a, s), old in messages.items():
            source = np.roll(belief - messages[a, -s], s, axis=a)
            sent = _send(source, coupling)
            sent[_border(own.ndim, a, s)] = 0.0
            new[a, s] = damping * old + (1.0 - damping) * sent
            moved = max(moved, float(np.abs(new[a, s] - old).max()))
        messages = new
        if moved < 1e-10:
            settled = True
            break
    belief = own + sum(messages.values())
    return Beliefs(_normalize(belief), _bethe(own, belief, messages, coupling), settled)


def _border(dimensions: int, axis: int, side: int) -> tuple[slice | int, ...]:
    """Nodes that have no neighbor on a side."""
    cut: list[slice | int] = [slice(None)] * dimensions
    cut[axis] = 0 if side == 1 else -1
    return tuple(cut)


def _send(source: Floats, coupling: float) -> Floats:
    """Return ln sum over the sender's states, for every state of the receiver, without its mean."""
    top = source.max(axis=-1, keepdims=True)
    w = np.exp(source - top)
    sent = np.log(w.sum(axis=-1, keepdims=True) + np.expm1(coupling) * w)
    return np.asarray(sent - sent.max(axis=-1, keepdims=True))


def _normalize(log: Floats) -> Floats:
    p = np.exp(log - log.max(axis=-1, keepdims=True))
    return np.asarray(p / p.sum(axis=-1, keepdims=True))


def _log_sum(log: Floats, axes: int | tuple[int, ...] = -1) -> Floats:
    top = log.max(axis=axes, keepdims=True)
    return np.asarray(np.log(np.exp(log - top).sum(axis=axes)) + np.squeeze(top, axis=axes))


def _bethe(
    own: Floats, belief: Floats, messages: dict[tuple[int, int], Floats], coupling: float
) -> float:
    """Return ``sum ln z_i - sum ln z_ij`` of nodes and of the pairs of messages between them."""
    total = float(_log_sum(belief).sum())
    states = own.shape[-1]
    pair = coupling * np.eye(states)
    for a in range(own.ndim - 1):
        head: list[slice] = [slice(None)] * own.ndim
        tail: list[slice] = [slice(None)] * own.ndim
        head[a], tail[a] = slice(None, -1), slice(1, None)
        first, second = tuple(head), tuple(tail)
        to_second, to_first = messages[a, 1][second], messages[a, -1][first]
        left = belief[first] - to_first
        right = belief[second] - to_second
        joint = _log_sum(left[..., :, None] + right[..., None, :] + pair, (-2, -1))
        alone = _log_sum(belief[first]) + _log_sum(belief[second])
        total += float((joint - alone).sum())
    return total


def sample_potts(
    log_weights: ArrayLike,
    coupling: float,
    stream: np.random.Generator,
    sweeps: int = 2000,
    replicas: int = 6,
) -> tuple[Floats, Floats]:
    """Return marginals of a Potts field by exchange sampling, and their standard errors.

    Replicas have a part of the exponent each, from a tenth to all of it; after every sweep of
    heat-bath draws (every other node at once, like the fields of a chessboard) neighbors are
    exchanged. A quarter of the sweeps is left out.

    Parameters
    ----------
    log_weights, coupling
        As for :func:`propagate_beliefs`.
    stream : numpy.random.Generator
    sweeps, replicas : int

    Returns
    -------
    marginals, errors : ndarray, (..., states)
        Errors from the scatter of sixteen batches.
    """
    own = np.asarray(log_weights, dtype=np.float64)
    shape, states = own.shape[:-1], own.shape[-1]
    beta = np.geomspace(0.1, 1.0, replicas)
    field = stream.integers(0, states, size=(replicas, *shape))
    colors = np.indices(shape).sum(axis=0) % 2
    start = sweeps // 4
    batch = max((sweeps - start) // 16, 1)
    counts = np.zeros((16, *own.shape))
    for sweep in range(sweeps):
        for color in (0, 1):
            log = beta.reshape(-1, *([1] * own.ndim)) * (own + coupling * _alike(field, states))
            drawn = _normalize(log).cumsum(axis=-1) < stream.random((replicas, *shape, 1))
            field = np.where(colors == color, drawn.sum(axis=-1).clip(max=states - 1), field)
        energy = np.array([_exponent(f, own, coupling) for f in field])
        for r in range(sweep % 2, replicas - 1, 2):
            gain = (beta[r + 1] - beta[r]) * (energy[r] - energy[r + 1])
            if np.log(stream.random()) < gain:
                field[[r, r + 1]] = field[[r + 1, r]]
                energy[[r, r + 1]] = energy[[r + 1, r]]
        if sweep >= start:
            which = min((sweep - start) // batch, 15)
            counts[which] += field[-1][..., None] == np.arange(states)
    shares = counts / counts.sum(axis=-1, keepdims=True).clip(min=1)
    total = counts.sum(axis=0)
    marginals = total / total.sum(axis=-1, keepdims=True)
    errors: Floats = np.asarray(shares.std(axis=0, ddof=1) / 4.0)
    return marginals, errors


def _alike(field: NDArray[np.int64], states: int) -> Floats:
    """Return how many neighbors of every node have each state, (replica, ..., states)."""
    one = (field[..., None] == np.arange(states)).astype(np.float64)
    total = np.zeros_like(one)
    for axis in range(1, field.ndim):
        ends: list[slice] = [slice(None)] * one.ndim
        back: list[slice] = [slice(None)] * one.ndim
        ends[axis], back[axis] = slice(None, -1), slice(1, None)
        total[tuple(ends)] += one[tuple(back)]
        total[tuple(back)] += one[tuple(ends)]
    return np.asarray(total)


def _exponent(field: NDArray[np.int64], own: Floats, coupling: float) -> float:
    total = float(np.take_along_axis(own, field[..., None], axis=-1).sum())
    for axis in range(field.ndim):
        total += coupling * float((np.diff(field, axis=axis) == 0).sum())
    return total
