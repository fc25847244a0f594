"""Models of SIMULPS as its manual and its programs describe them, for tests. Synthetic."""

from __future__ import annotations

import numpy as np


def simul_text(axes, *blocks, glued=False, separator=" ", lists="  0  0  0\n", after=""):
    """Text of a model: nodes of x, y and z in km, blocks of shape (z, y, x).

    ``glued`` writes as FORTRAN does: ``f4.1,3i3``, ``20f6.1`` and ``20f5.2``, twenty numbers a
    line and no blanks between them.
    """
    sizes = [len(nodes) for nodes in axes]
    values = [row for block in blocks for row in np.asarray(block).reshape(-1, sizes[0])]
    if glued:
        first = f"{1.0:4.1f}" + "".join(f"{n:3d}" for n in sizes)
    else:
        first = separator.join(["1.0", *map(str, sizes)])

    def lines(rows, form):
        for row in rows:
            words = [format(v, form) for v in row]
            size = 20 if glued else len(words)
            for start in range(0, len(words), size):
                yield ("" if glued else separator).join(words[start : start + size]) + "\n"

    nodes = "".join(lines(axes, "6.1f" if glued else "g"))
    return first + after + "\n" + nodes + lists + "".join(lines(values, "5.2f"))


def at_nodes(axes, velocity):
    """Values of a function of x, y, z at all nodes, shape (z, y, x)."""
    z, y, x = np.meshgrid(*axes[::-1], indexing="ij")
    return velocity(x, y, z)
