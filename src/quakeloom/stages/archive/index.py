"""The index of an archive as columns: files, channels, traces; whole, or of a span of time.

A national archive has tens of millions of traces. They are kept as numbers, 40 bytes each, and
the job of a partition reads only those that touch its time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import digest_json
from quakeloom.schema import make_table, time_values
from quakeloom.signal import band_of
from quakeloom.stages.archive.record_sets import IndexRow, Instrument, settle_channels
from quakeloom.store import Item, read_provenance, read_table, write_table

Ints = NDArray[np.int64]
_FILES = ("archive_files", "archive_channels", "archive_traces")
"""Tables of an index: files, channels, traces."""


@dataclass(frozen=True)
class ArchiveIndex:
    """Traces of an archive.

    Attributes
    ----------
    files : list of str
    sizes, modified_ns, entry_ns : ndarray of int64, shape (files,)
        Bytes, and when the file and its entry in the folder were changed.
    contents : list of str
        Digest of what a file holds; empty where that is not compared (:class:`FileStates`).
    channels : list of (Instrument, str)
    recorded : ndarray of int64, shape (channels, 2)
        From when until when the instrument of a channel recorded, nanoseconds since 1970.
    is_triggered : ndarray of bool, shape (channels,)
    file, channel : ndarray of int64, shape (traces,)
        Numbers of file and channel.
    start, end : ndarray of int64, shape (traces,)
        Nanoseconds since 1970; traces are in the order of ``start``.
    rate_hz : ndarray, shape (traces,)
        0 where the file was not opened.
    """

    files: list[str]
    sizes: Ints
    modified_ns: Ints
    entry_ns: Ints
    contents: list[str]
    channels: list[tuple[Instrument, str]]
    recorded: Ints
    is_triggered: NDArray[np.bool_]
    file: Ints
    channel: Ints
    start: Ints
    end: Ints
    rate_hz: NDArray[np.float64]

    def between(self, start: int, end: int, events: tuple[int, int]) -> ArchiveIndex:
        """Return what touches a span of time.

        Instruments that recorded when there were events are in it, with or without traces. Of the
        time that they recorded it has only that from the first to the last event, so that what
        comes later to the archive changes nothing here.
        """
        longest = int((self.end - self.start).max(initial=0))
        first, last = np.searchsorted(self.start, (start - longest, end))
        inside = np.flatnonzero(self.end[first:last] > start) + first
        is_alive = (self.recorded[:, 0] <= events[1]) & (self.recorded[:, 1] >= events[0])
        is_alive[self.channel[inside]] = True
        alive = np.flatnonzero(is_alive)
        recorded = self.recorded[alive]
        recorded[:, 0] = np.maximum(recorded[:, 0], events[0])
        recorded[:, 1] = np.minimum(recorded[:, 1], events[1])
        files, file = np.unique(self.file[inside], return_inverse=True)
        number = np.full(len(self.channels), -1)
        number[alive] = np.arange(alive.size)
        return ArchiveIndex(
            [self.files[i] for i in files],
            self.sizes[files],
            self.modified_ns[files],
            self.entry_ns[files],
            [self.contents[i] for i in files],
            [self.channels[i] for i in alive],
            recorded,
            self.is_triggered[alive],
            file.astype(np.int64),
            number[self.channel[inside]],
            self.start[inside],
            self.end[inside],
            self.rate_hz[inside],
        )

    def digest(self) -> str:
        """Return the digest of the files, as they are, and of when instruments recorded."""
        as_they_are = [
            c or m for c, m in zip(self.contents, self.modified_ns.tolist(), strict=True)
        ]
        stamps = zip(self.files, self.sizes.tolist(), as_they_are, strict=True)
        lives = [
            [*vars(instrument).values(), *span, triggered]
            for (instrument, _), span, triggered in zip(
                self.channels, self.recorded.tolist(), self.is_triggered.tolist(), strict=True
            )
        ]
        return digest_json([sorted(stamps), sorted(lives)])

    def by_instrument(self) -> dict[Instrument, tuple[list[IndexRow], tuple[int, int], bool]]:
        """Return of every instrument its traces, when it recorded, and whether events only."""
        paths = [Path(f) for f in self.files]
        found: dict[Instrument, tuple[list[IndexRow], tuple[int, int], bool]] = {}
        spans = self.recorded.tolist()
        for (instrument, _), span, triggered in zip(
            self.channels, spans, self.is_triggered.tolist(), strict=True
        ):
            found.setdefault(instrument, ([], (span[0], span[1]), triggered))
        for file, channel, start, end, rate in zip(
            self.file.tolist(), self.channel.tolist(), self.start.tolist(), self.end.tolist(),
            self.rate_hz.tolist(), strict=True,
        ):  # fmt: skip
            instrument, code = self.channels[channel]
            found[instrument][0].append(IndexRow(instrument, code, start, end, rate, paths[file]))
        return found

    def write(self, folder: Item, provenance: dict[str, Any]) -> None:
        """Write the index to a folder."""
        tables: tuple[dict[str, Any], ...] = (
            {
                "source_file": self.files,
                "file_size_bytes": self.sizes,
                "file_modified_ns": self.modified_ns,
                "file_entry_ns": self.entry_ns,
                "file_content": self.contents,
            },
            {
                **{
                    name: [getattr(i, name) for i, _ in self.channels]
                    for name in ("network", "station", "location_code")
                },
                "channel": [code for _, code in self.channels],
                "recorded_from": self.recorded[:, 0].astype("datetime64[ns]"),
                "recorded_until": self.recorded[:, 1].astype("datetime64[ns]"),
                "is_triggered": self.is_triggered,
            },
            {
                "file_number": self.file,
                "channel_number": self.channel,
                "trace_start": self.start.astype("datetime64[ns]"),
                "trace_end": self.end.astype("datetime64[ns]"),
                "sampling_rate_hz": self.rate_hz,
            },
        )
        for name, columns in zip(_FILES, tables, strict=True):
            rows = len(next(iter(columns.values())))
            table = make_table(name, columns, rows=rows)
            write_table(folder / f"{name}.parquet", name, table, provenance)


def read_index(folder: Item) -> ArchiveIndex:
    """Read what :meth:`ArchiveIndex.write` wrote."""
    files, channels, traces = (read_table(folder / f"{n}.parquet", n) for n in _FILES)

    def times(table: pa.Table, name: str) -> Ints:
        return time_values(table.column(name)).astype(np.int64)

    names = [
        channels.column(n).to_pylist() for n in ("network", "station", "location_code", "channel")
    ]
    return ArchiveIndex(
        files.column("source_file").to_pylist(),
        files.column("file_size_bytes").to_numpy(),
        files.column("file_modified_ns").to_numpy(),
        files.column("file_entry_ns").to_numpy(),
        files.column("file_content").to_pylist(),
        [
            (Instrument(n, s, loc, band_of(code)), code)
            for n, s, loc, code in zip(*names, strict=True)
        ],
        np.stack([times(channels, "recorded_from"), times(channels, "recorded_until")], axis=1),
        channels.column("is_triggered").to_numpy(zero_copy_only=False),
        traces.column("file_number").to_numpy(),
        traces.column("channel_number").to_numpy(),
        times(traces, "trace_start"),
        times(traces, "trace_end"),
        traces.column("sampling_rate_hz").to_numpy(),
    )


def index_provenance(folder: Item) -> dict[str, Any]:
    """Return what an index was written with, empty if there is none."""
    file = folder / f"{_FILES[-1]}.parquet"
    return read_provenance(file) if file.exists() else {}


class IndexBuilder:
    """Collects traces of files that are read now, as numbers.

    Attributes
    ----------
    channels : dict
        Number of every channel.
    """

    def __init__(self) -> None:
        self.channels: dict[tuple[Instrument, str], int] = {}
        self._numbers = array("q")
        self._rates = array("d")

    def add(self, file: int, rows: Iterable[IndexRow]) -> None:
        """Add the traces of a file, which has a number."""
        for r in rows:
            channel = self.channels.setdefault((r.instrument, r.channel), len(self.channels))
            self._numbers.extend((file, channel, r.start, r.end))
            self._rates.append(r.sampling_rate_hz)

    def finish(
        self,
        files: list[str],
        stamps: Ints,
        kept: tuple[ArchiveIndex, Ints] | None = None,
        contents: list[str] | None = None,
    ) -> ArchiveIndex:
        """Return the index.

        Parameters
        ----------
        files : list of str
        stamps : ndarray of int64, shape (files, 3)
            Size of every file, and when it and its entry were changed.
        kept : (ArchiveIndex, ndarray), optional
            An earlier index, and the new number of each of its files, -1 for what is gone.
        contents : list of str, optional
            Digests of what the files hold; empty where that is not compared.
        """
        numbers = np.array(self._numbers, np.int64).reshape(-1, 4).T
        rates = np.array(self._rates, np.float64)
        if kept is not None:
            old, renumbered = kept
            own = [self.channels.setdefault(c, len(self.channels)) for c in old.channels]
            stays = renumbered[old.file] >= 0
            before = np.stack(
                [renumbered[old.file], np.array(own, np.int64)[old.channel], old.start, old.end]
            )
            numbers = np.concatenate([before[:, stays], numbers], axis=1)
            rates = np.concatenate([old.rate_hz[stays], rates])
        order = np.lexsort((numbers[0], numbers[1], numbers[3], numbers[2]))
        file, channel, start, end = numbers[:, order]
        count = len(self.channels)
        return _describe(
            ArchiveIndex(
                files, stamps[:, 0], stamps[:, 1], stamps[:, 2],
                contents or [""] * len(files), list(self.channels), np.zeros((count, 2), int),
                np.zeros(count, bool),
                file, channel, start, end, rates[order],
            )
        )  # fmt: skip


def settle_index(index: ArchiveIndex) -> ArchiveIndex:
    """Give files their own channel where several claim the same; see :func:`settle_channels`."""
    order = np.lexsort((index.channel, index.start))
    same = np.zeros(order.size, bool)
    if order.size:
        key = np.stack([index.start[order], index.channel[order]])
        twin = np.all(key[:, 1:] == key[:, :-1], axis=0)
        same[order[1:][twin]] = same[order[:-1][twin]] = True
    doubtful = np.flatnonzero(same)
    if not doubtful.size:
        return index
    rows = [
        IndexRow(instrument, code, int(index.start[k]), int(index.end[k]),
                 float(index.rate_hz[k]), Path(index.files[index.file[k]]))
        for k in doubtful
        for instrument, code in (index.channels[index.channel[k]],)
    ]  # fmt: skip
    channels = {c: i for i, c in enumerate(index.channels)}
    channel = index.channel.copy()
    channel[doubtful] = [
        channels.setdefault((r.instrument, r.channel), len(channels)) for r in settle_channels(rows)
    ]
    return _describe(replace(index, channels=list(channels), channel=channel))


def _describe(index: ArchiveIndex) -> ArchiveIndex:
    """Say of every channel when its instrument recorded, and whether events only."""
    instruments = {i: n for n, i in enumerate(dict.fromkeys(i for i, _ in index.channels))}
    own = np.array([instruments[i] for i, _ in index.channels], np.int64)
    count = len(instruments)
    of_trace = own[index.channel]
    recorded = np.empty((count, 2), np.int64)
    recorded[:, 0], recorded[:, 1] = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    np.minimum.at(recorded[:, 0], of_trace, index.start)
    np.maximum.at(recorded[:, 1], of_trace, index.end)
    used = np.unique(index.channel)
    components = np.maximum(np.bincount(own[used], minlength=count), 1)
    seconds = np.bincount(of_trace, (index.end - index.start) / 1e9, minlength=count) / components
    is_triggered = seconds < 0.5e-9 * (recorded[:, 1] - recorded[:, 0])
    living = np.isin(np.arange(own.size), used)
    # a channel that nothing has any more is no channel
    number = np.cumsum(living) - 1
    return replace(
        index,
        channels=[c for c, lives in zip(index.channels, living, strict=True) if lives],
        recorded=recorded[own][living],
        is_triggered=is_triggered[own][living],
        channel=number[index.channel],
    )
