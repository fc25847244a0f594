"""Read one-dimensional velocity models: depth, P and S velocity, in columns."""

from __future__ import annotations

import logging
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError, InputError, LayeredModel
from quakeloom.formats._column_names import plain_name
from quakeloom.formats._model_ranges import refuse_implausible_model
from quakeloom.formats._nonlinloc_models import has_layers, read_layer_model
from quakeloom.formats._simulps import FIRST_LINE, begins_simul_model, resembles_simul_model
from quakeloom.formats._text_lines import parse_float, read_lines

_LOG = logging.getLogger(__name__)
"""Log of S velocities that are not used."""

_TITLE = "a velocity model"
"""Name of the format, for messages."""

_BOUNDARIES = ("mantle", "outer-core", "inner-core", "moho", "cmb", "icocb")
"""Lines of TauP's ``.nd`` files that name a discontinuity."""

_CORE = ("outer-core", "cmb")
"""Where S ends; what is below is not needed for distances up to 90 degrees."""

_CORE_KM = 2000.0
"""S velocities of 0 below are those of the core, which ``.tvel`` files do not name."""

_HEADER: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("depth", "depthkm", "z", "zkm"), ("depth", 1.0)),
    **dict.fromkeys(("depthm", "zm"), ("depth", 1e-3)),
    **dict.fromkeys(("vp", "vpkms", "p", "pkms", "pvelocity", "pvelocitykms", "alpha"), ("p", 1.0)),
    **dict.fromkeys(("vpms", "pms", "pvelocityms"), ("p", 1e-3)),
    **dict.fromkeys(("vs", "vskms", "s", "skms", "svelocity", "svelocitykms", "beta"), ("s", 1.0)),
    **dict.fromkeys(("vsms", "sms", "svelocityms"), ("s", 1e-3)),
    **dict.fromkeys(("rho", "rhogcm3", "rhokgm3", "density", "qp", "qs", "qkappa", "qmu"), ("", 0)),
}
"""Names of columns without signs, with what they hold and the factor to km and km/s."""

_THICKNESSES = ("thickness", "thicknesskm", "thicknessm", "thick", "thickkm", "h", "hkm", "dz")
"""Names without signs of a column that has thicknesses of layers instead of depths."""

_SIMUL_NAMES = ("mod", "velomod")
"""How names of models of SIMULPS begin."""

_COMMA_INSIDE = re.compile(r"[+-]?\d*,\d+")
"""A number with one comma in it, as where the comma is the decimal sign."""

_POINT_INSIDE = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?")
"""A number with a decimal point."""

_DEEPER_KM = 100.0
"""The lowest layer of constant velocity gets a second node this far below its top."""

Node = tuple[float, ...]


def read_velocity_model(path: str | Path) -> LayeredModel:
    """Read a velocity model of HASH (``vz.*``), SKHASH, GrowClust, TauP, VELEST, NonLinLoc, HYPO71.

    A line is depth in km and P velocity in km/s, optionally S velocity, with blanks or commas
    between them; with blanks or semicolons between them, commas are decimal signs where no number
    has a point. ``#`` begins a comment. A first line may name the columns (``depth, vp, vs``;
    ``depth_m`` and ``vp_m_s`` are converted), as a comment as well. Two lines with one depth make
    a discontinuity.
    TauP's ``.nd`` and ``.tvel`` are read down to the core. In a HYPO71 listing the table below
    ``CRUSTAL MODEL`` is read, in a VELEST model and in Hypoinverse's ``.crh`` (by this
    ending) the layers: all are layers of constant velocity by the depth of their top. ``LAYER``
    lines of a NonLinLoc control file are those of :func:`read_layer_model`. S velocities of which
    one is 0 are not used.

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
        If a line is anything else, or a depth or velocity is none of the Earth: a model with a
        node missing is another model, so nothing is put aside here.
    InputError
        If the file is missing, or depths and velocities are impossible.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"Velocity model '{path}' does not exist. No take-off angle can be traced; correct "
            "the path in the settings."
        )
    if has_layers(path):
        return read_layer_model(path)
    lines = read_lines(path, _TITLE)
    if begins_simul_model(lines):
        raise FormatError(
            f"'{path}' is a model of SIMULPS in three dimensions, where one of layers is needed. "
            "It is not used here; for locations and their take-off angles name it under "
            "`locate.models`, with `takeoff: {angles: ensemble}`."
        )
    if resembles_simul_model(lines):
        raise FormatError(
            f"Line 1 of '{path}' is '{lines[0].strip()[:60]}', and nodes as of SIMULPS follow. The "
            f"file is not used; if it is a SIMULPS model, its first line should be {FIRST_LINE}."
        )
    layers = read_hypo71_layers(lines) or read_velest_layers(lines)
    if path.suffix.lower() == ".crh":
        layers = layers or read_hypoinverse_layers(lines)
    nodes = _nodes_of_layers(layers) if layers else _nodes(path, lines)
    if not nodes:
        raise FormatError(f"'{path}' holds no velocity. Give lines of depth and P velocity.")
    columns = np.array(nodes).T
    depth, p, s = columns[0], columns[1], columns[2] if len(columns) == 3 else None
    refuse_implausible_model(path, depth, p, s)
    if s is not None and not np.all(s > 0):
        _LOG.warning("%s: an S velocity is 0, so the model is used for P alone", path)
        s = None
    return LayeredModel(path.name, depth, p, s)


def _nodes(path: Path, lines: list[str]) -> list[Node]:
    """Depth, P and, if there is one, S velocity of every line."""
    nodes: list[Node] = []
    header: list[tuple[str, float]] = []
    taup = path.suffix.lower() in (".nd", ".tvel") or any(
        line.strip().lower() in _BOUNDARIES for line in lines
    )
    skipped = 2 if path.suffix.lower() == ".tvel" else 0
    decimal = _has_decimal_commas(path, lines, skipped)
    for number, line in enumerate(lines, 1):
        plain = line.partition("#")[0].strip()
        words = plain.replace(",", "." if decimal else " ").replace(";", " ").split()
        if not words and not nodes and not header and "#" in line:
            said = line.replace("#", " ").strip()
            _refuse_thicknesses(path, number, said)
            header = _header(_names(said))
        if not words or number <= skipped:
            continue
        if taup and words[0].lower() in _BOUNDARIES:
            if words[0].lower() in _CORE:
                break
            continue
        if not nodes and not header:
            _refuse_thicknesses(path, number, plain)
            header = _header(_names(plain))
            if header:
                continue
        values = _values(words, header, taup)
        if values is None:
            raise FormatError(
                f"Line {number} of '{path}' is '{line.strip()[:60]}', not depth and velocity. No "
                f"take-off angle can be traced in this model; correct the line.{_simul_hint(path)}"
            )
        if nodes and len(values) != len(nodes[0]):
            raise FormatError(
                f"Line {number} of '{path}' has {len(values)} columns where the first has "
                f"{len(nodes[0])}. The model is not used; give S velocities everywhere or nowhere."
            )
        if taup and values[0] > _CORE_KM and values[-1] == 0.0:
            break
        nodes.append(values)
    return nodes


def _simul_hint(path: Path) -> str:
    """What to correct in a file that has a name of models of SIMULPS."""
    named = path.name.lower().startswith(_SIMUL_NAMES)
    return f" If it is a SIMULPS model, its first line should be {FIRST_LINE}." if named else ""


def _has_decimal_commas(path: Path, lines: list[str], skipped: int) -> bool:
    """Say whether commas are decimal signs: they stand in numbers that something else separates.

    ``10 6,3`` is 6.3 km/s in 10 km; taken as three numbers it would be another model without a
    word. Where other numbers have points the comma may be either, and nothing is guessed.
    """
    first, points = "", False
    for line in lines[skipped:]:
        words = re.split(r"[;\s]+", line.partition("#")[0].strip())
        if len(words) > 1 and not first:
            first = next((word for word in words if _COMMA_INSIDE.fullmatch(word)), "")
        points |= any(_POINT_INSIDE.fullmatch(word) is not None for word in words)
        points |= any(word.endswith(",") for word in words)
    if first and points:
        raise FormatError(
            f"In '{path}' the comma of '{first}' may be a decimal sign or stand between two "
            "numbers. No take-off angle can be traced in this model; write points as decimal signs."
        )
    return bool(first)


def _names(line: str) -> list[str]:
    """The names of columns in a line."""
    return re.split("[,;]", line) if re.search("[,;]", line) else line.split()


def _refuse_thicknesses(path: Path, number: int, line: str) -> None:
    """Raise an error where a line names a column of thicknesses beside one of velocities."""
    names = [plain_name(word) for word in _names(line)]
    velocities = [n for n in names if _HEADER.get(n, ("", 0.0))[0] in ("p", "s")]
    if velocities and any(n in _THICKNESSES for n in names):
        raise FormatError(
            f"Line {number} of '{path}' is '{line[:60]}': it names thicknesses of layers. No "
            "take-off angle can be traced in this model; write the depth of every top instead."
        )


def _header(words: list[str]) -> list[tuple[str, float]]:
    """What columns hold, if the words name them all."""
    found = [_HEADER.get(plain_name(word), ("?", 0.0)) for word in words]
    names = [name for name, _ in found]
    known = "?" not in names and names.count("depth") == names.count("p") == 1
    return found if known and names.count("s") <= 1 else []


def _values(words: list[str], header: list[tuple[str, float]], taup: bool) -> Node | None:
    try:
        values = [parse_float(word) for word in words]
    except ValueError:
        return None
    if header:
        if len(values) != len(header):
            return None
        named = {n: v * f for v, (n, f) in zip(values, header, strict=True)}
        values = [named[name] for name in ("depth", "p", "s") if name in named]
    elif taup and len(values) > 3:
        values = values[:3]  # density and attenuation follow
    if len(values) not in (2, 3) or not all(map(math.isfinite, values)):
        return None
    return tuple(values)


def _nodes_of_layers(layers: list[Node]) -> list[Node]:
    """Layers (top and velocities) as nodes: two at every boundary, one far below."""
    nodes = [layers[0]]
    for above, below in pairwise(layers):
        nodes += [(below[0], *above[1:]), below]
    lowest = layers[-1]
    return [*nodes, (lowest[0] + _DEEPER_KM, *lowest[1:])]


def read_hypo71_layers(lines: list[str]) -> list[Node]:
    """Return (top in km, P velocity) of the first crustal model in a HYPO71 listing."""
    start = next((i for i, x in enumerate(lines) if x.strip().startswith("CRUSTAL MODEL")), None)
    if start is None:
        return []
    layers: list[Node] = []
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


def read_hypoinverse_layers(lines: list[str]) -> list[Node]:
    """Return (top in km, P velocity) of Hypoinverse's ``.crh``; nothing if it is none.

    A title, whatever it holds; by layer velocity and top (Klein 2002).
    """
    layers: list[Node] = []
    for line in lines[1:]:
        words = line.split()
        if not words:
            continue
        try:
            velocity, top = (parse_float(w) for w in words[:2])
        except ValueError:
            return []
        if layers and top <= layers[-1][0]:
            return []
        layers.append((top, velocity))
    return layers


def read_velest_layers(lines: list[str]) -> list[Node]:
    """Return (top in km, P velocity[, S velocity]) of a VELEST model; nothing if it is none.

    A title; the number of layers; by layer velocity, top and damping; then the same for S.
    Layers of S are used where they have the same tops.
    """
    rows = [line.split() for line in lines if line.strip()]
    if not rows or _numbers(rows[0]):
        return []
    p, end = _velest_block(rows, 1)
    if not p:
        return []
    s, _ = _velest_block(rows, end)
    if [top for top, _ in s] == [top for top, _ in p]:
        return [(top, vp, vs) for (top, vp), (_, vs) in zip(p, s, strict=True)]
    if s:
        _LOG.warning("VELEST's S layers have other tops than those of P, so P alone is used")
    return p


def _velest_block(rows: list[list[str]], start: int) -> tuple[list[Node], int]:
    """Tops and velocities of one phase, and the row after them."""
    if start >= len(rows) or not rows[start][0].isdecimal() or _numbers(rows[start][1:2]):
        return [], start
    count = int(rows[start][0])
    layers: list[Node] = []
    for words in rows[start + 1 : start + 1 + count]:
        try:
            velocity, top, _ = (parse_float(w) for w in words[:3])
        except ValueError:
            return [], start
        layers.append((top, velocity))
    tops = [top for top, _ in layers]
    good = len(layers) == count and count > 0 and all(a < b for a, b in pairwise(tops))
    return (layers, start + 1 + count) if good else ([], start)


def _numbers(words: list[str]) -> bool:
    """Say whether words are all numbers, and there are some."""
    try:
        return bool([parse_float(w) for w in words])
    except ValueError:
        return False
