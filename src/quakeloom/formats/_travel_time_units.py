"""Travel times that a file has in milliseconds where its format has seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quakeloom.core import FormatError
from quakeloom.formats._fixed_columns import possible_travel_time

_FEW = 5
"""Fewer travel times say nothing about their unit."""

_LONG_S = 100.0
"""Whole seconds are written where waves take so long (chosen here); times in ms of networks wider
than a km are longer in the median."""


class TravelTimes:
    """The travel times of a file, which say together in which unit they are.

    Parameters
    ----------
    path : Path
    title : str
        Name of the format, for messages.
    """

    def __init__(self, path: Path, title: str) -> None:
        self._path, self._title = path, title
        self._values: list[float] = []

    def possible(self, value: float) -> float:
        """Return a travel time in s; a ValueError if no wave takes that long."""
        self._values.append(value)
        return possible_travel_time(value)

    def refuse_milliseconds(self) -> None:
        """Refuse a file whose travel times are whole numbers and long, as those in ms.

        Raises
        ------
        FormatError
            With the range and what to write.
        """
        values = np.array(self._values)
        if values.size < _FEW or (values != np.round(values)).any():
            return
        middle = float(np.median(values))
        if middle > _LONG_S:
            raise FormatError(
                f"'{self._path}' has travel times in ms: all {values.size} are whole numbers from "
                f"{values.min():g} to {values.max():g}, where {self._title} has s. Nothing is "
                f"read; divide them by 1000 ({middle:g} becomes {middle / 1000.0:g})."
            )
