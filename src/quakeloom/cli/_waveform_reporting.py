"""Collecting what the report page shows of waveforms, picks and first motions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.plots import FirstMotion
from quakeloom.schema import empty_table, time_values
from quakeloom.stages import mechanism, pick, polarity, window
from quakeloom.stages.weights import open_picker
from quakeloom.store import RunLayout, open_array, read_json, read_table

_BEFORE_S = 0.35
_AFTER_S = 0.35
_MOTIONS = 400


def collect_waveforms(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Return the facts of the waveform section, or nothing if the run reads no waveforms."""
    if settings.waveforms is None:
        return {}
    names = [p.partition for p in mechanism.list_partitions(layout)]
    given = [read_table(layout.rows(n) / "picks.parquet", "picks") for n in names]
    motions: list[FirstMotion] = []
    for name in names:
        if len(motions) < _MOTIONS:
            motions += _motions(settings, layout, name, _MOTIONS - len(motions))
    return {
        "picker": read_json(layout.done_step(pick.STAGE, "init"))["picker"],
        "reader": read_json(layout.done_step(polarity.STAGE, "init"))["reader"],
        "given_picks": pa.concat_tables(given) if given else empty_table("picks"),
        "motions": motions,
    }


def _motions(settings: Settings, layout: RunLayout, partition: str, most: int) -> list[FirstMotion]:
    """First motions of a partition with their waveform; those an analyst read as well first."""
    read = read_table(layout.part(polarity.STAGE, partition) / "polarities.parquet", "polarities")
    given = read_table(layout.rows(partition) / "polarities.parquet", "polarities")
    truth = {
        (e, s): p
        for e, s, p in zip(
            *(given.column(c).to_pylist() for c in ("event_id", "station", "polarity")), strict=True
        )
        if p
    }
    windows, group = window.window_tables(layout, partition)
    columns = {
        c: windows.column(c).to_pylist()
        for c in ("event_id", "station", "channel", "window", "sampling_rate_hz")
    }
    starts = time_values(windows.column("window_start")).astype("datetime64[ns]").astype(np.int64)
    where = {
        (columns["event_id"][i], columns["station"][i], columns["channel"][i]): i
        for i in range(windows.num_rows)
        if columns["window"][i] >= 0
    }
    if not where:
        return []
    array = open_array(group, "waveform")
    assert settings.waveforms is not None
    vertical = open_picker(settings.waveforms.picker).components.index("Z")
    times = time_values(read.column("arrival_time")).astype("datetime64[ns]").astype(np.int64)
    rows = read.to_pylist()
    order = sorted(range(len(rows)), key=lambda i: (rows[i]["event_id"], rows[i]["station"])
                   not in truth)  # fmt: skip
    found = []
    for i in order:
        row = rows[i]
        at = where.get((row["event_id"], row["station"], row["channel"]))
        if at is None or len(found) >= most:
            continue
        rate = columns["sampling_rate_hz"][at]
        data = np.asarray(array[columns["window"][at], vertical])
        sample = round((int(times[i]) - int(starts[at])) * rate / 1e9)
        first, last = sample - round(_BEFORE_S * rate), sample + round(_AFTER_S * rate)
        if first < 0 or last > data.size:
            continue
        sign = truth.get((row["event_id"], row["station"]), 0)
        probability = row["probability_up"]
        found.append(
            FirstMotion(
                row["station"], data[first:last], rate, sample - first, row["polarity"], sign,
                float("nan") if probability is None else probability,
            )
        )  # fmt: skip
    return found
