"""Which of the two nodal planes slipped: at random, or the less stable one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import auxiliary_plane, fault_vectors, string_keys
from quakeloom.stress._field import StressField
from quakeloom.stress._grid import Method, StressGrid
from quakeloom.stress._interpolation import interpolate_field
from quakeloom.stress._inversion import StressInversion
from quakeloom.stress._mechanisms import mechanism_statistics
from quakeloom.stress._statistics import accumulate_statistics
from quakeloom.stress._tensors import describe_stress

Floats = NDArray[np.float64]

FRICTIONS = tuple(np.round(np.arange(0.2, 0.81, 0.05), 2))
"""Coefficients of friction that are tried: up to those of rocks in the laboratory, 0.6 to 0.85
(Byerlee 1978), and weaker ones. Chosen here."""


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
    mean_instability : ndarray, shape (frictions,)
        For each coefficient that was tried.
    inversion : StressInversion
        That of the chosen planes.
    """

    field: StressField
    auxiliary: NDArray[np.bool_]
    instability: Floats
    friction: float
    mean_instability: Floats
    inversion: StressInversion


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
    taken. The smoothing strength is that of both planes during the iteration and is chosen
    anew by ABIC at the end. Sharper in shape ratio than ``both``, but not linear: a wrong
    start can be kept.

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
    points = mechanisms.points
    angles = mechanisms.strike_deg, mechanisms.dip_deg, mechanisms.rake_deg
    first = mechanism_statistics(*angles, "given")
    second = mechanism_statistics(*angles, "auxiliary")
    normal, _ = fault_vectors(*angles)
    other, _ = fault_vectors(*auxiliary_plane(*angles))

    def prepare(statistics: Floats) -> StressInversion:
        sums = accumulate_statistics(grid, points, statistics, mechanisms.weights, method)
        return StressInversion(grid, sums, **options)  # type: ignore[arg-type]

    start = prepare(0.5 * (first + second))
    count = len(start.inversion.penalties)
    strength = start.scan().best.alpha2 if alpha2 is None else (float(alpha2),) * count
    initial = start.solve(strength)
    best: tuple[float, float, NDArray[np.bool_], Floats] | None = None
    means = np.empty(len(frictions))
    for number, friction in enumerate(frictions):
        field, previous = initial, None
        for _ in range(iterations):
            stress = interpolate_field(grid, field.components, points, method)
            one = plane_instability(normal, stress, friction)
            two = plane_instability(other, stress, friction)
            swap = two > one
            if previous is not None and np.array_equal(swap, previous):
                break
            previous = swap
            field = prepare(np.where(swap[:, None], second, first)).solve(strength)
        chosen = np.where(swap, two, one)
        means[number] = np.nanmean(chosen)
        if best is None or means[number] > best[0]:
            best = (float(means[number]), float(friction), swap, chosen)
    assert best is not None
    _, friction, swap, chosen = best
    final = prepare(np.where(swap[:, None], second, first))
    if alpha2 is None:
        scan = final.scan()
        field = final.solve(scan.best.alpha2, scan)
    else:
        field = final.solve(strength)
    return PlaneChoice(field, swap, chosen, friction, means, final)
