"""QuakeML: events with their preferred origin and magnitude, and first motions of P.

Angles and units are those of the standard: take-off angles count from straight down, as in
quakeloom; depths are meters, distances degrees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.core import SettingsError
from quakeloom.formats._first_motions import is_first_p
from quakeloom.formats._format import Format
from quakeloom.formats._quakeml_grammar import (
    ARRIVAL,
    EVENT,
    FIELDS,
    LOOSE,
    MAGNITUDE,
    ORIGIN,
    PICK,
)
from quakeloom.formats._quakeml_ids import event_id_of
from quakeloom.formats._quakeml_stream import BLOCK_BYTES, Block, read_blocks
from quakeloom.formats._source_tables import Rejects, SourceTables
from quakeloom.formats._text_columns import Floats, Mask, parse_floats, parse_times
from quakeloom.formats._xml_head import root_element
from quakeloom.schema import empty_table, make_table, out_of_bounds, variable

Integers = NDArray[np.int64]

KM_PER_DEGREE = np.pi / 180.0 * 6371.0
_POLARITIES = {"positive": 1, "negative": -1, "undecidable": 0}
_ONSETS = {"impulsive": "I", "emergent": "E"}
_F = {kind: {name: i for i, name in enumerate(names)} for kind, names in FIELDS.items()}


def read_quakeml(path: Path, event_ids: str = "public") -> SourceTables:
    """Read a whole QuakeML file; see :func:`iterate_quakeml`."""
    parts = list(iterate_quakeml(path, event_ids=event_ids))
    return SourceTables(
        events=pa.concat_tables([p.events for p in parts]).combine_chunks(),
        polarities=pa.concat_tables([p.polarities for p in parts]).combine_chunks(),
        rejects=pa.concat_tables([p.rejects for p in parts]).combine_chunks(),
    )


def iterate_quakeml(
    path: Path, event_ids: str = "public", block_bytes: int = BLOCK_BYTES
) -> Iterator[SourceTables]:
    """Read QuakeML block by block, with memory that does not grow with the file.

    Of every event it takes the preferred origin and magnitude (else the first), and from
    its picks the first motions of P. A pick is P if the arrival of that origin says so, else
    if its phase hint does; azimuth, take-off angle and distance come from the arrival.
    Picks without polarity have polarity 0.

    Parameters
    ----------
    path : Path
        QuakeML 1.0 to 1.2 or BED, with any namespace, plain or gzipped.
    event_ids : {"public", "last"}
        Use the whole public id of an event, or what follows its last ``/``, ``=`` or ``#``.
    block_bytes : int
        How much is read at a time.

    Yields
    ------
    SourceTables
        Events, polarities and rejects of some events; at least one, perhaps empty.

    Raises
    ------
    FormatError
        If the file is no QuakeML.
    """
    if event_ids not in ("public", "last"):
        raise SettingsError(
            f"Option event_ids of '{path}' is '{event_ids}', which means nothing. Nothing is "
            "read; write public or last."
        )
    state = _File(str(path), event_ids == "last", Rejects(path))
    for block in read_blocks(path, state.rejects, block_bytes):
        yield _read_block(block, state)
    if state.loose:
        state.rejects.add(
            -1,
            "pick",
            f"{state.loose} picks or origins stand outside of events and belong to none",
        )
    yield SourceTables(rejects=state.rejects.table())


@dataclass
class _File:
    """What is remembered from one block to the next."""

    name: str
    short_ids: bool
    rejects: Rejects
    seen: dict[str, int] = field(default_factory=dict)
    loose: int = 0


def _read_block(block: Block, state: _File) -> SourceTables:
    state.loose += len(block.rows(LOOSE))
    rows = block.rows(EVENT)
    if not len(rows):
        return SourceTables()
    number = np.full(block.count, -1, np.int64)
    number[rows] = np.arange(len(rows))
    ids = _event_ids(block, rows, state)
    origins = preferred(block, rows, number, ORIGIN, "origin_id")
    magnitudes = preferred(block, rows, number, MAGNITUDE, "magnitude_id")
    columns, reasons = _event_columns(block, rows, origins, magnitudes, ids, state)
    for i, event_id in enumerate(ids):
        if not reasons[i] and event_id in state.seen:
            reasons[i] = f"doubled event: '{event_id}' is on line {state.seen[event_id]}"
        if reasons[i]:
            state.rejects.add(_line(block, rows[i]), "event", reasons[i], event_id, event_id)
        else:
            state.seen[event_id] = _line(block, rows[i])
    good = np.array([not r for r in reasons], dtype=bool)
    polarities = _polarities(block, rows, number, origins, ids, reasons, state)
    events = make_table("events", columns, rows=len(rows)).filter(pa.array(good))
    return SourceTables(events=events, polarities=polarities)


def _line(block: Block, row: int) -> int:
    return int(block.records.line[row])


def _event_ids(block: Block, rows: Integers, state: _File) -> list[str]:
    texts = block.texts(rows, _F[EVENT]["id"]).to_pylist()
    stem = Path(state.name).name
    return [
        event_id_of(t.strip(), state.short_ids)
        if t and t.strip()
        else f"{stem}:{_line(block, row)}"
        for t, row in zip(texts, rows, strict=True)
    ]


def preferred(
    block: Block, events: Integers, number: Integers, kind: int, reference: str
) -> Integers:
    """Return the preferred record of a kind for every event, else its first, else -1.

    Parameters
    ----------
    block : Block
    events : ndarray of int
        Records of the events.
    number : ndarray of int
        Place of an event among ``events`` by its record.
    kind : int
        Which records to choose from.
    reference : str
        Field of the event that names the preferred one.
    """
    rows = block.rows(kind)
    chosen = np.full(len(events), -1, np.int64)
    if not len(rows):
        return chosen
    owner = number[block.records.owner[rows]]
    first, index, count = np.unique(owner, return_index=True, return_counts=True)
    chosen[first] = rows[index]
    for event, start, many in zip(first.tolist(), index.tolist(), count.tolist(), strict=True):
        if many == 1:
            continue
        wanted = block.text(events[event], _F[EVENT][reference])
        mine = rows[start : start + many]
        names = [k.strip() for k in block.keys(mine, _F[kind]["id"])]
        if wanted and wanted.encode() in names:
            chosen[event] = mine[names.index(wanted.encode())]
    return chosen


class OneKind:
    """Numbers and times of chosen records, with what is bad put aside in words."""

    def __init__(self, block: Block, rows: Integers, kind: int) -> None:
        self._block, self._rows, self._fields = block, rows, _F[kind]
        self._present = rows >= 0

    def numbers(self, name: str) -> tuple[Floats, Mask]:
        return self._spread(parse_floats(self.texts(name)), np.nan)

    def times(self, name: str) -> tuple[NDArray[np.datetime64], Mask]:
        return self._spread(parse_times(self.texts(name)), np.datetime64("NaT", "ns"))

    def texts(self, name: str) -> pa.Array:
        """The field of the records that are there."""
        return self._block.texts(self._rows[self._present], self._fields[name])

    def text(self, i: int, name: str) -> str:
        return self._block.text(self._rows[i], self._fields[name])

    def _spread(self, parsed: tuple[Any, Mask], missing: Any) -> tuple[Any, Mask]:
        values = np.full(len(self._rows), missing, dtype=parsed[0].dtype)
        bad = np.zeros(len(self._rows), dtype=bool)
        values[self._present], bad[self._present] = parsed
        return values, bad


def _event_columns(
    block: Block,
    rows: Integers,
    origins: Integers,
    magnitudes: Integers,
    ids: list[str],
    state: _File,
) -> tuple[dict[str, Any], list[str]]:
    """Columns of the events, and why each is put aside (empty if it is not)."""
    origin = OneKind(block, origins, ORIGIN)
    time, bad_time = origin.times("time")
    latitude, bad_latitude = origin.numbers("latitude")
    longitude, bad_longitude = origin.numbers("longitude")
    depth, bad_depth = origin.numbers("depth")
    depth /= 1000.0
    reasons = [""] * len(rows)

    def blame(mask: Mask, reason: str, field_name: str = "") -> None:
        for i in np.flatnonzero(mask).tolist():
            if not reasons[i]:
                text = f" ('{origin.text(i, field_name)}')" if field_name else ""
                reasons[i] = reason + text

    blame(origins < 0, "it has no origin")
    blame(bad_time, "the origin time is no time", "time")
    blame(np.isnat(time), "the origin time is missing")
    for name, field_name, values, bad in (
        ("longitude", "longitude", longitude, bad_longitude),
        ("latitude", "latitude", latitude, bad_latitude),
        ("depth_km", "depth", depth, bad_depth),
    ):
        v = variable(name)
        blame(bad, f"the {field_name} is no number", field_name)
        if name != "depth_km":
            blame(np.isnan(values), f"the {field_name} is missing")
        blame(
            out_of_bounds(name, values),
            f"the {field_name} is outside [{v.minimum}, {v.maximum}] {v.unit}",
            field_name,
        )
    magnitude, bad = OneKind(block, magnitudes, MAGNITUDE).numbers("mag")
    bad |= out_of_bounds("magnitude", magnitude)
    for i in np.flatnonzero(bad).tolist():
        text = block.text(magnitudes[i], _F[MAGNITUDE]["mag"])
        reason = f"magnitude '{text}' is impossible; the event is kept without"
        state.rejects.add(_line(block, magnitudes[i]), "magnitude", reason, text, ids[i])
    magnitude[bad] = np.nan
    horizontal, vertical = _errors(origin, latitude)
    columns = {
        "event_id": ids,
        "origin_time": time,
        "longitude": longitude,
        "latitude": latitude,
        "depth_km": depth,
        "magnitude": magnitude,
        "horizontal_error_km": horizontal,
        "vertical_error_km": vertical,
        "source_file": [state.name] * len(rows),
        "source_line": block.records.line[rows],
    }
    return columns, reasons


def _errors(origin: OneKind, latitude: Floats) -> tuple[Floats, Floats]:
    """Horizontal and vertical errors in km; what is impossible is unknown.

    The horizontal error is the circular one, else the largest half axis, else the larger of
    those of latitude and longitude.
    """
    circular = origin.numbers("horizontal_error")[0] / 1000.0
    largest = origin.numbers("largest_horizontal_error")[0] / 1000.0
    north = origin.numbers("latitude_error")[0] * KM_PER_DEGREE
    with np.errstate(invalid="ignore"):
        east = origin.numbers("longitude_error")[0] * KM_PER_DEGREE * np.cos(np.radians(latitude))
    horizontal = np.where(np.isnan(circular), largest, circular)
    horizontal = np.where(np.isnan(horizontal), np.fmax(north, east), horizontal)
    vertical = origin.numbers("depth_error")[0] / 1000.0
    for name, values in (("horizontal_error_km", horizontal), ("vertical_error_km", vertical)):
        values[out_of_bounds(name, values)] = np.nan
    return horizontal, vertical


def _polarities(
    block: Block,
    rows: Integers,
    number: Integers,
    origins: Integers,
    ids: list[str],
    reasons: list[str],
    state: _File,
) -> pa.Table:
    picks = block.rows(PICK)
    event = number[block.records.owner[picks]]
    arrivals = _arrivals_of_picks(block, rows, number, origins, picks, event, ids, state)
    pick, arrival = OneKind(block, picks, PICK), OneKind(block, arrivals, ARRIVAL)
    keep = _first_ps(pick.texts("phase"))
    linked = arrivals >= 0
    keep[linked] = _first_ps(arrival.texts("phase"))
    picks, event, arrivals = picks[keep], event[keep], arrivals[keep]
    if not len(picks):
        return empty_table("polarities")
    pick, arrival = OneKind(block, picks, PICK), OneKind(block, arrivals, ARRIVAL)
    why: dict[int, str] = {}
    polarity, unknown = _coded(pick.texts("polarity"), _POLARITIES, 0)
    onset, _ = _coded(pick.texts("onset"), _ONSETS, "")
    time, bad_time = pick.times("time")
    network, station, channel = (
        _stripped(pick.texts(n)) for n in ("network", "station", "channel")
    )
    for i in np.flatnonzero(unknown).tolist():
        why[i] = f"polarity '{pick.text(i, 'polarity')}' is neither up nor down"
    for i in np.flatnonzero(pc.equal(station, "").to_numpy(zero_copy_only=False)).tolist():
        why.setdefault(i, "the station code is missing")
    for i in np.flatnonzero(bad_time).tolist():
        why.setdefault(i, f"arrival time '{pick.text(i, 'time')}' is no time")
    status = OneKind(block, picks, PICK).texts("status")
    for i in np.flatnonzero(pc.equal(status, "rejected").fill_null(False).to_numpy(False)).tolist():
        why.setdefault(i, "the source has rejected the pick")
    angles = {}
    for name, field_name, factor in (
        ("azimuth_deg", "azimuth", 1.0),
        ("takeoff_deg", "takeoff", 1.0),
        ("distance_km", "distance", KM_PER_DEGREE),
        ("takeoff_error_deg", "takeoff_error", 1.0),
    ):
        values, bad = arrival.numbers(field_name)
        values *= factor
        if name == "azimuth_deg":
            values = np.where((values < 0) & (values >= -360), values + 360.0, values)
        bad |= out_of_bounds(name, values)
        for i in np.flatnonzero(bad).tolist():
            why.setdefault(i, f"{field_name} '{arrival.text(i, field_name)}' is impossible")
        angles[name] = values
    for i in np.flatnonzero(np.array([bool(r) for r in reasons])[event]).tolist():
        why[i] = f"its event on line {_line(block, rows[event[i]])} is put aside"
    for i, other in _doubled(event, network, station, channel, arrivals >= 0, why):
        why[i] = f"doubled pick: the channel has one on line {_line(block, picks[other])}"
    names = station.to_pylist() if why else []
    for i, reason in sorted(why.items()):
        text = block.text(picks[i], _F[PICK]["id"])
        state.rejects.add(_line(block, picks[i]), "polarity", reason, text, ids[event[i]], names[i])
    columns = {
        "event_id": pa.array(ids).take(pa.array(event)),
        "network": network,
        "station": station,
        "channel": channel,
        "polarity": polarity,
        "onset": onset,
        "arrival_time": time,
        **angles,
        "source_file": pa.array([state.name] * len(picks)),
        "source_line": block.records.line[picks],
    }
    table = make_table("polarities", columns, rows=len(picks))
    if why:
        good = np.ones(len(picks), dtype=bool)
        good[list(why)] = False
        table = table.filter(pa.array(good))
    return table


def _arrivals_of_picks(
    block: Block,
    rows: Integers,
    number: Integers,
    origins: Integers,
    picks: Integers,
    event: Integers,
    ids: list[str],
    state: _File,
) -> Integers:
    """The arrival of the chosen origin for every pick, -1 for none; the first counts."""
    of_pick = np.full(len(picks), -1, np.int64)
    arrivals = block.rows(ARRIVAL)
    if not len(arrivals):
        return of_pick
    owner = block.records.owner[arrivals]
    place = number[block.records.owner[owner]]
    mine = origins[place] == owner
    arrivals, place = arrivals[mine], place[mine]
    wanted = zip(place.tolist(), block.keys(arrivals, _F[ARRIVAL]["pick_id"]), strict=True)
    names = zip(event.tolist(), block.keys(picks, _F[PICK]["id"]), strict=True)
    numbers: dict[tuple[int, bytes], int] = {}
    for i, name in enumerate(names):
        numbers.setdefault(name, i)
    found = np.array([numbers.get(w, -1) for w in wanted], np.int64)
    # backwards, so that the first arrival of a pick stays
    linked = np.flatnonzero(found >= 0)[::-1]
    of_pick[found[linked]] = arrivals[linked]
    lost = np.bincount(place[found < 0], minlength=len(rows))
    for i in np.flatnonzero(lost).tolist():
        state.rejects.add(
            _line(block, origins[i]),
            "arrival",
            f"{lost[i]} arrivals name picks that are not in the event",
            event_id=ids[i],
        )
    return of_pick


def _stripped(texts: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(texts.fill_null(""))


def _coded(texts: pa.Array, codes: dict[str, Any], missing: Any) -> tuple[pa.Array, Mask]:
    """Texts as codes, and a mask of those that are no code."""
    encoded = texts.dictionary_encode()
    words = [w.strip().lower() for w in encoded.dictionary.to_pylist()]
    values = pa.array([codes.get(w, missing) for w in words] + [missing])
    odd = np.array([w not in codes and w != "" for w in words] + [False])
    index = encoded.indices.fill_null(len(words))
    return values.take(index), odd[index.to_numpy()]


def _first_ps(texts: pa.Array) -> Mask:
    encoded = texts.dictionary_encode()
    is_p = [is_first_p(w) for w in encoded.dictionary.to_pylist()]
    mask: Mask = np.array([*is_p, False])
    index: Integers = encoded.indices.fill_null(len(is_p)).to_numpy().astype(np.int64)
    return mask[index]


def _doubled(
    event: Integers,
    network: pa.Array,
    station: pa.Array,
    channel: pa.Array,
    linked: Mask,
    why: dict[int, str],
) -> list[tuple[int, int]]:
    """Picks whose event and channel have another one, with that one.

    A pick with an arrival at the chosen origin goes before one without, then the first.
    """
    code = event.copy()
    for column in (network, station, channel):
        encoded = column.dictionary_encode()
        code = code * max(len(encoded.dictionary), 1) + encoded.indices.to_numpy()
    order = np.flatnonzero(~np.isin(np.arange(len(code)), list(why))) if why else None
    order = np.arange(len(code)) if order is None else order
    order = order[np.argsort(~linked[order], kind="stable")]
    _, first, inverse = np.unique(code[order], return_index=True, return_inverse=True)
    if len(first) == len(order):
        return []
    kept = order[first[inverse]]
    return [(int(i), int(k)) for i, k in zip(order, kept, strict=True) if i != k]


def _sniff(head: bytes) -> bool:
    return root_element(head) in ("quakeml", "eventParameters")


FORMAT = Format(
    name="quakeml",
    title="QuakeML",
    read=read_quakeml,
    sniff=_sniff,
    suffixes=(".xml", ".qml", ".quakeml", ".gz"),
    options={
        "event_ids": "public (default): the whole public id of an event; last: what follows its "
        "last /, = or #."
    },
)
