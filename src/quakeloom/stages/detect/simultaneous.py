"""Picks of one phase that several instruments of a station give at one time: one is kept."""

from __future__ import annotations

from typing import Any

from quakeloom.signal import band_of
from quakeloom.stages.archive.instrument_choice import InstrumentSays, choose_instrument
from quakeloom.stages.detect.archive_days import NANO

_WITHIN = NANO // 2
"""Nanoseconds within which picks are of one arrival, as where a folder is picked."""


def keep_one_instrument(
    rows: list[dict[str, Any]], slow: set[tuple[str, str]]
) -> tuple[list[dict[str, Any]], list[tuple[dict[str, Any], str]]]:
    """Keep the better of simultaneous picks of a station's instruments.

    Parameters
    ----------
    rows : list of dict
        Picks of one station.
    slow : set of (str, str)
        Location and band of the instruments that record slower than the picker reads.

    Returns
    -------
    kept : list of dict
        With ``choice`` where there was one.
    left : list of (dict, str)
        The others, with the reason in words.
    """

    def says(row: dict[str, Any]) -> InstrumentSays:
        place = row["location_code"], band_of(row["channel"])
        return InstrumentSays(
            row["location_code"], row["channel"], row["probability"], place in slow, row["clipped"]
        )

    dropped: dict[int, str] = {}
    order = sorted(rows, key=lambda r: (r["phase"], r["time"], r["location_code"], r["channel"]))
    for i, row in enumerate(order):
        for other in order[i + 1 :]:
            if other["phase"] != row["phase"] or other["time"] - row["time"] > _WITHIN:
                break
            one, two = says(row), says(other)
            same = (one.location_code, band_of(one.channel)) == (
                two.location_code, band_of(two.channel),
            )  # fmt: skip
            if same or id(row) in dropped or id(other) in dropped:
                continue
            is_first, words = choose_instrument(one, two)
            better, worse = (row, other) if is_first else (other, row)
            dropped[id(worse)] = words
            better["choice"] = better["choice"] or words
    kept = [r for r in rows if id(r) not in dropped]
    return kept, [(r, dropped[id(r)]) for r in rows if id(r) in dropped]
