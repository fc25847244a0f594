"""Days of an archive: which there are, and what of the archive the picks of each depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from quakeloom.config import Settings
from quakeloom.core import InputError
from quakeloom.stages.archive.index import ArchiveIndex, index_provenance
from quakeloom.stages.archive.stored_index import index_archive, read_span
from quakeloom.store import Item, is_sealed, write_seal

NANO = 1_000_000_000
"""Nanoseconds of a second."""

DAY = 86_400 * NANO
"""Nanoseconds of a day."""

MARGIN = 300 * NANO
"""Nanoseconds of the neighboring days that a day reads: what a pick can depend on beside it,
windows of a minute and the P of an S, and room for amplitudes. Chosen here."""


def day_start(day: str) -> int:
    """Return the midnight with which a day such as ``2019-07-04`` begins, ns since 1970.

    Raises
    ------
    InputError
        If the name is no day.
    """
    try:
        start: np.datetime64 | None = np.datetime64(day, "D")
    except ValueError:
        start = None
    if start is None or np.isnat(start) or str(start) != day:
        raise InputError(f"'{day}' is no day such as 2019-07-04. Nothing was picked.")
    return int(start.astype("datetime64[ns]").astype(np.int64))


def day_name(time: int) -> str:
    """Return the day, UTC, that holds a time in nanoseconds since 1970."""
    return str(np.datetime64(time // NANO, "s").astype("datetime64[D]"))


@dataclass(frozen=True)
class ArchiveDays:
    """The days of an archive that have data, and the index of each.

    Attributes
    ----------
    index : ArchiveIndex
        Of the whole archive.
    silent_days : int
        Instruments are told of for so many days after their last record.
    """

    index: ArchiveIndex
    silent_days: int

    def days(self) -> list[str]:
        """Return the days that any trace touches, sorted."""
        first, last = self._day_numbers()
        if not first.size:
            return []
        marks = np.zeros(int(last.max()) - int(first.min()) + 2, np.int64)
        low = int(first.min())
        np.add.at(marks, first - low, 1)
        np.add.at(marks, last + 1 - low, -1)
        return [day_name((low + int(k)) * DAY) for k in np.flatnonzero(np.cumsum(marks[:-1]) > 0)]

    def of_day(self, day: str) -> ArchiveIndex:
        """Return what the picks of a day depend on: traces that touch it with its margin.

        Instruments that recorded in the days before are in it without traces, so that their silence
        is told. What is later than the margin changes nothing.
        """
        start = day_start(day)
        index = self.index
        part = index.between(start - MARGIN, start + DAY + MARGIN, (0, -1))
        touching = {part.channels[k] for k in np.unique(part.channel)}
        recent = [
            index.channels[k] for k in self._recent(start) if index.channels[k] not in touching
        ]
        # by name, so that channels which the archive has elsewhere change no number here
        order = sorted([*touching, *recent], key=lambda c: (c[0], c[1]))
        number = {c: k for k, c in enumerate(order)}
        own = np.array([number[c] for c in part.channels], np.int64)
        count = len(order)
        recorded = np.tile(np.array([start, start + DAY], np.int64), (count, 1))
        return replace(
            part,
            channels=order,
            recorded=recorded,
            is_triggered=np.zeros(count, bool),
            channel=own[part.channel],
        )

    def _day_numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the first and the last day of every trace, as files by name reach over them.

        A file that is known by its name alone is taken for that of its day: its minutes beyond are
        room for what it may hold.
        """
        index = self.index
        start, end = index.start, index.end
        unopened = index.rate_hz == 0.0
        reach = 60 * NANO
        first = np.where(unopened, start + reach, start) // DAY
        last = (np.where(unopened, end - reach, end) - 1) // DAY
        return first, np.maximum(last, first)

    def _recent(self, start: int) -> np.ndarray:
        """Return the channels that recorded in the days before one, and not later alone."""
        index = self.index
        since = start - self.silent_days * DAY
        longest = int((index.end - index.start).max(initial=0))
        first, last = np.searchsorted(index.start, (since - longest, start))
        inside = np.arange(first, last)
        return np.unique(index.channel[inside[index.end[inside] > since]])


def read_days(
    settings: Settings, ingest: Item, progress: Callable[[str], None] = lambda _: None
) -> ArchiveDays:
    """Return the days of the archive of a run; its headers are kept from one plan to the next.

    Raises
    ------
    InputError
        If a path of the archive does not exist.
    """
    assert settings.detect is not None
    return ArchiveDays(index_archive(settings, ingest, progress), settings.detect.silent_days)


def days_of_archive(
    settings: Settings, ingest: Item, progress: Callable[[str], None] = lambda _: None
) -> dict[str, str]:
    """Return the days with data, sorted, each with the digest of what its picks depend on.

    The part of the index that a day needs is kept in the folder ``archive/DAY``, where
    :func:`read_day` finds it.

    Parameters
    ----------
    settings : Settings
    ingest : Item
        Folder of what was read.
    progress : callable
    """
    days = read_days(settings, ingest, progress)
    return {day: write_day(days, ingest, day) for day in days.days()}


def write_day(days: ArchiveDays, ingest: Item, day: str) -> str:
    """Keep what a day needs of the archive; return its digest."""
    folder = ingest / "archive" / day
    part = days.of_day(day)
    digest = part.digest()
    if not is_sealed(folder) or index_provenance(folder).get("digest") != digest:
        part.write(folder, {"digest": digest})
        write_seal(folder)
    return digest


def read_day(ingest: Item, day: str) -> ArchiveIndex:
    """Read what a day needs of the archive."""
    return read_span(ingest, day)


def only_stations(index: ArchiveIndex, wanted: Iterable[str]) -> set[tuple[str, str]]:
    """Return network and code of the stations of an index that are wanted; of none, all.

    Raises
    ------
    InputError
        If a name is no station of the index.
    """
    there = {(i.network, i.station) for i, _ in index.channels}
    names = list(wanted)
    if not names:
        return there
    found: set[tuple[str, str]] = set()
    for name in names:
        own = {s for s in there if name in (s[1], f"{s[0]}.{s[1]}")}
        found |= own
    return found
