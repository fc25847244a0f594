"""Event types as files spell them, and which of them are earthquakes."""

from __future__ import annotations

import pytest

from quakeloom.schema import (
    EARTHQUAKE_TYPES,
    NO_EVENT_TYPES,
    is_earthquake,
    is_no_event,
    normalize_event_type,
)


@pytest.mark.parametrize(
    ("spelled", "word"),
    [
        ("Earthquake", "earthquake"),
        (" quarry_blast ", "quarry blast"),
        ("quarry", "quarry blast"),
        ("Not Existing", "not existing"),
        ("not-existing", "not existing"),
        ("NOT_EXISTING", "not existing"),
        ("other", "other event"),
        ("rockburst", "rock burst"),
        ("volcano tectonic", "volcano-tectonic"),
        ("ke", "earthquake"),
        ("qb", "quarry blast"),
        ("something new", "something new"),
        ("", ""),
    ],
)
def test_spellings_come_together(spelled, word):
    assert normalize_event_type(spelled) == word


def test_only_slip_on_faults_and_what_is_not_said_are_earthquakes():
    assert all(is_earthquake(t) for t in EARTHQUAKE_TYPES)
    assert is_earthquake("")
    assert is_earthquake("not reported")
    for word in ("quarry blast", "explosion", "landslide", "not locatable", "a new word"):
        assert not is_earthquake(word)


def test_no_event_is_an_earthquake():
    assert all(is_no_event(t) and not is_earthquake(t) for t in NO_EVENT_TYPES)
    assert is_no_event("not_existing")
    assert not is_no_event("quarry blast")
    assert not is_no_event("")
