"""The index of an archive: the same however it came about, and its parts stay as they are."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from quakeloom.stages.archive.index import (
    ArchiveIndex,
    IndexBuilder,
    index_provenance,
    read_index,
    settle_index,
)
from quakeloom.stages.archive.record_sets import IndexRow, Instrument, settle_channels
from quakeloom.store import open_item

SECOND = 1_000_000_000
HOUR = 3600 * SECOND


def rows_of(file: str, station: str, start: int, components: str = "ZNE") -> list[IndexRow]:
    instrument = Instrument("XX", station, "", "HH")
    return [
        IndexRow(instrument, f"HH{c}", start, start + 40 * SECOND, 100.0, Path(file))
        for c in components
    ]


def build(files: dict[str, list[IndexRow]], kept=None) -> ArchiveIndex:
    builder = IndexBuilder()
    names = list(files)
    for number, rows in enumerate(files.values()):
        builder.add(number, rows)
    stamps = np.array([[len(n), 7, 7] for n in names], np.int64)
    return builder.finish(names, stamps, kept)


def contents(index: ArchiveIndex) -> list[tuple]:
    """Traces as values, so that numbers of files and channels do not matter."""
    return sorted(
        (index.files[f], index.channels[c], s, e, r, *index.recorded[c], index.is_triggered[c])
        for f, c, s, e, r in zip(
            index.file, index.channel, index.start, index.end, index.rate_hz, strict=True
        )
    )


@pytest.fixture
def archive() -> dict[str, list[IndexRow]]:
    return {
        f"day{d}.mseed": [r for s in "AB" for r in rows_of(f"day{d}.mseed", s, d * HOUR)]
        for d in range(5)
    }


def test_what_is_kept_and_what_is_new_give_the_index_of_all(archive):
    names = list(archive)
    old = build({n: archive[n] for n in names[:3]})
    # the first file is gone, the second has changed, two are new
    now = {n: archive[n] for n in names[1:]}
    builder = IndexBuilder()
    for number in (0, 2, 3):
        builder.add(number, now[names[1 + number]])
    stamps = np.array([[len(n), 7, 7] for n in now], np.int64)
    together = builder.finish(list(now), stamps, (old, np.array([-1, -1, 1])))
    assert contents(together) == contents(build(now))


def test_an_index_survives_its_files(archive, tmp_path):
    index = build(archive)
    index.write(open_item(tmp_path), {"code": "abc"})
    found = read_index(open_item(tmp_path))
    for field in fields(ArchiveIndex):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(index, field.name))
    assert index_provenance(open_item(tmp_path))["code"] == "abc"


def test_a_part_has_what_touches_its_time(archive):
    part = build(archive).between(HOUR, 3 * HOUR, (HOUR, 3 * HOUR - 1))
    assert part.files == ["day1.mseed", "day2.mseed"]
    assert sorted(set(part.start.tolist())) == [HOUR, 2 * HOUR]


def test_what_comes_later_changes_no_part(archive):
    names = list(archive)
    part = build({n: archive[n] for n in names[:4]}).between(0, 2 * HOUR, (0, HOUR))
    later = build(archive).between(0, 2 * HOUR, (0, HOUR))
    assert part.digest() == later.digest()
    assert contents(part) == contents(later)
    missed = build({n: archive[n] for n in names[1:]}).between(0, 2 * HOUR, (0, HOUR))
    assert missed.digest() != part.digest()


def test_an_instrument_that_was_silent_is_in_the_part(archive):
    archive["day2.mseed"] = rows_of("day2.mseed", "A", 2 * HOUR)
    part = build(archive).between(2 * HOUR - SECOND, 2 * HOUR + 90 * SECOND, (2 * HOUR, 2 * HOUR))
    found = {i.station: len(rows) for i, (rows, _, _) in part.by_instrument().items()}
    assert found == {"A": 3, "B": 0}


def test_files_that_claim_one_channel_are_settled_as_rows_are():
    files = {
        f"XX.A..HH{c}.sac": rows_of(f"XX.A..HH{c}.sac", "A", HOUR, components="Z") for c in "ZNE"
    }
    files["other"] = rows_of("other", "B", HOUR)
    index = settle_index(build(files))
    expected = settle_channels([r for rows in files.values() for r in rows])
    found = [r for rows, _, _ in index.by_instrument().values() for r in rows]
    # as text: an unknown direction is NaN, which is not equal to itself
    assert sorted(map(str, found)) == sorted(map(str, expected))
