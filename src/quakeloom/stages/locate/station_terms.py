"""Station terms and errors of picks from all partitions, between two rounds of locating."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from quakeloom.cluster import one_thread
from quakeloom.config import Settings
from quakeloom.location import make_ensemble
from quakeloom.stages.frame.partition_states import refuse_incomplete
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.corrections import (
    ESTIMATED,
    Estimated,
    estimate_corrections,
    read_given_corrections,
    take_corrections,
)
from quakeloom.stages.locate.ensembles import read_ensemble
from quakeloom.stages.locate.events import Corrections, Locator
from quakeloom.stages.locate.hypocenters import (
    estimated_file,
    locate_settings,
    round_stage,
    tables_folder,
)
from quakeloom.stages.locate.term_rounds import Rounds
from quakeloom.store import (
    RunLayout,
    read_json,
    read_table,
    write_json_if_changed,
    write_table,
)

log = logging.getLogger(__name__)


_SHARED: dict[tuple[str, str], Locator] = {}
"""What the last block was located with, kept for the next one of this process."""


def shared_locator(layout: RunLayout) -> Locator:
    """Read the ensemble and the stations, once per process."""
    key = (str(layout.root), (tables_folder(layout) / "members.json").digest())
    if key not in _SHARED:
        stored = read_ensemble(tables_folder(layout))
        stations = read_table(layout.ingest / "stations.parquet", "stations")
        _SHARED.clear()
        _SHARED[key] = Locator(make_ensemble(stored.times), stored, stations)
    return _SHARED[key]


def planned_rounds(layout: RunLayout) -> Rounds:
    """Return the rounds of a run, as its plan has them."""
    return Rounds(**read_json(layout.plan_step(LOCATE.name, "init"))["rounds"])


def read_corrections(settings: Settings, layout: RunLayout, number: int) -> Corrections | None:
    """Return what the round before gave; before the first one what the settings give, or None."""
    if number == 0:
        members = shared_locator(layout).ensemble.times.member_count
        return read_given_corrections(locate_settings(settings), settings.data, members)
    return take_corrections(
        Estimated(*(read_table(estimated_file(layout, number - 1, n), n) for n in ESTIMATED))
    )


def part_tables(
    layout: RunLayout, stage: str, names: Sequence[str]
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield hypocenters and arrivals of some partitions, one after another."""
    for name in names:
        folder = layout.part(stage, name)
        hypocenters, arrivals = (read_table(folder / f"{t}.parquet", t) for t in LOCATE.part_tables)
        yield hypocenters, arrivals


@one_thread()
def gather_terms(settings: Settings, layout: RunLayout, round_number: int) -> dict[str, Any]:
    """Estimate station terms and errors of picks from all partitions of a round.

    Raises
    ------
    IncompleteError
        If partitions of the round are missing or stale; the message names them.
    """
    stage = round_stage(round_number)
    names = refuse_incomplete(layout, LOCATE.name, stage)
    rounds = planned_rounds(layout)
    found = estimate_corrections(
        locate_settings(settings), shared_locator(layout),
        partial(part_tables, layout, stage, names), settings.seed, rounds.terms > 0,
    )  # fmt: skip
    files = [estimated_file(layout, round_number, name) for name in ESTIMATED]
    for item, name in zip(files, ESTIMATED, strict=True):
        write_table(item, name, getattr(found, name))
    terms = found.station_terms.num_rows
    write_json_if_changed(
        layout.done_step(stage, "terms"),
        {"digests": [f.digest() for f in files], "stations": terms},
    )
    log.info("locate: %d station terms of round %d", terms, round_number)
    return {"terms": terms}
