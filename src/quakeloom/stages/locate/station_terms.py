"""Station terms and errors of picks from all partitions, between two rounds of locating."""

from __future__ import annotations

import logging
from typing import Any

import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.stages.frame.partition_states import refuse_incomplete
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.corrections import (
    Rounds,
    estimate_corrections,
    take_corrections,
)
from quakeloom.stages.locate.events import Corrections
from quakeloom.stages.locate.hypocenters import (
    locate_settings,
    noise_file,
    round_stage,
    terms_file,
)
from quakeloom.store import (
    RunLayout,
    read_json,
    read_table,
    write_json_if_changed,
    write_table,
)

log = logging.getLogger(__name__)


def planned_rounds(layout: RunLayout) -> Rounds:
    """Return the rounds of a run, as its plan has them."""
    return Rounds(**read_json(layout.plan_step(LOCATE.name, "init"))["rounds"])


def read_corrections(layout: RunLayout, number: int) -> Corrections | None:
    """Return what the round before gave; None before the first one."""
    if number == 0:
        return None
    return take_corrections(
        read_table(terms_file(layout, number - 1), "station_terms"),
        read_table(noise_file(layout, number - 1), "pick_noise"),
    )


def gather_terms(settings: Settings, layout: RunLayout, round_number: int) -> dict[str, Any]:
    """Estimate station terms and errors of picks from all partitions of a round.

    Raises
    ------
    IncompleteError
        If partitions of the round are missing or stale; the message names them.
    """
    stage = round_stage(round_number)
    names = refuse_incomplete(layout, LOCATE.name, stage)
    hypocenters, arrivals = (
        pa.concat_tables([read_table(layout.part(stage, n) / f"{t}.parquet", t) for n in names])
        for t in LOCATE.part_tables
    )
    rounds = planned_rounds(layout)
    terms, noise = estimate_corrections(
        locate_settings(settings), hypocenters, arrivals, rounds.terms > 0
    )
    files = (terms_file(layout, round_number), noise_file(layout, round_number))
    for item, name, table in zip(
        files, ("station_terms", "pick_noise"), (terms, noise), strict=True
    ):
        write_table(item, name, table)
    write_json_if_changed(
        layout.done_step(stage, "terms"),
        {"digests": [f.digest() for f in files], "stations": terms.num_rows},
    )
    log.info("locate: %d station terms of round %d", terms.num_rows, round_number)
    return {"terms": terms.num_rows, "picks": arrivals.num_rows}
