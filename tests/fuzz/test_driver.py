"""The fuzzing driver sees the faults that it is for: planted ones are found, good ones are not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import driver
from mutations import mutate
from readers import Reader, make_reader, name_readers

from quakeloom.core import FormatError


def reader(read) -> Reader:
    return Reader("planted", [{"a.txt": b"1.0 2.0\n"}], "a.txt", read, names_file=True)


def refuse(path, number):
    raise FormatError(f"'{path}' is none.")


def fail(path, number):
    raise ZeroDivisionError


def refuse_without_a_name(path, number):
    raise FormatError("something is wrong")


def hang(path, number):
    while True:
        pass


@pytest.mark.parametrize(
    ("read", "what", "words"),
    [
        (lambda path, number: [], "accepted", ""),
        (refuse, "refused", ""),
        (fail, "fault", "ZeroDivisionError"),
        (refuse_without_a_name, "fault", "does not name the file"),
        (lambda path, number: ["latitude 91"], "fault", "nonsense"),
        (hang, "fault", "processor time"),
    ],
)
def test_what_a_reader_does_is_told_apart(tmp_path, read, what, words):
    import signal

    before = signal.signal(signal.SIGPROF, driver._too_long)
    try:
        found, details = driver.give(reader(read), tmp_path, {"a.txt": b"x"}, 0, 0.2)
    finally:
        signal.signal(signal.SIGPROF, before)
    assert found == what
    assert words in details


def test_a_process_that_dies_is_a_fault_with_its_input(tmp_path, monkeypatch):
    """Compiled code may end the process; what it was given is kept."""
    script = tmp_path / "dies.py"
    script.write_text(
        "import sys, os, pathlib\n"
        "out = pathlib.Path(sys.argv[sys.argv.index('--out') + 1])\n"
        "(out / 'x.at').write_text('7')\n(out / 'x.last').write_text('input')\n"
        "os.kill(os.getpid(), 11)\n"
    )
    monkeypatch.setattr(driver, "__file__", str(script))
    found = driver.run_apart("x", 10, 1, tmp_path, 10.0)
    assert [f.kind for f in found.faults] == ["the process ends with -11"]
    assert Path(found.faults[0].file).read_text() == "input"


def test_the_same_seed_gives_the_same_inputs():
    import random

    chosen = make_reader("zmap")
    twice = [
        [chosen.change(chosen.seeds, random.Random(f"1 zmap {k}")) for k in range(50)]
        for _ in range(2)
    ]
    assert twice[0] == twice[1]
    assert len({f["input.dat"] for f in twice[0]}) > 30
    assert mutate(b"", random.Random(0)) is not None


def test_every_format_of_the_registry_is_fuzzed():
    from quakeloom.formats import FORMATS, WAVEFORM_FORMATS

    wanted = {*FORMATS, *(f"waveforms_{n}" for n in WAVEFORM_FORMATS)}
    assert wanted <= set(name_readers())


@pytest.mark.parametrize("name", ["zmap", "velocity_model", "hash_control"])
def test_a_short_run_finds_nothing(name, tmp_path):
    found = driver.run_apart(name, 100, 2, tmp_path, 60.0)
    assert found.faults == []
    assert found.inputs == 100
    assert found.accepted + found.refused == 100
    assert {p.suffix for p in tmp_path.iterdir()} == {".log"}
