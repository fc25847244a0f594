"""Why a piece of work must be done: an input, a setting or code, with the old and the new value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from quakeloom.stages.changes.row_changes import TableChange

Kind = Literal["input", "setting", "code", "missing", "first"]
"""Kinds of causes; ``missing``: what was made is not there; ``first``: never finished before."""

_WORDS = {
    "archive": "waveform files",
    "bins": "partitions of the catalogs",
    "coastline": "coastline",
    "corrections": "station corrections of locate",
    "directions": "directions of sensors",
    "events": "number of events",
    "files": "files with faults",
    "levels": "depths of receivers",
    "middle": "middle of the map",
    "models": "velocity models",
    "rejects": "records put aside",
    "rounds": "rounds of station terms",
    "responses": "responses of instruments",
    "rows": "rows of events",
    "stations": "stations",
    "times": "travel times of the ensemble (models, or places of stations)",
    "weights": "weights of the network",
}
"""What keys of plan files stand for, in words; others are named as they are."""

_LONGEST = 60
"""Letters of a value that are shown; chosen here: half a line of a terminal."""


@dataclass(frozen=True)
class Cause:
    """A cause at the root: nothing that was computed stands behind it.

    Attributes
    ----------
    kind : str
        :data:`Kind`.
    what : str
        Key of a setting, name of a module, or tables of rows with how many changed.
    old, new : str
        The value in the last finished state and now; empty where it is told by the rows.
    tables : tuple of TableChange
        Rows that changed.
    """

    kind: Kind
    what: str
    old: str = ""
    new: str = ""
    tables: tuple[TableChange, ...] = field(default=(), compare=False)

    def sentence(self) -> str:
        """Return kind, name and values, such as ``setting: mechanism.trials 30 -> 40``."""
        values = f" {self.old} -> {self.new}" if self.old or self.new else ""
        return f"{self.kind}: {self.what}{values}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        found: dict[str, Any] = {"kind": self.kind, "what": self.what}
        if self.old or self.new:
            found |= {"old": self.old, "new": self.new}
        if self.tables:
            found["rows"] = [r.sentence() for t in self.tables for r in t.rows]
        return found


def setting_causes(old: dict[str, Any], new: dict[str, Any]) -> list[Cause]:
    """Return the settings that differ between two states of a stage, by key."""
    a, b = _flat(old), _flat(new)
    return [
        Cause("setting", key, _shown(a.get(key)), _shown(b.get(key)))
        for key in dict.fromkeys((*a, *b))
        if a.get(key) != b.get(key)
    ]


def code_causes(old: dict[str, str], new: dict[str, str]) -> list[Cause]:
    """Return the modules that differ; ``new`` has those that count, ``old`` all of then."""
    return [
        Cause("code", name, old.get(name, "none"), digest)
        for name, digest in new.items()
        if old.get(name) != digest
    ]


def row_cause(tables: Iterable[TableChange], key: str = "rows") -> Cause:
    """Return the cause of rows that changed, with how many of each table."""
    found = tuple(tables)
    said = "; ".join(t.sentence() for t in found)
    return Cause("input", said or in_words(key), tables=found)


def in_words(key: str) -> str:
    """Return what a key of a plan file stands for."""
    return _WORDS.get(key, key)


def input_cause(key: str, old: Any, new: Any) -> Cause:
    """Return the cause of a key of a plan file whose value differs."""
    return Cause("input", in_words(key), _shown(old), _shown(new))


def _flat(values: dict[str, Any], start: str = "") -> dict[str, Any]:
    """Return settings by their key, such as ``mechanism.trials``; each once."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{start}{name}.")
        else:
            found[f"{start}{name}"] = value
    return found


def _shown(value: Any) -> str:
    text = "none" if value is None else json.dumps(value, default=str)
    text = text.strip('"')
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
