"""Settings of a planned run that are damaged are said to be, by whatever reads them."""

from __future__ import annotations

import pytest

from quakeloom.core import PlanError
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.store import RunLayout, write_bytes

WHOLE = b"name: x\nsources:\n- path: e.csv\ntakeoff:\n  angles: given\n"


def test_whole_settings_are_read(tmp_path):
    layout = RunLayout(tmp_path)
    write_bytes(layout.settings, WHOLE)
    assert read_settings(layout).takeoff.angles == "given"


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"x", b"name: [", b"\xff\xfe", b"name: x\nnothing: 1\n", WHOLE[:-9], WHOLE[5:]],
)
def test_damaged_settings_are_one_sentence_with_the_remedy(tmp_path, text):
    layout = RunLayout(tmp_path)
    write_bytes(layout.settings, text)
    with pytest.raises(PlanError, match=r"cannot be read .*quakeloom plan --config FILE") as told:
        read_settings(layout)
    assert "\n" not in str(told.value)
