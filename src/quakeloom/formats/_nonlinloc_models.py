"""Velocity models of NonLinLoc: ``LAYER`` lines of a control file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError, LayeredModel
from quakeloom.formats._model_ranges import refuse_implausible_model
from quakeloom.formats._text_lines import read_lines

_TITLE = "NonLinLoc LAYER lines"
"""Name of the format, for messages."""


def read_layer_model(path: str | Path) -> LayeredModel:
    """Read the layers of a NonLinLoc control file.

    A line is ``LAYER depth VpTop VpGradient VsTop VsGradient rhoTop rhoGradient`` in km, km/s
    and km/s per km; the last layer goes on downward. Velocities jump between layers, or go on
    where they agree.

    Raises
    ------
    FormatError
        If there is no such line, or one cannot be read; nothing is put aside, since a model
        without a layer is another model.
    """
    path = Path(path)
    layers: list[tuple[float, ...]] = []
    for number, line in enumerate(read_lines(path, _TITLE), 1):
        words = line.split("#")[0].split()
        if not words or words[0] != "LAYER":
            continue
        try:
            values = tuple(float(w) for w in words[1:6])
        except ValueError:
            values = ()
        if len(values) != 5 or not all(map(math.isfinite, values)):
            raise FormatError(
                f"Line {number} of '{path}' is '{line.strip()[:60]}', not a LAYER with depth, "
                "velocities and gradients. The model is not used; correct the line."
            )
        layers.append(values)
    if not layers:
        raise FormatError(
            f"'{path}' has no LAYER lines, so it holds no velocity model. Give another file."
        )
    nodes: list[tuple[float, float, float]] = []
    for i, (top, vp, vp_slope, vs, vs_slope) in enumerate(layers):
        bottom = layers[i + 1][0] if i + 1 < len(layers) else top + 1.0
        thickness = bottom - top
        upper = (top, vp, vs)
        if not nodes or nodes[-1] != upper:
            nodes.append(upper)
        nodes.append((bottom, vp + vp_slope * thickness, vs + vs_slope * thickness))
    if layers[-1][2] == 0.0 and layers[-1][4] == 0.0:
        nodes.pop()  # velocity is constant below the last node
    if len(nodes) < 2:
        nodes.append((nodes[0][0] + 1.0, nodes[0][1], nodes[0][2]))
    columns = np.array(nodes).T
    refuse_implausible_model(path, columns[0], columns[1], columns[2])
    has_s = bool(np.all(columns[2] > 0))
    return LayeredModel(path.name, columns[0], columns[1], columns[2] if has_s else None)


def has_layers(path: str | Path) -> bool:
    """Say whether a file has ``LAYER`` lines."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(line.startswith("LAYER ") for line in text.splitlines())
