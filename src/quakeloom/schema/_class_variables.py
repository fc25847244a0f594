"""Variables and tables of the classes of events."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

EVENT_CLASSES = ("earthquake", "low_frequency", "blast", "teleseism", "noise")
"""Classes of events, as the room of classification has them."""

CLASS_STATUSES = ("classified", "no_record", "no_picks")
"""What became of the class of an event."""

_WORDS = {
    "earthquake": "an earthquake",
    "low_frequency": "tremor or a low-frequency earthquake",
    "blast": "a quarry blast",
    "teleseism": "a far earthquake",
    "noise": "no event but noise",
}
"""What each class is, in words."""

_PROBABILITIES = tuple(f"probability_{c}" for c in EVENT_CLASSES)
"""Columns of the probabilities of all classes."""

LIST = (
    Variable(
        "class_status",
        "string",
        "",
        "Whether the event has a class; or no station with a pick of it has a record, or no "
        "station has a pick.",
        values=CLASS_STATUSES,
    ),
    Variable(
        "event_class",
        "string",
        "",
        "Most probable class of the event.",
        "empty",
        values=(*EVENT_CLASSES, ""),
    ),
    Variable(
        "class_reason",
        "string",
        "",
        "What of the records speaks most for the class, and what against it; or why there is none.",
        "empty",
    ),
    *(
        Variable(
            f"probability_{c}",
            "float64",
            "1",
            f"Probability that it is {_WORDS[c]}; of a single record at equal shares of the "
            "classes.",
            "NaN",
            0,
            1,
        )
        for c in EVENT_CLASSES
    ),
    Variable(
        "frequency_index",
        "float64",
        "1",
        "log10 of the mean amplitude of S from 10 to 20 Hz over that from 1 to 4 Hz, corrected "
        "for attenuation; of an event the median of its stations.",
        "NaN",
    ),
    Variable(
        "class_station_count", "int32", "1", "Stations whose records tell the class.", minimum=0
    ),
)
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "event_classes",
        "Classes of events with their probabilities, one row per event.",
        (
            "event_id",
            "class_status",
            "event_class",
            "class_reason",
            *_PROBABILITIES,
            "event_type",
            "frequency_index",
            "class_station_count",
        ),
        ("event_id",),
    ),
    TableSpec(
        "station_classes",
        "What the record of every station says of the class of an event.",
        (
            "event_id",
            "network",
            "station",
            "class_reason",
            *_PROBABILITIES,
            "frequency_index",
        ),
    ),
)
"""The tables."""
