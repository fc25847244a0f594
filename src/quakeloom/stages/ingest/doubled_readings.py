"""Readings that several sources have: which one counts, and what is said of the others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.stages.ingest.reject_rows import reject_rows

_CODES = ("network", "station", "channel")
"""Columns that say who made a reading."""

DISAGREES = "doubled reading: another source has this channel with the opposite first motion"
"""How the reason begins where two sources decided differently."""

_REASON = "doubled reading: another source with this channel comes first"
"""Why a reading of a later source is put aside."""

_UNDECIDED = "doubled reading: another source has this channel decided, and this one has not"
"""Why an undecided reading is put aside."""


def choose_sources(
    name: str, rows: pa.Table, event: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], list[pa.Table]]:
    """Choose one source for every event, network, station and channel.

    The first source, in the order of the configuration, that has decided counts: a first motion
    that is up or down, or has a probability; an amplitude of P or S. Where none has, the first
    source does. Several readings of a channel in one source are kept: networks have several
    pickers.

    Parameters
    ----------
    name : str
        ``polarities`` or ``amplitudes``.
    rows : pyarrow.Table
        The registered table, sorted by event; rows of an event in the order of the sources.
    event : ndarray of int64
        Event of each row.

    Returns
    -------
    kept : ndarray of bool
    rejects : list of pyarrow.Table
        The others, with the reason; a first motion that is the opposite of the one that counts
        says so.
    """
    key = event.astype(np.int64)
    for column in _CODES:
        codes = rows.column(column).combine_chunks().dictionary_encode().indices.to_numpy()
        key = key * (int(codes.max()) + 1) + codes
    source = rows.column("source_file").combine_chunks().dictionary_encode().indices.to_numpy()
    everything = np.ones(rows.num_rows, dtype=bool)
    if not source.any():
        return everything, []
    decided = _are_decided(name, rows)
    # of each key, the first decided row, else the first row
    order = np.lexsort((np.arange(rows.num_rows), ~decided, key))
    _, start, inverse = np.unique(key[order], return_index=True, return_inverse=True)
    chosen = np.empty(rows.num_rows, dtype=np.int64)
    chosen[order] = order[start][inverse]
    kept = source[chosen] == source
    if kept.all():
        return everything, []
    reasons = np.where(decided | ~decided[chosen], _REASON, _UNDECIDED).astype(object)
    if name == "polarities":
        sign = _signs(rows)
        opposite = sign * sign[chosen] < 0
        reasons[opposite] = f"{DISAGREES}, and comes first"
    aside = rows.filter(pa.array(~kept))
    return kept, [reject_rows(name, aside, reasons[~kept].tolist())]


def count_disagreements(rejects: pa.Table) -> int:
    """Return how many first motions were put aside that another source has the other way."""
    said = pc.starts_with(rejects.column("reason"), DISAGREES)
    return int(pc.sum(said).as_py() or 0)


def _are_decided(name: str, rows: pa.Table) -> NDArray[np.bool_]:
    if name == "amplitudes":
        return np.asarray(
            np.isfinite(rows.column("p_amplitude").to_numpy())
            | np.isfinite(rows.column("s_amplitude").to_numpy())
        )
    known = np.isfinite(rows.column("probability_up").to_numpy())
    return np.asarray((rows.column("polarity").to_numpy() != 0) | known)


def _signs(rows: pa.Table) -> NDArray[np.float64]:
    """Signs of first motions; where none is written, that of the probability."""
    sign = rows.column("polarity").to_numpy().astype(np.float64)
    chance = np.nan_to_num(rows.column("probability_up").to_numpy() - 0.5)
    return np.asarray(np.where(sign == 0, np.sign(chance), sign))
