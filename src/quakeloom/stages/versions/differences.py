"""What differs between two versions of a run: events, mechanisms, letters, map nodes, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from quakeloom.core import distance_azimuth, rotation_angle
from quakeloom.schema import QUALITIES
from quakeloom.stages.changes.causes import Cause, code_causes, row_cause, setting_causes
from quakeloom.stages.changes.row_changes import TableChange, compare_rows, merge_changes
from quakeloom.stages.versions.seals import read_object
from quakeloom.store import Item, read_table
from quakeloom.stress import axial_difference

_ANGLES = ["strike_deg", "dip_deg", "rake_deg"]
"""Columns of a mechanism."""

_PLACE = ("longitude", "latitude", "depth_km", "time_year")
"""Columns by which a node of a map is known."""

_DIGITS = 6
"""Decimals of degrees by which nodes of two maps are the same; a tenth of a meter."""

_OF_EVENTS = ("ingest", "takeoff", "window", "pick", "polarity", "locate", "threshold", "mechanism")
"""Stages that decide the place or the mechanism of an event."""


@dataclass
class RunDifference:
    """How a run differs between two versions.

    Attributes
    ----------
    run : str
    causes : list of Cause
        Why: rows, settings and modules that differ.
    events : DataFrame
        One row per event that differs: ``event_id``, ``change`` (``added``, ``withdrawn``,
        ``revised``), ``longitude``, ``latitude``, ``moved_km``, ``deeper_km``, ``later_s``,
        ``rotation_deg``, ``letter_a``, ``letter_b``, ``status_a``, ``status_b``, ``why``.
    nodes : DataFrame
        One row per node that differs: ``longitude``, ``latitude``, ``change``, ``shmax_deg``,
        ``shape_ratio``, ``a_phi`` (second minus first).
    counts : dict
        Numbers of both versions, by name.
    """

    run: str
    causes: list[Cause] = field(default_factory=list)
    events: pd.DataFrame = field(default_factory=pd.DataFrame)
    nodes: pd.DataFrame = field(default_factory=pd.DataFrame)
    counts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; numbers that are not known are None."""
        return {
            "run": self.run,
            "counts": self.counts,
            "why": [c.as_dict() for c in self.causes],
            "events": _plain(self.events),
            "nodes": _plain(self.nodes),
        }


def compare_versions(folder: Item, a: dict[str, Any], b: dict[str, Any]) -> list[RunDifference]:
    """Compare two versions run by run.

    Parameters
    ----------
    folder : Item
        Of the versions.
    a, b : dict
        Seals of the first and the second.
    """
    names = dict.fromkeys((*a["runs"], *b["runs"]))
    return [
        compare_run(folder, name, a["runs"].get(name, {}), b["runs"].get(name, {}))
        for name in names
    ]


def compare_run(folder: Item, name: str, a: dict[str, Any], b: dict[str, Any]) -> RunDifference:
    """Compare a run of two versions; one that a version does not have is empty in it."""
    tables = _changed_rows(folder, a.get("rows", {}), b.get("rows", {}))
    causes = causes_between(a, b) if a and b else []
    made = RunDifference(name, [*([row_cause(tables)] if tables else []), *causes])
    first, second = (_places_and_planes(folder, s.get("kept", {})) for s in (a, b))
    made.events = _compare_events(first, second)
    if len(made.events):
        made.events["why"] = _reasons(made.events, tables, a, b)
    maps = [_table(folder, s.get("kept", {}), "stress") for s in (a, b)]
    made.nodes = _compare_nodes(*maps)
    made.counts = {
        "events": [len(first), len(second)],
        **Counter(f"events {c}" for c in made.events.get("change", ())),
        "mechanisms changed": int(np.sum(made.events.get("rotation_deg", np.zeros(0)) > 0)),
        "letters changed": _letters_changed(made.events),
        "nodes": [len(m) for m in maps],
        **Counter(f"nodes {c}" for c in made.nodes.get("change", ())),
    }
    return made


def causes_between(a: dict[str, Any], b: dict[str, Any]) -> list[Cause]:
    """Return settings and modules that differ between the seals of a run, each once."""
    found: list[Cause] = []
    for stage in dict.fromkeys((*a["meanings"], *b["meanings"])):
        found += setting_causes(a["meanings"].get(stage, {}), b["meanings"].get(stage, {}))
    found += code_causes(a["modules"], b["modules"])
    gone = [m for m in a["modules"] if m not in b["modules"]]
    found += [Cause("code", m, a["modules"][m], "none") for m in gone]
    return list(dict.fromkeys(found))


def _changed_rows(
    folder: Item, a: dict[str, dict[str, str]], b: dict[str, dict[str, str]]
) -> list[TableChange]:
    """Return how the rows that two versions rest on differ; equal files are not read."""
    found = []
    for partition in dict.fromkeys((*a, *b)):
        one, other = a.get(partition, {}), b.get(partition, {})
        for table in dict.fromkeys((*one, *other)):
            if one.get(table) == other.get(table):
                continue
            old, new = (
                read_table(read_object(folder, s[table]), table).to_pandas() if table in s else None
                for s in (one, other)
            )
            old = new.iloc[:0] if old is None and new is not None else old
            new = old.iloc[:0] if new is None and old is not None else new
            if old is not None and new is not None:
                found.append(compare_rows(table, old, new))
    return [t for t in merge_changes(found) if t]


def _table(folder: Item, kept: dict[str, str], table: str) -> pd.DataFrame:
    """Return a kept table; an empty one where a version has none."""
    if table not in kept:
        return pd.DataFrame()
    frame: pd.DataFrame = read_table(read_object(folder, kept[table]), table).to_pandas()
    return frame


def _places_and_planes(folder: Item, kept: dict[str, str]) -> pd.DataFrame:
    """Return place, mechanism, letter and status of every event; located places where there are."""
    frame = _table(folder, kept, "mechanisms")
    located = _table(folder, kept, "hypocenters")
    if not len(frame) and not len(located):
        return pd.DataFrame({"event_id": []})
    if not len(frame):
        frame = located
    elif len(located):
        frame = frame.set_index("event_id")
        columns = [c for c in ("longitude", "latitude", "depth_km", "origin_time") if c in located]
        places = located.set_index("event_id")[columns].dropna()
        frame.update(places[~places.index.duplicated()])
        frame = frame.reset_index()
    wanted = ("event_id", "origin_time", "longitude", "latitude", "depth_km", "magnitude",
              *_ANGLES, "quality", "status")  # fmt: skip
    for name in wanted:
        if name not in frame:
            frame[name] = "" if name in ("quality", "status") else np.nan
    return frame[list(wanted)]


def _compare_events(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Return the events that differ, those that rotated most first."""
    both = a.merge(b, on="event_id", how="outer", suffixes=("_a", "_b"), indicator=True)
    if both.empty:
        return pd.DataFrame({"event_id": [], "change": []})
    side = both["_merge"].astype(str)
    change = side.map({"left_only": "withdrawn", "right_only": "added", "both": "revised"})
    found = pd.DataFrame({"event_id": both["event_id"].astype(str), "change": change})
    if "longitude_a" not in both:  # one version has no events at all
        return found.assign(longitude=np.nan, latitude=np.nan, rotation_deg=np.nan)

    def numbers(name: str, end: str) -> np.ndarray:
        return np.asarray(both[f"{name}_{end}"], dtype=float)

    places = {e: (numbers("longitude", e), numbers("latitude", e)) for e in "ab"}
    for i, name in enumerate(("longitude", "latitude")):
        found[name] = np.where(side == "left_only", places["a"][i], places["b"][i])
    found["moved_km"] = distance_azimuth(*places["a"], *places["b"])[0]
    found["deeper_km"] = numbers("depth_km", "b") - numbers("depth_km", "a")
    later = pd.to_datetime(both["origin_time_b"]) - pd.to_datetime(both["origin_time_a"])
    found["later_s"] = later.dt.total_seconds()
    found["magnitude"] = numbers("magnitude", "b") - numbers("magnitude", "a")
    angles = [np.stack([numbers(n, e) for n in _ANGLES], axis=1) for e in "ab"]
    same = np.all(angles[0] == angles[1], axis=1)
    found["rotation_deg"] = np.where(same, 0.0, rotation_angle(*angles))
    for name, column in (("letter", "quality"), ("status", "status")):
        for end in "ab":
            found[f"{name}_{end}"] = both[f"{column}_{end}"].fillna("").astype(str)
    amounts = found[["moved_km", "deeper_km", "later_s", "magnitude", "rotation_deg"]].fillna(0.0)
    differs = (amounts.abs() > 0).any(axis=1) | (side != "both")
    differs |= (found["letter_a"] != found["letter_b"]) | (found["status_a"] != found["status_b"])
    found = found[differs].sort_values(
        ["rotation_deg", "event_id"], ascending=[False, True], na_position="last"
    )
    return found.reset_index(drop=True)


def _reasons(
    events: pd.DataFrame, tables: list[TableChange], a: dict[str, Any], b: dict[str, Any]
) -> list[str]:
    """Return why each event differs: its own rows, stations, settings or code."""
    general = []
    if any(t.table in ("stations", "reversals", "sp_corrections") for t in tables):
        general.append("input: stations, reversals or corrections")
    if a and b:
        settings = [
            c
            for s in _OF_EVENTS
            for c in setting_causes(a["meanings"].get(s, {}), b["meanings"].get(s, {}))
        ]
        if settings:
            general.append("setting")
        if _code_of_events(a) != _code_of_events(b):
            general.append("code")
    found = []
    for event in events["event_id"]:
        own = [t.table for t in tables if event in t.events]
        said = [f"input: {', '.join(own)}"] if own else []
        found.append("; ".join([*said, *general]) or "events around it")
    return found


def _code_of_events(sealed: dict[str, Any]) -> dict[str, str]:
    names = sorted(sealed["modules"])
    numbers = {i for s in _OF_EVENTS for i in sealed["code"].get(s, ())}
    return {names[i]: sealed["modules"][names[i]] for i in numbers}


def _compare_nodes(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Return the nodes of the map that differ, those whose SHmax turned most first."""
    if a.empty and b.empty:
        return pd.DataFrame({"change": []})
    some = a if len(a) else b
    keys = [c for c in _PLACE if c in some and some[c].notna().any()]
    frames = []
    for frame in (a, b):
        values = frame if len(frame) else some.iloc[:0]
        columns = [*keys, "shmax_deg", "shape_ratio", "a_phi"]
        frames.append(values[columns].round(dict.fromkeys(keys, _DIGITS)))
    both = frames[0].merge(frames[1], on=keys, how="outer", suffixes=("_a", "_b"), indicator=True)
    side = both["_merge"].astype(str)
    found = both[keys].copy()
    found["change"] = side.map({"left_only": "gone", "right_only": "new", "both": "changed"})
    found["shmax_deg"] = axial_difference(both["shmax_deg_b"], both["shmax_deg_a"])
    for name in ("shape_ratio", "a_phi"):
        found[name] = both[f"{name}_b"] - both[f"{name}_a"]
    amounts = found[["shmax_deg", "shape_ratio", "a_phi"]].fillna(0.0)
    found = found[(amounts.abs() > 0).any(axis=1) | (side != "both")]
    order = np.argsort(-found["shmax_deg"].abs().fillna(-1.0).to_numpy(), kind="stable")
    return found.iloc[order].reset_index(drop=True)


def _letters_changed(events: pd.DataFrame) -> dict[str, int]:
    """Return how many events went from one letter to another, such as ``C to B``."""
    if "letter_a" not in events:
        return {}
    rows = events[(events["change"] == "revised") & (events["letter_a"] != events["letter_b"])]
    names = {q: q for q in QUALITIES}
    pairs = Counter(
        f"{names.get(x, 'none')} to {names.get(y, 'none')}"
        for x, y in zip(rows["letter_a"], rows["letter_b"], strict=True)
    )
    return dict(sorted(pairs.items()))


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values; numbers rounded to six decimals, unknown ones None."""
    rows = []
    for record in frame.to_dict("records"):
        rows.append(
            {
                str(k): (None if v != v else round(v, 6)) if isinstance(v, float) else v
                for k, v in record.items()
            }
        )
    return rows
