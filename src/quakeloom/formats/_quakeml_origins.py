"""Origins of a block of QuakeML: their hypocenters with errors, and which one an event has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.formats._quakeml_blocks import FIELD, Integers
from quakeloom.formats._quakeml_columns import (
    BlockEvents,
    Choice,
    OneKind,
    choose,
    is_rejected,
    line_of,
)
from quakeloom.formats._quakeml_errors import read_errors, scale_by_level
from quakeloom.formats._quakeml_grammar import ARRIVAL, EVENT, ORIGIN
from quakeloom.formats._source_tables import Rejects
from quakeloom.formats._text_columns import Floats, Mask
from quakeloom.schema import make_table, out_of_bounds, variable

KM_PER_DEGREE = np.pi / 180.0 * 6371.0
"""Kilometers per degree of arc on a sphere of 6371 km."""

PLACE = (("longitude", "longitude"), ("latitude", "latitude"), ("depth_km", "depth"))
"""Columns of a hypocenter and the fields they come from."""

_MODES = ("manual", "automatic")
"""Evaluation modes of QuakeML."""
_LARGEST_ERROR_DEG = 180.0
"""Largest error of a coordinate that means anything."""
_LARGEST_TIME_ERROR_S = 366 * 86_400.0
"""Largest error of an origin time: a year, of historical earthquakes."""


@dataclass(frozen=True)
class Origins:
    """All origins of a block as columns.

    Attributes
    ----------
    records : OneKind
        The origins.
    choice : Choice
        The origin of every event.
    time : ndarray of datetime64
    values : dict of str to ndarray
        ``longitude``, ``latitude``, ``depth_km``, ``origin_error_s``, ``horizontal_error_km``
        and ``vertical_error_km``; NaN where unknown.
    bad : dict of str to ndarray
        Where a time or a coordinate is text that means nothing, by column.
    """

    records: OneKind
    choice: Choice
    time: NDArray[np.datetime64]
    values: dict[str, Floats]
    bad: dict[str, Mask]

    def index(self) -> Integers:
        """Return the place of the origin of every event among the origins, -1 for none."""
        place = np.searchsorted(self.records.rows, np.maximum(self.choice.rows, 0))
        return np.where(self.choice.rows >= 0, place, -1)


def read_origins(events: BlockEvents, rejects: Rejects) -> Origins:
    """Read the origins of a block and choose one for every event.

    The horizontal error is the circular one, else the largest half axis (that first if the
    source prefers the ellipse), else the larger of those of latitude and longitude. An error
    of zero is that of a fixed coordinate, and unknown.
    """
    block = events.block
    records = OneKind(block, block.rows(ORIGIN), ORIGIN)
    values: dict[str, Floats] = {}
    bad: dict[str, Mask] = {}
    time, bad["origin_time"] = records.times("time")
    for column, field in PLACE:
        values[column], bad[column] = records.numbers(field)
    values["depth_km"] = values["depth_km"] / block.units_per_km
    choice = choose(events, ORIGIN, "origin_id")
    tell_choice(events, choice, "origin", "origin_id", rejects)
    _tell_modes(events, records, rejects)
    values |= _errors(records, values["latitude"], events, rejects)
    return Origins(records, choice, time, values, bad)


def is_rejected_choice(origins: Origins) -> Mask:
    """Say for every event whether the source itself rejects the origin that stands for it."""
    return is_rejected(origins.records.block, origins.choice.rows, ORIGIN)


def tell_choice(
    events: BlockEvents, choice: Choice, word: str, reference: str, rejects: Rejects
) -> None:
    """Add a row for every event whose preferred record is not there or not named."""
    unnamed = ~choice.named & ~choice.dangling & (choice.count > 1) & (word == "origin")
    for i in np.flatnonzero(choice.dangling | unnamed).tolist():
        wanted = events.block.text(events.rows[i], FIELD[EVENT][reference])
        first = f"the first of its {choice.count[i]} {word}s is used"
        if not choice.count[i]:
            first = "it has none"
        said = "is not in the event" if choice.dangling[i] else "is not named"
        reason = f"the preferred {word} {said}; {first}"
        rejects.add(line_of(events.block, events.rows[i]), word, reason, wanted, events.ids[i])


def origins_table(events: BlockEvents, origins: Origins, good: Mask, source_file: str) -> pa.Table:
    """Return the origins of the good events as a registered table; what is impossible is NaN."""
    records, block = origins.records, events.block
    owner = events.of(records.rows)
    kept = np.flatnonzero(good[owner])
    arrivals = block.records.owner[block.rows(ARRIVAL)]
    counts = np.bincount(arrivals, minlength=block.count)[records.rows]
    modes = [w if w in _MODES else "" for w in records.words("mode").to_pylist()]
    columns = {
        "event_id": pa.array(events.ids).take(pa.array(owner)),
        "origin_id": records.words("id"),
        "is_chosen": pa.array(origins.choice.rows[owner] == records.rows),
        "agency": records.words("agency"),
        "evaluation_mode": pa.array(modes, pa.string()),
        "evaluation_status": records.words("status"),
        "origin_time": pa.array(origins.time),
        "arrival_count": pa.array(counts.astype(np.int32)),
        "source_file": pa.array([source_file] * len(owner), pa.string()),
        "source_line": pa.array(block.records.line[records.rows]),
    }
    for name, values in origins.values.items():
        columns[name] = pa.array(np.where(out_of_bounds(name, values), np.nan, values))
    return make_table("origins", {n: c.take(pa.array(kept)) for n, c in columns.items()}, len(kept))


def _tell_modes(events: BlockEvents, records: OneKind, rejects: Rejects) -> None:
    """Tell evaluation modes that are none."""
    if not records.has("mode"):
        return
    odd = [w not in ("", *_MODES) for w in records.words("mode").to_pylist()]
    for i in np.flatnonzero(odd).tolist():
        event = events.ids[int(events.of(records.rows[i : i + 1])[0])]
        text = records.text(i, "mode")
        reason = f"evaluation mode '{text}' is not known and left out"
        rejects.add(records.line(i), "origin", reason, text, event)


def _errors(
    records: OneKind, latitude: Floats, events: BlockEvents, rejects: Rejects
) -> dict[str, Floats]:
    """Standard errors of time, epicenter and depth; impossible ones are unknown, and told."""
    units_per_km = records.block.units_per_km
    time, bad_time = read_errors(records, "time")
    north, bad_north = read_errors(records, "latitude")
    east, bad_east = read_errors(records, "longitude")
    with np.errstate(invalid="ignore"):
        bad_time |= time > _LARGEST_TIME_ERROR_S
        bad_north |= north > _LARGEST_ERROR_DEG
        bad_east |= east > _LARGEST_ERROR_DEG
    north, east = np.where(bad_north, np.nan, north), np.where(bad_east, np.nan, east)
    vertical, bad_vertical = read_errors(records, "depth")
    circular, bad_circular = records.numbers("horizontal_error")
    largest, bad_largest = records.numbers("largest_horizontal_error")
    ellipse = np.array(records.words("description").to_pylist()) == "uncertainty ellipse"
    for values, bad in ((circular, bad_circular), (largest, bad_largest)):
        bad |= out_of_bounds("horizontal_error_km", values / units_per_km)
        values[bad] = np.nan
    flat = np.where(np.isnan(circular) | (ellipse & ~np.isnan(largest)), largest, circular)
    flat, bad_flat = scale_by_level(records, flat, np.zeros_like(bad_time), "horizontal_level", 2)
    bad_flat |= bad_circular | bad_largest
    with np.errstate(invalid="ignore", over="ignore"):
        degrees = np.fmax(north, east * np.cos(np.radians(latitude)))
        horizontal = np.where(flat > 0, flat / units_per_km, degrees * KM_PER_DEGREE)
    found = {
        "origin_error_s": ("origin time", time, bad_time),
        "horizontal_error_km": ("epicenter", horizontal, bad_flat | bad_north | bad_east),
        "vertical_error_km": ("depth", vertical / units_per_km, bad_vertical),
    }
    errors: dict[str, Floats] = {}
    for name, (words, values, bad) in found.items():
        outside = out_of_bounds(name, values) | (bad & (name == "origin_error_s"))
        for i in np.flatnonzero(bad | outside).tolist():
            event = events.ids[int(events.of(records.rows[i : i + 1])[0])]
            reason = f"an uncertainty of its {words} is impossible and left out"
            rejects.add(records.line(i), "origin", reason, event_id=event)
        errors[name] = np.where(outside | (values == 0), np.nan, values)
    return errors


def place_problems(origins: Origins) -> list[tuple[str, Mask, Callable[[int], str]]]:
    """Return what may be wrong with a hypocenter: column, where, and the reason in words."""
    records = origins.records

    def quoted(field: str, words: str) -> Callable[[int], str]:
        return lambda i: f"{words} ('{records.text(i, field)}')"

    missing = np.isnat(origins.time) & ~origins.bad["origin_time"]
    found: list[tuple[str, Mask, Callable[[int], str]]] = [
        (
            "origin_time",
            origins.bad["origin_time"],
            quoted("time", "the origin time is no time with hours, minutes and seconds"),
        ),
        ("origin_time", missing, lambda _: "the origin time is missing"),
    ]
    for name, field in PLACE:
        v = variable(name)
        values = origins.values[name]
        found.append((name, origins.bad[name], quoted(field, f"the {field} is no number")))
        if name != "depth_km":
            found.append((name, np.isnan(values), lambda _, f=field: f"the {f} is missing"))  # type: ignore[misc]
        outside = f"the {field} is outside [{v.minimum}, {v.maximum}] {v.unit}"
        found.append((name, out_of_bounds(name, values), quoted(field, outside)))
    return found
