"""Faults of families in chains of a stress: where they begin, and moves to others.

A family of aftershocks lies on either of the two planes of its mechanisms, and where the stress
fits one it does not fit the other. What is supposed of a fault is its unit normal, the share of its
family that lies on it, and Watson's concentration of their planes about it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.stress._plane_probability import log_watson_mean
from quakeloom.stress._tensors import stress_components, stress_tensors

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_BEGIN = 8.0
"""Watson's concentration about either mean plane where the search for faults begins: 14 degrees
about each axis. Chosen here: wider than what is found, so that the search narrows it."""

SCATTER_RANGE_DEG = (3.0, 20.0)
"""How far planes of events on one fault scatter about it, standard deviation about each axis, any
logarithm alike. Chosen here: faults are rough, and at 20 degrees they are hardly one plane."""

_CONCENTRATION = tuple(0.5 / np.radians(s) ** 2 for s in reversed(SCATTER_RANGE_DEG))
"""Watson's concentrations of that range."""

FAULT_MOVES = 4
"""Kinds of moves of faults."""


@dataclass(frozen=True)
class FaultStart:
    """Where chains look for the faults of families.

    Attributes
    ----------
    planes : ndarray, shape (faults, 2, 3)
        Mean normals of both planes of every family.
    """

    planes: Floats

    @property
    def bisector(self) -> Floats:
        """Unit vectors between both normals, shape (faults, 3)."""
        middle = self.planes.sum(axis=1)
        length = np.linalg.norm(middle, axis=1, keepdims=True)
        axis: Floats = middle / np.maximum(length, 1e-9)
        return axis

    def begin(self, chains: int, generator: np.random.Generator) -> Floats:
        """Return faults to begin at, shape (chains, faults, 5): near either plane.

        Their density is that of :meth:`log_density`.
        """
        faults = len(self.planes)
        out = np.zeros((chains, faults, 5))
        if faults:
            side = generator.integers(0, 2, (chains, faults))
            normals = self.planes[np.arange(faults), side]
            out[..., :3] = draw_watson(normals, _BEGIN, generator)
            out[..., 3] = np.clip(generator.random((chains, faults)), 1e-4, 1.0 - 1e-4)
            low, high = np.log(_CONCENTRATION)
            out[..., 4] = np.exp(generator.uniform(low, high, (chains, faults)))
        return out

    def log_density(self, faults: Floats) -> Floats:
        """Return the logarithm of the density of normals that :meth:`begin` draws, of each fault.

        Relative to normals of any direction; shape (chains, faults).
        """
        cosine = np.einsum("cfi,fpi->cfp", faults[..., :3], self.planes)
        mean = log_watson_mean(_BEGIN)
        values: Floats = np.log(0.5 * np.exp(_BEGIN * cosine**2 - mean).sum(axis=-1))
        return values


def turn_randomly(normals: Floats, angle: float, generator: np.random.Generator) -> Floats:
    """Return unit vectors turned by normal deviates of a root mean square angle about any axis."""
    step = angle * generator.standard_normal(normals.shape)
    step -= np.sum(step * normals, axis=-1, keepdims=True) * normals
    size = np.linalg.norm(step, axis=-1, keepdims=True)
    turned: Floats = np.cos(size) * normals + np.sinc(size / np.pi) * step
    turned /= np.linalg.norm(turned, axis=-1, keepdims=True)
    return turned


def draw_watson(axes: Floats, concentration: float, generator: np.random.Generator) -> Floats:
    """Return unit vectors of Watson's density ``exp(c cos^2)`` about axes.

    ``x = cos`` has the density ``exp(c x^2)`` on [0, 1], drawn by its tabulated distribution.
    """
    x = np.linspace(0.0, 1.0, 2001)
    below = np.concatenate(
        [[0.0], np.cumsum(np.exp(concentration * (0.5 * (x[1:] + x[:-1])) ** 2))]
    )
    cosine = np.interp(below[-1] * generator.random(axes.shape[:-1]), below, x)
    across = generator.standard_normal(axes.shape)
    across -= np.sum(across * axes, axis=-1, keepdims=True) * axes
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    drawn: Floats = cosine[..., None] * axes + np.sqrt(1.0 - cosine**2)[..., None] * across
    return drawn


def turn_about(normals: Floats, axes: Floats) -> Floats:
    """Return unit vectors after half a turn about axes."""
    turned: Floats = 2.0 * np.sum(normals * axes, axis=-1, keepdims=True) * axes - normals
    return turned


def propose_faults(
    faults: Floats, number: int, scale: float, start: FaultStart, generator: np.random.Generator
) -> Floats:
    """Return other faults: near ones, those of the other planes, other shares and scatters.

    A family that lies on one fault may lie on either of the two that its mechanisms have. Half a
    turn about the bisector of their mean planes leads from one to the other and back.

    Parameters
    ----------
    faults : ndarray, shape (chains, faults, 5)
        Unit normals, the shares of families that lie there, and how concentrated they are.
    number : int
        Which of the kinds, in turn.
    scale : float
        How far normals turn, radians.
    """
    proposed = faults.copy()
    kind = number % FAULT_MOVES
    if kind == 0:
        proposed[..., :3] = turn_randomly(faults[..., :3], scale, generator)
    elif kind == 1:
        proposed[..., :3] = turn_about(faults[..., :3], start.bisector)
    elif kind == 2:
        step = faults[..., 3] + 0.3 * generator.standard_normal(faults.shape[:2])
        # reflected at 0 and 1, kept off both
        step = np.abs((step + 1.0) % 2.0 - 1.0)
        proposed[..., 3] = np.clip(step, 1e-4, 1.0 - 1e-4)
    else:
        low, high = np.log(_CONCENTRATION)
        place = (np.log(faults[..., 4]) - low) / (high - low)
        place += 0.2 * generator.standard_normal(faults.shape[:2])
        # reflected at both ends
        place = np.abs((place + 1.0) % 2.0 - 1.0)
        proposed[..., 4] = np.exp(low + (high - low) * place)
    return proposed


def sum_by_family(family: Integers, by_event: Floats, families: int) -> Floats:
    """Return sums over the events of each family, shape (chains, families)."""
    own = family >= 0
    sums = [np.bincount(family[own], weights=v, minlength=families) for v in by_event[:, own]]
    return np.array(sums, dtype=np.float64).reshape(len(by_event), families)


def spread_to_events(family: Integers, by_family: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for every event what holds for its family, False for events of none."""
    out = np.zeros((len(by_family), len(family)), dtype=bool)
    own = family >= 0
    out[:, own] = by_family[:, family[own]]
    return out


@dataclass(frozen=True)
class HalfTurn:
    """A stress turned about an axis of a family's mechanisms, and faults that change planes.

    Half a turn about the P, T or null axis of a double couple leaves it what it is, and the first
    two change its planes. The turned stress explains the family as well as the stress did, on the
    other plane or on the same one. What others say decides.

    Attributes
    ----------
    turn : ndarray, shape (chains, 3, 3)
        Rotation matrices.
    about : ndarray of int64, shape (chains,)
        Families whose axes these are.
    sign : ndarray, shape (chains,)
        -1 where the turn leads normals to the other side of their planes.
    changed : ndarray of bool, shape (chains, faults)
    faults : ndarray, shape (chains, faults, 5)
        Those after the change.
    """

    turn: Floats
    about: Integers
    sign: Floats
    changed: NDArray[np.bool_]
    faults: Floats

    def rotate(self, stresses: Floats) -> Floats:
        """Return turned stresses, shape (chains, 5)."""
        tensor = stress_tensors(stresses)
        return stress_components(self.turn @ tensor @ np.swapaxes(self.turn, 1, 2))

    def carry(self, turned: Floats, family: Integers) -> Floats:
        """Return errors of normals that the families about whose axes it goes have then.

        ``turned`` is (chains, events, planes, axes), as in :class:`Supposed`.
        """
        own = family[None, :] == self.about[:, None]
        chains = np.arange(len(self.about))
        swapped = self.changed[chains, self.about][:, None] & own
        out = np.where(swapped[..., None, None], turned[:, :, ::-1], turned)
        out[..., 1] *= np.where(own, self.sign[:, None], 1.0)[..., None]
        return out


def propose_half_turn(
    faults: Floats, start: FaultStart, generator: np.random.Generator
) -> HalfTurn:
    """Return a half turn about an axis of any family; any of the others change planes or not.

    Done twice it changes nothing, so that it is as likely from there to here.
    """
    chains, count = faults.shape[:2]
    about = np.asarray(generator.integers(0, count, chains), dtype=np.int64)
    which = generator.integers(0, 3, chains)
    one, other = start.planes[about, 0], start.planes[about, 1]
    axes = np.stack([one + other, one - other, np.cross(one, other)], axis=1)
    axis = axes[np.arange(chains), which]
    axis /= np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-9)
    turn = 2.0 * axis[:, :, None] * axis[:, None, :] - np.eye(3)
    changed = generator.random((chains, count)) < 0.5
    changed[np.arange(chains), about] = which < 2
    proposed = faults.copy()
    others = turn_about(faults[..., :3], start.bisector)
    proposed[..., :3] = np.where(changed[..., None], others, faults[..., :3])
    # the fault itself turns with the stress
    itself = np.einsum("cij,cj->ci", turn, faults[np.arange(chains), about, :3])
    proposed[np.arange(chains), about, :3] = itself
    return HalfTurn(turn, about, np.where(which == 0, 1.0, -1.0), changed, proposed)
