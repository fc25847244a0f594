"""Which readings are used, and the reason of those that are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.schema import USES
from quakeloom.stages.readings.sites import ReadingSites
from quakeloom.stages.readings.station_epochs import find_reversed

USE_CODES = {name: i for i, name in enumerate(USES)}
"""Code of each way a reading is used, in the order of :data:`quakeloom.schema.USES`."""

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


def are_impulsive(settings: Settings, readings: pa.Table) -> NDArray[np.bool_]:
    """Which readings are impulsive; an onset that is not said counts as impulsive."""
    if settings.selection.impulsive_by == "weight":
        return np.asarray(readings.column("pick_weight").to_numpy() == 0)
    return np.asarray(pc.is_in(readings.column("onset"), pa.array(["I", ""])).to_numpy())


def screen_readings(
    report: pa.Table, readings: pa.Table, times: NDArray[np.datetime64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Readings of stations that a report calls reversed, and of kinds it calls coins."""
    verdict = report.column("verdict")
    reversed_rows = report.filter(pc.equal(verdict, "reversed"))
    turned = find_reversed(reversed_rows, readings, times)
    coins = set(report.filter(pc.equal(verdict, "coin")).column("pick_kind").to_pylist()) - {""}
    kinds, kind = pick_kinds(readings.column("onset"), readings.column("pick_weight").to_numpy())
    return turned, np.isin(kinds, sorted(coins))[kind]


def choose_readings(
    settings: Settings,
    readings: pa.Table,
    polarity: NDArray[np.int8],
    probability: NDArray[np.float64],
    sites: ReadingSites,
    given: tuple[NDArray[np.float64], NDArray[np.float64]],
    impulsive: NDArray[np.bool_],
    screened: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Say for every reading whether it is used, or the first reason why not."""
    selection = settings.selection
    use = np.full(readings.num_rows, USE_CODES["used"])
    sure = np.maximum(probability, 1.0 - probability)
    unsigned = polarity == 0
    if settings.mechanism.use_probabilities:
        unsigned &= np.isnan(probability)
    weight = readings.column("pick_weight").to_numpy()
    traced = settings.takeoff.angles != "given"
    with np.errstate(invalid="ignore"):
        reasons = [
            ("no_polarity", unsigned),
            ("low_probability", sure < selection.minimum_probability),
            ("pick_weight", weight > selection.maximum_pick_weight),
            ("onset", ~impulsive & (selection.onsets == "impulsive")),
            ("screened", screened),
            ("no_angles", (np.isnan(given[0]) | np.isnan(given[1])) & (not traced)),
            ("no_station", np.isnan(sites.azimuth) & traced),
            ("too_far", sites.distance > selection.maximum_distance_km),
        ]
    for name, mask in reversed(reasons):
        use[mask] = USE_CODES[name]
    if selection.one_per_station:
        use[_repeats(readings, sites.event, use == USE_CODES["used"])] = USE_CODES["doubled"]
    return use


def _repeats(
    readings: pa.Table, event: NDArray[np.int64], usable: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return usable readings of a station that has a better one of the same event.

    Better is the lower weight code, then the onset in the order of :data:`_ONSETS`, then
    the earlier row. Two readings of one first motion are no two witnesses.
    """
    rows = np.flatnonzero(usable)
    part = readings.take(rows)
    site = pc.binary_join_element_wise(part.column("network"), part.column("station"), ".")
    site_code = site.combine_chunks().dictionary_encode().indices.to_numpy()
    weight = part.column("pick_weight").to_numpy().astype(float)
    weight[weight < 0] = 0.5
    known = pc.index_in(part.column("onset"), pa.array(_ONSETS)).fill_null(len(_ONSETS)).to_numpy()
    order = np.lexsort((rows, known, weight, site_code, event[rows]))
    same = (np.diff(event[rows][order]) == 0) & (np.diff(site_code[order]) == 0)
    return np.asarray(rows[order[1:][same]])
