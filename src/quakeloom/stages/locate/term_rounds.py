"""Rounds of locating before the last one: which events, and how finely.

A round serves station terms and errors of picks alone. These are fitted to at most
:data:`MOST_EVENTS` events, each of which finds the hypocenter of every member by itself, from the
maximum of its posterior. So a round locates no other events, and on a coarser grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import string_keys

MOST_EVENTS = 20_000
"""Events that terms are fitted to; of a larger catalog an even part. Chosen here: with 20 picks an
event 4,000 terms have a hundred picks each, and the fit takes some minutes."""

_SCATTER = 5.0
"""Standard deviations of the number of chosen events that are kept below :data:`MOST_EVENTS`."""

NOISE_EVENTS = 10
"""Events from which on errors of picks are inferred. Chosen here: with ten picks each, their
error is then known to a tenth."""

_COARSER = 1.5
"""How much coarser the grid of a round is. Chosen here: terms then differ by 0.03 of their errors
(rms), and are as near to the truth (``benchmarks/locate_rounds.py``)."""


@dataclass(frozen=True)
class Rounds:
    """How often events are located before the last time, how often for terms, and which share."""

    every: int
    terms: int
    share: float = 1.0

    def choose(self, event_ids: list[str], seed: int) -> NDArray[np.int64]:
        """Return the numbers of the events that rounds locate, by the keys of their names.

        Whether an event is chosen does not depend on the others of its partition.
        """
        if self.share >= 1.0:
            return np.arange(len(event_ids))
        place = (string_keys(event_ids, seed) >> np.uint64(11)).astype(float) * 2.0**-53
        return np.flatnonzero(place < self.share)


def correction_rounds(locate: Locate, events: int) -> Rounds:
    """Return how many rounds a catalog of so many events gets, and the share of these in them."""
    if locate.corrections:
        return Rounds(0, 0)
    terms = locate.station_iterations if events >= locate.station_events else 0
    noise = locate.pick_noise == "inferred" and events >= NOISE_EVENTS
    wanted = MOST_EVENTS - _SCATTER * MOST_EVENTS**0.5
    share = wanted / events if events > MOST_EVENTS else 1.0
    return Rounds(max(terms, int(noise)), terms, share)


def round_settings(locate: Locate) -> Locate:
    """Return the settings of a round: no draws, and a coarser grid."""
    coarser = _COARSER * locate.resolution
    return locate.model_copy(update={"draws": 0, "compare": False, "resolution": coarser})
