"""Events that cannot be used say why: which of them have no place, and which lie too deep."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from quakeloom.config import parse_settings
from quakeloom.schema import STATUSES, make_table
from quakeloom.stages.readings.usable_events import check_events

NAN = float("nan")


@pytest.mark.parametrize(
    ("place", "status", "words"),
    [
        ((135.0, 35.0, 10.0), None, ""),
        ((135.0, 35.0, 120.0), "below_takeoff_table", "raise takeoff.maximum_depth_km"),
        ((135.0, 35.0, NAN), "invalid_event", "the depth is not known"),
        ((NAN, 35.0, 10.0), "invalid_event", "the epicenter is not known"),
        ((135.0, 35.0, -30.0), "invalid_event", "far above sea level"),
    ],
)
def test_status_and_reason_of_an_event_without_rays(place, status, words):
    """Too deep is another matter than having no place: only there a setting helps."""
    longitude, latitude, depth = ([v] for v in place)
    events = make_table(
        "events",
        {"event_id": ["e"], "longitude": longitude, "latitude": latitude, "depth_km": depth},
    )
    settings = parse_settings(
        {"name": "x", "sources": [{"path": "x"}], "takeoff": {"models": ["generic_crust"]}}, "test"
    )
    tables = SimpleNamespace(depth_km=np.arange(0.0, 101.0, 10.0))
    found = check_events(settings, events, tables).unusable
    if status is None:
        assert found == {}
        return
    assert found[0].status == status
    assert words in found[0].reason
    assert status in STATUSES
