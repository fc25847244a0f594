"""Amplitudes of P and S from the amplitudes of a block of QuakeML."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.formats._quakeml_arrivals import LinkedPicks
from quakeloom.formats._quakeml_blocks import FIELD, Integers
from quakeloom.formats._quakeml_columns import OneKind, match_ids
from quakeloom.formats._quakeml_grammar import AMPLITUDE, PICK
from quakeloom.formats._quakeml_phases import first_phases
from quakeloom.formats._quakeml_pick_columns import PickSource
from quakeloom.formats._source_tables import TableBuilder

_OF_PICK = "of its pick"
"""Stands for the phase of the pick that an amplitude belongs to."""
_TYPES = {
    "": _OF_PICK,
    "a": _OF_PICK,
    **dict.fromkeys(("ap", "a_p", "p"), "P"),
    **dict.fromkeys(("as", "a_s", "s"), "S"),
}
"""Types of amplitudes in lower case and the phase they are of; others belong to magnitudes."""
_NO_AMPLITUDES = ("duration", "period")
"""Categories of readings that are no amplitude of ground motion."""
_LARGEST = 1e20
"""No amplitude is larger, be it meters or counts."""
_CODES = ("network", "station", "channel")
"""Codes of a channel."""


@dataclass
class _Channel:
    """Amplitudes of one channel of an event: where they stand, their unit, P and S."""

    line: int
    unit: str
    values: dict[str, float] = field(default_factory=dict)


def read_amplitudes(source: PickSource, linked: LinkedPicks) -> pa.Table:
    """Return amplitudes of P and S of a block; others are counted.

    An amplitude is one of P or S if its type says so, or if it is unspecified and its pick is
    a first P or S; all others are those of magnitudes. P and S of a channel are in one row;
    one in another unit than the first is put aside, since their ratio would mean nothing.
    """
    events = source.events
    records = OneKind(events.block, events.block.rows(AMPLITUDE), AMPLITUDE)
    rows = TableBuilder("amplitudes", source_file=source.name)
    if not len(records.rows):
        return rows.table()
    event = events.of(records.rows)
    pick = _find_picks(source, linked, records, event)
    phase = _phases(records, linked, pick)
    values, bad = records.numbers("value")
    words = {n: records.words(n).to_pylist() for n in (*_CODES, "unit")}
    of_pick = {n: OneKind(events.block, linked.rows, PICK).words(n) for n in _CODES}
    channels: dict[tuple[int, str, str, str], _Channel] = {}
    for i in np.flatnonzero(phase != "").tolist():
        codes = [words[n][i] for n in _CODES]
        if not codes[1] and pick[i] >= 0:
            codes = [of_pick[n][int(pick[i])].as_py() for n in _CODES]
        name, unit = str(phase[i]), words["unit"][i]
        channel = channels.setdefault(
            (int(event[i]), codes[0], codes[1], codes[2]), _Channel(records.line(i), unit)
        )
        reason = ""
        if source.reasons[event[i]]:
            reason = "its event is put aside"
        elif not codes[1]:
            reason = "the station code is missing"
        elif bad[i] or not 0.0 < values[i] < _LARGEST:
            reason = f"amplitude '{records.text(i, 'value')}' is no positive number that can be"
        elif name in channel.values:
            reason = f"doubled amplitude: the channel has one of {name}"
        elif unit != channel.unit:
            reason = f"its unit '{unit}' is not that of the channel's other amplitude"
        if reason:
            event_id = events.ids[event[i]]
            source.rejects.add(records.line(i), "amplitude", reason, "", event_id, codes[1])
        else:
            channel.values[name] = float(values[i])
    for (number, network, station, code), channel in channels.items():
        if channel.values:
            rows.add(
                event_id=events.ids[number],
                network=network,
                station=station,
                channel=code,
                p_amplitude=channel.values.get("P", math.nan),
                s_amplitude=channel.values.get("S", math.nan),
                source_line=channel.line,
            )
    source.unused["amplitudes"] += int((phase == "").sum())
    return rows.table()


def _find_picks(
    source: PickSource, linked: LinkedPicks, records: OneKind, event: Integers
) -> Integers:
    block = source.events.block
    ids = block.texts(linked.rows, FIELD[PICK]["id"])
    return match_ids(linked.event, ids, event, records.texts("pick_id"))


def _phases(records: OneKind, linked: LinkedPicks, pick: Integers) -> NDArray[np.str_]:
    """Return P, S or nothing for every amplitude."""
    types = np.array([_TYPES.get(w.lower(), "") for w in records.words("type").to_pylist()])
    categories = np.array([w.lower() for w in records.words("category").to_pylist()])
    picked = np.array([*first_phases(linked.phase), ""])[pick]
    phase = np.where(types == _OF_PICK, picked, types)
    return np.where(np.isin(categories, _NO_AMPLITUDES), "", phase)
