"""`quakeloom pick`, `polarity` and `evaluate` on odd records and odd options, as typed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import obspy
import pytest

from quakeloom.cli import main
from quakeloom.cli._table_files import TABLE_ENDINGS, read_named_table
from quakeloom.core import InputError
from quakeloom.schema import time_values
from quakeloom.store import open_item, read_table

START = obspy.UTCDateTime(2024, 12, 31)
"""Day 366 of a leap year."""

P_S, S_S = 20.0, 26.0
"""Seconds of the arrivals after the first sample, synthetic."""


def seismogram(component: str, rate: float = 100.0, seconds: float = 60.0) -> np.ndarray:
    """Noise, a P that begins upward on the vertical, and an S; synthetic."""
    r = np.random.default_rng("ZNE".index(component))
    t = np.arange(int(seconds * rate)) / rate
    data = 10.0 * r.normal(size=t.size)
    vertical = component == "Z"
    for begin, hertz, size in (
        (P_S, 6.0, 1000.0 if vertical else 300.0), (S_S, 3.5, 500.0 if vertical else 2000.0)
    ):  # fmt: skip
        late = np.clip(t - begin, 0.0, None)
        data += size * np.sin(2 * np.pi * hertz * late) * np.exp(-late / 1.5)
    return data


def write(folder: Path, band: str = "HH", network: str = "XX", change=None, **header) -> Path:
    """Write three components as miniSEED; `change` alters the samples."""
    folder.mkdir()
    rate = header.get("sampling_rate", 100.0)
    stream = obspy.Stream()
    for component in "ZNE":
        data = seismogram(component, rate, 6000.0 / rate)
        data = data if change is None else change(data)
        fixed = {"network": network, "station": "AAA", "channel": band + component}
        names = {**fixed, "starttime": START, "sampling_rate": 100.0, **header}
        stream += obspy.Trace(data.astype(np.float32), names)
    stream.write(str(folder / "a.mseed"), format="MSEED", encoding="FLOAT32")
    return folder


def say(monkeypatch, capsys, *arguments) -> tuple[int, str]:
    """Type a command; return its exit code and all that it says, in one line."""
    monkeypatch.setattr(sys, "argv", ["quakeloom", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, " ".join((captured.out + captured.err).replace("│", " ").split())


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Type commands in a new folder that has `waves`, a good record."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "waves")
    return lambda *arguments: say(monkeypatch, capsys, *arguments)


PICK = ("pick", "--weights", "classical")
READ = ("polarity", "--weights", "classical")


def spike(data: np.ndarray) -> np.ndarray:
    data = data.copy()
    data[1000] = 1e9
    return data


NOTHING = {
    "all zero": ({"change": np.zeros_like}, "all samples are 0"),
    "one value": ({"change": lambda d: np.full_like(d, 7.0)}, "all samples are the same"),
    "one sample a second": ({"band": "LH", "sampling_rate": 1.0}, "1 samples a second are too few"),
    "too short": ({"change": lambda d: d[2000:2200]}, "shorter than 3 s"),
    "no station": ({"station": ""}, "it has no station code"),
    "no seismometer": ({"band": "HD"}, "none of the components"),
}
"""Records of which no pick can come, and the reason that must be told."""


@pytest.mark.parametrize("kind", NOTHING)
def test_where_no_pick_comes_out_the_command_fails_and_says_why(typed, tmp_path, kind):
    header, reason = NOTHING[kind]
    if kind == "no seismometer":
        folder = write(tmp_path / "odd")
        stream = obspy.read(str(folder / "a.mseed")).select(channel="HHZ")
        stream[0].stats.channel = "HDH"
        stream.write(str(folder / "a.mseed"), format="MSEED")
    else:
        folder = write(tmp_path / "odd", **header)
    code, said = typed(*PICK, "--waveforms", folder, "--out", "p.csv")
    assert code == 1
    assert "No pick came out" in said
    assert reason in said
    assert (tmp_path / "p.csv").exists()  # with no row, so that older picks do not stay


@pytest.mark.parametrize("name", ["notes.txt", "table.csv", "bytes.dat"])
def test_a_file_that_is_no_waveform_is_no_success(typed, tmp_path, name):
    (tmp_path / name).write_bytes(b"hello, world\n1, 2\n" * 9)
    code, said = typed(*PICK, "--waveforms", name, "--out", "p.csv")
    assert code == 1
    assert "none of the waveform formats" in said


def test_a_spike_is_no_arrival(typed, tmp_path):
    """One sample of transmission is no P; the P that is there stays."""
    write(tmp_path / "odd", change=spike)
    code, _ = typed(*PICK, "--waveforms", "odd", "--out", "p.parquet")
    assert code == 0
    picks = read_table(open_item(tmp_path / "p.parquet"), "picks").to_pylist()
    times = [(p["time"].timestamp() - START.timestamp) for p in picks if p["phase"] == "P"]
    assert times == [pytest.approx(P_S, abs=0.05)]
    rejects = read_table(open_item(tmp_path / "p.rejects.parquet"), "rejects")
    reasons = rejects.column("reason").to_pylist()
    assert any("x P at one sample that stands alone" in r for r in reasons)
    assert any("HHZ: one sample stands alone" in r for r in reasons)


@pytest.mark.parametrize("ending", TABLE_ENDINGS)
def test_what_one_command_writes_the_next_one_reads(typed, tmp_path, ending):
    """Picks of no event, in every form, give first motions, scores, and the same times."""
    assert typed(*PICK, "--waveforms", "waves", "--out", f"p{ending}")[0] == 0
    assert typed(*PICK, "--waveforms", "waves", "--out", "same.parquet")[0] == 0
    code, said = typed(*READ, "--waveforms", "waves", "--picks", f"p{ending}", "--out",
                       f"q{ending}")  # fmt: skip
    assert code == 0
    assert "1 up, 0 down" in said
    assert typed("evaluate", "picks", f"p{ending}", "same.parquet")[0] == 0
    code, said = typed("evaluate", "polarities", f"q{ending}", f"q{ending}")
    assert (code, "1 of 1 correct" in said) == (0, True)
    ours = read_named_table(open_item(tmp_path / f"p{ending}"), "picks")
    theirs = read_table(open_item(tmp_path / "same.parquet"), "picks")
    assert ours.schema.equals(theirs.schema)
    assert time_values(ours.column("time")).tolist() == time_values(theirs.column("time")).tolist()
    for name in ("channel", "phase", "probability", "uncertainty_s", "pick_weight"):
        assert ours.column(name).to_pylist() == theirs.column(name).to_pylist()


@pytest.mark.parametrize(
    ("column", "value"),
    [("time", "yesterday"), ("time", ""), ("probability", "high"), ("probability", "7")],
)
def test_a_value_that_was_spoiled_in_such_a_table_is_refused(typed, tmp_path, column, value):
    typed(*PICK, "--waveforms", "waves", "--out", "p.csv")
    names, first, *_ = (tmp_path / "p.csv").read_text().splitlines()
    at = names.replace('"', "").split(",").index(column)
    cells = first.split(",")
    cells[at] = value
    (tmp_path / "p.csv").write_text(f"{names}\n{','.join(cells)}\n")
    with pytest.raises(InputError, match=column):
        read_named_table(open_item(tmp_path / "p.csv"), "picks")


IMPOSSIBLE = [
    (*PICK, "--waveforms", "waves", "--out", "x.csv", "--span=10,5"),
    (*PICK, "--waveforms", "waves", "--out", "x.csv", "--span=-5,nan"),
    (*PICK, "--waveforms", "waves", "--out", "x.csv", "--span=0,inf"),
    (*PICK, "--waveforms", "waves", "--out", "x.csv", "--stations", "p.csv"),
    (*READ, "--waveforms", "waves", "--out", "x.csv", "--picks", "p.csv", "--shift", "nan"),
    ("evaluate", "picks", "p.csv", "p.csv", "--p-tolerance", "-1"),
    ("evaluate", "picks", "p.csv", "p.csv", "--s-tolerance", "nan"),
    ("evaluate", "picks", "p.csv", "p.csv", "--around", "nan,2"),
    ("evaluate", "polarities", "q.parquet", "q.parquet", "--minimum-probability", "7"),
    ("evaluate", "polarities", "p.parquet", "q.parquet"),
    ("evaluate", "picks", "q.parquet", "p.parquet"),
    ("run", "-c", "demo", "--cores", "-3"),
]
"""Options that mean nothing, and tables of another kind."""


@pytest.mark.parametrize("command", IMPOSSIBLE, ids=lambda c: " ".join(c[-2:]))
def test_options_that_mean_nothing_are_refused_and_nothing_is_written(typed, tmp_path, command):
    for name in ("p.csv", "p.parquet"):
        typed(*PICK, "--waveforms", "waves", "--out", name)
    typed(*READ, "--waveforms", "waves", "--picks", "p.csv", "--out", "q.parquet")
    code, said = typed(*command)
    assert code == 2
    assert "Traceback" not in said
    assert not (tmp_path / "x.csv").exists()


def test_a_span_beyond_the_record_is_told(typed):
    code, said = typed(*PICK, "--waveforms", "waves", "--out", "p.csv", "--span", "100,200")
    assert code == 1
    assert "less than 1 s in the span of 100 to 200 s" in said


def test_no_first_motion_is_no_success(typed):
    typed(*PICK, "--waveforms", "waves", "--out", "p.csv")
    code, said = typed(*READ, "--waveforms", "waves", "--picks", "p.csv", "--out", "q.csv",
                       "--shift", "500")  # fmt: skip
    assert code == 1
    assert "No first motion came out of 1 P picks" in said
    assert "was recording at the pick" in said


def test_a_station_of_another_network_is_told(typed, tmp_path):
    """Two networks use one code; the pick is of the one that is not there."""
    write(tmp_path / "theirs", network="YY")
    typed(*PICK, "--waveforms", "waves", "--out", "p.csv")
    assert typed(*READ, "--waveforms", "theirs", "--picks", "p.csv", "--out", "q.parquet")[0] == 0
    row = read_table(open_item(tmp_path / "q.parquet"), "polarities").to_pylist()[0]
    assert row["network"] == "YY"
    assert row["choice"] == "station of network YY for a pick of XX"
    assert typed(*READ, "--waveforms", "waves", "--picks", "p.csv", "--out", "q.parquet")[0] == 0
    assert (
        read_table(open_item(tmp_path / "q.parquet"), "polarities").to_pylist()[0]["choice"] == ""
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds nothing"),
        ("hello world\n", "holds a sentence"),
        ("- 1\n", "holds a list"),
        ("name: x\nsources: [a.xml]\n", "{path: a.xml}"),
        (None, "is a folder"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
    ],
)
def test_what_is_no_configuration_is_told_in_words(typed, tmp_path, text, words):
    path = tmp_path / "c.yaml"
    if text is None:
        path.mkdir()
    else:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    code, said = typed("config", "check", path)
    assert code == 2
    assert words in said
    assert "Errno" not in said
