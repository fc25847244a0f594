"""The part of QuakeML that quakeloom reads, as tables for the scanner.

A path such as ``event/pick/time/value`` is a chain of nodes. Some nodes start a record
(event, origin, magnitude, pick, arrival, mechanism), some hold a field of the enclosing
record as their text, some hold fields as attributes. Everything else is walked over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EVENT, ORIGIN, MAGNITUDE, PICK, ARRIVAL, MECHANISM, LOOSE = range(7)
"""Kinds of records. LOOSE is a pick or origin outside any event (QuakeML-RT)."""

MAX_FIELDS = 12

FIELDS: dict[int, tuple[str, ...]] = {
    EVENT: ("id", "origin_id", "magnitude_id", "mechanism_id", "comment", "type"),
    ORIGIN: (
        "id",
        "time",
        "latitude",
        "longitude",
        "depth",
        "latitude_error",
        "longitude_error",
        "depth_error",
        "horizontal_error",
        "largest_horizontal_error",
    ),
    MAGNITUDE: ("id", "mag", "origin_id"),
    PICK: (
        "id",
        "time",
        "network",
        "station",
        "channel",
        "location",
        "onset",
        "polarity",
        "phase",
        "status",
    ),
    ARRIVAL: ("pick_id", "phase", "azimuth", "distance", "takeoff", "takeoff_error"),
    MECHANISM: (
        "id",
        "strike_1",
        "dip_1",
        "rake_1",
        "strike_2",
        "dip_2",
        "rake_2",
        "gap",
        "count",
        "misfit",
        "ratio",
        "comment",
    ),
    LOOSE: (),
}

_RECORDS = {
    "event": EVENT,
    "event/origin": ORIGIN,
    "event/magnitude": MAGNITUDE,
    "event/pick": PICK,
    "event/origin/arrival": ARRIVAL,
    "event/focalMechanism": MECHANISM,
    "pick": LOOSE,
    "origin": LOOSE,
}

_TEXTS = {
    "event/preferredOriginID": "origin_id",
    "event/preferredMagnitudeID": "magnitude_id",
    "event/preferredFocalMechanismID": "mechanism_id",
    "event/comment/text": "comment",
    "event/type": "type",
    "event/origin/time/value": "time",
    "event/origin/latitude/value": "latitude",
    "event/origin/latitude/uncertainty": "latitude_error",
    "event/origin/longitude/value": "longitude",
    "event/origin/longitude/uncertainty": "longitude_error",
    "event/origin/depth/value": "depth",
    "event/origin/depth/uncertainty": "depth_error",
    "event/origin/originUncertainty/horizontalUncertainty": "horizontal_error",
    "event/origin/originUncertainty/maxHorizontalUncertainty": "largest_horizontal_error",
    "event/magnitude/mag/value": "mag",
    "event/magnitude/originID": "origin_id",
    "event/pick/time/value": "time",
    "event/pick/onset": "onset",
    "event/pick/polarity": "polarity",
    "event/pick/phaseHint": "phase",
    "event/pick/phaseHint/code": "phase",
    "event/pick/evaluationStatus": "status",
    "event/origin/arrival/pickID": "pick_id",
    "event/origin/arrival/phase": "phase",
    "event/origin/arrival/phase/code": "phase",
    "event/origin/arrival/azimuth": "azimuth",
    "event/origin/arrival/azimuth/value": "azimuth",
    "event/origin/arrival/distance": "distance",
    "event/origin/arrival/distance/value": "distance",
    "event/origin/arrival/takeoffAngle": "takeoff",
    "event/origin/arrival/takeoffAngle/value": "takeoff",
    "event/origin/arrival/takeoffAngle/uncertainty": "takeoff_error",
    "event/focalMechanism/nodalPlanes/nodalPlane1/strike/value": "strike_1",
    "event/focalMechanism/nodalPlanes/nodalPlane1/dip/value": "dip_1",
    "event/focalMechanism/nodalPlanes/nodalPlane1/rake/value": "rake_1",
    "event/focalMechanism/nodalPlanes/nodalPlane2/strike/value": "strike_2",
    "event/focalMechanism/nodalPlanes/nodalPlane2/dip/value": "dip_2",
    "event/focalMechanism/nodalPlanes/nodalPlane2/rake/value": "rake_2",
    "event/focalMechanism/azimuthalGap": "gap",
    "event/focalMechanism/stationPolarityCount": "count",
    "event/focalMechanism/misfit": "misfit",
    "event/focalMechanism/stationDistributionRatio": "ratio",
    "event/focalMechanism/comment/text": "comment",
}

_ATTRIBUTES = {
    ("event", "publicID"): "id",
    ("event/origin", "publicID"): "id",
    ("event/magnitude", "publicID"): "id",
    ("event/pick", "publicID"): "id",
    ("event/focalMechanism", "publicID"): "id",
    ("event/pick/waveformID", "networkCode"): "network",
    ("event/pick/waveformID", "stationCode"): "station",
    ("event/pick/waveformID", "channelCode"): "channel",
    ("event/pick/waveformID", "locationCode"): "location",
}


class Records(NamedTuple):
    """Records that the scanner found, in the order of the document.

    Attributes
    ----------
    kind, owner : ndarray of int32, shape (n,)
        Kind of the record, and the record that contains it (-1 for none).
    line, offset : ndarray of int64, shape (n,)
        Where its start tag is.
    spans : ndarray of int64, shape (n, MAX_FIELDS, 2)
        Start and end of every field in the buffer; start is -1 for an absent field. An end
        below -1 is ``-end - 1`` of a text with entities, comments or CDATA inside.
    """

    kind: NDArray[np.int32]
    owner: NDArray[np.int32]
    line: NDArray[np.int64]
    offset: NDArray[np.int64]
    spans: NDArray[np.int64]


def empty_records(size: int) -> Records:
    """Return room for ``size`` records."""
    return Records(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty((size, MAX_FIELDS, 2), np.int64),
    )


@dataclass(frozen=True)
class Grammar:
    """The tables of the scanner.

    Attributes
    ----------
    name_bytes, name_start : ndarray
        Known element and attribute names, one after the other; name ``k`` is
        ``name_bytes[name_start[k]:name_start[k + 1]]``; name 0 is empty and means unknown.
    slots : ndarray of int32
        Open-addressing hash table from the hash of a name to its number.
    follow : ndarray of int16, shape (nodes, names)
        Node of a child; 0 is the node of everything that is not read.
    record, text_field : ndarray of int16, shape (nodes,)
        Kind of record that a node starts, or -1; field that its text is, or -1.
    attribute_field : ndarray of int16, shape (nodes, names)
        Field that an attribute is, or -1.
    """

    name_bytes: NDArray[np.uint8]
    name_start: NDArray[np.int64]
    slots: NDArray[np.int32]
    follow: NDArray[np.int16]
    record: NDArray[np.int16]
    text_field: NDArray[np.int16]
    attribute_field: NDArray[np.int16]


SLOTS = 512


def name_hash(name: bytes) -> int:
    """Return the hash of a name as the scanner computes it."""
    value = 0
    for byte in name:
        value = (value * 31 + byte) & 0xFFFFFFFF
    return value


def build_grammar() -> Grammar:
    """Build the scanner's tables from the paths above."""
    paths = [*_RECORDS, *_TEXTS, *(path for path, _ in _ATTRIBUTES)]
    names = sorted({n for p in paths for n in p.split("/")} | {a for _, a in _ATTRIBUTES})
    number = {n: i + 1 for i, n in enumerate(names)}
    node_of: dict[str, int] = {"": 1}
    edges: list[tuple[int, int, int]] = []
    for path in paths:
        parent = ""
        for part in path.split("/"):
            child = f"{parent}/{part}" if parent else part
            if child not in node_of:
                node_of[child] = len(node_of) + 1
                edges.append((node_of[parent], number[part], node_of[child]))
            parent = child
    nodes, count = len(node_of) + 1, len(names) + 1
    follow = np.zeros((nodes, count), np.int16)
    for parent_node, name, child_node in edges:
        follow[parent_node, name] = child_node
    record = np.full(nodes, -1, np.int16)
    for path, kind in _RECORDS.items():
        record[node_of[path]] = kind
    text_field = np.full(nodes, -1, np.int16)
    for path, field in _TEXTS.items():
        text_field[node_of[path]] = FIELDS[_kind_of(path)].index(field)
    attribute_field = np.full((nodes, count), -1, np.int16)
    for (path, attribute), field in _ATTRIBUTES.items():
        index = FIELDS[_kind_of(path)].index(field)
        attribute_field[node_of[path], number[attribute]] = index
    encoded = [b""] + [n.encode() for n in names]
    starts = np.concatenate([[0], np.cumsum([len(n) for n in encoded])]).astype(np.int64)
    slots = np.zeros(SLOTS, np.int32)
    for i, name_text in enumerate(encoded[1:], start=1):
        slot = name_hash(name_text) % SLOTS
        while slots[slot]:
            slot = (slot + 1) % SLOTS
        slots[slot] = i
    data = np.frombuffer(b"".join(encoded), np.uint8)
    return Grammar(data, starts, slots, follow, record, text_field, attribute_field)


def _kind_of(path: str) -> int:
    """The kind of the innermost record on a path."""
    parts = path.split("/")
    for end in range(len(parts), 0, -1):
        kind = _RECORDS.get("/".join(parts[:end]))
        if kind is not None:
            return kind
    raise ValueError(f"Path '{path}' lies in no record.")
