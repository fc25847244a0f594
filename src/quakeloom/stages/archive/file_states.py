"""Which waveform files are what they were: by content where that is read anyway, else by times.

A file that is opened for its headers and not large is compared by its content, which is read again
only when its size, its time or the time of its entry has changed: ``touch``, a copy and new rights
make nothing again, and an edit that keeps size and time is seen. To read the day files of a
national archive, terabytes, would take days. They are told apart by size and time, as SDS files
are, which are not opened at all; where only the time of their entry has changed, that is said.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.stages.archive.index import ArchiveIndex, Ints
from quakeloom.store import digest_small_input, entry_stamp

log = logging.getLogger(__name__)

SDS = re.compile(
    r"(?P<net>\w*)\.(?P<sta>\w+)\.(?P<loc>\w*)\.(?P<cha>\w{3})\.D\.(?P<year>\d{4})\.(?P<day>\d{3})"
)
"""Names of day files in a SeisComP data structure (SDS)."""

CONTENT_BYTES = 4 << 20
"""Bytes up to which a file is compared by its content. Chosen here: files of single events have
some 0.1 MB, and 9 million waveforms in them are read in an hour, at 100 MB a second; day files have
10 to 40 MB."""


@dataclass(frozen=True)
class FileStates:
    """The files of an archive now, held against an earlier index.

    Attributes
    ----------
    stamps : ndarray of int64, shape (files, 3)
        Size, and when the file and its entry were changed.
    contents : list of str
        Digest of what a file holds; empty where that is not compared.
    before : ndarray of int64, shape (files,)
        Number of a file in the earlier index if it is what it was, else -1.
    """

    stamps: Ints
    contents: list[str]
    before: NDArray[np.int64]

    def differ_from(self, known: ArchiveIndex) -> bool:
        """Say whether anything would be written that an earlier index does not hold."""
        own = np.column_stack([known.sizes, known.modified_ns, known.entry_ns])
        return self.contents != known.contents or not np.array_equal(self.stamps, own)


def compare_files(paths: Sequence[Path], known: ArchiveIndex | None) -> FileStates:
    """Hold the files of an archive against an earlier index.

    Parameters
    ----------
    paths : sequence of Path
    known : ArchiveIndex or None
    """
    stamps = np.array([entry_stamp(p) for p in paths], np.int64).reshape(-1, 3)
    old = {name: i for i, name in enumerate(known.files)} if known is not None else {}
    contents: list[str] = []
    before = np.full(len(paths), -1, np.int64)
    untold = 0
    for i, path in enumerate(paths):
        number = old.get(str(path), -1)
        size, modified, entry = stamps[i].tolist()
        if known is not None and number >= 0 and (size, modified, entry) == _stamp(known, number):
            contents.append(known.contents[number])
            before[i] = number
            continue
        content = "" if SDS.fullmatch(path.name) else digest_small_input(path, CONTENT_BYTES)
        contents.append(content)
        if known is None or number < 0 or content != known.contents[number]:
            continue
        if content:
            before[i] = number
        elif (size, modified) == _stamp(known, number)[:2]:
            before[i] = number
            untold += 1
    if untold:
        log.warning(
            "%d waveform files have size and time as before, but their entries have changed: new "
            "rights, another place, or an edit that hides itself. They count as unchanged; if they "
            "were edited, give them a new time (`touch`) and plan again.", untold,
        )  # fmt: skip
    return FileStates(stamps, contents, before)


def _stamp(known: ArchiveIndex, number: int) -> tuple[int, int, int]:
    return (
        int(known.sizes[number]), int(known.modified_ns[number]), int(known.entry_ns[number])
    )  # fmt: skip
