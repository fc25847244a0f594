"""Three-dimensional velocity models of SIMULPS, SIMUL2000 and TomoDD."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import FormatError, InputError
from quakeloom.formats._compressed import ByteStream
from quakeloom.formats._model_ranges import refuse_implausible_model, refuse_odd_nodes
from quakeloom.formats._text_lines import head_lines, read_lines

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]

SecondBlock = Literal["judged", "vp_vs", "s_velocity"]
"""What the velocities after those of P are."""

_TITLE = "a SIMULPS velocity model"
"""Name of the format, for messages."""

FIRST_LINE = "'bld nx ny nz', such as '1.0 9 9 7': bld 0.1 to 1.0, then the numbers of nodes"
"""What the first line of a model is, for messages."""

_FIRST = re.compile(r"\s*(\d*\.\d*|1)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,]+(.*))?$")
"""First line in free format: ``bld``, three numbers of nodes, and anything."""

_FIRST_FIXED = re.compile(r"([ \d.]{4})([ \d]{3})([ \d]{3})([ \d]{3})(?: *(.*))?$")
"""First line as SIMULPS writes it, FORTRAN's ``f4.1,3i3``: blanks may be missing."""

_FEWEST, _MOST = 3, 999
"""Nodes along an axis: two outermost and one between; three digits are written."""

_NODE_WIDTH, _VALUE_WIDTH = 6, 5
"""Columns of a node (``f6.1``) and of a velocity (``f5.2``)."""

_HEAD_LINES = 12
"""Lines among which the nodes are looked for where the first line is not as it should be."""

_FARTHEST_KM = 20_000.0
"""Largest coordinate of a node, km: half around the Earth. Larger numbers are of another unit."""

_HIGHEST_KM = -9.0
"""Depth of the highest ground; nodes above are in the air, where velocities mean nothing."""

_TYPICAL_RATIO = 1.75
"""Vp/Vs of most rock (1.73 for equal elastic constants), what blocks of numbers are compared to."""

_DEEP_KM, _SLOWEST_KM_S = 20.0, 4.8
"""Depth in km below which P is faster than this everywhere, and S slower (AK135: 5.8 and 3.46)."""

_FAR = 0.25
"""Median distance in log Vp/Vs beyond which numbers are no ratio of rock (1.36 to 2.25; chosen
here)."""

_CLEARLY = 0.1
"""How much nearer to a usual Vp/Vs, in its logarithm, one meaning must be than the other; chosen
here: numbers are written to 0.01."""


@dataclass(frozen=True)
class SimulModel:
    """Velocities at the nodes of a model of SIMULPS, in the model's own axes.

    Attributes
    ----------
    name : str
    x_km, y_km, z_km : ndarray
        Nodes, increasing; the first and the last of each usually lie far away. ``x`` is west in
        SIMULPS and east in TomoDD, before rotation; ``z`` is depth below sea level.
    p_velocity_km_s : ndarray, shape (z, y, x)
    s_velocity_km_s : ndarray, shape (z, y, x), or None
        None where the file has P alone.
    """

    name: str
    x_km: Floats
    y_km: Floats
    z_km: Floats
    p_velocity_km_s: Floats
    s_velocity_km_s: Floats | None

    def velocity_at(self, phase: str, z_km: ArrayLike, y_km: ArrayLike, x_km: ArrayLike) -> Floats:
        """Interpolate the velocity of ``P`` or ``S``, linear in each coordinate as SIMULPS does.

        Parameters
        ----------
        phase : str
        z_km, y_km, x_km : array_like
            Of one shape after broadcasting; beyond the outermost nodes their velocity holds.

        Returns
        -------
        ndarray
        """
        values = self.p_velocity_km_s if phase == "P" else self.s_velocity_km_s
        if values is None:
            raise InputError(f"Model '{self.name}' has no S velocities; take them from those of P.")
        total: Floats = np.zeros(())
        places = [
            _between(nodes, at)
            for nodes, at in zip((self.z_km, self.y_km, self.x_km), (z_km, y_km, x_km), strict=True)
        ]
        (k, wz), (j, wy), (i, wx) = places
        for c in range(8):
            a, b, d = c >> 2, c >> 1 & 1, c & 1
            weight = np.abs(1 - a - wz) * np.abs(1 - b - wy) * np.abs(1 - d - wx)
            total = total + weight * values[k + a, j + b, i + d]
        return np.asarray(total)

    def inner_range(self, axis: str) -> tuple[float, float]:
        """Return the first and last node of ``x``, ``y`` or ``z`` that does not lie far away."""
        nodes = {"x": self.x_km, "y": self.y_km, "z": self.z_km}[axis]
        return float(nodes[1]), float(nodes[-2])


def _between(nodes: Floats, at: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    """Return the node before every place, and the share of the way to the next."""
    place = np.clip(np.asarray(at, dtype=float), nodes[0], nodes[-1])
    before = np.clip(np.searchsorted(nodes, place, side="right") - 1, 0, nodes.size - 2)
    return before, (place - nodes[before]) / (nodes[before + 1] - nodes[before])


def is_simul_model(path: str | Path) -> bool:
    """Say whether a file begins as a model of SIMULPS does; never raises."""
    try:
        with ByteStream(Path(path)) as file:
            head = file.read(65_536)
    except OSError:
        return False
    return begins_simul_model(head_lines(head))


def begins_simul_model(lines: Sequence[str]) -> bool:
    """Say whether lines are the first of a model of SIMULPS: numbers of nodes, then nodes."""
    lines = [x for x in lines if x[:1] not in ("c", "C")]
    first = _first_line(lines[0]) if lines else None
    if first is None or len(lines) < 5:
        return False
    nodes = _numbers(lines[1], _NODE_WIDTH) or []
    # tables have four numbers at the beginning of a line as well; their next line is like it
    increase = all(a < b for a, b in pairwise(nodes))
    if not increase and len(_numbers(first[3], _VALUE_WIDTH) or []) >= _FEWEST:
        return False
    return (
        len(nodes) == first[0]
        or (len(nodes) > 4 and increase)
        or (len(nodes) > 2 and nodes[0] < _HIGHEST_KM)
    )


def resembles_simul_model(lines: Sequence[str]) -> bool:
    """Say whether lines hold nodes of x, y and z as a model of SIMULPS does after its first line.

    Three rows of coordinates increase from below zero to above; rows of no table here do.
    """
    rows = [_numbers(line, _NODE_WIDTH) or [] for line in lines[:_HEAD_LINES] if line.strip()]
    nodes = [
        len(row) > _FEWEST and row[0] < 0 < row[-1] and all(a < b for a, b in pairwise(row))
        for row in rows
    ]
    return any(all(nodes[i : i + 3]) for i in range(len(nodes) - 2))


def read_simul_model(path: str | Path, second_block: SecondBlock = "judged") -> SimulModel:
    """Read a velocity model of SIMULPS12 to SIMUL2017 (``MOD``, ``velomod.out``) or TomoDD.

    The first line has the unit of the interpolation in km (``bld``, not used here) and the numbers
    of nodes in x, y and z; then their coordinates in km; lists of fixed and linked nodes, passed
    over, each ended by ``0 0 0`` or a blank line; then P velocities in km/s, one row along x for
    every y of every z, and Vp/Vs in the same order. What SIMULPS writes has S velocities between
    those. Numbers may follow each other without blanks, as FORTRAN's ``20f6.1`` and ``20f5.2`` do.
    Lines that begin with ``c`` are comments.

    Parameters
    ----------
    path : str or Path
    second_block : {"judged", "vp_vs", "s_velocity"}
        What the second of two blocks is; ``judged`` by which is nearer to the Vp/Vs of rock.

    Raises
    ------
    FormatError
        With line and reason, if a number is missing, cannot be read, or is none of the Earth; or
        if the second block may be Vp/Vs or S as well.

    References
    ----------
    Evans, J. R., Eberhart-Phillips, D. and Thurber, C. H. (1994), User's manual for SIMULPS12,
    USGS Open-File Report 94-431.
    """
    path = Path(path)
    reader = _Reader(path, read_lines(path, _TITLE))
    first = _first_line(reader.take("the numbers of nodes"))
    if first is None:
        raise reader.problem(f"is not {FIRST_LINE}, three or more each")
    *counts, said = first
    x, y, z = (reader.nodes(n, axis) for n, axis in zip(counts, "xyz", strict=True))
    reader.skip_node_lists()
    blocks = list(reader.blocks(counts[0], counts[1], counts[2]))
    if not blocks[0].min() > 0:
        raise _not_positive(path, blocks[0], "among the P velocities in km/s, which is none")
    p, s = blocks[0], _s_velocities(path, blocks, second_block)
    if s is None and said.split()[:1] == ["2"]:
        log.warning("%s: line 1 announces Vp/Vs, and there are velocities of P alone", path)
    refuse_odd_nodes(path, "a P velocity", p)
    if s is not None:
        refuse_odd_nodes(path, "an S velocity", s)
    # the outermost nodes lie where no rock is, and their velocities must be possible all the same
    depth = np.clip(z, max(z[1], _HIGHEST_KM), z[-2])
    depth = np.broadcast_to(depth[:, None, None], p.shape)
    refuse_implausible_model(path, depth.ravel(), p.ravel(), None if s is None else s.ravel())
    deep = p[1:-1, 1:-1, 1:-1][z[1:-1] >= _DEEP_KM]
    if deep.size and np.median(deep) < _SLOWEST_KM_S:
        raise FormatError(
            f"'{path}' has {np.median(deep):g} km/s (median) from {_DEEP_KM:g} km down, which is a "
            "velocity of S and none of P. The model is not used; give P velocities, then S."
        )
    return SimulModel(path.name, x, y, z, p, s)


def _first_line(line: str) -> tuple[int, int, int, str] | None:
    """Return the numbers of nodes and what follows, or None if this is no first line."""
    found = _FIRST.match(line) or _FIRST_FIXED.match(line)
    if found is None:
        return None
    try:
        unit, counts = float(found[1]), [int(found[i]) for i in (2, 3, 4)]
    except ValueError:
        return None
    if not 0 < unit <= 1 or not all(_FEWEST <= n <= _MOST for n in counts):
        return None
    return counts[0], counts[1], counts[2], found[5] or ""


def _numbers(line: str, width: int) -> list[float] | None:
    """Return the numbers of a line, between blanks or commas or in columns; None if there is else.

    Two numbers that touch have two decimal points in one word, so nothing is read wrongly.
    """
    values: list[float] = []
    words = line.replace(",", " ").split()
    try:
        for word in words:
            times, star, value = word.rpartition("*")
            if star and not (times.isdecimal() and int(times) > 0):
                raise ValueError(word)
            values += [_finite(value)] * (int(times) if star else 1)
    except ValueError:
        columns = line.rstrip()
        try:
            return [_finite(columns[i : i + width]) for i in range(0, len(columns), width)]
        except ValueError:
            return None
    return values


def _finite(word: str) -> float:
    value = float(word)
    if "_" in word or not np.isfinite(value):
        raise ValueError(word)
    return value


class _Reader:
    """Takes the lines of a model one after the other, and says where something is wrong."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self._path, self._lines, self._at = path, lines, 0
        while self._at < len(lines) and lines[self._at][:1] in ("c", "C"):
            self._at += 1

    def take(self, what: str) -> str:
        """Return the next line."""
        if self._at >= len(self._lines):
            raise FormatError(
                f"'{self._path}' ends after line {len(self._lines)}, where {what} should follow. "
                "The model is not used; complete the file."
            )
        self._at += 1
        return self._lines[self._at - 1]

    def problem(self, why: str) -> FormatError:
        """Return the error that the line taken last is wrong."""
        line = self._lines[self._at - 1].strip()[:60]
        return FormatError(
            f"Line {self._at} of '{self._path}' is '{line}': it {why}. The model is not used; "
            "correct the line, or the numbers of nodes in the first one."
        )

    def nodes(self, count: int, axis: str) -> Floats:
        """Return the coordinates of the nodes of an axis."""
        values = np.array(self._row(count, f"{count} nodes of {axis}", _NODE_WIDTH))
        if not np.all(np.diff(values) > 0):
            raise self.problem(f"has nodes of {axis} that do not increase")
        if np.abs(values).max() > _FARTHEST_KM:
            far = values[np.argmax(np.abs(values))]
            raise self.problem(f"has {axis} = {far:g} km; if it is in m, write {far / 1e3:g}")
        return values

    def skip_node_lists(self) -> None:
        """Pass over fixed and linked nodes: lines of whole numbers, and blank ones that end them.

        Velocities have decimal points.
        """
        start = self._at
        while self._at < len(self._lines) and "." not in self._lines[self._at]:
            line = self.take("velocities")
            if not re.fullmatch(r"[\s,\d]*", line):
                raise self.problem("is neither a node nor a row of velocities")
        if self._at > start:
            last = self._lines[self._at - 1]
            if re.search(r"[1-9]", last):
                raise self.problem(
                    "should be '0 0 0' or blank, to end the list of nodes; velocities have points"
                )

    def blocks(self, nx: int, ny: int, nz: int) -> Iterator[Floats]:
        """Yield one to three blocks of velocities or ratios, each of shape (z, y, x)."""
        for number in (1, 2, 3):
            values = np.empty((nz, ny, nx))
            for k in range(nz):
                for j in range(ny):
                    what = f"row {j + 1} of {ny} in layer {k + 1} of {nz} of block {number}"
                    values[k, j] = self._row(nx, f"{nx} numbers of {what}", _VALUE_WIDTH)
            yield values
            self._skip_blank()
            if self._at == len(self._lines):
                return
        self.take("nothing")
        raise self.problem("comes after P, S and Vp/Vs of all nodes, where nothing should")

    def _row(self, count: int, what: str, width: int) -> list[float]:
        """Return so many numbers, which may take several lines and end with one."""
        values: list[float] = []
        while len(values) < count:
            self._skip_blank()
            found = _numbers(self.take(what), width)
            if found is None:
                raise self.problem(f"holds something else than numbers, where {what} should be")
            values += found
        if len(values) > count:
            raise self.problem(f"leads to {len(values)} numbers where {what} should be")
        return values

    def _skip_blank(self) -> None:
        while self._at < len(self._lines) and not self._lines[self._at].strip(" \t\x1a"):
            self._at += 1


def _s_velocities(path: Path, blocks: list[Floats], second_block: SecondBlock) -> Floats | None:
    """Return the S velocities by what follows those of P."""
    if len(blocks) == 1:
        return None
    p, second = blocks[0], blocks[1]
    if not second.min() > 0:
        what = "after the P velocities, which is neither Vp/Vs nor an S velocity"
        raise _not_positive(path, second, what)
    if len(blocks) == 3:
        off = float(np.median(np.abs(np.log(p / second / np.maximum(blocks[2], 1e-9)))))
        if off > _CLEARLY:
            raise FormatError(
                f"'{path}' has three blocks, and the third is not the first over the second, as "
                "Vp/Vs after P and S would be. The model is not used; leave out what does not "
                "belong to it."
            )
        return second
    if second_block == "judged":
        second_block = _judge(path, p, second)
    return p / second if second_block == "vp_vs" else second


def _not_positive(path: Path, values: Floats, what: str) -> FormatError:
    """Return the error that the smallest of some numbers is not above zero."""
    k, j, i = np.unravel_index(int(np.argmin(values)), values.shape)
    return FormatError(
        f"'{path}' has {values.min():g} at node {i + 1}, {j + 1}, {k + 1} (x, y, z) {what}. The "
        "model is not used; correct the number."
    )


def _judge(path: Path, p: Floats, second: Floats) -> SecondBlock:
    """Say whether numbers are Vp/Vs or S velocities, by which makes the ratio that rock has."""
    as_ratio = float(np.median(np.abs(np.log(second / _TYPICAL_RATIO))))
    as_speed = float(np.median(np.abs(np.log(p / second / _TYPICAL_RATIO))))
    if min(as_ratio, as_speed) > _FAR:
        raise FormatError(
            f"What follows P in '{path}' goes from {second.min():g} to {second.max():g}, which is "
            "neither Vp/Vs of rock nor S velocities (is it Q?). The model is not used; give Vp/Vs "
            "or S velocities, or leave it out."
        )
    if abs(as_ratio - as_speed) < _CLEARLY:
        raise FormatError(
            f"What follows P in '{path}' may be Vp/Vs or S velocities (median {np.median(second):g}"
            f", P {np.median(p):g} km/s). The model is not used; set model_second_block to vp_vs "
            "or s_velocity."
        )
    return "vp_vs" if as_ratio < as_speed else "s_velocity"
