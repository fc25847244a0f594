"""Collecting what the report page shows of waveforms, picks and first motions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.report._large_tables import count_values, judged_events, of_judged_events
from quakeloom.schema import TABLES, empty_table, make_table, time_values
from quakeloom.stages.frame.partition_states import planned_partitions
from quakeloom.stages.mechanism import MECHANISM
from quakeloom.stages.pick import PICK
from quakeloom.stages.polarity import POLARITY
from quakeloom.stages.weights.pickers import open_picker
from quakeloom.stages.window.reading import window_group, window_table
from quakeloom.store import RunLayout, open_array, open_item, read_json, read_table

_AROUND_S = 0.35
"""Seconds before and after a reading that a figure shows."""

Excerpt = tuple[NDArray[np.float32], float, int]
"""Vertical around an arrival, its sampling rate, and the sample of the arrival."""


def collect_waveforms(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Return the facts of the waveform section, or nothing if the run reads no waveforms."""
    if settings.waveforms is None or not settings.cuts_windows:
        return {}
    names = planned_partitions(layout, MECHANISM.name)
    simulated = settings.simulation is not None
    given = of_judged_events(
        layout, _simulated_arrivals(layout) if simulated else _given_arrivals(layout, names)
    )
    aliases = settings.waveforms.station_aliases
    return {
        "picker": read_json(layout.done_step(PICK.name, "init"))["picker"],
        "reader": read_json(layout.done_step(POLARITY.name, "init"))["reader"],
        "authority": "simulated truth" if simulated else "analyst",
        "reference": _rename_stations(given, aliases),
        "readings": _rename_stations(_readings(settings, layout, names, given), aliases),
        "excerpt": _excerpt_reader(settings, layout, names),
        "window_status": count_values(layout, "windows", "window_status"),
        "phases": count_values(layout, "picks", "phase"),
        "is_part": judged_events(layout) is not None,
    }


def _simulated_arrivals(layout: RunLayout) -> pa.Table:
    folder = open_item(read_json(layout.ingest / "simulation.json")["folder"])
    return read_table(folder / "reference_arrivals.parquet", "reference_arrivals")


def _given_arrivals(layout: RunLayout, names: list[str]) -> pa.Table:
    """Picks and first motions of the sources in one table."""
    columns = TABLES["reference_arrivals"].columns
    pieces = [empty_table("reference_arrivals")]
    for name in names:
        picks, motions = (
            read_table(layout.rows(name) / f"{t}.parquet", t) for t in ("picks", "polarities")
        )
        pieces += [
            make_table("reference_arrivals", {c: picks.column(c) for c in columns[:5]}),
            make_table(
                "reference_arrivals",
                {
                    **{c: motions.column(c) for c in (*columns[:3], "polarity")},
                    "phase": ["P"] * motions.num_rows,
                    "time": motions.column("arrival_time"),
                },
            ),
        ]
    return pa.concat_tables(pieces)


def _readings(settings: Settings, layout: RunLayout, names: list[str], given: pa.Table) -> pa.Table:
    """What was read of the events of the reference.

    With `waveforms.polarities: add` a reading stands only where the sources have none, so that
    there is nothing to compare.
    """
    assert settings.waveforms is not None
    pieces = [empty_table("polarities")]
    if settings.waveforms.polarities == "replace":
        events = pc.unique(given.column("event_id"))
        for name in names:
            read = read_table(layout.part(POLARITY.name, name) / "polarities.parquet", "polarities")
            pieces.append(read.filter(pc.is_in(read.column("event_id"), events)))
    return pa.concat_tables(pieces)


def _rename_stations(table: pa.Table, aliases: dict[str, str]) -> pa.Table:
    codes = [aliases.get(c, c) for c in table.column("station").to_pylist()] if aliases else []
    place = table.column_names.index("station")
    return table.set_column(place, table.schema.field(place), [codes]) if codes else table


def _excerpt_reader(
    settings: Settings, layout: RunLayout, names: list[str]
) -> Callable[[Mapping[str, Any]], Excerpt | None]:
    """Return what finds the waveform of a reading, None where it does not reach.

    Some two dozen are drawn, of as many partitions. To compare all that these hold with their
    digests would read gigabytes for every picture; a window of zeros, as which a missing chunk
    reads, is left out.
    """
    assert settings.waveforms is not None
    vertical = open_picker(settings.waveforms.picker).components.index("Z")
    partition = {
        event: name
        for name in names
        for event in read_table(layout.rows(name) / "events.parquet", "events", ["event_id"])
        .column("event_id")
        .to_pylist()
    }

    @cache
    def table(name: str) -> pa.Table:
        columns = window_table(layout, name)
        return columns.filter(pc.greater_equal(columns.column("window"), 0))

    def excerpt(reading: Mapping[str, Any]) -> Excerpt | None:
        windows = table(partition[reading["event_id"]])
        group = window_group(layout, partition[reading["event_id"]])
        for name in ("event_id", "station", "channel"):
            windows = windows.filter(pc.equal(windows.column(name), reading[name]))
        if not windows.num_rows:
            return None
        (start,) = time_values(windows.column("window_start")).astype("datetime64[ns]")
        rate = float(windows.column("sampling_rate_hz")[0].as_py())
        data = open_array(group, "waveform")[windows.column("window")[0].as_py(), vertical]
        late = (reading["arrival_time"].value - int(start.astype(np.int64))) / 1e9
        at, reach = round(late * rate), round(_AROUND_S * rate)
        if at < reach or at + reach > data.size or not data.any():
            return None
        return np.asarray(data[at - reach : at + reach]), rate, reach

    return excerpt
