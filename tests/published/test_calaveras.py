"""The Calaveras archive: what is in it, how stable its mechanisms are, who is reversed.

Counts are those of the archive as its providers state them (308 events, 21,836 P readings,
19,669 first motions); the other figures are ours, with the reason for each bound.
"""

from pathlib import Path

import numpy as np
import pytest

from quakeloom.config import load_configuration
from quakeloom.core import rotation_angle
from quakeloom.stages.mechanism import MECHANISM
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_stage_here
from quakeloom.stages.stations import STATIONS
from quakeloom.store import RunLayout, read_table

ROOT = Path(__file__).parents[2]
CASES = ("calaveras", "calaveras/screened", "calaveras/seed2")
ANGLES = ["strike_deg", "dip_deg", "rake_deg"]


@pytest.fixture(scope="module")
def tables(shared_data, tmp_path_factory):
    if not (shared_data / "calaveras").is_dir():
        pytest.skip("real data: there is no folder calaveras")
    folder = tmp_path_factory.mktemp("results")
    configuration = load_configuration(ROOT / "config" / "calaveras.yaml")
    plan_configuration(configuration, folder)
    found = {}
    for name in CASES:
        settings, layout = configuration.cases[name], RunLayout(folder / name)
        for stage in (MECHANISM, STATIONS):
            run_stage_here(stage, settings, layout)
        found[name] = {
            table: read_table(layout.table(table), table).to_pandas()
            for table in ("events", "polarities", "rejects", "mechanisms", "station_report")
        }
    return found


def test_the_whole_archive_is_read(tables):
    main = tables["calaveras"]
    assert len(main["events"]) == 308
    # one P line of the archive stands there twice
    doubled = main["rejects"]["record"].value_counts().to_dict()
    # two S picks as well, and a word of the first motions on horizontal channels
    assert doubled == {"polarity": 1, "pick": 2, "column": 1}
    assert main["rejects"]["reason"].str.contains("46 of 21835 .* horizontal channels").sum() == 1
    assert len(main["polarities"]) + doubled["polarity"] == 21_836
    assert (main["polarities"]["polarity"] != 0).sum() == 19_669 - 1


def test_good_mechanisms_do_not_move_with_the_seed(tables):
    """A and B events turn by less than 2 degrees; HASH's settings turn them by 7 and 15."""
    ours = tables["calaveras"]["mechanisms"].merge(
        tables["calaveras/seed2"]["mechanisms"], on="event_id", suffixes=("", "_2")
    )
    good = ours[ours["quality"].isin(["A", "B"]) & (ours["status_2"] == "solved")]
    assert len(good) >= 10
    turn = rotation_angle(good[ANGLES].to_numpy(), good[[f"{a}_2" for a in ANGLES]].to_numpy())
    assert np.median(turn) < 2
    assert np.percentile(turn, 90) < 4


def test_reversed_stations_and_coins_are_found(tables):
    report = tables["calaveras"]["station_report"]
    reversed_stations = set(report[report["verdict"] == "reversed"]["station"])
    # 154 of 159 and 169 of 175 predicted readings contradict
    assert {"CCO", "CMH"} <= reversed_stations
    assert len(reversed_stations) < 15
    coins = set(report[report["verdict"] == "uninformative"]["pick_kind"])
    assert {"X1", "X2", "X3"} <= coins
    # the analysts' picks are none
    assert not coins & {"I0", "I1", "E0", "E1", "E2"}


def test_the_catalog_gains_when_they_are_honored(tables):
    before = tables["calaveras"]["mechanisms"]["quality"].isin(["A", "B", "C"]).sum()
    after = tables["calaveras/screened"]["mechanisms"]["quality"].isin(["A", "B", "C"]).sum()
    assert after > 2 * before
    again = tables["calaveras/screened"]["station_report"]
    # a second round has nothing left to propose
    assert (again["verdict"] == "reversed").sum() <= 2
