"""Standard errors and phases of picks, as stages that fit arrival times take them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quakeloom.schema import phase_class

Floats = NDArray[np.float64]


class ErrorSettings(Protocol):
    """Settings that say how large errors of picks are."""

    @property
    def pick_errors_s(self) -> list[float]:
        """By weight code from 0."""
        ...

    @property
    def s_error_factor(self) -> float:
        """Errors of S over those of P."""
        ...

    @property
    def minimum_pick_error_s(self) -> float:
        """No pick is better."""
        ...


def pick_errors(
    asked: ErrorSettings, stated_s: Floats, weight: NDArray[np.int8], phase: NDArray[np.object_]
) -> Floats:
    """Return standard errors of picks: stated, else by weight code; NaN is not used."""
    table = np.array([*asked.pick_errors_s, *[np.nan] * (11 - len(asked.pick_errors_s))])
    error = table[np.where(weight < 0, 0, np.minimum(weight, 10)).astype(np.int64)]
    error = np.where(phase == "S", error * asked.s_error_factor, error)
    error = np.where(np.isfinite(stated_s) & (stated_s > 0), stated_s, error)
    return np.asarray(np.maximum(error, asked.minimum_pick_error_s))


def phase_kind(phase: str) -> str:
    """P or S of a first arrival's name, else the name itself."""
    return phase_class(phase) or phase
