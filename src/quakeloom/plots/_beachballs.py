"""Beachballs of any moment tensor as polygons, exactly and for thousands at once.

The P radiation ``f(a) = a.M.a`` vanishes on an elliptic cone. Its axis is the eigenvector
whose eigenvalue has a sign of its own; on the focal sphere the cone cuts out two antipodal
caps of that sign. With ``(s, u, v)`` the square roots of the absolute eigenvalues along the
axis ``e`` and along the two others, the rim of a cap is::

    a(t) ~ g(t) e + s (cos t e_u + sin t e_v),    g(t) = sqrt(u^2 cos^2 t + v^2 sin^2 t)

A double couple is the case ``u = 0``: the caps are lunes that meet at the B axis, and the
formula holds there too. On the horizon the radiation is a sine of twice the azimuth, which
gives the arc that a cap takes there; the rim below, closed along that arc, is the polygon.
Nothing is searched for, so no tensor is special: all signs equal gives a full or an empty
circle, NaN an empty one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import principal_axes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_NEGLIGIBLE = 1e-9
"""Share of the largest eigenvalue below which one counts as zero (chosen here: above rounding)."""


class _Cap(NamedTuple):
    """A cap of the focal sphere: the unit eigenvectors of its axis and of the two others (n, 3),
    and the roots of the absolute eigenvalues of the three (n,), as in the text of this module.
    """

    e: Floats
    eu: Floats
    ev: Floats
    s: Floats
    u: Floats
    v: Floats


@dataclass(frozen=True)
class Beachballs:
    """Polygons of focal mechanisms on the lower hemisphere, equal-area, unit circle.

    Attributes
    ----------
    caps : ndarray, shape (n, 2, vertices, 2)
        The two caps of each beachball, x east and y north; vertices of an absent cap are
        all zero.
    present : ndarray of bool, shape (n, 2)
        Whether a cap has any area below the horizon.
    caps_compress : ndarray of bool, shape (n,)
        True where the caps are the compressional part (first motion up, drawn dark) and the
        rest of the circle is dilatational; False the other way round.
    valid : ndarray of bool, shape (n,)
        False for tensors that are zero or not finite: nothing is known, the circle is empty.
    """

    caps: Floats
    present: Bools
    caps_compress: Bools
    valid: Bools

    def __len__(self) -> int:
        return len(self.valid)

    def __getitem__(self, which: NDArray | slice) -> Beachballs:
        return Beachballs(
            self.caps[which], self.present[which], self.caps_compress[which], self.valid[which]
        )

    @property
    def compressional_fraction(self) -> Floats:
        """Share of the circle that is compressional, from the polygons' areas; shape (n,)."""
        x, y = self.caps[..., 0], self.caps[..., 1]
        twice = np.sum(x * np.roll(y, -1, -1) - np.roll(x, -1, -1) * y, axis=-1)
        share = np.sum(np.abs(twice) / 2.0, axis=-1) / np.pi
        return np.where(self.valid, np.where(self.caps_compress, share, 1.0 - share), np.nan)


def double_couple_beachballs(
    strike_deg: ArrayLike, dip_deg: ArrayLike, rake_deg: ArrayLike, vertices: int = 96
) -> Beachballs:
    """Return the polygons of double couples.

    Parameters
    ----------
    strike_deg, dip_deg, rake_deg : array_like, shape (n,)
        Aki & Richards; any finite number works, NaN gives an empty circle.
    vertices : int
        Vertices per cap; 48 do for symbols on a map.
    """
    angles = np.broadcast_arrays(*(np.atleast_1d(a) for a in (strike_deg, dip_deg, rake_deg)))
    t, p, b = principal_axes(*angles)
    n = len(t)
    valid = np.all(np.isfinite(t), axis=-1)
    frame = np.where(valid[:, None, None], np.stack([t, b, p], axis=1), np.eye(3))
    sizes = np.broadcast_to([1.0, 0.0, 1.0], (n, 3))
    caps, present = _caps(frame, sizes, vertices)
    return _assemble(caps, present, np.ones(n, bool), valid, np.zeros(n, bool))


def moment_tensor_beachballs(tensors: ArrayLike, vertices: int = 96) -> Beachballs:
    """Return the polygons of moment tensors of any kind.

    Parameters
    ----------
    tensors : array_like, shape (n, 3, 3) or (3, 3)
        Symmetric, axes north, east, down, any scale. An isotropic or other tensor without
        nodal lines gives a full (explosion) or an empty (implosion) circle; zeros or NaN an
        empty one with ``valid`` False.
    vertices : int
        Vertices per cap.
    """
    m = np.asarray(tensors, dtype=float).reshape(-1, 3, 3)
    scale = np.max(np.abs(m), axis=(1, 2), initial=0.0)
    valid = np.isfinite(scale) & (scale > 0)
    unit = np.where(valid[:, None, None], m, 0.0) / np.where(valid, scale, 1.0)[:, None, None]
    values, vectors = np.linalg.eigh((unit + np.swapaxes(unit, -1, -2)) / 2.0)
    size = np.max(np.abs(values), axis=-1, keepdims=True)
    valid &= size[:, 0] > 0
    values = values / np.where(size > 0, size, 1.0)
    values[np.abs(values) < _NEGLIGIBLE] = 0.0
    axes = np.swapaxes(vectors, -1, -2)

    up = values[:, 2] > 0
    down = values[:, 0] < 0
    mixed = up & down
    # one positive against two: the caps are about T; two positive against one: about P
    about_t = np.where(mixed, values[:, 1] <= 0, True)
    order = np.where(about_t[:, None], [2, 1, 0], [0, 1, 2])
    sizes = np.abs(np.take_along_axis(values, order, axis=1))
    sizes = np.where(mixed[:, None], sizes, 1.0)
    frame = np.take_along_axis(axes, order[:, :, None], axis=1)
    caps, present = _caps(frame, sizes, vertices)
    compress = np.where(mixed, about_t, ~up)  # no nodal line: the whole circle is "the rest"
    return _assemble(caps, present, compress, valid, valid & ~mixed)


def _assemble(
    caps: Floats, present: Bools, compress: Bools, valid: Bools, plain: Bools
) -> Beachballs:
    gone = ~valid | plain
    caps[gone] = 0.0
    present[gone] = False
    return Beachballs(caps, present, np.where(valid, compress, True), valid)


def _caps(frame: Floats, sizes: Floats, vertices: int) -> tuple[Floats, Bools]:
    """Return the polygons of the caps about +axis and -axis.

    ``frame`` holds the axis and the two other eigenvectors as rows, ``sizes`` the absolute
    eigenvalues; the first must not be zero.
    """
    rim = max(int(vertices * 0.7) // 4 * 4, 8)
    along = max(vertices - rim - 2, 4)
    s, u, v = (np.sqrt(sizes[:, k])[:, None] for k in range(3))
    polygons = np.zeros((len(frame), 2, rim + 2 + along, 2))
    present = np.zeros((len(frame), 2), dtype=bool)
    # tan t = even * tan(parameter) spreads the vertices evenly along lunes and thin caps
    even = np.sqrt((s**2 + u**2) / (s**2 + v**2))
    for side, sign in enumerate((1.0, -1.0)):
        e, eu, ev = sign * frame[:, 0], frame[:, 1], frame[:, 2]
        crosses, middle, half = _horizon_arc(e, eu, ev, sizes)
        cap = _Cap(e, eu, ev, s[:, 0], u[:, 0], v[:, 0])
        start, length = _part_below(cap, even[:, 0], middle, half)
        start = np.where(crosses, start, 0.0)
        length = np.where(crosses, length, 2.0 * np.pi)
        # samples stay on multiples of the step, so that t = 0 and pi, where lunes have
        # their corners, are vertices; those outside the part below collapse on its end
        step = 2.0 * np.pi / rim
        first = np.where(crosses, np.ceil(start / step) * step - start, 0.0)
        relative = first[:, None] + step * np.arange(rim)
        relative = np.minimum(relative, length[:, None])
        t = np.concatenate([start[:, None], start[:, None] + relative], axis=1)
        t = np.concatenate([t, (start + length)[:, None]], axis=1)
        c, d = np.cos(t), even * np.sin(t)
        g = np.sqrt((u * c) ** 2 + (v * d) ** 2)
        a = (
            g[..., None] * e[:, None, :]
            + (s * c)[..., None] * eu[:, None, :]
            + (s * d)[..., None] * ev[:, None, :]
        )
        a /= np.linalg.norm(a, axis=-1, keepdims=True)
        scale = 1.0 / np.sqrt(1.0 + np.maximum(a[..., 2], 0.0))
        x, y = a[..., 1] * scale, a[..., 0] * scale
        # back along the horizon, from the end of the rim's part below to its start
        ahead = np.cos(np.arctan2(x[:, -1], y[:, -1]) - middle - half)
        behind = np.cos(np.arctan2(x[:, -1], y[:, -1]) - middle + half)
        turn = np.where(ahead > behind, -half, half)[:, None]
        azimuth = middle[:, None] + turn * np.linspace(-1.0, 1.0, along + 2)[1:-1]
        arc = (
            np.where(crosses[:, None], np.sin(azimuth), x[:, -1:]),
            np.where(crosses[:, None], np.cos(azimuth), y[:, -1:]),
        )
        polygons[:, side, : rim + 2, 0], polygons[:, side, : rim + 2, 1] = x, y
        polygons[:, side, rim + 2 :, 0], polygons[:, side, rim + 2 :, 1] = arc
        present[:, side] = crosses | (e[:, 2] > 0)
    polygons[~present] = 0.0
    return polygons, present


def _horizon_arc(e: Floats, eu: Floats, ev: Floats, sizes: Floats) -> tuple[Bools, Floats, Floats]:
    """Return whether a cap reaches over the horizon, and its arc there.

    On the horizon the radiation, signed to be positive in the caps, is
    ``mean + swing cos(2 az - 2 middle)``; it is positive within ``half`` of the azimuth
    ``middle``, which is taken on the side of the axis.
    """
    nn, ee, ne = (
        sizes[:, 0] * e[:, i] * e[:, j]
        - sizes[:, 1] * eu[:, i] * eu[:, j]
        - sizes[:, 2] * ev[:, i] * ev[:, j]
        for i, j in ((0, 0), (1, 1), (0, 1))
    )
    mean, swing = (nn + ee) / 2.0, np.hypot((nn - ee) / 2.0, ne)
    crosses = mean + swing > _NEGLIGIBLE
    ratio = -mean / np.where(swing > 0, swing, 1.0)
    half = np.arccos(np.clip(ratio, -1.0, 1.0)) / 2.0
    middle = np.arctan2(ne, (nn - ee) / 2.0) / 2.0
    away = np.cos(middle) * e[:, 0] + np.sin(middle) * e[:, 1] < 0
    return crosses, np.where(away, middle + np.pi, middle), half


def _part_below(cap: _Cap, even: Floats, middle: Floats, half: Floats) -> tuple[Floats, Floats]:
    """Return start and length, in the parameter of the rim, of its part below the horizon."""
    e, eu, ev, s, u, v = cap

    def parameter(azimuth: Floats) -> Floats:
        c, d = np.cos(azimuth), np.sin(azimuth)
        return np.arctan2(c * ev[:, 0] + d * ev[:, 1], even * (c * eu[:, 0] + d * eu[:, 1]))

    first, last = parameter(middle - half), parameter(middle + half)
    length = (last - first) % (2.0 * np.pi)
    c, d = np.cos(first + length / 2.0), even * np.sin(first + length / 2.0)
    depth = np.sqrt((u * c) ** 2 + (v * d) ** 2) * e[:, 2] + s * (c * eu[:, 2] + d * ev[:, 2])
    above = depth < 0
    return np.where(above, last, first), np.where(above, 2.0 * np.pi - length, length)
