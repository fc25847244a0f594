"""What no velocity model of the Earth holds: other units, swapped columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from quakeloom.core import FormatError
from quakeloom.schema import range_problem

_SMALLEST_RATIO = 1.16
"""Vp/Vs of a medium without resistance to compression is sqrt(4/3) = 1.155; no rock is below."""

_LARGEST_RATIO = 2.6
"""Vp/Vs of rock that is fast enough for :data:`_ROCK_KM_S` is below: serpentinite has 2.2."""

_ROCK_KM_S = 5.0
"""P velocity in km/s above which it is rock, and no loose or water-filled sediment."""

_CORE_KM = 2000.0
"""Below may be the core, whose ratio is above 3."""

_SLOWEST_BELOW = ((700.0, 9.0), (100.0, 5.0))
"""Depth in km and the P velocity in km/s that all rock below it exceeds (AK135: 10.8 and 8)."""

_WATER_KM, _SLOWEST_KM_S = 5.0, 1.4
"""Depth in km below which there is no loose ground, and the P velocity in km/s that all rock and
all water exceed there (water: 1.5 in the deep sea, and some models have 1.45)."""

_ODD_RATIO = 1.4
"""How many times faster or slower than all six around it a node is that is no rock but a wrong
digit; chosen here: contrasts of velocity are of this size at boundaries, which have two sides."""


def refuse_odd_nodes(path: Path, name: str, values: ArrayLike) -> None:
    """Refuse a velocity in three dimensions that stands out from all six around it.

    Those at the outermost nodes, where SIMULPS takes any, are passed over.

    Parameters
    ----------
    path : Path
        The file, for the message.
    name : str
        Of the velocity, for the message.
    values : array_like, shape (z, y, x)
        Velocities in km/s, all positive.

    Raises
    ------
    FormatError
        With the node, its velocity and those around it.
    """
    v = np.asarray(values, dtype=float)
    inner = v[1:-1, 1:-1, 1:-1]
    around = np.stack(
        [np.roll(v, step, axis)[1:-1, 1:-1, 1:-1] for axis in (2, 1, 0) for step in (1, -1)]
    )
    fast = inner > _ODD_RATIO * around.max(axis=0)
    slow = inner * _ODD_RATIO < around.min(axis=0)
    odd = np.argwhere(fast | slow)
    if odd.size:
        k, j, i = odd[0].tolist()
        others = ", ".join(f"{a:.4g}" for a in around[:, k, j, i])
        raise FormatError(
            f"'{path}' has {name} of {inner[k, j, i]:.4g} km/s at node {i + 2}, {j + 2}, {k + 2} "
            f"(x, y, z), and {others} km/s at the six nodes around it (before and after it in x, y "
            "and z). A digit may be wrong. The model is not used; correct the number."
        )


def refuse_implausible_model(
    path: Path, depth_km: ArrayLike, p_km_s: ArrayLike, s_km_s: ArrayLike | None = None
) -> None:
    """Refuse a model with depths or velocities that the Earth does not have.

    Parameters
    ----------
    path : Path
        The file, for the message.
    depth_km, p_km_s : array_like, shape (nodes,)
    s_km_s : array_like, optional
        Zeros are water.

    Raises
    ------
    FormatError
        With the number to write, where another unit may have been meant.
    """
    depth, p = (np.asarray(a, dtype=float) for a in (depth_km, p_km_s))
    s = np.zeros_like(p) if s_km_s is None else np.asarray(s_km_s, dtype=float)
    problem = ""
    for name, values in (
        ("p_velocity_km_s", p),
        ("s_velocity_km_s", s),
        ("node_depth_km", depth),
    ):
        problem = problem or next((q for v in values if (q := range_problem(name, v))), "")
    for limit, slowest in _SLOWEST_BELOW:
        slow = (depth > limit) & (p < slowest)
        if not problem and slow.any():
            z, v = depth[slow][0], p[slow][0]
            problem = f"no rock at {z:g} km has {v:g} km/s; if the depth is in m, write {z / 1e3:g}"
    slow = (depth > _WATER_KM) & (p < _SLOWEST_KM_S)
    if not problem and slow.any():
        z, v = depth[slow][0], p[slow][0]
        problem = (
            f"neither rock nor water at {z:g} km has {v:g} km/s; a decimal point may be wrong, or "
            f"the depth in m (then write {z / 1e3:g})"
        )
    fast = s * _SMALLEST_RATIO > p
    if not problem and fast.any():
        problem = (
            f"S with {s[fast][0]:g} km/s is too fast beside P with {p[fast][0]:g} km/s; columns "
            "may be swapped"
        )
    slow = (s > 0) & (p >= _ROCK_KM_S) & (s * _LARGEST_RATIO < p) & (depth < _CORE_KM)
    if not problem and slow.any():
        vp, vs = p[slow][0], s[slow][0]
        problem = f"S with {vs:g} km/s is too slow beside P with {vp:g} km/s"
        if _SMALLEST_RATIO < vs < _LARGEST_RATIO:
            problem += f"; if it is the ratio of P to S, write {vp / vs:.4g}"
    if problem:
        raise FormatError(
            f"Velocity model '{path}' is not used: {problem}. No ray can be traced in it; write "
            "depth in km, P velocity in km/s and, if known, S velocity in km/s."
        )
