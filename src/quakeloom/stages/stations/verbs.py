"""Stage ``stations``: how often the readings of a station contradict the mechanisms.

Writes ``station_report.parquet``, ``station_months.parquet`` with the months of every station,
and ``reversal_proposals.parquet`` with the spans that look reversed, in the form of a reversal
table.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.config import Settings
from quakeloom.mechanism import (
    ContradictionReport,
    count_contradictions,
    report_pick_kinds,
    report_stations,
)
from quakeloom.schema import make_table, time_values
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise
from quakeloom.stages.readings.use import pick_kinds
from quakeloom.stages.stations import STATIONS
from quakeloom.store import RunLayout, read_table, write_table

log = logging.getLogger(__name__)


def promise(run: PlannedRun) -> Promise:
    """Return what the report of all readings needs."""
    return Promise(1000 + run.events // 200, 30)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Make the station report of a run and its proposals for the reversal table."""
    columns = ["event_id", "network", "station", "polarity", "onset", "pick_weight", "use",
               "predicted_up"]  # fmt: skip
    readings = read_table(layout.table("polarities"), "polarities", columns)
    readings = readings.filter(pc.equal(readings.column("use"), "used"))
    events = read_table(layout.table("events"), "events", ["event_id", "origin_time"])
    event = pc.index_in(
        readings.column("event_id"), events.column("event_id").combine_chunks()
    ).to_numpy()
    times = time_values(events.column("origin_time"))[event]
    polarity = readings.column("polarity").to_numpy()
    predicted = readings.column("predicted_up").to_numpy()
    rate = settings.mechanism.polarity_error_rate

    names = pc.binary_join_element_wise(
        readings.column("network"), readings.column("station"), "\x1f"
    ).combine_chunks().dictionary_encode()  # fmt: skip
    number = names.indices.to_numpy().astype(np.int64)
    stations = [s.split("\x1f") for s in names.dictionary.to_pylist()]
    kinds, kind = pick_kinds(readings.column("onset"), readings.column("pick_weight").to_numpy())
    by_station, by_kind = _report_in_rounds(number, kind, times, polarity, predicted, rate)
    start = np.concatenate([_times(times, by_station.first), _times(times, -1 + 0 * by_kind.first)])
    end = np.concatenate([_times(times, by_station.last), _times(times, -1 + 0 * by_kind.last)])
    rows = len(by_station.group)
    table = make_table(
        "station_report",
        {
            "network": [stations[g][0] for g in by_station.group] + [""] * len(by_kind.group),
            "station": [stations[g][1] for g in by_station.group] + [""] * len(by_kind.group),
            "start_time": start,
            "end_time": end,
            "pick_kind": [""] * rows + [str(kinds[g]) or "(none)" for g in by_kind.group],
            "reason": [_sentence(by_station, i) for i in range(rows)]
            + [_sentence(by_kind, i) for i in range(len(by_kind.group))],
            **{
                name: np.concatenate([getattr(by_station, field), getattr(by_kind, field)])
                for name, field in (
                    ("polarity_count", "count"),
                    ("contradiction_count", "contradictions"),
                    ("contradiction_rate", "rate"),
                    ("log_odds", "log_odds"),
                    ("verdict", "verdict"),
                )
            },
        },
    )
    provenance = read_kept_provenance(layout, STATIONS.name)
    months = _monthly(number, stations, times, polarity, predicted, rate)
    proposals = table.filter(pc.equal(table.column("verdict"), "reversed"))
    reversals = make_table(
        "reversals",
        {n: proposals.column(n) for n in ("network", "station", "start_time", "end_time")}
        | {"source_file": pa.array(["station_report"] * proposals.num_rows, pa.string())},
    )
    with open_part(layout, STATIONS.name, ONE) as job:
        for written, table_kind, made in (
            ("station_months", "station_months", months),
            ("station_report", "station_report", table),
            ("reversal_proposals", "reversals", reversals),
        ):
            write_table(layout.table(written), table_kind, made, provenance)
            job.also.append(layout.table(written))
        job.counts = {"rows": rows, "reversed": proposals.num_rows}
    log.info(
        "stations: %d rows, %d spans look reversed, uninformative pick kinds: %s",
        rows,
        proposals.num_rows,
        ", ".join(str(kinds[g]) for g, v in zip(by_kind.group, by_kind.verdict, strict=True)
                  if v == "uninformative") or "none",
    )  # fmt: skip
    return job.summary


def _monthly(
    number: Any, stations: list[list[str]], times: Any, polarity: Any, predicted: Any, rate: float
) -> pa.Table:
    """Return how often every station contradicts the mechanisms in every month."""
    month = times.astype("datetime64[M]").astype(np.int64)
    dated = ~np.isnat(times)
    code = number[dated] * _MONTHS + month[dated] + _MONTHS // 2
    found = count_contradictions(code, polarity[dated], predicted[dated], rate)
    of_station, of_month = np.divmod(found.group, _MONTHS)
    start = (of_month - _MONTHS // 2).astype("datetime64[M]")
    return make_table(
        "station_months",
        {
            "network": [stations[s][0] for s in of_station.tolist()],
            "station": [stations[s][1] for s in of_station.tolist()],
            "start_time": start.astype("datetime64[ns]"),
            "end_time": (start + 1).astype("datetime64[ns]"),
            "polarity_count": found.count,
            "contradiction_count": found.contradictions,
            "contradiction_rate": found.rate,
            "log_odds": found.log_odds,
        },
        rows=len(found.group),
    )


_MONTHS = 100_000
"""More months than any catalog has, on both sides of 1970."""


def _report_in_rounds(
    station: Any, kind: Any, times: Any, polarity: Any, predicted: Any, rate: float
) -> tuple[ContradictionReport, ContradictionReport]:
    """Report stations by readings of trusted kinds, and kinds by stations as they should be.

    Readings of an uninformative kind say nothing of their station, and those
    of a reversed station nothing of their kind; two rounds tell them apart.
    """
    sign = polarity
    for _ in range(2):
        by_kind = report_pick_kinds(kind, sign, predicted, rate)
        errors = np.full(int(kind.max(initial=-1)) + 1, rate)
        judged = by_kind.verdict != "too_few"
        errors[by_kind.group[judged]] = np.where(
            by_kind.verdict[judged] == "uninformative", 0.5, np.maximum(by_kind.rate[judged], 0.02)
        )
        by_station = report_stations(station, times, polarity, predicted, errors[kind])
        sign = polarity.copy()
        for row in np.flatnonzero(by_station.verdict == "reversed"):
            span = station == by_station.group[row]
            if by_station.first[row] >= 0:
                span &= times >= times[by_station.first[row]]
            if by_station.last[row] >= 0:
                span &= times <= times[by_station.last[row]]
            sign[span] *= -1
    return by_station, by_kind


def _times(times: Any, index: Any) -> Any:
    nothing = np.datetime64("NaT", "ns")
    if not times.size:
        return np.full(len(index), nothing)
    return np.where(index >= 0, times[np.maximum(index, 0)], nothing)


def _sentence(report: ContradictionReport, i: int) -> str:
    return f"{report.contradictions[i]} of {report.count[i]} contradict"
