"""Station terms from the residuals of all partitions, between two rounds of locating."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.config import Settings
from quakeloom.location import estimate_station_terms
from quakeloom.schema import make_table
from quakeloom.stages.frame.partition_states import refuse_incomplete
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.hypocenters import (
    locate_settings,
    round_stage,
    terms_file,
)
from quakeloom.store import RunLayout, read_table, write_json_if_changed, write_table

log = logging.getLogger(__name__)


def gather_terms(settings: Settings, layout: RunLayout, round_number: int) -> dict[str, Any]:
    """Estimate station terms from the residuals of all partitions of a round.

    Raises
    ------
    IncompleteError
        If partitions of the round are missing or stale; the message names them.
    """
    locate = locate_settings(settings)
    stage = round_stage(round_number)
    names = refuse_incomplete(layout, LOCATE.name, stage)
    arrivals = pa.concat_tables(
        [
            read_table(layout.part(stage, n) / "arrivals.parquet", "arrivals")
            .filter(pc.equal(pc.field("pick_use"), "used"))
            for n in names
        ]
    )  # fmt: skip
    codes = list(
        zip(*(arrivals.column(c).to_pylist() for c in ("network", "station", "phase")), strict=True)
    )
    keys = sorted(set(codes))
    index = {k: i for i, k in enumerate(keys)}
    residual = (
        arrivals.column("residual_s").to_numpy() + arrivals.column("station_term_s").to_numpy()
    )
    known = np.isfinite(residual)
    terms = estimate_station_terms(
        np.array([index[k] for k in codes], dtype=np.int64)[known],
        residual[known],
        arrivals.column("uncertainty_s").to_numpy()[known] ** 2 + locate.station_error_s**2,
        len(keys),
        locate.station_prior_s,
    )
    table = make_table(
        "station_terms",
        {
            "network": [k[0] for k in keys],
            "station": [k[1] for k in keys],
            "phase": [k[2] for k in keys],
            "station_term_s": terms.term_s,
            "station_term_error_s": terms.error_s,
            "pick_count": terms.count,
        },
        rows=len(keys),
    )
    item = terms_file(layout, round_number)
    write_table(item, "station_terms", table)
    used = arrivals.num_rows
    rms = float(np.sqrt(np.mean((residual[known]) ** 2))) if known.any() else 0.0
    write_json_if_changed(
        layout.done_step(stage, "terms"),
        {"digest": item.digest(), "stations": len(keys), "picks": used},
    )
    log.info("locate: %d station terms of round %d, rms %.3f s", len(keys), round_number, rms)
    return {"terms": len(keys), "picks": used}
