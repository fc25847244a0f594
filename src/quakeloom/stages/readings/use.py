"""Which readings are used, and the reason of those that are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.stages.readings.block_readings import USE_CODES, BlockEvents, Readings

_ONSETS = ("I", "", "E")
"""Onset letters from the clearest; automatic pickers' letters come after."""


def pick_kinds(
    onset: pa.ChunkedArray, weight: NDArray[np.int8]
) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Return the kinds of picks, sorted, and the number of each pick's kind.

    A kind is onset letter and weight code, such as ``I0``.
    """
    letters = onset.combine_chunks().dictionary_encode()
    letter, code = letters.indices.to_numpy().astype(np.int64), np.maximum(weight, -1) + 1
    span = int(code.max(initial=0)) + 1
    found, number = np.unique(letter * span + code, return_inverse=True)
    names = np.array(
        [
            letters.dictionary[int(f // span)].as_py()[:1] + (str(f % span - 1) if f % span else "")
            for f in found
        ],
        dtype=str,
    )
    names, merged = np.unique(names, return_inverse=True)
    return names, merged[number]


def choose_readings(settings: Settings, events: BlockEvents, readings: Readings) -> Readings:
    """Say for every reading whether it is used, or the first reason why not."""
    selection = settings.selection
    probability = readings.probability_up
    sure = np.maximum(probability, 1.0 - probability)
    unsigned = readings.polarity == 0
    if settings.mechanism.weighs_probabilities:
        unsigned &= np.isnan(probability)
    impulsive = _are_impulsive(settings, readings)
    no_azimuth, no_takeoff = np.isnan(readings.azimuth_deg), np.isnan(readings.takeoff_deg)
    traced = settings.takeoff.angles != "given"
    with np.errstate(invalid="ignore"):
        reasons = [
            ("no_polarity", unsigned),
            ("low_probability", sure < selection.minimum_probability),
            ("pick_weight", readings.column("pick_weight") > selection.maximum_pick_weight),
            ("onset", ~impulsive & (selection.onsets == "impulsive")),
            ("screened", readings.is_screened),
            ("no_angles", (no_azimuth | no_takeoff) & (not traced)),
            ("no_station", no_azimuth & traced),
            ("too_far", readings.distance_km > selection.maximum_distance_km),
        ]
    use = readings.use.copy()
    for name, mask in reversed(reasons):
        use[mask] = USE_CODES[name]
    if selection.one_per_station:
        use[_repeats(readings, use == USE_CODES["used"])] = USE_CODES["doubled"]
    lost = ~events.is_usable[readings.event] & (use == USE_CODES["used"])
    use[lost] = USE_CODES["event_not_used"]
    return replace(readings, is_impulsive=impulsive, use=use)


def _are_impulsive(settings: Settings, readings: Readings) -> NDArray[np.bool_]:
    """Which readings are impulsive; an onset that is not said counts as impulsive."""
    if settings.selection.impulsive_by == "weight":
        return np.asarray(readings.column("pick_weight") == 0)
    found = pc.is_in(readings.table.column("onset"), pa.array(["I", ""]))
    return np.asarray(found.to_numpy())


def _repeats(readings: Readings, usable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return usable readings of a station that has a better one of the same event.

    Better is the lower weight code, then the onset in the order of :data:`_ONSETS`, then
    the earlier row. Two readings of one first motion are no two witnesses.
    """
    rows = np.flatnonzero(usable)
    part = readings.table.take(rows)
    event = readings.event[rows]
    site = pc.binary_join_element_wise(part.column("network"), part.column("station"), ".")
    site_code = site.combine_chunks().dictionary_encode().indices.to_numpy()
    weight = part.column("pick_weight").to_numpy().astype(float)
    weight[weight < 0] = 0.5
    known = pc.index_in(part.column("onset"), pa.array(_ONSETS)).fill_null(len(_ONSETS)).to_numpy()
    order = np.lexsort((rows, known, weight, site_code, event))
    same = (np.diff(event[order]) == 0) & (np.diff(site_code[order]) == 0)
    return np.asarray(rows[order[1:][same]])
