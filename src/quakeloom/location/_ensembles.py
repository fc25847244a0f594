"""Layered velocity models drawn around a reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError, LayeredModel, random_stream

Floats = NDArray[np.float64]


def draw_layered_models(
    reference: LayeredModel,
    count: int,
    seed: int,
    *,
    velocity_spread: float = 0.03,
    thickness_spread: float = 0.1,
    vp_vs_spread: float = 0.02,
    correlation_km: float = 15.0,
    vp_vs_ratio: float = 1.73,
) -> list[LayeredModel]:
    """Draw layered models around a reference: a prior on the velocity structure.

    Logarithms of velocity, of thickness and of Vp/Vs are Gaussian. A layer of constant velocity
    has one factor; layers and nodes are correlated as ``exp(-|z1 - z2| / correlation_km)``, so
    that a member is slower or faster over a range of depths, not in every layer for itself.
    Member ``k`` belongs to the seed and its number alone: more members leave the first ones as
    they were.

    Parameters
    ----------
    reference : LayeredModel
        Without S velocities they follow from ``vp_vs_ratio``.
    count : int
    seed : int
    velocity_spread, thickness_spread, vp_vs_spread : float
        Standard deviations as shares.
    correlation_km : float
    vp_vs_ratio : float

    Returns
    -------
    list of LayeredModel, named ``m0000`` and so on
    """
    if count < 1:
        raise InputError(f"An ensemble of {count} models was asked for; give one or more.")
    z, vp = reference.depth_km, reference.p_velocity_km_s
    vs = reference.s_velocity_km_s
    vs = vp / vp_vs_ratio if vs is None else np.asarray(vs, dtype=float)
    unit, middle = _units(z, vp)
    correlation = np.exp(-np.abs(middle[:, None] - middle[None, :]) / max(correlation_km, 1e-6))
    root = np.linalg.cholesky(correlation + 1e-9 * np.eye(middle.size))
    thickness = np.diff(z)
    models = []
    for k in range(count):
        random = random_stream(seed, "velocity model", k)
        velocity = np.exp(velocity_spread * (root @ random.standard_normal(middle.size)))[unit]
        ratio = np.exp(vp_vs_spread * (root @ random.standard_normal(middle.size)))[unit]
        stretch = np.exp(thickness_spread * random.standard_normal(thickness.size))
        depth = z[0] + np.concatenate([[0.0], np.cumsum(thickness * stretch)])
        models.append(LayeredModel(f"m{k:04d}", depth, vp * velocity, vs * velocity / ratio))
    return models


def draw_layered_members(
    references: Sequence[LayeredModel], count: int, seed: int, **spreads: float
) -> list[LayeredModel]:
    """Draw layered models around several references in turn.

    Each reference has a seed of its own, so that member ``k`` stays what it was with more members.

    Parameters
    ----------
    references : sequence of LayeredModel
    count : int
        Members in all; those of a reference differ in number by one at most.
    seed : int
    **spreads : float
        Of :func:`draw_layered_models`.

    Returns
    -------
    list of LayeredModel

    Raises
    ------
    InputError
        Without a reference, or for less than one member.
    """
    if not references:
        raise InputError(
            "Velocity models were to be drawn around none. There is no ensemble; give one or more "
            "references."
        )
    share = -(-count // len(references))
    drawn = [
        draw_layered_models(model, share, seed + i, **spreads) for i, model in enumerate(references)
    ]
    return [members[k] for k in range(share) for members in drawn][:count]


def with_s_velocities(model: LayeredModel, vp_vs_ratio: float) -> LayeredModel:
    """Return a model whose S velocities follow from those of P by one ratio."""
    s_velocity = model.p_velocity_km_s / vp_vs_ratio
    return LayeredModel(model.name, model.depth_km, model.p_velocity_km_s, s_velocity)


def _units(z: Floats, v: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Numbers of the units of nodes and the middle depths of units.

    Two nodes of one velocity that bound a layer are one unit, any other node is its own.
    """
    unit = np.zeros(z.size, dtype=np.int64)
    for i in range(1, z.size):
        same = v[i] == v[i - 1] and z[i] > z[i - 1]
        unit[i] = unit[i - 1] + (0 if same else 1)
    middle = np.array([z[unit == u].mean() for u in range(unit[-1] + 1)])
    return unit, middle
