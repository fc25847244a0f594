"""Read one-dimensional velocity models: depth and P velocity, in columns."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError, InputError, LayeredModel
from quakeloom.formats._text_lines import parse_float, read_lines

_TITLE = "a velocity model"


def read_velocity_model(path: str | Path) -> LayeredModel:
    """Read a velocity model of HASH (``vz.*``) or SKHASH, or that of a HYPO71 listing.

    In a HYPO71 listing the table below ``CRUSTAL MODEL`` is read: layers of constant velocity
    by the depth of their top. Else a line is depth in km and P velocity in km/s, optionally
    S velocity, with blanks or commas between them; ``#`` begins a comment. Two lines with one
    depth make a discontinuity.

    Parameters
    ----------
    path : str or Path
        The file; its name is the name of the model.

    Returns
    -------
    LayeredModel

    Raises
    ------
    FormatError
        If a line is anything else: a model with a node missing is another model, so nothing
        is put aside here.
    InputError
        If the file is missing, or depths and velocities are impossible.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"Velocity model '{path}' does not exist. No take-off angle can be traced; correct "
            "the path in the settings."
        )
    nodes: list[list[float]] = []
    lines = read_lines(path, _TITLE)
    layers = read_hypo71_layers(lines)
    if layers:
        return _layered(path, layers)
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        try:
            values = [parse_float(word) for word in words]
        except ValueError:
            values = []
        if len(values) not in (2, 3) or not all(map(math.isfinite, values)):
            raise FormatError(
                f"Line {number} of '{path}' is '{line.strip()[:60]}', not depth and velocity. No "
                "take-off angle can be traced in this model; correct the line."
            )
        if nodes and len(values) != len(nodes[0]):
            raise FormatError(
                f"Line {number} of '{path}' has {len(values)} columns where the first has "
                f"{len(nodes[0])}. The model is not used; give S velocities everywhere or nowhere."
            )
        nodes.append(values)
    if not nodes:
        raise FormatError(f"'{path}' holds no velocity. Give lines of depth and P velocity.")
    columns = np.array(nodes).T
    return LayeredModel(
        name=path.name,
        depth_km=columns[0],
        p_velocity_km_s=columns[1],
        s_velocity_km_s=columns[2] if len(columns) == 3 else None,
    )


def _layered(path: Path, layers: list[tuple[float, float]]) -> LayeredModel:
    """Return layers of constant velocity as nodes: two at every boundary, one far below."""
    depth, velocity = [layers[0][0]], [layers[0][1]]
    for (_, above), (top, below) in pairwise(layers):
        depth += [top, top]
        velocity += [above, below]
    depth.append(depth[-1] + 100.0)
    velocity.append(velocity[-1])
    return LayeredModel(path.name, np.array(depth), np.array(velocity))


def read_hypo71_layers(lines: list[str]) -> list[tuple[float, float]]:
    """Return (top in km, P velocity) of the first crustal model in a HYPO71 listing."""
    start = next((i for i, x in enumerate(lines) if x.strip().startswith("CRUSTAL MODEL")), None)
    if start is None:
        return []
    layers: list[tuple[float, float]] = []
    for line in lines[start + 1 :]:
        words = line.split()
        try:
            velocity, top = (parse_float(w) for w in words)
        except ValueError:
            if layers:
                break
            continue
        if layers and top <= layers[-1][0]:
            break
        layers.append((top, velocity))
    return layers
