"""The part of QuakeML and of SeisComP ML that quakeloom reads, as tables for the scanner.

A path such as ``event/pick/time/value`` is a chain of nodes. Some nodes start a record
(event, origin, magnitude, pick, ...), some hold a field of the enclosing record as their
text, some hold fields as attributes. Everything else is walked over.

SeisComP ML (SCML 0.6 to 0.14) has the same content in another order: picks, amplitudes,
origins and mechanisms stand beside the events, which refer to them, magnitudes stand in their
origin, and some elements have other names. Its paths follow from those of QuakeML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

(
    EVENT,
    ORIGIN,
    MAGNITUDE,
    PICK,
    ARRIVAL,
    MECHANISM,
    AMPLITUDE,
    COMMENT,
    REFERENCE,
    LOOSE,
) = range(10)
"""Kinds of records. LOOSE is a pick or origin outside any event (QuakeML-RT), REFERENCE names
what belongs to an event (SeisComP ML)."""

KIND_NAMES = (
    "event",
    "origin",
    "magnitude",
    "pick",
    "arrival",
    "mechanism",
    "amplitude",
    "comment",
    "reference",
    "record",
)
"""Kinds of records in words, in their order."""

_PARTS = ("value", "uncertainty", "lowerUncertainty", "upperUncertainty", "confidenceLevel")
_ENDINGS = ("", "_error", "_lower", "_upper", "_level")
_WAVEFORM = ("network", "station", "channel", "location")


def _quantity(name: str, parts: int = len(_PARTS)) -> tuple[str, ...]:
    """Return the fields of a quantity: value, uncertainty, lower, upper, confidence level."""
    return tuple(name + ending for ending in _ENDINGS[:parts])


def _quantity_paths(path: str, name: str, parts: int = len(_PARTS)) -> dict[str, str]:
    return {
        f"{path}/{part}": name + ending
        for part, ending in zip(_PARTS[:parts], _ENDINGS, strict=False)
    }


_PLANES = tuple(f"{angle}_{n}" for n in (1, 2) for angle in ("strike", "dip", "rake"))
_TENSOR = ("Mrr", "Mtt", "Mpp", "Mrt", "Mrp", "Mtp")

FIELDS: dict[int, tuple[str, ...]] = {
    EVENT: ("id", "origin_id", "magnitude_id", "mechanism_id", "type"),
    ORIGIN: (
        "id",
        *_quantity("time"),
        *_quantity("latitude"),
        *_quantity("longitude"),
        *_quantity("depth"),
        "horizontal_error",
        "largest_horizontal_error",
        "horizontal_level",
        "description",
        "mode",
        "status",
        "agency",
    ),
    MAGNITUDE: ("id", "mag", "type", "origin_id", "status"),
    PICK: (
        "id",
        *_quantity("time"),
        *_WAVEFORM,
        "onset",
        "polarity",
        "phase",
        "mode",
        "status",
        "method",
    ),
    ARRIVAL: (
        "pick_id",
        "phase",
        "azimuth",
        "distance",
        "takeoff",
        "takeoff_error",
        "weight",
        "used",
    ),
    MECHANISM: (
        "id",
        *(field for plane in _PLANES for field in _quantity(plane, 2)),
        "preferred_plane",
        *_TENSOR,
        "gap",
        "count",
        "misfit",
        "ratio",
        "mode",
        "status",
    ),
    AMPLITUDE: ("id", "value", "type", "category", "unit", "pick_id", *_WAVEFORM),
    COMMENT: ("text",),
    REFERENCE: ("id",),
    LOOSE: ("id",),
}
"""Fields of the records of every kind, in the order of their spans."""

_RECORDS = {
    "event": EVENT,
    "event/comment": COMMENT,
    "event/origin": ORIGIN,
    "event/magnitude": MAGNITUDE,
    "event/pick": PICK,
    "event/amplitude": AMPLITUDE,
    "event/origin/arrival": ARRIVAL,
    "event/focalMechanism": MECHANISM,
    "event/focalMechanism/comment": COMMENT,
    "pick": LOOSE,
    "origin": LOOSE,
}
"""Elements of QuakeML that start a record."""

_UNCERTAINTY = "event/origin/originUncertainty"
_TEXTS = {
    "event/preferredOriginID": "origin_id",
    "event/preferredMagnitudeID": "magnitude_id",
    "event/preferredFocalMechanismID": "mechanism_id",
    "event/comment/text": "text",
    "event/type": "type",
    **_quantity_paths("event/origin/time", "time"),
    **_quantity_paths("event/origin/latitude", "latitude"),
    **_quantity_paths("event/origin/longitude", "longitude"),
    **_quantity_paths("event/origin/depth", "depth"),
    f"{_UNCERTAINTY}/horizontalUncertainty": "horizontal_error",
    f"{_UNCERTAINTY}/maxHorizontalUncertainty": "largest_horizontal_error",
    f"{_UNCERTAINTY}/confidenceLevel": "horizontal_level",
    f"{_UNCERTAINTY}/preferredDescription": "description",
    "event/origin/evaluationMode": "mode",
    "event/origin/evaluationStatus": "status",
    "event/origin/creationInfo/agencyID": "agency",
    "event/magnitude/mag/value": "mag",
    "event/magnitude/type": "type",
    "event/magnitude/originID": "origin_id",
    "event/magnitude/evaluationStatus": "status",
    **_quantity_paths("event/pick/time", "time"),
    "event/pick/onset": "onset",
    "event/pick/polarity": "polarity",
    "event/pick/phaseHint": "phase",
    "event/pick/phaseHint/code": "phase",
    "event/pick/evaluationMode": "mode",
    "event/pick/evaluationStatus": "status",
    "event/pick/methodID": "method",
    "event/amplitude/genericAmplitude/value": "value",
    "event/amplitude/type": "type",
    "event/amplitude/category": "category",
    "event/amplitude/unit": "unit",
    "event/amplitude/pickID": "pick_id",
    "event/origin/arrival/pickID": "pick_id",
    "event/origin/arrival/phase": "phase",
    "event/origin/arrival/phase/code": "phase",
    "event/origin/arrival/azimuth": "azimuth",
    "event/origin/arrival/azimuth/value": "azimuth",
    "event/origin/arrival/distance": "distance",
    "event/origin/arrival/distance/value": "distance",
    "event/origin/arrival/takeoffAngle": "takeoff",
    **_quantity_paths("event/origin/arrival/takeoffAngle", "takeoff", 2),
    "event/origin/arrival/timeWeight": "weight",
    **{
        path: name
        for plane in _PLANES
        for path, name in _quantity_paths(
            f"event/focalMechanism/nodalPlanes/nodalPlane{plane[-1]}/{plane[:-2]}", plane, 2
        ).items()
    },
    **{f"event/focalMechanism/momentTensor/tensor/{m}/value": m for m in _TENSOR},
    "event/focalMechanism/azimuthalGap": "gap",
    "event/focalMechanism/stationPolarityCount": "count",
    "event/focalMechanism/misfit": "misfit",
    "event/focalMechanism/stationDistributionRatio": "ratio",
    "event/focalMechanism/evaluationMode": "mode",
    "event/focalMechanism/evaluationStatus": "status",
    "event/focalMechanism/comment/text": "text",
}
"""Elements of QuakeML whose text is a field."""

_ATTRIBUTES = {
    **{
        (path, "publicID"): "id"
        for path, kind in _RECORDS.items()
        if kind in (EVENT, ORIGIN, MAGNITUDE, PICK, AMPLITUDE, MECHANISM, LOOSE)
    },
    **{
        (f"event/{kind}/waveformID", f"{name}Code"): name
        for kind in ("pick", "amplitude")
        for name in _WAVEFORM
    },
    ("event/focalMechanism/nodalPlanes", "preferredPlane"): "preferred_plane",
}
"""Attributes that are fields, by element and name."""

_SCML_PLACES = (
    ("event/magnitude", "origin/magnitude"),
    ("event/pick", "pick"),
    ("event/amplitude", "amplitude"),
    ("event/origin", "origin"),
    ("event/focalMechanism", "focalMechanism"),
)
"""Where records of QuakeML are in SeisComP ML."""

_SCML_NAMES = {
    "originUncertainty": "uncertainty",
    "mag": "magnitude",
    "genericAmplitude": "amplitude",
    "timeWeight": "weight",
    "takeoffAngle": "takeOffAngle",
}
"""Elements that SeisComP ML calls otherwise."""

SCML_TOP = ("event", "origin", "pick", "amplitude", "focalMechanism")
"""Elements that may stand at the top of SeisComP ML and are read."""


class Records(NamedTuple):
    """Records that the scanner found, in the order of the document.

    Attributes
    ----------
    kind, owner : ndarray of int32, shape (n,)
        Kind of the record, and the record that contains it (-1 for none).
    line : ndarray of int64, shape (n,)
        Where its start tag is.
    first : ndarray of int64, shape (n,)
        Where the spans of its fields begin.
    repeated : ndarray of int64, shape (n,)
        One bit for every field that is there twice with different texts; the first counts.
    spans : ndarray of int64, shape (m, 2)
        Start and end of every field in the buffer; start is -1 for an absent field. An end
        below -1 is ``-end - 1`` of a text with entities, comments or CDATA inside.
    """

    kind: NDArray[np.int32]
    owner: NDArray[np.int32]
    line: NDArray[np.int64]
    first: NDArray[np.int64]
    repeated: NDArray[np.int64]
    spans: NDArray[np.int64]


_SPANS_PER_RECORD = 14
"""Room for spans per record: an arrival has 8, a pick 16."""


def empty_records(size: int) -> Records:
    """Return room for ``size`` records."""
    return Records(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty((_SPANS_PER_RECORD * size + 64, 2), np.int64),
    )


class Grammar(NamedTuple):
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
    field_count : ndarray of int64, shape (kinds,)
        Fields of every kind of record.
    """

    name_bytes: NDArray[np.uint8]
    name_start: NDArray[np.int64]
    slots: NDArray[np.int32]
    follow: NDArray[np.int16]
    record: NDArray[np.int16]
    text_field: NDArray[np.int16]
    attribute_field: NDArray[np.int16]
    field_count: NDArray[np.int64]


SLOTS = 512
"""Places of the hash table of names, several times the number of names."""

HASH_FACTOR = 31
"""Factor of the polynomial hash of names."""


def name_hash(name: bytes) -> int:
    """Return the hash of a name as the scanner computes it."""
    value = 0
    for byte in name:
        value = (value * HASH_FACTOR + byte) & 0xFFFFFFFF
    return value


@cache
def quakeml_grammar() -> Grammar:
    """Return the scanner's tables for QuakeML."""
    return _build(_RECORDS, _TEXTS, _ATTRIBUTES)


@cache
def scml_grammar() -> Grammar:
    """Return the scanner's tables for SeisComP ML."""
    records = {_scml_path(p): k for p, k in _RECORDS.items() if k != LOOSE}
    texts = {_scml_path(p): f for p, f in _TEXTS.items()}
    attributes = {
        (_scml_path(p), a): f for (p, a), f in _ATTRIBUTES.items() if p.split("/")[0] == "event"
    }
    for name in ("originReference", "focalMechanismReference"):
        records[f"event/{name}"] = REFERENCE
        texts[f"event/{name}"] = "id"
    texts["origin/arrival/timeUsed"] = "used"
    return _build(records, texts, attributes)


def _scml_path(path: str) -> str:
    for here, there in _SCML_PLACES:
        if path == here or path.startswith(f"{here}/"):
            head, rest = there, path[len(here) :].split("/")
            return head + "/".join(_SCML_NAMES.get(name, name) for name in rest)
    return path


def _build(
    records: Mapping[str, int], texts: Mapping[str, str], attributes: Mapping[tuple[str, str], str]
) -> Grammar:
    paths = [*records, *texts, *(path for path, _ in attributes)]
    names = sorted({n for p in paths for n in p.split("/")} | {a for _, a in attributes})
    number = {n: i + 1 for i, n in enumerate(names)}
    node_of, follow = _number_nodes(paths, number)
    nodes, count = follow.shape
    record = np.full(nodes, -1, np.int16)
    for path, kind in records.items():
        record[node_of[path]] = kind
    text_field = np.full(nodes, -1, np.int16)
    for path, field in texts.items():
        text_field[node_of[path]] = FIELDS[_kind_of(path, records)].index(field)
    attribute_field = np.full((nodes, count), -1, np.int16)
    for (path, attribute), field in attributes.items():
        index = FIELDS[_kind_of(path, records)].index(field)
        attribute_field[node_of[path], number[attribute]] = index
    encoded = [b"", *(n.encode() for n in names)]
    starts = np.concatenate([[0], np.cumsum([len(n) for n in encoded])]).astype(np.int64)
    data = np.frombuffer(b"".join(encoded), np.uint8)
    field_count = np.array([len(FIELDS[k]) for k in range(len(FIELDS))], np.int64)
    return Grammar(
        data, starts, _slots(encoded), follow, record, text_field, attribute_field, field_count
    )


def _number_nodes(
    paths: Iterable[str], number: Mapping[str, int]
) -> tuple[dict[str, int], NDArray[np.int16]]:
    """Number all places on the paths from 1, the root, and say which follows which."""
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
    follow = np.zeros((len(node_of) + 1, len(number) + 1), np.int16)
    for parent_node, name, child_node in edges:
        follow[parent_node, name] = child_node
    return node_of, follow


def _slots(names: list[bytes]) -> NDArray[np.int32]:
    slots = np.zeros(SLOTS, np.int32)
    for i, name in enumerate(names[1:], start=1):
        slot = name_hash(name) % SLOTS
        while slots[slot]:
            slot = (slot + 1) % SLOTS
        slots[slot] = i
    return slots


def _kind_of(path: str, records: Mapping[str, int]) -> int:
    """The kind of the innermost record on a path."""
    parts = path.split("/")
    for end in range(len(parts), 0, -1):
        kind = records.get("/".join(parts[:end]))
        if kind is not None:
            return kind
    raise ValueError(f"Path '{path}' lies in no record.")
