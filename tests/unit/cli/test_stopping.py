"""A signal ends a command in one line, whatever it is at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from quakeloom.cli._snakemake import run_snakemake
from quakeloom.core import StoppedError

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
"""Ctrl-C, batch systems and `timeout`, a closed terminal: with the exit code."""

WHILE_IT_IMPORTS = textwrap.dedent(
    """
    import os, signal, sys
    class Finder:
        def find_spec(self, name, path, target=None):
            if name == "quakeloom.cli._main":
                os.kill(os.getpid(), int(sys.argv[1]))
    sys.meta_path.insert(0, Finder())
    from quakeloom.cli import main
    main()
    """
)
WHILE_IT_WORKS = textwrap.dedent(
    """
    import os, sys
    import typer
    from quakeloom.cli import main
    number = int(sys.argv[1])
    sys.argv = ["quakeloom", "formats"]
    typer.echo = lambda *_, **__: os.kill(os.getpid(), number)
    main()
    """
)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("script", [WHILE_IT_IMPORTS, WHILE_IT_WORKS], ids=["imports", "works"])
def test_a_signal_is_told_in_one_line(script, number, code):
    ended = subprocess.run(
        [sys.executable, "-c", script, str(int(number))], capture_output=True, text=True,
        check=False, preexec_fn=default_signals,
    )  # fmt: skip
    assert ended.returncode == code
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("quakeloom: stopped; what is complete is kept")


def default_signals() -> None:
    """Under nohup, or behind another command, they arrive ignored, and the command keeps that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


CHILD = textwrap.dedent(
    """
    import signal, sys, time
    def end(*_):
        print("Traceback (most recent call last):", file=sys.stderr)
        print("KeyboardInterrupt", file=sys.stderr, flush=True)
        sys.exit(1)
    signal.signal(signal.SIGTERM, end)
    print("1 of 2 steps", file=sys.stderr, flush=True)
    time.sleep(60)
    """
)
"""Stands for a Snakemake that a signal breaks off in the middle of its start."""


def test_words_of_a_work_that_was_broken_off_are_not_shown(tmp_path, monkeypatch):
    """The test tells it to stop when its first line is shown."""

    shown: list[str] = []

    class Screen:
        def write(self, text: str) -> None:
            shown.append(text)
            os.kill(os.getpid(), signal.SIGTERM)

        def flush(self) -> None:
            pass

    outside = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        monkeypatch.setattr(sys, "stderr", Screen())
        with pytest.raises(StoppedError):
            run_snakemake([sys.executable, "-c", CHILD], dict(os.environ), tmp_path / "log", True)
    finally:
        signal.signal(signal.SIGTERM, outside)
    assert shown == ["1 of 2 steps\n"]


def test_a_signal_before_snakemake_is_there_reaches_it(tmp_path, monkeypatch):
    """The process is made while the signal comes."""
    popen = subprocess.Popen

    def slow(*arguments, **options):
        process = popen(*arguments, **options)
        os.kill(os.getpid(), signal.SIGTERM)
        return process

    outside = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        monkeypatch.setattr(subprocess, "Popen", slow)
        with pytest.raises(StoppedError):
            run_snakemake([sys.executable, "-c", "import time; time.sleep(60)"],
                          dict(os.environ), tmp_path / "log", True)  # fmt: skip
    finally:
        signal.signal(signal.SIGTERM, outside)
