"""Classes of events."""

from __future__ import annotations

CLASSES = ("earthquake", "low_frequency", "blast", "teleseism", "noise")
"""Earthquakes; tremor and low-frequency earthquakes; quarry blasts; far earthquakes; noise, which
is no event: weather, machines, flaws of recorders, codas."""

CLASS_OF_SOURCE = {
    "earthquake": "earthquake",
    "swarm": "earthquake",
    "aftershock": "earthquake",
    "blast": "blast",
    "tremor": "low_frequency",
    "low_frequency": "low_frequency",
    "teleseism": "teleseism",
}
"""Class of each kind of source of simulated days."""

TYPE_OF_CLASS = {
    "earthquake": "earthquake",
    "low_frequency": "other event",
    "blast": "quarry blast",
    "teleseism": "earthquake",
    "noise": "not existing",
}
"""Event type of QuakeML 1.2, which has none for tremor."""
