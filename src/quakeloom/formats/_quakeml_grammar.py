"""The part of QuakeML and of SeisComP ML that quakeloom reads, as tables for the scanner.

A path such as ``event/pick/time/value`` is a chain of nodes. Some nodes start a record
(event, origin, magnitude, pick, ...), some hold a field of the enclosing record as their
text, some hold fields as attributes. Everything else is walked over.

SeisComP ML (SCML 0.6 to 0.14) has the same content in another order: picks, amplitudes,
origins and mechanisms stand beside the events, which refer to them, magnitudes stand in their
origin, and some elements have other names. Its paths follow from those of QuakeML.
"""

from __future__ import annotations

from functools import cache

from quakeloom.formats._scanner_tables import Grammar, build_grammar

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
"""Elements of a quantity, in the order of its fields."""
_ENDINGS = ("", "_error", "_lower", "_upper", "_level")
"""Endings of the fields of a quantity, in the same order."""
_WAVEFORM = ("network", "station", "channel", "location")
"""Codes of a channel, in the order of their fields."""


def _quantity(name: str, parts: int = len(_PARTS)) -> tuple[str, ...]:
    """Return the fields of a quantity: value, uncertainty, lower, upper, confidence level."""
    return tuple(name + ending for ending in _ENDINGS[:parts])


def _quantity_paths(path: str, name: str, parts: int = len(_PARTS)) -> dict[str, str]:
    return {
        f"{path}/{part}": name + ending
        for part, ending in zip(_PARTS[:parts], _ENDINGS, strict=False)
    }


_PLANES = tuple(f"{angle}_{n}" for n in (1, 2) for angle in ("strike", "dip", "rake"))
"""Angles of both nodal planes."""
_TENSOR = ("Mrr", "Mtt", "Mpp", "Mrt", "Mrp", "Mtp")
"""Elements of a moment tensor: up, south and east (r, t, p)."""

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
"""Path of the errors of a place."""
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


@cache
def quakeml_grammar() -> Grammar:
    """Return the scanner's tables for QuakeML."""
    return build_grammar(FIELDS, _RECORDS, _TEXTS, _ATTRIBUTES)


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
    return build_grammar(FIELDS, records, texts, attributes)


def _scml_path(path: str) -> str:
    for here, there in _SCML_PLACES:
        if path == here or path.startswith(f"{here}/"):
            head, rest = there, path[len(here) :].split("/")
            return head + "/".join(_SCML_NAMES.get(name, name) for name in rest)
    return path
