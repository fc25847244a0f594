"""rayinvr: picks (``tx.in``) and layered models (``v.in``) of Zelt and Smith (1992)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import FormatError
from quakeloom.formats._line_format import LineFormat, LinePicks, PickCollector
from quakeloom.formats._text_lines import read_lines
from quakeloom.schema import range_problem

_TITLE = "rayinvr picks (tx.in)"
"""Name of the format, for messages."""


def read_rayinvr_picks(path: Path, km: float = 1.0) -> LinePicks:
    """Read ``tx.in``: blocks of position, time, uncertainty and phase code.

    A line with code 0 begins a shot (its position, and +1 or -1 for the side of the
    receivers); code -1 ends the file. Codes above 0 number the phases, as the ``ivray`` of
    ``r.in`` explains them. Depths are not in the file: shots and receivers are on the ground.
    """
    lines = read_lines(path, _TITLE)
    picks = PickCollector(path)
    shot = math.nan
    ended = False
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        words = text.split()
        try:
            x, time, error, code = (*(float(w) for w in words[:3]), int(float(words[3])))
        except (ValueError, IndexError, OverflowError):
            picks.rejects.add(number, "pick", "no position, time, error and phase code", text)
            continue
        if code == -1:
            ended = True
            break
        if code == 0:
            shot = x * km
        elif math.isnan(shot):
            picks.rejects.add(number, "pick", "stands before the first shot (code 0)", text)
        else:
            place = (shot, math.nan), (x * km, math.nan)
            picks.add(number, text, *place, time, error, str(code))
    if not ended:
        picks.rejects.add(
            len(lines), "file", "has no end (code -1): it may have been cut short", ""
        )
    return picks.finish(path, _TITLE, "rayinvr")


@dataclass(frozen=True)
class RayinvrModel:
    """A layered model of rayinvr.

    Attributes
    ----------
    boundaries : list of ndarray, (n, 2)
        Distance and depth in km of every layer's top; the last is the bottom of the model.
    top_velocities, bottom_velocities : list of ndarray, (n, 2)
        Distance in km and velocity in km/s just below the top and just above the bottom.
    """

    boundaries: list[NDArray[np.float64]]
    top_velocities: list[NDArray[np.float64]]
    bottom_velocities: list[NDArray[np.float64]]

    @property
    def ground(self) -> NDArray[np.float64]:
        """Distance and depth of the top of the model, km."""
        return self.boundaries[0]

    def evaluate(self, depth_km: ArrayLike, distance_km: ArrayLike) -> NDArray[np.float64]:
        """Return velocities in km/s at points, linear with depth inside layers.

        NaN above the top and below the bottom. A bottom velocity of 0 continues the top's; a
        top velocity of 0 continues the bottom of the layer above.
        """
        z = np.asarray(depth_km, dtype=float)
        z, x = np.broadcast_arrays(z, np.asarray(distance_km, dtype=float))
        tops = [np.interp(x, b[:, 0], b[:, 1]) for b in self.boundaries]
        out = np.full(x.shape, np.nan)
        above = np.full(x.shape, np.nan)
        for i, (top, bottom) in enumerate(
            zip(self.top_velocities, self.bottom_velocities, strict=True)
        ):
            v1 = np.interp(x, top[:, 0], top[:, 1])
            v1 = np.where(v1 > 0, v1, above)
            v2 = np.interp(x, bottom[:, 0], bottom[:, 1])
            v2 = np.where(v2 > 0, v2, v1)
            thickness = np.maximum(tops[i + 1] - tops[i], 1e-9)
            share = np.clip((z - tops[i]) / thickness, 0.0, 1.0)
            inside = (z >= tops[i]) & (z <= tops[i + 1])
            out = np.where(inside, v1 + share * (v2 - v1), out)
            above = v2
        return out


def read_rayinvr_model(path: str | Path) -> RayinvrModel:
    """Read ``v.in``: for every layer its top and the velocities at its top and bottom.

    Each is blocks of three lines: layer number with positions, a continuation flag (1: more
    follows) with values, and flags of the inversion. The last layer number is the bottom.

    Raises
    ------
    FormatError
        If a block is broken.
    """
    path = Path(path)
    lines = [t for t in read_lines(path, "rayinvr model (v.in)") if t.strip()]
    items: list[tuple[int, NDArray[np.float64]]] = []
    i = 0
    try:
        while i + 1 < len(lines):
            x: list[float] = []
            v: list[float] = []
            layer = int(lines[i].split()[0])
            while True:
                head, body = lines[i].split(), lines[i + 1].split()
                count = len(head) - 1
                x += [float(w) for w in head[1:]]
                v += [float(w) for w in body[1 : count + 1]]
                last = i + 2 >= len(lines)
                i += 2 if last else 3
                if int(body[0]) == 0 or last:
                    break
            if not all(map(math.isfinite, (*x, *v))):
                raise ValueError("a number is not finite")
            if len(x) != len(v):
                raise ValueError(f"{len(x)} positions and {len(v)} values")
            items.append((layer, np.column_stack([x, v])))
    except (ValueError, IndexError) as error:
        raise FormatError(
            f"'{path}' breaks the format v.in near line {i + 1} ({error}). No model was read; "
            "give the file that rayinvr reads."
        ) from None
    if len(items) < 4 or (len(items) - 1) % 3:
        raise FormatError(
            f"'{path}' has {len(items)} blocks, which are no whole layers of three and a bottom. "
            "No model was read; give the file that rayinvr reads."
        )
    for layer, points in (*items[1::3], *items[2::3]):
        # a velocity of 0 goes on from above
        problem = next((q for v in points[:, 1] if v and (q := _problem(v))), "")
        if problem:
            raise FormatError(
                f"'{path}', layer {layer}: {problem}. No model was read; write km and km/s."
            )
    # a boundary given by one point reaches over the whole line
    return RayinvrModel(
        [b for _, b in items[0::3]], [b for _, b in items[1::3]], [b for _, b in items[2::3]]
    )


def _problem(velocity: float) -> str:
    return range_problem("p_velocity_km_s", velocity)


def _sniff(lines: list[str]) -> bool:
    """A shot line (code 0, +1 or -1) followed by picks of four numbers."""
    rows = [t.split() for t in lines[:20] if t.strip()]
    if len(rows) < 2 or any(len(r) != 4 for r in rows):
        return False
    try:
        first = [float(w) for w in rows[0]]
        [float(w) for r in rows for w in r]
    except ValueError:
        return False
    return first[3] == 0 and abs(first[1]) == 1


FORMAT = LineFormat("rayinvr", _TITLE, read_rayinvr_picks, _sniff, "km", (".in",))
"""Picks of rayinvr, in km."""
