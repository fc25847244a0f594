"""Fields with a unit, a bound and a sentence; numbers that may be written with their unit."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

_TO_BASE: dict[str, tuple[str, float]] = {
    "mm": ("m", 1e-3),
    "m": ("m", 1.0),
    "km": ("m", 1e3),
    "ms": ("s", 1e-3),
    "s": ("s", 1.0),
    "min": ("s", 60.0),
    "h": ("s", 3600.0),
    "deg": ("deg", 1.0),
    "rad": ("deg", 57.29577951308232),
    "MB": ("MB", 1.0),
    "GB": ("MB", 1000.0),
    "km/s": ("m/s", 1e3),
    "m/s": ("m/s", 1.0),
}
"""Units that a setting may be written with: the base unit of each, and how much of it one is."""

_SPELLED = {
    "degree": "deg", "degrees": "deg", "°": "deg", "radians": "rad",
    "sec": "s", "second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hours": "h",
    "meter": "m", "meters": "m", "metre": "m", "metres": "m", "kilometers": "km",
    "kilometres": "km", "Km": "km", "KM": "km", "Mb": "MB", "Gb": "GB",
}  # fmt: skip
"""Units as people spell them, and as they are spelled here."""

_QUANTITY = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z/%°]+)\s*$")
"""A number with a unit behind it, such as ``12.5 km``."""


def setting(default: Any, sentence: str, unit: str = "", **bounds: Any) -> Any:
    """Declare a setting: default, meaning, unit, and bounds (``ge``, ``le``, ``gt``, ``lt``)."""
    extra: dict[str, Any] = {"unit": unit} if unit else {}
    if callable(default):
        return Field(default_factory=default, description=sentence, json_schema_extra=extra)
    return Field(default, description=sentence, json_schema_extra=extra, **bounds)


class Section(BaseModel):
    """Base of all groups of settings: unknown keys are refused, values are checked.

    No number is infinite or "not a number", which would pass every bound that it does not have.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _read_units(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        read = dict(data)
        for key, value in data.items():
            field = cls.model_fields.get(key)
            if field is None or not isinstance(value, str):
                continue
            extra = field.json_schema_extra
            unit = extra.get("unit") if isinstance(extra, dict) else None
            match = _QUANTITY.match(value)
            if unit and match:
                read[key] = _in_unit(key, float(match[1]), match[2], str(unit))
        return read


class OwnData(Section):
    """Base of groups whose data are no seismic events: they name their own files.

    A run with such groups is an analysis: it has no `sources`, and its stages follow from the
    groups that are given.
    """


def _in_unit(key: str, number: float, given: str, unit: str) -> float:
    given = _SPELLED.get(given, given)
    if given == unit:
        return number
    base = _TO_BASE.get(given), _TO_BASE.get(unit)
    if base[0] and base[1] and base[0][0] == base[1][0]:
        same = number * base[0][1] / base[1][1]
        raise ValueError(
            f"{key} is in {unit}, but {number:g} {given} was given; write {same:g} ({unit})"
        )
    if base[0] is None:
        raise ValueError(f"{key} is in {unit}; '{given}' is no unit that is known here")
    raise ValueError(f"{key} is in {unit}; {given} is no unit of the same kind")
