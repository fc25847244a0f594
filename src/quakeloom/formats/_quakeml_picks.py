"""Picks and first motions of P from the picks and arrivals of a block of QuakeML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.formats._first_motions import POLARITY_WORDS
from quakeloom.formats._quakeml_arrivals import LinkedPicks
from quakeloom.formats._quakeml_blocks import Integers
from quakeloom.formats._quakeml_columns import BlockEvents, OneKind, as_mask, line_of
from quakeloom.formats._quakeml_grammar import PICK
from quakeloom.formats._quakeml_phases import phase_kinds, split_phases
from quakeloom.formats._quakeml_pick_columns import (
    PickSource,
    StationCodes,
    coded,
    combine,
    read_angles,
    read_codes,
    read_onsets,
    read_pickers,
    read_time_errors,
    read_weights,
)
from quakeloom.formats._reading_times import EARLIEST_S, LATEST_S
from quakeloom.formats._text_columns import Mask
from quakeloom.schema import make_table


@dataclass
class _Problems:
    """Why picks are put aside: as a whole, as picks, or as first motions."""

    both: dict[int, str] = field(default_factory=dict)
    pick: dict[int, str] = field(default_factory=dict)
    polarity: dict[int, str] = field(default_factory=dict)

    def blame(self, mask: Mask, reason: Callable[[int], str]) -> None:
        """Put aside what a mask marks, with the first reason that is given."""
        for i in np.flatnonzero(mask).tolist():
            self.both.setdefault(i, reason(i))

    def good(self, count: int, own: Mapping[int, str]) -> Mask:
        """Mark what nothing is wrong with, in one of the two tables."""
        mask = np.ones(count, dtype=bool)
        mask[[*self.both, *own]] = False
        return mask


def read_picks(source: PickSource, linked: LinkedPicks) -> tuple[pa.Table, pa.Table]:
    """Return the picks and the first motions of P of a block as registered tables.

    The phase is that of :func:`link_picks`. The error of a time is its uncertainty, else the
    mean of the lower and the upper one. The weight of the arrival becomes a weight code as
    HYPO71 has it: 0 for a weight of 1 or more, 4 for a weight of 0. Of equal picks (one
    channel, phase and time) the first with a decided polarity counts; of several first motions
    on one channel that of the origin's own pick, then the first decided one. A pick that the
    origin does not use is put aside if the origin uses another one of the phase at the station.
    """
    events, count = source.events, len(linked.rows)
    pick = OneKind(events.block, linked.rows, PICK)
    problems = _Problems()
    codes = read_codes(pick, linked.event)
    phase, phase_onset = split_phases(linked.phase)
    kind = phase_kinds(phase)
    first_p = as_mask(pc.equal(kind, "P"))
    polarity, unknown = coded(pick.texts("polarity"), POLARITY_WORDS, 0)
    time, bad_time = pick.times("time")
    _blame_whole(source, pick, linked, codes, problems, (time, bad_time))
    sign = polarity.to_numpy()
    arrival = _keep_one_of_equals(linked, codes, kind, time, sign != 0, problems)
    _blame_picks(events, linked, codes, kind, time, problems)
    for i in np.flatnonzero(unknown & first_p).tolist():
        text = pick.text(i, "polarity")
        problems.polarity.setdefault(i, f"polarity '{text}' is neither up nor down")
    angles = read_angles(events, arrival, first_p, problems.polarity)
    _keep_one_of_channel(events, linked, codes, sign, first_p, problems)
    later = (sign != 0) & ~first_p & problems.good(count, {})
    source.unused["first motions"] += int(later.sum())
    _tell(source, pick, linked, first_p, codes, problems)
    onset = read_onsets(pick, phase_onset, source, linked.event)
    common = {
        "event_id": pa.array(events.ids, pa.string()).take(pa.array(linked.event)),
        **{n: codes.words[n] for n in ("network", "station", "channel")},
        "onset": onset,
        "source_file": pa.array([source.name] * count, pa.string()),
        "source_line": pa.array(events.block.records.line[linked.rows]),
    }
    picks = common | {
        "location_code": codes.words["location"],
        "phase": phase,
        "time": pa.array(time),
        "uncertainty_s": pa.array(read_time_errors(pick, source, linked.event)),
        "pick_weight": pa.array(read_weights(source, linked)),
        "picker": read_pickers(pick, source, linked.event),
    }
    motions = common | {"polarity": polarity, "arrival_time": pa.array(time)} | angles
    return (
        _table("picks", picks, problems.good(count, problems.pick)),
        _table("polarities", motions, first_p & problems.good(count, problems.polarity)),
    )


def _table(name: str, columns: dict[str, Any], good: Mask) -> pa.Table:
    rows = pa.array(np.flatnonzero(good))
    return make_table(name, {n: c.take(rows) for n, c in columns.items()}, rows=len(rows))


def _blame_whole(
    source: PickSource,
    pick: OneKind,
    linked: LinkedPicks,
    codes: StationCodes,
    problems: _Problems,
    times: tuple[NDArray[np.datetime64], Mask],
) -> None:
    """Put aside what is neither a pick nor a first motion."""
    events, event = source.events, linked.event
    time, bad_time = times
    aside = np.array([bool(r) for r in source.reasons])
    problems.blame(
        aside[event],
        lambda i: f"its event on line {line_of(events.block, events.rows[event[i]])} is put aside",
    )
    problems.blame(
        as_mask(pc.equal(codes.words["station"], "")), lambda _: "the station code is missing"
    )
    problems.blame(
        bad_time,
        lambda i: (
            f"arrival time '{pick.text(i, 'time')}' is no time with hours, minutes and seconds"
        ),
    )
    if pick.has("status"):
        rejected = pc.equal(pc.utf8_lower(pick.words("status")), "rejected")
        problems.blame(as_mask(rejected), lambda _: "the source has rejected the pick")
    nowhere = as_mask(pc.equal(linked.phase, ""))
    problems.blame(nowhere, lambda _: "it has no phase: no hint and no arrival names one")
    seconds = (time - source.origin_time[event]) / np.timedelta64(1, "s")
    with np.errstate(invalid="ignore"):
        far = (seconds < EARLIEST_S) | (seconds > LATEST_S)
    problems.blame(
        far, lambda i: f"it is {seconds[i]:.0f} s after the origin time, too far to be of its event"
    )


def _keep_one_of_equals(
    linked: LinkedPicks,
    codes: StationCodes,
    kind: pa.Array,
    time: NDArray[np.datetime64],
    decided: Mask,
    problems: _Problems,
) -> Integers:
    """Put aside picks that are equal to a better one; return the arrivals that picks now have.

    The better one has a polarity, then an arrival, then comes first; it takes over the
    arrival of the other.
    """
    key = combine(codes.instrument, (kind,))
    good = np.flatnonzero(problems.good(len(key), {}))
    order = good[
        np.lexsort((good, linked.arrival[good] < 0, ~decided[good], time[good], key[good]))
    ]
    same = (np.diff(key[order]) == 0) & (np.diff(time[order]) == np.timedelta64(0, "ns"))
    arrival = linked.arrival.copy()
    kept = -1
    for k in np.flatnonzero(same).tolist():
        i = int(order[k + 1])
        kept = int(order[k]) if k == 0 or not same[k - 1] else kept
        problems.both[i] = "doubled pick: the channel has one of this phase and time"
        if arrival[kept] < 0:
            arrival[kept] = arrival[i]
    return arrival


def _blame_picks(
    events: BlockEvents,
    linked: LinkedPicks,
    codes: StationCodes,
    kind: pa.Array,
    time: NDArray[np.datetime64],
    problems: _Problems,
) -> None:
    """Put aside what is no pick, though it may be a first motion."""
    for i in np.flatnonzero(np.isnat(time)).tolist():
        if i not in problems.both:
            problems.pick[i] = "the pick has no time"
    used = linked.arrival >= 0
    if used.all() or not used.any():
        return
    key = combine(codes.station, (kind,))
    good = problems.good(len(key), problems.pick)
    rows = np.flatnonzero(good & used)
    if not rows.size:
        return
    keys, first = np.unique(key[rows], return_index=True)
    place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    for i in np.flatnonzero(good & ~used & (keys[place] == key)).tolist():
        line = line_of(events.block, linked.rows[rows[first[place[i]]]])
        problems.pick[i] = f"the origin uses another pick of this phase and station, on line {line}"


def _keep_one_of_channel(
    events: BlockEvents,
    linked: LinkedPicks,
    codes: StationCodes,
    sign: NDArray[np.int8],
    first_p: Mask,
    problems: _Problems,
) -> None:
    """Put aside first motions of a channel that has a better one.

    The better one has an arrival at the chosen origin, then a polarity, then comes first.
    """
    good = np.flatnonzero(first_p & problems.good(len(sign), problems.polarity))
    key = codes.channel[good]
    order = good[np.lexsort((good, sign[good] == 0, linked.arrival[good] < 0, key))]
    same = np.flatnonzero(np.diff(codes.channel[order]) == 0)
    kept = -1
    for place, k in enumerate(same.tolist()):
        if place == 0 or same[place - 1] != k - 1:
            kept = int(order[k])
        i = int(order[k + 1])
        line = line_of(events.block, linked.rows[kept])
        against = ", with the opposite first motion" if sign[i] * sign[kept] < 0 else ""
        problems.polarity[i] = f"doubled pick: the channel has one on line {line}{against}"


def _tell(
    source: PickSource,
    pick: OneKind,
    linked: LinkedPicks,
    first_p: Mask,
    codes: StationCodes,
    problems: _Problems,
) -> None:
    """Add one row for every pick that something is wrong with."""
    reasons = {i: ("pick", r) for i, r in problems.pick.items()}
    reasons |= {i: ("polarity", r) for i, r in problems.polarity.items()}
    reasons |= {i: ("polarity" if first_p[i] else "pick", r) for i, r in problems.both.items()}
    station = codes.words["station"]
    for i in sorted(reasons):
        record, reason = reasons[i]
        name = pick.text(i, "id")
        event_id = source.events.ids[linked.event[i]]
        source.rejects.add(pick.line(i), record, reason, name, event_id, station[i].as_py())
