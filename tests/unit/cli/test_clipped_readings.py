"""Readings on records that were clipped before them say so in a column; earlier ones do not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import obspy
import pytest

from quakeloom.cli import main
from quakeloom.signal import flag_bit, flag_quality, is_clipped_before
from quakeloom.stages.archive.record_flags import has_flag
from quakeloom.store import open_item, read_table

START = obspy.UTCDateTime(2024, 12, 31)
RATE = 100.0
P_S = 20.0
"""Seconds of P after the first sample, synthetic."""


def seismogram(component: str, clip_from: float | None = None, limit: float = 600.0):
    """Noise and a long P; cut off at a limit, with an earlier strong event if wanted; synthetic."""
    r = np.random.default_rng("ZNE".index(component))
    t = np.arange(6000) / RATE
    data = 5.0 * r.normal(size=t.size)
    begins = [(P_S, 1000.0)] + ([] if clip_from is None else [(clip_from, 4000.0)])
    for begin, size in begins:
        late = np.clip(t - begin, 0.0, None)
        data += size * np.sin(2 * np.pi * 5.0 * late) * np.exp(-late / 1.5)
    return np.clip(data, -limit, limit)


def write(folder: Path, **how) -> Path:
    folder.mkdir()
    stream = obspy.Stream()
    for component in "ZNE":
        names = {"network": "XX", "station": "AAA", "channel": f"HH{component}"}
        header = {**names, "starttime": START, "sampling_rate": RATE}
        stream += obspy.Trace(seismogram(component, **how).astype(np.float32), header)
    stream.write(str(folder / "a.mseed"), format="MSEED", encoding="FLOAT32")
    return folder


def run(monkeypatch, *arguments) -> None:
    monkeypatch.setattr(sys, "argv", ["quakeloom", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code


@pytest.mark.parametrize(
    ("how", "clipped"),
    [
        ({"clip_from": 12.0}, True),  # an event before
        ({}, False),  # cut off by its own P, after the onset
        ({"limit": 1e9}, False),
        ({"clip_from": 30.0, "limit": 1200.0}, False),  # by what comes later
    ],
)
def test_readings_say_whether_the_record_was_clipped_before(
    tmp_path, monkeypatch, capsys, how, clipped
):
    waves = write(tmp_path / "waves", **how)
    out = tmp_path / "picks.parquet"
    run(monkeypatch, "pick", "--weights", "classical", "--waveforms", waves, "--out", out)
    rows = read_table(open_item(out), "picks").to_pylist()
    near = [r for r in rows if r["phase"] == "P" and abs(_second(r) - P_S) < 0.5]
    if near:  # in the coda of a stronger event it need not be found
        assert [r["clipped"] for r in near] == [clipped]
    given = tmp_path / "given.csv"
    given.write_text(f"event_id,network,station,channel,phase,time\ne,XX,AAA,HHZ,P,{START + P_S}\n")
    out = tmp_path / "polarities.parquet"
    capsys.readouterr()
    run(monkeypatch, "polarity", "--weights", "classical", "--waveforms", waves,
        "--picks", given, "--out", out)  # fmt: skip
    (row,) = read_table(open_item(out), "polarities").to_pylist()
    assert row["clipped"] is clipped
    assert ("1 of them on records that were clipped" in capsys.readouterr().out) is clipped


def _second(row) -> float:
    return float(obspy.UTCDateTime(row["time"]) - START)


def test_a_limit_is_reached_by_several_samples():
    data = seismogram("Z")
    at = round(P_S * RATE)
    assert flag_quality(data) & flag_bit("clipped")
    assert not is_clipped_before(data, at)
    assert is_clipped_before(data, at + 100)
    assert not is_clipped_before(np.zeros(100), 50)
    assert not is_clipped_before(data, -5)


def test_flags_are_those_of_the_component():
    assert has_flag("E:dead Z:clipped,gap", "Z", "clipped")
    assert not has_flag("E:clipped Z:gap", "Z", "clipped")
    assert not has_flag("", "Z", "clipped")
