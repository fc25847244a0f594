"""Station-days: seams, doubles, and instruments that show nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from continuous_records import COUNTS_PER_M_S, ground, write_inventory, write_records
from quakeloom.config import Cluster, Detect, Waveforms, parse_settings
from quakeloom.formats import Trace, read_source, write_miniseed
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.archive.index import IndexBuilder
from quakeloom.stages.archive.record_sets import IndexRow, Instrument
from quakeloom.stages.detect.archive_days import DAY, ArchiveDays, day_name, day_start
from quakeloom.stages.detect.verbs import (
    DetectAsked,
    Instruments,
    days_of_archive,
    detect_day,
    detect_index,
)
from quakeloom.stages.without_a_run.detect_folder import detect_folder, index_folder
from quakeloom.store import RunLayout, open_folder, write_table

MIDNIGHT = day_start("2020-01-02")
SECOND = 1_000_000_000
BEGIN = MIDNIGHT - 420 * SECOND
"""Records begin seven minutes before midnight."""

ASKED = DetectAsked(Detect(), Waveforms(picker="classical", polarity="classical"), Cluster())


def write(folder, data, cuts=(), start=BEGIN, **codes) -> None:
    write_records(folder, data, start, cuts, **codes)


def picks(found) -> list[tuple]:
    names = ("station", "channel", "phase", "time", "probability", "polarity", "snr")
    return list(zip(*(found.detections.column(n).to_pylist() for n in names), strict=True))


def test_files_cut_at_midnight_give_the_picks_of_files_cut_elsewhere(tmp_path):
    # one earthquake an hour from midnight in seconds: P before it and S after it
    data = ground(900, [100.0, 418.0, 600.0])
    write(tmp_path / "midnight", data, (42_000,))
    write(tmp_path / "elsewhere", data, (23_456, 61_007))
    one, other = (detect_folder(tmp_path / n, ASKED) for n in ("midnight", "elsewhere"))
    assert one.days == other.days == ["2020-01-01", "2020-01-02"]
    assert picks(one) == picks(other)
    times = one.detections.column("time").to_numpy().astype(np.int64)
    onsets = (times - BEGIN) / 1e9
    for expected in (100.0, 104.0, 418.0, 422.0, 600.0, 604.0):
        assert np.sum(np.abs(onsets - expected) < 0.3) == 1
    rows = one.detection_days.to_pylist()
    assert [r["recorded_s"] for r in rows] == [420.0, 480.0]


def test_a_day_depends_on_its_records_and_the_margins_of_its_neighbors(tmp_path):
    data = ground(60, [])
    for day in range(4):
        write(tmp_path / "a", data, start=MIDNIGHT + day * DAY + DAY // 2, station=f"S{day}")
    days = ArchiveDays(index_folder(tmp_path / "a")[0], 30)
    before = {d: days.of_day(d).digest() for d in days.days()}
    assert list(before) == [day_name(MIDNIGHT + d * DAY) for d in range(4)]
    write(tmp_path / "a", data, start=MIDNIGHT + 4 * DAY + DAY // 2, station="S0")
    days = ArchiveDays(index_folder(tmp_path / "a")[0], 30)
    after = {d: days.of_day(d).digest() for d in days.days()}
    assert {d: after[d] for d in before} == before
    assert len(after) == 5


@pytest.mark.parametrize(("value", "status"), [(0, "dead"), (77, "constant")])
def test_what_never_moves_is_a_row_with_a_reason(tmp_path, value, status):
    write(tmp_path / "a", np.full((3, 12_000), value, np.int32), start=MIDNIGHT)
    found = detect_folder(tmp_path / "a", ASKED)
    (row,) = found.detection_days.to_pylist()
    assert (row["detection_status"], row["p_count"], found.detections.num_rows) == (status, 0, 0)
    assert row["reason"]


def test_thousands_of_spikes_cost_no_pick_and_make_none(tmp_path):
    data = ground(600, [300.0])
    r = np.random.default_rng(2)
    for k in range(3):
        at = r.choice(np.arange(5, 59_990, 3), 400, replace=False)
        data[k, at] += r.choice([-1, 1], 400) * 200_000
    write(tmp_path / "a", data, start=MIDNIGHT)
    found = detect_folder(tmp_path / "a", ASKED)
    (row,) = found.detection_days.to_pylist()
    assert row["spike_count"] == 1200
    assert (row["p_count"], row["s_count"]) == (1, 1)


def test_a_second_instrument_is_picked_only_where_the_first_has_nothing(tmp_path):
    data = ground(600, [100.0, 400.0])
    write(tmp_path / "a", data[:, :20_000], start=MIDNIGHT)
    write(tmp_path / "a", data, start=MIDNIGHT, band="HN")
    write(tmp_path / "a", data, start=MIDNIGHT, band="LH")
    found = detect_folder(tmp_path / "a", ASKED)
    assert [(c, p) for _, c, p, *_ in picks(found)] == [
        ("HHZ", "P"), ("HHE", "S"), ("HNZ", "P"), ("HNE", "S")
    ]  # fmt: skip
    rows = {r["channel"]: r for r in found.detection_days.to_pylist()}
    assert rows["LH?"]["detection_status"] == "refused_instrument"
    assert rows["HH?"]["picked_s"] == 200.0
    assert rows["HN?"]["picked_s"] == 400.0


def test_pulses_of_a_calibration_are_refused_and_an_earthquake_among_them_is_kept(tmp_path):
    data = ground(900, [438.3])
    for at in range(3000, 88_000, 4000):
        pulse = 40_000.0 * np.exp(-np.arange(400) / 80.0)
        data[:, at : at + 400] += np.round(pulse).astype(np.int32)
    write(tmp_path / "a", data, start=MIDNIGHT)
    found = detect_folder(tmp_path / "a", ASKED)
    p = [(t.timestamp() - MIDNIGHT / 1e9) for _, _, phase, t, *_ in picks(found) if phase == "P"]
    assert len(p) <= 2
    assert any(abs(t - 438.3) < 0.3 for t in p)
    assert "come at one interval" in found.detection_days.column("reason")[0].as_py()


def test_an_earthquake_of_known_motion_has_its_wood_anderson_amplitude(tmp_path):
    """A broadband record of 4e8 counts per m/s: the pendulum's equation, solved in time."""
    from scipy.signal import lsim

    data = ground(300, [150.0])
    write(tmp_path / "a", data, start=MIDNIGHT)
    file = tmp_path / "stations.xml"
    write_inventory(file)
    asked = replace(ASKED, detect=Detect(responses=[str(file)]))
    found = detect_folder(tmp_path / "a", asked).detections.to_pylist()
    p, s = found
    still = ground(300, [150.0])[0][14_000:17_000] / COUNTS_PER_M_S
    w = 2 * np.pi / 0.8
    shown = lsim(([2080e3, 0.0], [1.0, 1.4 * w, w * w]), still, np.arange(3000) / 100.0)[1]
    # noise, and what lies below 0.2 Hz, which is not measured, are some per cent
    assert s["amplitude_wa_mm"] == pytest.approx(np.abs(shown).max(), rel=0.05)
    assert s["amplitude_wa_snr"] > 20.0
    up = np.abs(data[2, 14_950:15_700]).max() / COUNTS_PER_M_S
    assert s["peak_velocity_m_s"] == pytest.approx(up, rel=0.05)
    assert p["peak_velocity_m_s"] == pytest.approx(s["peak_velocity_m_s"], rel=1e-3)
    assert not s["amplitude_clipped"]
    # without the response the same pick says why it has none
    none = detect_folder(tmp_path / "a", ASKED).detections.to_pylist()
    assert np.isnan(none[1]["amplitude_wa_mm"])
    assert none[1]["amplitude_reason"] == "no response is known"


def test_a_file_called_by_a_day_that_holds_another_time_is_a_wrong_clock(tmp_path):
    file = tmp_path / "XX.ABC..HHZ.D.2020.002"
    # the counter of GPS weeks starts anew after 1024 of them
    data = ground(60, [])[2]
    start = MIDNIGHT - 1024 * 7 * DAY
    write_miniseed(file, [Trace("XX", "ABC", "", "HHZ", start, 100.0, data, data.size, "")])
    # the archive of a run knows files of an SDS tree by their names
    named = IndexRow(
        Instrument("XX", "ABC", "", "HH"), "HHZ", MIDNIGHT - 60 * SECOND,
        MIDNIGHT + DAY + 60 * SECOND, 0.0, file,
    )  # fmt: skip
    builder = IndexBuilder()
    builder.add(0, [named])
    days = ArchiveDays(builder.finish([str(file)], np.zeros((1, 3), np.int64)), 0)
    assert days.days() == ["2020-01-02"]
    found = detect_index(
        days.of_day("2020-01-02"), "2020-01-02", ASKED, Instruments(SensorDirections())
    )
    (row,) = found.detection_days.to_pylist()
    assert row["detection_status"] == "clock"
    assert "2000-05-18" in row["reason"]


def test_of_all_instruments_the_better_of_simultaneous_picks_is_kept(tmp_path):
    data = ground(600, [100.0, 400.0])
    write(tmp_path / "a", data[:, :20_000], start=MIDNIGHT)
    write(tmp_path / "a", data, start=MIDNIGHT, band="HN")
    asked = replace(ASKED, detect=Detect(instruments="all"))
    found = detect_folder(tmp_path / "a", asked)
    assert [(c, p) for _, c, p, *_ in picks(found)] == [
        ("HHZ", "P"), ("HHE", "S"), ("HNZ", "P"), ("HNE", "S")
    ]  # fmt: skip
    assert (
        "seismometer HHZ before accelerometer HNZ" in found.detections.column("choice").to_pylist()
    )


def test_a_day_of_a_run_has_the_picks_of_the_command_without_one(tmp_path):
    data = ground(900, [100.0, 418.0, 600.0])
    write(tmp_path / "a", data, (42_000,))
    settings = parse_settings(
        {
            "name": "x", "data": str(tmp_path), "sources": [{"path": "stations.xml"}],
            "takeoff": {"models": ["generic_crust"]},
            "waveforms": {"archives": ["a"], "picker": "classical", "polarity": "classical"},
            "detect": {},
        }
    )  # fmt: skip
    write_inventory(tmp_path / "stations.xml")
    layout = RunLayout(open_folder(tmp_path / "results"))
    stations = read_source(tmp_path / "stations.xml").stations
    write_table(layout.ingest / "stations.parquet", "stations", stations)
    days = days_of_archive(settings, layout.ingest)
    assert list(days) == ["2020-01-01", "2020-01-02"]
    assert days_of_archive(settings, layout.ingest) == days
    found = [detect_day(settings, layout, day).detections for day in days]
    asked = replace(ASKED, detect=Detect(responses=[str(tmp_path / "stations.xml")]))
    whole = detect_folder(tmp_path / "a", asked, stations).detections
    # a number that is not known is NaN, which equals nothing in a table of Arrow
    pd.testing.assert_frame_equal(pa.concat_tables(found).to_pandas(), whole.to_pandas())
    assert np.isfinite(whole.column("amplitude_wa_mm").to_numpy()).all()


@pytest.mark.long
def test_two_workers_give_the_bytes_of_none(tmp_path):
    for k in range(3):
        write(tmp_path / "a", ground(300, [100.0 + 10 * k], k), start=MIDNIGHT, station=f"S{k}")
    local = replace(ASKED, cluster=Cluster(kind="local", workers=2, memory_mb=8000))
    one, two = (detect_folder(tmp_path / "a", asked) for asked in (ASKED, local))
    for name in ("detections", "detection_days", "rejects"):
        pd.testing.assert_frame_equal(
            getattr(one, name).to_pandas(), getattr(two, name).to_pandas()
        )
