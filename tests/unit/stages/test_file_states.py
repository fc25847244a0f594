"""A waveform file is what it was if its content is; large ones are told apart by size and time."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest

from quakeloom.stages.archive import file_states
from quakeloom.stages.archive.file_states import compare_files
from quakeloom.stages.archive.index import ArchiveIndex, IndexBuilder

SMALL, LARGE, DAY = "event.mseed", "large.mseed", "XX.A..HHZ.D.2019.001"
LIMIT = 100


@pytest.fixture
def paths(tmp_path, monkeypatch) -> list[Path]:
    """A file that is compared by content, one that is too large for it, and one of an SDS tree."""
    monkeypatch.setattr(file_states, "CONTENT_BYTES", LIMIT)
    for name, size in ((SMALL, 10), (LARGE, LIMIT + 1), (DAY, 10)):
        (tmp_path / name).write_bytes(b"x" * size)
    return [tmp_path / name for name in (SMALL, LARGE, DAY)]


def index_of(paths: list[Path]) -> ArchiveIndex:
    states = compare_files(paths, None)
    assert states.before.tolist() == [-1] * len(paths)
    return IndexBuilder().finish([str(p) for p in paths], states.stamps, None, states.contents)


def edit_in_secret(path: Path) -> None:
    """Change a byte, and give the file its size and time again."""
    before = path.stat()
    path.write_bytes(b"y" + path.read_bytes()[1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_nothing_is_read_again_where_no_time_has_changed(paths, monkeypatch):
    known = index_of(paths)
    monkeypatch.setattr(file_states, "digest_small_input", lambda *_: pytest.fail("it was read"))
    states = compare_files(paths, known)
    assert states.before.tolist() == [0, 1, 2]
    assert not states.differ_from(known)


def test_a_new_time_alone_changes_small_files_in_nothing(paths):
    known = index_of(paths)
    for path in paths:
        os.utime(path, (0, 0))
    states = compare_files(paths, known)
    assert states.before.tolist() == [0, -1, -1]
    # times are written anew, so that the file is not read with every plan
    assert states.differ_from(known)
    only = index_of(paths[:1])
    os.utime(paths[0], (1, 1))
    states = compare_files(paths[:1], only)
    again = IndexBuilder().finish(only.files, states.stamps, None, states.contents)
    assert again.digest() == only.digest()


def test_an_edit_that_hides_itself_is_seen_or_said(paths, caplog):
    caplog.set_level(logging.WARNING)
    known = index_of(paths)
    edit_in_secret(paths[0])
    assert compare_files(paths, known).before.tolist() == [-1, 1, 2]
    assert caplog.text == ""
    edit_in_secret(paths[2])
    assert compare_files(paths[1:], known).before.tolist() == [1, 2]
    assert "1 waveform files have size and time as before" in caplog.text


def test_the_order_of_files_does_not_matter(paths):
    known = index_of(paths)
    assert compare_files(paths[::-1], known).before.tolist() == [2, 1, 0]
    assert np.array_equal(compare_files(paths[::-1], known).stamps, known_stamps(known)[::-1])


def known_stamps(known: ArchiveIndex) -> np.ndarray:
    return np.column_stack([known.sizes, known.modified_ns, known.entry_ns])
