"""What a variable, a table and an array are in the registry."""

from __future__ import annotations

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
