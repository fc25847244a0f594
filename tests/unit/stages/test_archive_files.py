"""What lies in a folder of waveforms: files that count, companions that do not."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from quakeloom.core import InputError
from quakeloom.stages.archive.instrument_choice import InstrumentSays, choose_instrument
from quakeloom.stages.archive.record_sets import leave_out_companions, list_files

COMPANIONS = [
    "._a.mseed", ".DS_Store", "__MACOSX/a.mseed", "b/._b.sac", ".git/x", "Thumbs.db",
    "b/desktop.ini", "@eaDir/a.mseed", "b/.hidden/c.sac",
]  # fmt: skip


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_hidden_files_and_companions_are_left_out_and_counted(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    make(tmp_path, "a.mseed", "b/b.sac", "b/a [1] 'x'.gse", "notes.md", *COMPANIONS)
    found = [f.relative_to(tmp_path).as_posix() for f in list_files(tmp_path)]
    assert found == ["a.mseed", "b/a [1] 'x'.gse", "b/b.sac"]
    assert f"{len(COMPANIONS)} hidden or companion files and 1 with endings" in caplog.text


def test_hidden_folders_above_the_one_that_is_asked_for_do_not_matter(tmp_path):
    folder = tmp_path / ".cache" / "data"
    make(folder, "a.mseed")
    assert list_files(folder) == [folder / "a.mseed"]
    assert leave_out_companions([folder / "a.mseed"], folder) == [folder / "a.mseed"]


def test_a_folder_of_companions_alone_is_an_error(tmp_path):
    make(tmp_path, *COMPANIONS)
    with pytest.raises(InputError, match="no file that could be a waveform"):
        list_files(tmp_path)


ONES = {
    "surer": InstrumentSays("", "HHZ", 0.9),
    "less sure": InstrumentSays("00", "HHZ", 0.4),
    "accelerometer": InstrumentSays("10", "HNZ", 0.99),
    "clipped": InstrumentSays("", "BHZ", 0.99, is_clipped=True),
    "slow": InstrumentSays("", "LHZ", 0.99, is_slow=True),
}


@pytest.mark.parametrize(
    ("better", "worse", "words"),
    [
        ("surer", "less sure", "surer HHZ before 00.HHZ"),
        ("less sure", "accelerometer", "seismometer 00.HHZ before accelerometer 10.HNZ"),
        ("accelerometer", "clipped", "whole 10.HNZ before clipped BHZ"),
        ("clipped", "slow", "faster BHZ before slower LHZ"),
        ("surer", "slow", "faster HHZ before slower LHZ"),
    ],
)
def test_instruments_are_chosen_by_rule_whichever_comes_first(better, worse, words):
    assert choose_instrument(ONES[better], ONES[worse]) == (True, words)
    assert choose_instrument(ONES[worse], ONES[better]) == (False, words)
