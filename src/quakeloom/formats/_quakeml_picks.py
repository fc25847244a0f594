"""First motions of P from the picks and arrivals of a block of QuakeML."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.formats._first_motions import is_first_p
from quakeloom.formats._quakeml_columns import FIELD, BlockEvents, Integers, OneKind, line_of
from quakeloom.formats._quakeml_grammar import ARRIVAL, PICK
from quakeloom.formats._source_tables import Rejects
from quakeloom.formats._text_columns import Mask
from quakeloom.schema import empty_table, make_table, out_of_bounds

KM_PER_DEGREE = np.pi / 180.0 * 6371.0
_POLARITIES = {"positive": 1, "negative": -1, "undecidable": 0}
_ONSETS = {"impulsive": "I", "emergent": "E"}


def read_first_motions(events: BlockEvents, rejects: Rejects, source_file: str) -> pa.Table:
    """Return the first motions of P of a block as a registered table.

    Parameters
    ----------
    events : BlockEvents
        Readings of events that are put aside are put aside as well.
    rejects : Rejects
        Gets one row for every reading that cannot be used.
    source_file : str
    """
    block = events.block
    picks, arrivals = _p_picks(events, rejects)
    if not len(picks):
        return empty_table("polarities")
    event = events.number[block.records.owner[picks]]
    pick, arrival = OneKind(block, picks, PICK), OneKind(block, arrivals, ARRIVAL)
    problems: dict[int, str] = {}

    def blame(mask: Mask, reason: Callable[[int], str]) -> None:
        for i in np.flatnonzero(mask).tolist():
            problems.setdefault(i, reason(i))

    aside = np.array([bool(r) for r in events.reasons])
    blame(
        aside[event],
        lambda i: f"its event on line {line_of(block, events.rows[event[i]])} is put aside",
    )
    columns = _pick_columns(pick, blame) | _angle_columns(arrival, blame)
    codes = [columns[n] for n in ("network", "station", "channel")]
    for i, other in _doubled(event, codes, arrivals >= 0, problems):
        problems[i] = f"doubled pick: the channel has one on line {line_of(block, picks[other])}"
    for i, reason in sorted(problems.items()):
        rejects.add(
            line_of(block, picks[i]),
            "polarity",
            reason,
            pick.text(i, "id"),
            events.ids[event[i]],
            columns["station"][i].as_py(),
        )
    columns["event_id"] = pa.array(events.ids).take(pa.array(event))
    columns["source_file"] = pa.array([source_file] * len(picks))
    columns["source_line"] = block.records.line[picks]
    table = make_table("polarities", columns, rows=len(picks))
    if problems:
        good = np.ones(len(picks), dtype=bool)
        good[list(problems)] = False
        table = table.filter(pa.array(good))
    return table


def _p_picks(events: BlockEvents, rejects: Rejects) -> tuple[Integers, Integers]:
    """Records of the P picks, and of the arrival of each (-1 for none)."""
    picks = events.block.rows(PICK)
    arrivals = _arrivals_of_picks(events, picks, rejects)
    keep = _first_ps(OneKind(events.block, picks, PICK).texts("phase"))
    keep[arrivals >= 0] = _first_ps(OneKind(events.block, arrivals, ARRIVAL).texts("phase"))
    return picks[keep], arrivals[keep]


def _pick_columns(
    pick: OneKind, blame: Callable[[Mask, Callable[[int], str]], None]
) -> dict[str, Any]:
    polarity, unknown = _coded(pick.texts("polarity"), _POLARITIES, 0)
    onset, _ = _coded(pick.texts("onset"), _ONSETS, "")
    time, bad_time = pick.times("time")
    network, station, channel = (
        pc.utf8_trim_whitespace(pick.texts(n).fill_null(""))
        for n in ("network", "station", "channel")
    )
    rejected = pc.equal(pick.texts("status"), "rejected").fill_null(False)
    blame(unknown, lambda i: f"polarity '{pick.text(i, 'polarity')}' is neither up nor down")
    blame(
        pc.equal(station, "").to_numpy(zero_copy_only=False),
        lambda _: "the station code is missing",
    )
    blame(bad_time, lambda i: f"arrival time '{pick.text(i, 'time')}' is no time")
    blame(
        rejected.to_numpy(zero_copy_only=False),
        lambda _: "the source has rejected the pick",
    )
    return {
        "network": network,
        "station": station,
        "channel": channel,
        "polarity": polarity,
        "onset": onset,
        "arrival_time": time,
    }


def _angle_columns(
    arrival: OneKind, blame: Callable[[Mask, Callable[[int], str]], None]
) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, field, factor in (
        ("azimuth_deg", "azimuth", 1.0),
        ("takeoff_deg", "takeoff", 1.0),
        ("distance_km", "distance", KM_PER_DEGREE),
        ("takeoff_error_deg", "takeoff_error", 1.0),
    ):
        values, bad = arrival.numbers(field)
        with np.errstate(over="ignore"):
            values *= factor
        if name == "azimuth_deg":
            values = np.where((values < 0) & (values >= -360), values + 360.0, values)
        bad |= out_of_bounds(name, values)
        blame(bad, lambda i, f=field: f"{f} '{arrival.text(i, f)}' is impossible")  # type: ignore[misc]
        columns[name] = values
    return columns


def _arrivals_of_picks(events: BlockEvents, picks: Integers, rejects: Rejects) -> Integers:
    """The arrival of the chosen origin for every pick, -1 for none; the first counts."""
    block, number = events.block, events.number
    of_pick = np.full(len(picks), -1, np.int64)
    arrivals = block.rows(ARRIVAL)
    if not len(arrivals):
        return of_pick
    event = number[block.records.owner[picks]]
    owner = block.records.owner[arrivals]
    place = number[block.records.owner[owner]]
    mine = events.origins[place] == owner
    arrivals, place = arrivals[mine], place[mine]
    wanted = zip(place.tolist(), block.keys(arrivals, FIELD[ARRIVAL]["pick_id"]), strict=True)
    names = zip(event.tolist(), block.keys(picks, FIELD[PICK]["id"]), strict=True)
    numbers: dict[tuple[int, bytes], int] = {}
    for i, name in enumerate(names):
        numbers.setdefault(name, i)
    found = np.array([numbers.get(w, -1) for w in wanted], np.int64)
    # backwards, so that the first arrival of a pick stays
    linked = np.flatnonzero(found >= 0)[::-1]
    of_pick[found[linked]] = arrivals[linked]
    lost = np.bincount(place[found < 0], minlength=len(events.rows))
    for i in np.flatnonzero(lost).tolist():
        rejects.add(
            line_of(block, events.origins[i]),
            "arrival",
            f"{lost[i]} arrivals name picks that are not in the event",
            event_id=events.ids[i],
        )
    return of_pick


def _coded(texts: pa.Array, codes: dict[str, Any], missing: Any) -> tuple[pa.Array, Mask]:
    """Texts as codes, and a mask of those that are no code."""
    encoded = texts.dictionary_encode()
    words = [w.strip().lower() for w in encoded.dictionary.to_pylist()]
    values = pa.array([codes.get(w, missing) for w in words] + [missing])
    odd = np.array([w not in codes and w != "" for w in words] + [False])
    index = encoded.indices.fill_null(len(words))
    return values.take(index), odd[index.to_numpy()]


def _first_ps(texts: pa.Array) -> Mask:
    encoded = texts.dictionary_encode()
    is_p = [is_first_p(w) for w in encoded.dictionary.to_pylist()]
    mask: Mask = np.array([*is_p, False])
    index: Integers = encoded.indices.fill_null(len(is_p)).to_numpy().astype(np.int64)
    return mask[index]


def _doubled(
    event: Integers, codes: list[pa.Array], linked: Mask, problems: dict[int, str]
) -> list[tuple[int, int]]:
    """Picks whose event and channel have another one, with that one.

    A pick with an arrival at the chosen origin goes before one without, then the first.
    """
    code = event.copy()
    for column in codes:
        encoded = column.dictionary_encode()
        code = code * max(len(encoded.dictionary), 1) + encoded.indices.to_numpy()
    good = np.ones(len(code), dtype=bool)
    good[list(problems)] = False
    order = np.flatnonzero(good)
    order = order[np.argsort(~linked[order], kind="stable")]
    _, first, inverse = np.unique(code[order], return_index=True, return_inverse=True)
    if len(first) == len(order):
        return []
    kept = order[first[inverse]]
    return [(int(i), int(k)) for i, k in zip(order, kept, strict=True) if i != k]
