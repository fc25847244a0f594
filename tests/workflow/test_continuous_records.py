"""A simulated continuous record, from day files to events beside the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from quakeloom.config import load_configuration
from quakeloom.core import SettingsError
from quakeloom.report import compare_with_truth, found_events_section
from quakeloom.simulate import Arrivals, match_sources
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout, open_item, read_json, read_table

SETTINGS = {
    "name": "records",
    "simulation": {
        "continuous": {
            "start": "2019-07-04T23:45:00", "hours": 0.5, "stations": 6, "station_spacing_km": 12,
            "background": 500, "smallest_magnitude": 0.7, "swarms": 0, "sequences": 0, "tremor": 0,
            "blasts": 0, "teleseisms": 0, "noise": ["spike", "fill", "gap"],
        }
    },
    "takeoff": {"models": ["generic_crust"], "angles": "ensemble"},
    "waveforms": {"picker": "own", "polarity": "own"},
    "detect": {},
    "associate": {"minimum_both": 1},
    "locate": {"models": ["generic_crust"], "members": 20, "draws": 20},
}  # fmt: skip


@pytest.fixture(scope="module")
def half_hour(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    path = folder / "records.yaml"
    path.write_text(yaml.safe_dump(SETTINGS))
    configuration = load_configuration(path)
    plan = plan_configuration(configuration, folder / "results")["runs"]["records"]["stages"]
    settings, layout = configuration.cases["records"], RunLayout(folder / "results" / "records")
    run_here(settings, layout)
    return settings, layout, plan


def test_records_become_located_events_where_the_true_ones_are(half_hour):
    settings, layout, plan = half_hour
    assert list(plan["detect"]["partitions"]) == ["2019-07-04", "2019-07-05"]
    assert plan["associate"]["beside"]["2019-07-05"] == ["records/parts/detect/2019-07-04.json"]
    folder = open_item(read_json(layout.ingest / "simulation.json")["folder"])
    compared = compare_with_truth(layout, folder)
    due = compared.true[compared.true["is_due"]]
    assert len(due) >= 4
    assert due["found"].all()
    true = compared.events[compared.events["source"] >= 0]
    assert len(true) >= len(compared.events) - 1
    assert not compared.events["doubled"].any()
    assert true["epicenter_km"].median() < 1.0
    text = " ".join(str(b) for b in found_events_section(settings, layout).blocks)
    assert f"{len(due)} of {len(due)} events were found" in text


def test_picks_of_records_keep_first_motions_and_amplitudes(half_hour):
    _, layout, _ = half_hour
    assigned = pd.DataFrame(read_table(layout.table("assignments"), "assignments").to_pandas())
    first = assigned["phase"] == "P"
    assert (assigned.loc[first, "polarity"] != 0).mean() > 0.5
    assert (assigned.loc[~first, "polarity"] == 0).all()
    assert assigned["amplitude_wa_mm"].notna().mean() > 0.8
    used = read_table(layout.table("polarities"), "polarities")
    assert used.num_rows == int((assigned["polarity"] != 0).sum())


def test_an_event_is_of_the_source_that_most_of_its_picks_are_of():
    true = Arrivals(
        np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 0, 1]), np.array([1.0, 2, 3, 11, 12])
    )
    picks = Arrivals(
        np.array([0, 0, 0, 1, 1, 2, 2, 3]), np.array([0, 1, 2, 0, 1, 0, 1, 2]),
        np.array([1.1, 2.1, 9.0, 1.2, 2.2, 30.0, 31.0, 3.0]),
    )  # fmt: skip
    source, doubled = match_sources(picks, true, 4)
    assert source.tolist() == [0, 0, -1, 0]
    assert doubled.tolist() == [False, True, False, True]


def test_a_continuous_simulation_asks_for_the_stages_that_find_its_events(tmp_path):
    path = tmp_path / "records.yaml"
    for left_out, word in (("detect", "simulation.continuous"), ("waveforms", "waveforms")):
        given = {k: v for k, v in SETTINGS.items() if k != left_out}
        path.write_text(yaml.safe_dump(given))
        with pytest.raises(SettingsError, match=word):
            load_configuration(path)
    path.write_text(yaml.safe_dump({k: v for k, v in SETTINGS.items() if k != "associate"}))
    with pytest.raises(SettingsError, match="add `associate"):
        plan_configuration(load_configuration(path), tmp_path)
