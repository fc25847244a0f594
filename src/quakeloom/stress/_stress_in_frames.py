"""The stress at an event seen in the frames of its nodal planes, with derivatives.

A frame has the normal n, the slip s and b = n x s. What the likelihood of a mechanism takes of a
stress are five of its elements there: (nn, ss, ns, nb, sb). Tension is positive; axes north, east,
down. Nothing here makes an array: a loop brings its scratch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled
from quakeloom.stress._tensors import diagonalize

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Scratch(NamedTuple):
    """Arrays of one event that a loop fills anew."""

    m: Floats
    before: Floats
    tensor: Floats
    vectors: Floats
    values: Floats
    axes: Floats
    stress: Floats
    frame: Floats
    drawn: Floats
    q: Floats
    shape: Floats
    slope: Floats
    outer: Floats
    level: Floats
    own: Floats
    g: Floats
    by: Floats


@compiled()
def make_scratch() -> Scratch:
    return Scratch(
        np.empty(5), np.empty(5), np.empty((3, 3)), np.empty((3, 3)), np.empty(3),
        np.empty((3, 3)), np.empty((3, 3)), np.empty((2, 3, 3)), np.empty((3, 3)), np.empty(5),
        np.empty(4), np.empty((2, 5)), np.empty((2, 2)), np.empty(2), np.empty(2), np.empty((3, 3)),
        np.empty(5),
    )  # fmt: skip


@compiled(**UNCOUNTED)
def turn_frame(frame: Floats, plane: int, x: float, y: float, out: Floats) -> None:
    """Fill n, s and b of a plane, turned by the angles x and y of n towards s and b."""
    for i in range(3):
        out[0, i] = frame[plane, i]
        out[1, i] = frame[1 - plane, i]
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        out[2, i] = out[0, j] * out[1, k] - out[0, k] * out[1, j]
    size = np.sqrt(x * x + y * y)
    if size < 1e-9:
        return
    x, y, c, s = x / size, y / size, np.cos(size), np.sin(size)
    for i in range(3):
        n, along = out[0, i], x * out[1, i] + y * out[2, i]
        move = (c - 1.0) * along - s * n
        out[0, i] = c * n + s * along
        out[1, i] += x * move
        out[2, i] += y * move


@compiled(**UNCOUNTED)
def _tensor(m: Floats, tensor: Floats) -> None:
    """Fill the tensor of components in the orthonormal basis."""
    half, sixth = np.sqrt(0.5), np.sqrt(1.0 / 6.0)
    tensor[0, 0] = half * m[0] - sixth * m[1]
    tensor[1, 1] = -half * m[0] - sixth * m[1]
    tensor[2, 2] = 2.0 * sixth * m[1]
    tensor[0, 1] = tensor[1, 0] = half * m[2]
    tensor[0, 2] = tensor[2, 0] = half * m[3]
    tensor[1, 2] = tensor[2, 1] = half * m[4]


@compiled(**UNCOUNTED)
def _principal(a: Floats, values: Floats) -> None:
    """Fill the principal values of a deviatoric tensor, ascending (Smith 1961)."""
    square = a[0, 1] ** 2 + a[0, 2] ** 2 + a[1, 2] ** 2
    square = (a[0, 0] ** 2 + a[1, 1] ** 2 + a[2, 2] ** 2 + 2.0 * square) / 6.0
    radius = np.sqrt(square)
    determinant = a[0, 0] * (a[1, 1] * a[2, 2] - a[1, 2] ** 2)
    determinant -= a[0, 1] * (a[0, 1] * a[2, 2] - a[1, 2] * a[0, 2])
    determinant += a[0, 2] * (a[0, 1] * a[1, 2] - a[1, 1] * a[0, 2])
    cosine = 0.5 * determinant / max(square * radius, 1e-300)
    angle = np.arccos(min(1.0, max(-1.0, cosine))) / 3.0
    values[2] = 2.0 * radius * np.cos(angle)
    values[0] = 2.0 * radius * np.cos(angle + 2.0 * np.pi / 3.0)
    values[1] = -values[0] - values[2]


@compiled(**UNCOUNTED)
def _add_components(g: Floats, factor: float, by: Floats) -> None:
    """Add the derivatives by components that derivatives by the elements of the tensor are."""
    half, sixth = np.sqrt(0.5), np.sqrt(1.0 / 6.0)
    by[0] += factor * half * (g[0, 0] - g[1, 1])
    by[1] += factor * sixth * (2.0 * g[2, 2] - g[0, 0] - g[1, 1])
    by[2] += factor * half * (g[0, 1] + g[1, 0])
    by[3] += factor * half * (g[0, 2] + g[2, 0])
    by[4] += factor * half * (g[1, 2] + g[2, 1])


@compiled(**UNCOUNTED)
def look_in_frame(frame: Floats, stress: Floats, q: Floats, drawn: Floats) -> None:
    """Fill (nn, ss, ns, nb, sb) of a stress in a frame; ``drawn`` is scratch, (3, 3)."""
    for a in range(3):
        for i in range(3):
            drawn[a, i] = (
                stress[i, 0] * frame[a, 0] + stress[i, 1] * frame[a, 1] + stress[i, 2] * frame[a, 2]
            )
    for number in range(5):
        a, b = (0, 1, 0, 0, 1)[number], (0, 1, 1, 2, 2)[number]
        q[number] = (
            frame[a, 0] * drawn[b, 0] + frame[a, 1] * drawn[b, 1] + frame[a, 2] * drawn[b, 2]
        )


@compiled(**UNCOUNTED)
def interpolate_stress(field: Floats, nodes: Integers, corners: Floats, work: Scratch) -> bool:
    """Fill the stress at an event; return whether it is that of the event before."""
    m, before = work.m, work.before
    m[:] = 0.0
    for corner in range(nodes.size):
        if nodes[corner] >= 0:
            for j in range(5):
                m[j] += corners[corner] * field[nodes[corner], j]
    same = True
    for j in range(5):
        same = same and m[j] == before[j]
        before[j] = m[j]
    return same


@compiled(**UNCOUNTED)
def find_shape(work: Scratch, with_axes: bool) -> float:
    """Fill principal values and shape of the stress at an event; return the shape ratio."""
    values = work.values
    _tensor(work.m, work.stress)
    if with_axes:
        for i in range(3):
            for j in range(3):
                work.tensor[i, j] = work.stress[i, j]
        diagonalize(work.tensor, work.vectors, values, work.axes)
    else:
        _principal(work.stress, values)
    spread = max(values[2] - values[0], 1e-9)
    work.shape[0], work.shape[1] = spread, 0.5 * (values[0] + values[2])
    ratio: float = min(max((values[2] - values[1]) / spread, 0.0), 1.0)
    return ratio


@compiled(**UNCOUNTED)
def add_slopes(work: Scratch, through: float, part: float, by_ratio: float, ratio: float) -> None:
    """Fill the derivatives by components of an event's logarithm of probability.

    ``through`` is the share of the planes in it, ``part`` that of the first plane of them.
    """
    g, axes, spread = work.g, work.axes, work.shape[0]
    g[:] = 0.0
    d_spread, d_middle = 0.0, 0.0
    for plane in range(2):
        share = through * (part if plane == 0 else 1.0 - part)
        d_spread += share * work.outer[plane, 0]
        d_middle += share * work.outer[plane, 1]
        for number in range(5):
            a, b = (0, 1, 0, 0, 1)[number], (0, 1, 1, 2, 2)[number]
            s = share * work.slope[plane, number]
            for i in range(3):
                for j in range(3):
                    g[i, j] += s * work.frame[plane, a, i] * work.frame[plane, b, j]
    # derivatives of principal values by elements are products of their axes
    low = -d_spread + 0.5 * d_middle - through * by_ratio * ratio / spread
    high = d_spread + 0.5 * d_middle - through * by_ratio * (1.0 - ratio) / spread
    mid = through * by_ratio / spread
    for i in range(3):
        for j in range(3):
            g[i, j] += (
                low * axes[0, i] * axes[0, j]
                + mid * axes[1, i] * axes[1, j]
                + high * axes[2, i] * axes[2, j]
            )
    work.by[:] = 0.0
    _add_components(g, 1.0, work.by)


@compiled(**UNCOUNTED)
def slope_of_turn(q: Floats, slope: Floats, x: float, y: float, by: Floats) -> None:
    """Fill the derivatives of a function of q by the angles x and y that turned its frame.

    ``slope`` has those by q. The frame turns by the vector x b - y s; a change of it turns the
    frame further by the right Jacobian of the exponential map.
    """
    nn, ss, ns, nb, sb = q
    bb = -nn - ss
    # turns of the turned frame: n towards s, n towards b, s towards b
    to_s = slope[0] * 2.0 * ns - slope[1] * 2.0 * ns + slope[2] * (ss - nn)
    to_s += slope[3] * sb - slope[4] * nb
    to_b = slope[0] * 2.0 * nb + slope[2] * sb + slope[3] * (bb - nn) - slope[4] * ns
    within = slope[1] * 2.0 * sb + slope[2] * nb - slope[3] * ns + slope[4] * (bb - ss)
    square = x * x + y * y
    if square < 1e-8:
        one, two = 0.5, 1.0 / 6.0
    else:
        size = np.sqrt(square)
        one, two = (1.0 - np.cos(size)) / square, (size - np.sin(size)) / (square * size)
    by[0] = within * one * y + to_b * two * x * y + to_s * (1.0 - two * y * y)
    by[1] = -within * one * x + to_b * (1.0 - two * x * x) + to_s * two * x * y
