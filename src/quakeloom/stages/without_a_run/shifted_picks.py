"""How readings of first motions bear with wrong picks: what ``quakeloom evaluate shifts`` shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.core import InputError
from quakeloom.plots import FirstMotion
from quakeloom.stages.weights.polarity_readers import Reader, open_reader
from quakeloom.stages.without_a_run.polarity_folder import FirstMotionWindow, cut_folder

SHIFTS_S = tuple(np.round(np.arange(-0.06, 0.0601, 0.01), 3).tolist())
"""Seconds by which picks are moved; chosen here: errors of analysts and of good pickers."""

_AROUND_S = (0.4, 0.6)
"""Seconds before and after a pick that a figure shows."""


@dataclass(frozen=True)
class ShiftScores:
    """Readings of one reader at shifted picks.

    Attributes
    ----------
    reader : str
    shifts_s : tuple of float
    references : int
        First motions of the analyst whose station has a vertical at the pick.
    called, correct : tuple of int
        By shift: readings that are sure enough, and those of them that are right.
    motions : list of FirstMotion
        Every reading at the shift nearest to zero, with the analyst's.
    """

    reader: str
    shifts_s: tuple[float, ...]
    references: int
    called: tuple[int, ...]
    correct: tuple[int, ...]
    motions: list[FirstMotion]


def score_shifted_picks(
    waveforms: Path,
    polarities: pa.Table,
    weights: Sequence[str],
    shifts_s: Sequence[float] = SHIFTS_S,
    minimum_probability: float = 0.5,
    progress: Callable[[str], None] = lambda _: None,
) -> list[ShiftScores]:
    """Read first motions at an analyst's picks, moved by every shift, with every reader.

    Parameters
    ----------
    waveforms : Path
    polarities : pyarrow.Table
        The analyst's first motions with the times of the picks.
    weights : sequence of str
        Readers, as :func:`quakeloom.stages.without_a_run.polarity_folder.open_reader` takes them.
    shifts_s : sequence of float
    minimum_probability : float
        Less sure readings are not called.
    progress : callable

    Raises
    ------
    InputError
        If no first motion of the analyst has a vertical.
    """
    readers = [open_reader(name) for name in weights]
    reach = max(abs(s) for s in shifts_s) + 1.0
    cut = cut_folder(waveforms, polarities, reach, progress)
    if not cut:
        raise InputError(
            "No first motion of the analyst has a vertical in the waveforms. Nothing was "
            "compared; give picks with polarities of these records."
        )
    return [_score(reader, cut, tuple(shifts_s), minimum_probability) for reader in readers]


def _score(
    reader: Reader, cut: list[FirstMotionWindow], shifts: tuple[float, ...], least: float
) -> ShiftScores:
    truth = np.array([c.given for c in cut])
    called, correct = [], []
    motions: list[FirstMotion] = []
    nearest = min(shifts, key=abs)
    for shift in shifts:
        windows = np.stack([c.window(reader, shift) for c in cut])
        sign, up = reader.read_polarities(windows)
        sure = np.where(np.isnan(up), 1.0, np.maximum(up, 1.0 - up)) >= least
        is_called = sure & (sign != 0)
        called.append(int(is_called.sum()))
        correct.append(int((is_called & (sign == truth)).sum()))
        if shift == nearest:
            motions = [_motion(*row) for row in zip(cut, sign, up, strict=True)]
    return ShiftScores(reader.name, shifts, len(cut), tuple(called), tuple(correct), motions)


def _motion(cut: FirstMotionWindow, sign: Any, up: Any) -> FirstMotion:
    before, after = (round(s * cut.rate_hz) for s in _AROUND_S)
    at = cut.pick
    return FirstMotion(
        cut.label, cut.samples[at - before : at + after], cut.rate_hz, before, int(sign),
        cut.given, max(float(up), 1.0 - float(up)),
    )  # fmt: skip
