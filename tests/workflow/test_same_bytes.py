"""Serial, parallel and repartitioned runs give the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_runs import compute_run, write_config

from quakeloom.config import load_configuration
from quakeloom.core import IncompleteError, PlanError
from quakeloom.stages.frame.verbs import verify_stage
from quakeloom.stages.mechanism import MECHANISM
from quakeloom.stages.mechanism import blocks as _mechanism_blocks
from quakeloom.stages.mechanism import verbs as mechanism
from quakeloom.store import RunLayout, open_array, read_json, read_table


def compute(folder: Path, results: Path, **changes) -> RunLayout:
    """Run the stages in this process."""
    return compute_run(write_config(folder, **changes), results)


def tables(layout: RunLayout) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in layout.root.local.glob("*.parquet")}


def weights(layout: RunLayout) -> dict[str, np.ndarray]:
    found = {}
    for group in layout.accepted.children():
        if group.is_folder() and group.name != "grid":
            events = read_table(layout.part("mechanism", group.name) / "events.parquet", "events")
            rows = np.asarray(open_array(group, "acceptance")[...])
            found.update(zip(events.column("event_id").to_pylist(), rows, strict=True))
    return found


def test_workers_and_partitions_do_not_change_a_byte(catalog):
    reference = compute(catalog, catalog / "reference")
    expected, accepted = tables(reference), weights(reference)
    assert len(expected) == 9
    assert sum(w.any() for w in accepted.values()) > 15
    ways = {
        "one partition": {"partition": {"calendar": "all"}},
        "by days": {"partition": {"calendar": "month", "maximum_events": 1}},
        "two workers": {
            "partition": {"calendar": "all"},
            "cluster": {"kind": "local", "workers": 2, "block_events": 16},
        },
    }
    for way, changes in ways.items():
        layout = compute(catalog, catalog / way.replace(" ", "-"), **changes)
        found = tables(layout)
        assert found.keys() == expected.keys()
        for name in expected:
            assert found[name] == expected[name], f"{name} differs: {way}"
        again = weights(layout)
        assert all(np.array_equal(again[event], accepted[event]) for event in accepted), way


def test_a_partition_computed_twice_is_the_same(catalog):
    layout = compute(catalog, catalog / "results")
    configuration = load_configuration(catalog / "tiny.yaml")
    before = read_json(layout.done("mechanism", "2019-02"))
    mechanism.part(configuration.cases["tiny"], layout, "2019-02")
    assert read_json(layout.done("mechanism", "2019-02")) == before


def test_finalise_names_what_is_missing(catalog):
    layout = compute(catalog, catalog / "results")
    settings = load_configuration(catalog / "tiny.yaml").cases["tiny"]
    layout.done("mechanism", "2019-02").remove()
    with pytest.raises(IncompleteError, match="2019-02"):
        mechanism.finalise(settings, layout)
    with pytest.raises(IncompleteError, match="1 of 3"):
        verify_stage(MECHANISM, settings, layout)
    with pytest.raises(PlanError, match="1999-09"):
        mechanism.part(settings, layout, "1999-09")


def test_every_event_has_a_row_and_every_reading_a_use(catalog):
    layout = compute(catalog, catalog / "results")
    mechanisms = read_table(layout.table("mechanisms"), "mechanisms")
    readings = read_table(layout.table("polarities"), "polarities")
    assert mechanisms.num_rows == read_table(layout.table("events"), "events").num_rows == 30
    for row in mechanisms.to_pylist():
        assert (row["status"] == "solved") == np.isfinite(row["strike_deg"])
        assert (row["status"] == "solved") != bool(row["reason"])
    assert set(readings.column("use").to_pylist()) <= {"used", "event_not_used"}


def test_an_event_that_fails_costs_no_other(catalog, monkeypatch):
    """A defect of the search is simulated: it fails whenever one event is in the block."""
    whole = compute(catalog, catalog / "whole")
    expected = {
        r["event_id"]: r for r in read_table(whole.table("mechanisms"), "mechanisms").to_pylist()
    }
    victim = "ev2019-02-004"
    search = _mechanism_blocks._search_events

    def fails(block, shared):
        if victim in block.events.column("event_id").to_pylist():
            raise ZeroDivisionError("of this test")
        return search(block, shared)

    monkeypatch.setattr(_mechanism_blocks, "_search_events", fails)
    layout = compute(catalog, catalog / "failing")
    rows = read_table(layout.table("mechanisms"), "mechanisms").to_pylist()
    assert len(rows) == 30
    for row in rows:
        if row["event_id"] == victim:
            assert row["status"] == "error"
            assert "ZeroDivisionError: of this test" in row["reason"]
        else:
            assert repr(row) == repr(expected[row["event_id"]])
