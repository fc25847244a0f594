"""Relocations of hypoDD that failed: recognized among the others, and told."""

from __future__ import annotations

import pytest

from quakeloom.formats import read_source, recognize_file

LINE = "{} {} {} {} 0.0 0.0 0.0 100 100 100 2020 1 1 0 0 {} 1.0 5 5 0 0 0.1 -9 1\n"
"""A line of hypoDD.reloc: number, latitude, longitude, depth, second."""


@pytest.mark.parametrize("word", ["NaN", "nan", "-NaN"])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_events_with_nan_are_recognized_and_put_aside(tmp_path, word, column):
    place = ["36.000000", "140.000000", "8.000"]
    wrong = [*place[:column], word, *place[column + 1 :]]
    path = tmp_path / "data"
    path.write_text(LINE.format(1, *place, "60.00") + LINE.format(2, *wrong, "0.00"))
    assert recognize_file(path).format == "hypodd_reloc"
    found = read_source(path)
    (event,) = found.events.to_pylist()
    assert event["event_id"] == "1"
    # 60 seconds are the next minute
    assert str(event["origin_time"])[:19] == "2020-01-01 00:01:00"
    (reject,) = found.rejects.to_pylist()
    name = ("latitude", "longitude", "depth")[column]
    assert reject["reason"] == f"the {name} is {word}: hypoDD could not relocate the event"
    assert reject["source_line"] == 2
