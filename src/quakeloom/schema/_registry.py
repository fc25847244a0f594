"""What a variable, a table and an array are in the registry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Dtype = Literal[
    "string",
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint64",
    "float32",
    "float64",
    "time",
]
"""Storage types. ``time`` is UTC with nanoseconds (``datetime64[ns]``)."""

_LARGEST_FLOAT32 = (2 - 2**-23) * 2.0**127
"""Largest number of IEEE 754 in single precision; a larger one would be stored as infinite."""


@dataclass(frozen=True)
class Variable:
    """One registered quantity: the same name means the same thing everywhere.

    Attributes
    ----------
    name : str
        With its unit as suffix where it has one (``takeoff_deg``).
    dtype : str
        See :data:`Dtype`.
    unit : str
        Unit in words or symbols; ``1`` for a pure number, empty for text and time.
    meaning : str
        One sentence, with conventions.
    missing : str
        What stands for "not known": ``null``, ``NaN``, a code, or ``never``.
    minimum, maximum : float or None
        Inclusive bounds of valid values.
    values : tuple of str
        The allowed texts of a coded string; empty allows any.
    """

    name: str
    dtype: Dtype
    unit: str
    meaning: str
    missing: str = "never"
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[float, float]:
        """Least and greatest value, by the registered bounds and by what the type can store."""
        low, high = _stored(self.dtype)
        least = low if self.minimum is None else max(low, self.minimum)
        return least, high if self.maximum is None else min(high, self.maximum)


def _stored(dtype: str) -> tuple[float, float]:
    """Return the least and the greatest number of a type; infinite where any number fits."""
    if dtype == "float32":
        return -_LARGEST_FLOAT32, _LARGEST_FLOAT32
    kind, bits = dtype.rstrip("0123456789"), dtype.lstrip("uint")
    if kind not in ("int", "uint"):
        return -math.inf, math.inf
    width = int(bits) - (kind == "int")
    # above 2**53 not every whole number is a float: the greatest is the float below the limit
    high = 2.0**width - 1.0 if width < 53 else math.nextafter(2.0**width, 0.0)
    return (-(2.0**width) if kind == "int" else 0.0), high


@dataclass(frozen=True)
class TableSpec:
    """One registered table (a Parquet file) with its columns and its key."""

    name: str
    meaning: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArraySpec:
    """One registered array (Zarr): its variable and its dimensions."""

    variable: str
    dimensions: tuple[str, ...]
