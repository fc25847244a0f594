"""Columns of picks and first motions from the picks and arrivals of QuakeML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.formats._first_motions import ONSET_WORDS
from quakeloom.formats._quakeml_arrivals import LinkedPicks
from quakeloom.formats._quakeml_blocks import Integers
from quakeloom.formats._quakeml_columns import BlockEvents, OneKind, as_mask
from quakeloom.formats._quakeml_errors import read_errors
from quakeloom.formats._quakeml_grammar import ARRIVAL
from quakeloom.formats._quakeml_origins import KM_PER_DEGREE
from quakeloom.formats._source_tables import Rejects
from quakeloom.formats._text_columns import Mask
from quakeloom.schema import out_of_bounds

_MODES = {"manual": "analyst", "automatic": "automatic"}
"""Who picked, by the evaluation mode."""
_BLANK_LOCATIONS = ("--", "__")
"""Location codes that stand for an empty one."""
_LEAST_WEIGHT_CODE = 4
"""Weight code of HYPO71 for a pick that is not used; 0 is one of full weight."""
_LARGEST_WEIGHT = 1000.0
"""Weights of locations are about 1; some programs norm them to the number of picks."""
ANGLES = (
    ("azimuth_deg", "azimuth", 1.0),
    ("takeoff_deg", "takeoff", 1.0),
    ("takeoff_error_deg", "takeoff_error", 1.0),
    ("distance_km", "distance", KM_PER_DEGREE),
)
"""Columns of first motions that come from the arrival, their fields, and a factor."""


@dataclass(frozen=True)
class PickSource:
    """Where picks come from, and what is known of their events.

    Attributes
    ----------
    events : BlockEvents
    reasons : list of str
        Why an event is put aside; its picks are as well.
    origin_time : ndarray of datetime64
        NaT where not known.
    rejects : Rejects
    name : str
        The file.
    unused : Counter of str
        How many readings of a kind were passed over, for a row about the whole file.
    """

    events: BlockEvents
    reasons: list[str]
    origin_time: NDArray[np.datetime64]
    rejects: Rejects
    name: str
    unused: Counter[str]


@dataclass(frozen=True)
class StationCodes:
    """Network, station, channel and location of every pick, and their combinations as numbers."""

    words: dict[str, pa.Array]
    station: Integers
    channel: Integers
    instrument: Integers


def read_codes(pick: OneKind, event: Integers) -> StationCodes:
    """Return the codes of picks; a location written as ``--`` is empty."""
    words = {n: pick.words(n) for n in ("network", "station", "channel", "location")}
    blank = pc.is_in(words["location"], pa.array(_BLANK_LOCATIONS))
    words["location"] = pc.if_else(blank, "", words["location"])
    station = combine(event, (words["network"], words["station"]))
    channel = combine(station, (words["channel"],))
    return StationCodes(words, station, channel, combine(channel, (words["location"],)))


def combine(code: Integers, columns: Sequence[pa.Array]) -> Integers:
    """Return one number for every combination of a number and texts."""
    for column in columns:
        encoded = column.dictionary_encode()
        code = code * max(len(encoded.dictionary), 1) + encoded.indices.to_numpy()
    return code


def read_angles(
    events: BlockEvents, arrival: Integers, first_p: Mask, problems: dict[int, str]
) -> dict[str, Any]:
    """Return the angles and distances of first motions; one that is impossible is a problem."""
    rows = np.where(first_p, arrival, -1)
    records = OneKind(events.block, rows, ARRIVAL)
    columns: dict[str, Any] = {}
    for name, field_name, factor in ANGLES:
        values, bad = records.numbers(field_name)
        with np.errstate(over="ignore", invalid="ignore"):
            values = values * factor
        if name == "azimuth_deg":
            values = np.where((values < 0) & (values >= -360), values + 360.0, values)
        for i in np.flatnonzero(bad | out_of_bounds(name, values)).tolist():
            text = records.text(i, field_name)
            problems.setdefault(i, f"{field_name} '{text}' is impossible")
        columns[name] = pa.array(values)
    return columns


def read_onsets(
    pick: OneKind, phase_onset: pa.Array, source: PickSource, event: Integers
) -> pa.Array:
    """Return onsets as letters, else those before the phases; unknown words are told."""
    if not pick.has("onset"):
        return phase_onset
    onset, unknown = coded(pick.texts("onset"), ONSET_WORDS, "")
    _note(source, pick, event, unknown, "onset", "is not known and left out")
    return pc.if_else(pc.equal(onset, ""), phase_onset, onset)


def read_time_errors(pick: OneKind, source: PickSource, event: Integers) -> NDArray[np.float64]:
    """Return standard errors of picks in seconds; impossible ones are told and unknown."""
    error, bad = read_errors(pick, "time")
    bad = bad | out_of_bounds("uncertainty_s", error)
    _note(source, pick, event, bad, "time_error", "is impossible and left out")
    return np.where(bad, np.nan, error)


def read_weights(source: PickSource, linked: LinkedPicks) -> NDArray[np.int8]:
    """Return the weights of arrivals as weight codes, -1 where there is none."""
    records = OneKind(source.events.block, linked.weighed, ARRIVAL)
    code = np.full(len(linked.rows), -1, np.int8)
    if records.has("weight"):
        weight, bad = records.numbers("weight")
        with np.errstate(invalid="ignore"):
            bad = bad | (weight < 0) | (weight > _LARGEST_WEIGHT)
        _note(source, records, linked.event, bad, "weight", "is impossible and left out")
        known = ~np.isnan(weight) & ~bad
        share = np.minimum(weight[known], 1.0)
        code[known] = np.round(_LEAST_WEIGHT_CODE * (1.0 - share)).astype(np.int8)
    if records.has("used"):
        unused = pc.is_in(pc.utf8_lower(records.words("used")), pa.array(["false", "0"]))
        code[as_mask(unused)] = _LEAST_WEIGHT_CODE
    return code


def read_pickers(pick: OneKind, source: PickSource, event: Integers) -> pa.Array:
    """Return who picked: analyst, else the method of an automatic pick, else automatic."""
    if not pick.has("mode") and not pick.has("method"):
        return pa.array([""] * len(pick.rows), pa.string())
    who, unknown = coded(pick.texts("mode"), _MODES, "")
    _note(source, pick, event, unknown, "mode", "is not known and left out")
    method = pc.replace_substring_regex(pick.words("method"), pattern=r"^.*[/=#]", replacement="")
    named = pc.and_(pc.not_equal(method, ""), pc.not_equal(who, "analyst"))
    return pc.if_else(named, method, who)


def _note(
    source: PickSource, records: OneKind, event: Integers, mask: Mask, name: str, words: str
) -> None:
    """Tell a field that means nothing; the pick is kept without it."""
    for i in np.flatnonzero(mask).tolist():
        text = records.text(i, name)
        reason = f"{name.replace('_', ' ')} '{text}' {words}"
        source.rejects.add(records.line(i), "pick", reason, text, source.events.ids[event[i]])


def coded(texts: pa.Array, codes: Mapping[str, Any], missing: Any) -> tuple[pa.Array, Mask]:
    """Return texts as codes, and a mask of those that are no code."""
    encoded = texts.dictionary_encode()
    words = [w.strip().lower() for w in encoded.dictionary.to_pylist()]
    values = [codes.get(w, missing) for w in words] + [missing]
    kind = pa.int8() if isinstance(missing, int) else pa.string()
    odd = np.array([w not in codes and w != "" for w in words] + [False])
    index = encoded.indices.fill_null(len(words))
    return pa.array(values, kind).take(index), odd[index.to_numpy()]
