"""Which of the two nodal planes slipped: at random, or the less stable one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import auxiliary_plane, fault_vectors, string_keys
from quakeloom.stress._field import StressField
from quakeloom.stress._grid import Method, StressGrid
from quakeloom.stress._interpolation import find_neighbors, interpolate_field
from quakeloom.stress._inversion import StressInversion
from quakeloom.stress._mechanisms import mechanism_statistics
from quakeloom.stress._statistics import accumulate_statistics
from quakeloom.stress._tensors import describe_stress

Floats = NDArray[np.float64]

FRICTIONS = tuple(np.round(np.arange(0.2, 0.81, 0.05), 2))
"""Coefficients of friction that are tried: up to those of rocks in the laboratory, 0.6 to 0.85
(Byerlee 1978), and weaker ones. Chosen here."""


_FRICTIONS_APART = 3
"""The covariance is over every third coefficient, 0.2 to 0.8 in steps of 0.15; chosen here: those
between choose nearly the same planes."""


@dataclass(frozen=True, eq=False)
class PlacedMechanisms:
    """Mechanisms and where they are.

    Attributes
    ----------
    points : array_like, shape (events, dimensions)
        Coordinates in the order of the axes of a grid.
    strike_deg, dip_deg, rake_deg : array_like, shape (events,)
        Of one nodal plane, whichever.
    weights : array_like, shape (events,), optional
        All 1 if not given; 0 leaves an event out.
    """

    points: ArrayLike
    strike_deg: ArrayLike
    dip_deg: ArrayLike
    rake_deg: ArrayLike
    weights: ArrayLike | None = None


@dataclass(frozen=True)
class PlaneChoice:
    """Fault planes chosen by instability, and the stress field that goes with them.

    Attributes
    ----------
    field : StressField
    auxiliary : ndarray of bool, shape (events,)
        The other plane than the one given was chosen.
    instability : ndarray, shape (events,)
        Of the chosen plane, 0 to 1; NaN outside the field.
    friction : float
        The coefficient of largest mean instability.
    friction_at_edge : bool
        It is the least or the largest that was tried.
    mean_instability : ndarray, shape (frictions,)
        For each coefficient that was tried.
    inversion : StressInversion
        That of the chosen planes.
    inversions : tuple of StressInversion
        Those of the planes that every coefficient chooses, which the covariance is over.
    solutions : ndarray, shape (frictions, nodes, 5)
        Their fields, at the length of :attr:`field`.
    shift : ndarray, shape (nodes, 5)
        The field less that of both planes, at its length: how much the choice of planes decides.
        Its square is part of the covariance.
    """

    field: StressField
    auxiliary: NDArray[np.bool_]
    instability: Floats
    friction: float
    friction_at_edge: bool
    mean_instability: Floats
    inversion: StressInversion
    inversions: tuple[StressInversion, ...]
    solutions: Floats
    shift: Floats

    def draw_fields(self, count: int, seed: int = 0) -> Floats:
        """Return joint draws of the whole field, shape (draws, nodes, 5).

        Of all coefficients in turn, as the covariance is over them, with the shift from both
        planes times a standard normal number, the same for the whole map.
        """
        generator = np.random.default_rng([seed, 1])
        out = np.empty((count, *self.shift.shape))
        strength = self.field.point.alpha2
        for number, (inversion, solution) in enumerate(
            zip(self.inversions, self.solutions, strict=True)
        ):
            mine = np.arange(number, count, len(self.inversions))
            if mine.size:
                draws = inversion.draw_fields(strength, mine.size, seed + number, self.field.scan)
                own = inversion.expand(inversion.inversion.evaluate(strength)[1])
                out[mine] = draws * length_ratio(solution, own)
        return out + generator.standard_normal(count)[:, None, None] * self.shift


def choose_random_planes(event_ids: Sequence[str], seed: int) -> NDArray[np.bool_]:
    """Return for each event whether the auxiliary plane is taken, with probability 1/2.

    The choice belongs to the identifier of the event, not to its place in a list.
    """
    return (string_keys(event_ids, seed) & np.uint64(1)).astype(bool)


def plane_instability(normals: ArrayLike, components: ArrayLike, friction: float) -> Floats:
    """Return how close planes are to slip, 0 (stable) to 1 (optimally oriented).

    ``I = (tau - mu (sigma - 1)) / (mu + sqrt(1 + mu^2))`` with normal and shear stress of the
    reduced stress S1 = 1, S2 = 1 - 2R, S3 = -1 (compression positive), R = (S1-S2)/(S1-S3).

    Parameters
    ----------
    normals : array_like, shape ``S + (3,)``
        North, east, down.
    components : array_like, shape ``S + (5,)``
        Stress at each plane, orthonormal basis, tension positive.
    friction : float
        Coefficient mu.

    References
    ----------
    Vavrycuk, V. (2014). Iterative joint inversion for stress and fault orientations from
    focal mechanisms. Geophys. J. Int. 199, 69-77.
    """
    stress = describe_stress(components)
    cosines2 = np.einsum("...ki,...i->...k", stress.axes, np.asarray(normals, dtype=float)) ** 2
    reduced = np.stack(
        [np.ones_like(stress.shape_ratio), 2.0 * stress.shape_ratio - 1.0,
         -np.ones_like(stress.shape_ratio)],
        axis=-1,
    )  # fmt: skip
    sigma = np.sum(reduced * cosines2, axis=-1)
    tau = np.sqrt(np.maximum(np.sum(reduced**2 * cosines2, axis=-1) - sigma**2, 0.0))
    value: Floats = (tau - friction * (sigma - 1.0)) / (friction + np.sqrt(1.0 + friction**2))
    return np.clip(value, 0.0, 1.0)


def invert_unstable_planes(
    grid: StressGrid,
    mechanisms: PlacedMechanisms,
    frictions: Sequence[float] = FRICTIONS,
    iterations: int = 5,
    alpha2: float | None = None,
    method: Method = "bilinear",
    **options: object,
) -> PlaneChoice:
    """Invert for stress and choose the less stable plane of every mechanism by turns.

    Starts from the field of both planes, picks in every event the plane of larger
    instability in the stress at its place, inverts again, and so on until no plane changes;
    once for every friction coefficient. The coefficient with the largest mean instability is
    taken for the field. The smoothing strength is that of both planes during the iteration and is
    chosen anew by ABIC at the end. Sharper in shape ratio than ``both``, but not linear: a wrong
    start can be kept.

    The covariance is over all coefficients, each with the planes that it chooses, and has the
    square of the difference from the field of both planes added: where the choice of planes
    matters, the stress is known that much less.

    Parameters
    ----------
    grid : StressGrid
    mechanisms : PlacedMechanisms
    frictions : sequence of float
    iterations : int
    alpha2 : float, optional
        Fixed smoothing strength.
    method : {"bilinear", "nearest"}
        As for :func:`accumulate_statistics`.
    **options
        Of :class:`StressInversion`.

    Returns
    -------
    PlaneChoice
    """
    turns = _Turns(grid, mechanisms, method, options)
    start = turns.prepare(0.5 * (turns.first + turns.second))
    count = len(start.inversion.penalties)
    strength = start.scan().best.alpha2 if alpha2 is None else (float(alpha2),) * count
    initial = start.solve(strength)
    found = [turns.choose(initial, friction, strength, iterations) for friction in frictions]
    swaps, chosens = zip(*found, strict=True)
    means = np.array([np.nanmean(c) for c in chosens])
    best = int(np.argmax(means))
    final = turns.prepare_chosen(swaps[best])
    scan = final.scan() if alpha2 is None else None
    strength = scan.best.alpha2 if scan is not None else strength
    field = final.solve(strength, scan)
    inversions = tuple(turns.prepare_chosen(s) for s in swaps[::_FRICTIONS_APART])
    solved = [i.solve(strength, scan) for i in inversions]
    both = start.solve(strength).components
    wide, solutions, shift = _add_choices(grid, field, solved, both)
    return PlaneChoice(
        wide, swaps[best], chosens[best], float(frictions[best]),
        len(frictions) > 1 and best in (0, len(frictions) - 1), means, final, inversions,
        solutions, shift,
    )  # fmt: skip


class _Turns:
    """Inversions with one of both planes of every mechanism, and the choice between them."""

    def __init__(
        self,
        grid: StressGrid,
        mechanisms: PlacedMechanisms,
        method: Method,
        options: Mapping[str, object],
    ) -> None:
        angles = mechanisms.strike_deg, mechanisms.dip_deg, mechanisms.rake_deg
        self._grid, self._mechanisms, self._method = grid, mechanisms, method
        self._options = options
        self.first = mechanism_statistics(*angles, "given")
        self.second = mechanism_statistics(*angles, "auxiliary")
        self._normals = fault_vectors(*angles)[0], fault_vectors(*auxiliary_plane(*angles))[0]

    def prepare(self, statistics: Floats) -> StressInversion:
        """Return the inversion of statistics of the mechanisms."""
        sums = accumulate_statistics(
            self._grid, self._mechanisms.points, statistics, self._mechanisms.weights, self._method
        )
        return StressInversion(self._grid, sums, **self._options)  # type: ignore[arg-type]

    def prepare_chosen(self, swap: NDArray[np.bool_]) -> StressInversion:
        """Return the inversion where some mechanisms slip on their auxiliary plane."""
        return self.prepare(np.where(swap[:, None], self.second, self.first))

    def choose(
        self, field: StressField, friction: float, strength: Sequence[float], iterations: int
    ) -> tuple[NDArray[np.bool_], Floats]:
        """Return which mechanisms slip on their auxiliary plane, and their instabilities."""
        previous = None
        for _ in range(iterations):
            stress = interpolate_field(
                self._grid, field.components, self._mechanisms.points, self._method
            )
            one, two = (plane_instability(n, stress, friction) for n in self._normals)
            swap = two > one
            if previous is not None and np.array_equal(swap, previous):
                break
            previous = swap
            field = self.prepare_chosen(swap).solve(strength)
        return swap, np.where(swap, two, one)


def length_ratio(field: Floats, other: Floats) -> float:
    """Return the factor that brings another field nearest to a field."""
    known = np.isfinite(field).all(axis=1) & np.isfinite(other).all(axis=1)
    square = float(np.sum(other[known] ** 2))
    return float(np.sum(field[known] * other[known])) / square if square > 0 else 1.0


def _add_choices(
    grid: StressGrid, field: StressField, others: Sequence[StressField], both: Floats
) -> tuple[StressField, Floats, Floats]:
    """Return a field with the covariance over other choices of planes, their fields, the shift.

    Slip says nothing of the length of the stress, so fields are compared at the same length.
    """
    m = field.components
    neighbors = find_neighbors(grid)
    shift = m - length_ratio(m, both) * both
    own = np.einsum("ni,nj->nij", shift, shift)
    between = np.einsum("ni,nkj->nkij", shift, shift[neighbors])
    solutions = np.empty((len(others), *m.shape))
    for number, other in enumerate(others):
        ratio = length_ratio(m, other.components)
        solutions[number] = ratio * other.components
        off = solutions[number] - m
        own += (ratio**2 * other.covariance + np.einsum("ni,nj->nij", off, off)) / len(others)
        apart = np.einsum("ni,nkj->nkij", off, off[neighbors])
        between += (ratio**2 * other.neighbor_covariance + apart) / len(others)
    # no neighbor, no covariance with it: the blocks of the best choice say where
    between[np.isnan(field.neighbor_covariance)] = np.nan
    return replace(field, covariance=own, neighbor_covariance=between), solutions, shift
