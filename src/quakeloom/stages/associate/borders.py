"""Events of two days that want the same picks: each pick is the likelier event's."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.schema import TABLES, make_table

_PICK = ("network", "station", "location_code", "phase", "time")
"""What tells picks apart."""

_SAME_SHARE = 0.5
"""An event that loses so much of its picks is the other one, found twice (chosen here)."""

DayTables = dict[str, pa.Table]
"""Tables of a day by name."""


def settle_border(
    before: DayTables, after: DayTables, minimum_picks: int
) -> tuple[DayTables, DayTables]:
    """Give the picks that events of two days share to the likelier event.

    An event that loses half of its picks, or has fewer than ``minimum_picks`` left, is the other
    one found twice, or nothing: it is dropped, and what is left of its picks has no event. Picks
    that one day assigns leave those without an event of the other day.

    Parameters
    ----------
    before, after : dict of str to pyarrow.Table
        ``associations``, ``assignments`` and ``unassigned_picks`` of a day and the next one.
    minimum_picks : int

    Returns
    -------
    before, after : dict of str to pyarrow.Table
    """
    keys = [_keys(t["assignments"]) for t in (before, after)]
    shared = pc.is_in(keys[0], keys[1]), pc.is_in(keys[1], keys[0])
    if pc.any(shared[0]).as_py():
        odds = {
            e: o
            for t in (before, after)
            for e, o in zip(
                *(t["associations"].column(c).to_pylist() for c in ("event_id", "event_log_odds")),
                strict=True,
            )
        }
        of_before = _events_by_pick(before, keys[0], shared[0])
        of_after = _events_by_pick(after, keys[1], shared[1])
        lost = _lost(of_before, of_after, odds, earlier=True)
        before = _without(before, keys[0], lost, minimum_picks)
        lost = _lost(of_after, of_before, odds, earlier=False)
        after = _without(after, keys[1], lost, minimum_picks)
    return _assigned_left(before, after), _assigned_left(after, before)


def _keys(table: pa.Table) -> pa.ChunkedArray:
    texts = [pc.cast(table.column(c), pa.string()).fill_null("") for c in _PICK]
    return pc.binary_join_element_wise(*texts, "|")


def _events_by_pick(
    day: DayTables, keys: pa.ChunkedArray, shared: pa.ChunkedArray
) -> dict[str, str]:
    events = day["assignments"].column("event_id").filter(shared).to_pylist()
    return dict(zip(keys.filter(shared).to_pylist(), events, strict=True))


def _lost(
    own: dict[str, str], other: dict[str, str], odds: dict[str, float], *, earlier: bool
) -> set[str]:
    """Return the picks that events of a day lose to those of the other one; equals stay earlier."""
    return {
        key
        for key, event in own.items()
        if (odds[event], earlier) < (odds[other[key]], not earlier)
    }


def _without(
    day: DayTables, keys: pa.ChunkedArray, lost: set[str], minimum_picks: int
) -> DayTables:
    """Take picks off the events of a day, and drop events that have too few left."""
    if not lost:
        return day
    assignments, events = day["assignments"], day["associations"]
    gone = np.asarray(pc.is_in(keys, pa.array(sorted(lost), pa.string())))
    number = pc.index_in(assignments.column("event_id"), events.column("event_id").combine_chunks())
    event = number.to_numpy()
    had = np.bincount(event, minlength=events.num_rows)
    left = had - np.bincount(event[gone], minlength=events.num_rows)
    keep = (left == had) | ((left > (1.0 - _SAME_SHARE) * had) & (left >= minimum_picks))
    free = ~gone & ~keep[event]
    shared = [n for n in TABLES["unassigned_picks"].columns if n in assignments.column_names]
    freed = assignments.filter(pa.array(free))
    unassigned = make_table(
        "unassigned_picks",
        {
            **{n: freed.column(n) for n in shared},
            "unassigned_reason": ["unlikely"] * freed.num_rows,
        },
        rows=freed.num_rows,
    )
    return {
        "associations": _count_picks(events, assignments.filter(pa.array(~gone))).filter(
            pa.array(keep)
        ),
        "assignments": assignments.filter(pa.array(~gone & keep[event])),
        "unassigned_picks": pa.concat_tables([day["unassigned_picks"], unassigned]),
    }


def _count_picks(events: pa.Table, assignments: pa.Table) -> pa.Table:
    """Count the picks of events anew."""
    rows = assignments.select(["event_id", "network", "station", "phase"]).to_pandas()
    by_station = (
        rows.assign(p=rows["phase"] != "S", s=rows["phase"] == "S")
        .groupby(["event_id", "network", "station"])[["p", "s"]]
        .sum()
    )
    by_station["both"] = by_station["p"].astype(bool) & by_station["s"].astype(bool)
    counts = by_station.groupby("event_id").sum().reindex(events.column("event_id").to_pylist())
    for name, values in (("pick_count_p", "p"), ("s_pick_count", "s"), ("both_count", "both")):
        at, field = events.column_names.index(name), events.schema.field(name)
        counted = pa.array(counts[values].fillna(0).to_numpy(), field.type)
        events = events.set_column(at, field, counted)
    return events


def _assigned_left(day: DayTables, other: DayTables) -> DayTables:
    """Take picks that the other day assigns off those without an event."""
    left = day["unassigned_picks"]
    taken = pc.is_in(_keys(left), _keys(other["assignments"]))
    if not pc.any(taken).as_py():
        return day
    return {**day, "unassigned_picks": left.filter(pc.invert(taken))}
