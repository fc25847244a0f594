"""Commands forgive: signals, locks, odd names, errors of the machine, endings of tables."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quakeloom.cli import _snakemake, main
from quakeloom.cli._run import _why_stopped, working_alone
from quakeloom.cli._snakemake import (
    Watched,
    cache_environment,
    command_again,
    config_value,
    refuse_odd_name,
    refuse_read_only_folder,
    run_snakemake,
)
from quakeloom.cli._snakemake_lock import LockOwner
from quakeloom.cli._system_errors import describe_system_error
from quakeloom.cli._table_files import (
    TABLE_ENDINGS,
    refuse_file_for_folder,
    refuse_odd_ending,
    write_named_table,
)
from quakeloom.core import InputError, SettingsError, StoppedError
from quakeloom.formats import read_source
from quakeloom.schema import empty_table, make_table
from quakeloom.store import (
    atomic_file,
    atomic_folder,
    open_folder,
    open_item,
    open_results,
    read_table,
)

CHILD = textwrap.dedent(
    """
    import signal, subprocess, sys, time
    job = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    open(sys.argv[1], "w").write(f"{job.pid}")
    def end(number, frame):
        print("Terminating processes on user request", file=sys.stderr, flush=True)
        job.wait()
        sys.exit(1)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    print("1 of 2 steps", file=sys.stderr, flush=True)
    open(sys.argv[1] + ".ready", "w").close()
    time.sleep(120)
    """
)
"""Stands for Snakemake with a job: it ends when it is told, and waits for its job."""


def say(monkeypatch, capsys, *arguments) -> tuple[int, str]:
    """Type a command; return its exit code and what it says on standard error."""
    monkeypatch.setattr(sys, "argv", ["quakeloom", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return int(end.value.code or 0), said


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("is_plain", [True, False])
def test_a_signal_ends_snakemake_and_its_jobs(tmp_path, monkeypatch, number, code, is_plain):
    """Both are told, both have ended when the command ends, and it says how to go on."""
    monkeypatch.setattr(_snakemake, "_is_in_front", lambda: False)
    monkeypatch.setattr(sys, "argv", ["quakeloom", "run", "--config", "my run.yaml"])
    mark = tmp_path / "job"
    # under nohup, or behind another command, they arrive ignored, and the command keeps that
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    outside = signal.signal(number, usual)

    def kill_when_ready() -> None:
        while not Path(f"{mark}.ready").exists():
            threading.Event().wait(0.05)
        os.kill(os.getpid(), number)

    killer = threading.Thread(target=kill_when_ready, daemon=True)
    killer.start()
    try:
        with pytest.raises(StoppedError) as error:
            run_snakemake(
                [sys.executable, "-c", CHILD, str(mark)], dict(os.environ), tmp_path / "log",
                is_plain,
            )  # fmt: skip
        assert signal.getsignal(number) is usual
    finally:
        signal.signal(number, outside)
    assert error.value.exit_code == code
    assert "quakeloom run --config 'my run.yaml'" in str(error.value)
    assert "kept" in str(error.value)
    assert not psutil.pid_exists(int(mark.read_text()))


def test_what_snakemake_says_of_a_lock_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["quakeloom", "run", "-c", "a.yaml", "--", "--forceall"])
    script = "import sys; sys.exit('Error: Directory cannot be locked. Please make sure')"
    code, watched = run_snakemake(
        [sys.executable, "-c", script], dict(os.environ), tmp_path / "log", True
    )
    assert code == 1
    assert watched.is_locked
    assert "`quakeloom run -c a.yaml -- --unlock`" in _why_stopped("a", code, watched)
    assert "exit code 1" in _why_stopped("a", 1, Watched())


def test_why_jobs_failed_is_told_at_the_end_each_reason_once(tmp_path):
    script = (
        "import sys\nfor k in (1, 2, 2, 3):\n"
        "    print(f'quakeloom: There is no model {k}.', file=sys.stderr)\nsys.exit(1)"
    )
    for is_plain in (True, False):
        code, watched = run_snakemake(
            [sys.executable, "-c", script], dict(os.environ), tmp_path / "log", is_plain
        )
        said = _why_stopped("a", code, watched)
        assert [said.count(f"\n  - There is no model {k}.") for k in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize(
    "name", ["my results", "a 'b' [c] \"d\" #e$HOME", "007", "1e5", "true", "a: b", "ä", "~x"]
)
def test_names_pass_snakemake_and_a_shell_as_they_are(name):
    """What Snakemake makes of the value is read back by the rule file's own function."""
    cli = pytest.importorskip("snakemake.cli")
    text = (Path(__file__).parents[3] / "workflow" / "rules" / "plan.smk").read_text()
    function = text[text.index("def named") : text.index("CONFIG = ")]
    entry = f"quakeloom_results={config_value(name)}"
    assert shlex.split(entry) == [entry]
    space: dict = {"config": cli.parse_config([entry])}
    exec(f"from urllib.parse import unquote\n{function}", space)
    assert space["named"]("quakeloom_results", "results") == name
    space["config"] = {}
    assert space["named"]("quakeloom_results", "results") == "results"


@pytest.mark.parametrize("name", ["a{b}", "a\nb"])
def test_names_that_snakemake_cannot_take_are_refused(name):
    with pytest.raises(SettingsError, match="write a name without"):
        refuse_odd_name(Path(name))


def test_a_command_is_shown_as_it_is_typed():
    assert command_again(["run", "-c", "my run.yaml"], "--", "--unlock") == (
        "quakeloom run -c 'my run.yaml' -- --unlock"
    )


def test_a_file_in_the_way_of_snakemakes_records_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refuse_read_only_folder()
    (tmp_path / "logs").write_text("")
    with pytest.raises(InputError, match="logs' is a file"):
        refuse_read_only_folder()


def test_a_home_that_cannot_be_written_gets_a_cache_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_environment() == {}
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "cache"))
    assert cache_environment()["XDG_CACHE_HOME"].startswith(str(tmp_path / ".snakemake"))
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", _no_home)
    assert cache_environment()["XDG_CACHE_HOME"].startswith(str(tmp_path / ".snakemake"))


def _no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EACCES, "right to read and write"),
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "name another place"),
        (errno.EEXIST, "in the way"),
        (errno.ENOTDIR, "a file is where a folder should be"),
        (errno.EISDIR, "name a file"),
        (errno.EMFILE, "ulimit"),
        (errno.ENAMETOOLONG, "shorter"),
        (errno.EIO, "copy the files"),
        (errno.EINVAL, "run again"),
    ],
)
@pytest.mark.parametrize("command", ["doctor", "formats"])
def test_errors_of_the_machine_are_one_line(monkeypatch, capsys, number, remedy, command):
    """Wherever they arise below a command."""
    error = OSError(number, os.strerror(number), "/data/a file")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("typer.echo", fail)
    code, said = say(monkeypatch, capsys, command)
    assert code == 1
    assert len(said.splitlines()) == 1
    assert "'/data/a file'" in said
    assert remedy in said


def test_no_memory_is_one_line(monkeypatch, capsys):
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("typer.echo", fail)
    assert say(monkeypatch, capsys, "formats")[0] == 1
    assert "not enough memory" in describe_system_error(MemoryError())


def test_errors_of_arrow_are_those_of_the_system(tmp_path):
    """Arrow and Zarr give the number of the system's error with theirs."""
    with pytest.raises(OSError) as error:
        pq.write_table(pa.table({"a": [1]}), tmp_path / "none" / "a.parquet")
    assert "it is not there" in describe_system_error(error.value)


@pytest.mark.parametrize("place", ["a.txt", "folder/a.txt"])
def test_a_full_disk_is_told_with_the_file_that_is_not_written(tmp_path, place):
    """The system names no file where a write fails; the store does."""
    item = open_item(tmp_path / place)
    with pytest.raises(OSError) as error, atomic_file(item):
        raise OSError(errno.ENOSPC, "Error writing bytes. Detail: [errno 28] No space left")
    said = describe_system_error(error.value)
    assert said.startswith(f"'{tmp_path / place}': No space left on device; make room")
    assert not item.exists()
    with pytest.raises(OSError) as error, atomic_folder(item):
        raise OSError(errno.ENOSPC, "")
    assert describe_system_error(error.value).startswith(f"'{tmp_path / place}': No space")


def test_ctrl_c_says_that_running_again_goes_on(monkeypatch, capsys):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("typer.echo", stop)
    code, said = say(monkeypatch, capsys, "formats")
    assert code == 130
    assert "the same command goes on from there" in said


def test_folders_of_results_are_tried(tmp_path):
    assert open_results(tmp_path / "a" / "b").is_folder()
    assert not list((tmp_path / "a" / "b").iterdir())
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "results"):
        for opens in (open_results, open_folder):
            with pytest.raises(InputError, match=r"file' is a file: move it away"):
                opens(place)


def picks() -> pa.Table:
    times = np.array(["2021-03-04T05:06:07.123456789", "2021-03-04T05:06:09"], "datetime64[ns]")
    return make_table(
        "picks",
        {
            "event_id": ["a, b", 'c"d'], "network": ["XX", "XX"], "station": ["ST1", "NO"],
            "channel": ["HHZ", "HHZ"], "phase": ["P", "S"], "time": times,
            "uncertainty_s": [0.05, np.nan],
        },
    )  # fmt: skip


@pytest.mark.parametrize("ending", TABLE_ENDINGS)
def test_the_ending_says_in_which_form_a_table_is_written(tmp_path, ending):
    """CSV and Parquet read back to the same picks; JSON has them in words."""
    import json

    out = tmp_path / f"my picks{ending}"
    rejects = empty_table("rejects")
    refuse_odd_ending(out)
    assert write_named_table(out, "picks", picks(), rejects, {"picker": "none"}) is None
    if ending == ".json":
        rows = json.loads(out.read_text())
        assert [r["event_id"] for r in rows] == ["a, b", 'c"d']
        assert rows[0]["time"] == "2021-03-04T05:06:07.123456789Z"
        assert rows[1]["uncertainty_s"] is None
        return
    if ending == ".csv":
        read = read_source(out).picks
    else:
        read = read_table(open_item(out), "picks")
    for name in ("event_id", "station", "phase", "time", "uncertainty_s"):
        ours, theirs = picks().column(name).to_pylist(), read.column(name).to_pylist()
        assert [str(v) for v in ours] == [str(v) for v in theirs]


def test_what_was_put_aside_is_written_in_the_same_form(tmp_path):
    rejects = make_table("rejects", {"record": ["trace"], "reason": ["no samples"]}, 1)
    beside = write_named_table(tmp_path / "x.csv", "picks", picks(), rejects, {})
    assert beside is not None
    assert beside.name == "x.rejects.csv"
    assert "no samples" in (tmp_path / "x.rejects.csv").read_text()
    assert write_named_table(tmp_path / "x.csv", "picks", picks(), rejects.slice(1), {}) is None
    assert not (tmp_path / "x.rejects.csv").exists()


@pytest.mark.parametrize("name", ["x.xlsx", "x", "x.csv.old"])
def test_other_endings_are_refused_with_those_that_there_are(tmp_path, name):
    with pytest.raises(SettingsError, match=r"x(\.csv)?\.parquet"):
        refuse_odd_ending(tmp_path / name)


@pytest.mark.parametrize(
    "command",
    [
        ["locate", "--picks", "p.csv", "--stations", "s.csv", "--model", "m", "--out", "x.csv"],
        ["stress", "--mechanisms", "m.csv", "--out", "x.csv"],
        ["tomography", "--picks", "tx.in", "--out", "x.csv"],
    ],
)
def test_a_file_is_refused_where_a_folder_is_written(monkeypatch, capsys, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    code, said = say(monkeypatch, capsys, *command)
    assert code == 2
    assert "--out x, and find the tables in it" in said
    assert not list(tmp_path.iterdir())
    (tmp_path / "y.csv").mkdir()
    refuse_file_for_folder(tmp_path / "y.csv")


def test_doctor_tries_machine_code_weights_and_the_workflow(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["quakeloom", "doctor"])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr().out
    assert end.value.code in (0, None)
    assert "compiled functions are kept" in said
    assert "weights for picks: `best` is" in said
    assert "weights for first motions: `best` is" in said
    assert "the workflow is" in said


def test_doctor_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setattr("quakeloom.core.machine_code_place", lambda: "")
    monkeypatch.setattr(
        "quakeloom.stages.weights.polarity_readers.find_polarity_weights", lambda _: None
    )
    monkeypatch.setattr("quakeloom.cli._run.find_shipped", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["quakeloom", "doctor"])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr().out
    assert end.value.code == 1
    assert "set NUMBA_CACHE_DIR" in said
    assert "`best` is the classical method" in said
    assert "install quakeloom again" in said


# ---- the lock of a Snakemake that was killed --------------------------------------------------


@pytest.fixture
def locked(tmp_path, monkeypatch) -> Path:
    """A folder with a lock on files of a run, and one of another run."""
    monkeypatch.chdir(tmp_path)
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/a/parts/x.json\nresults/a/report.html\n")
    (locks / "1.output.lock").write_text("results/ab/report.html\n")
    return locks


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    LockOwner([Path("results/a")]).note(process.pid)
    process.communicate(b"\n")
    return process.pid


def test_the_lock_of_a_dead_owner_is_removed_and_no_other(locked):
    dead_process()
    assert not LockOwner([Path("results/b")]).remove_dead_lock()
    assert LockOwner([Path("results/a")]).remove_dead_lock()
    assert [f.name for f in locked.iterdir()] == ["1.output.lock"]
    assert not LockOwner([Path("results/a")]).remove_dead_lock()


@pytest.mark.parametrize("owner", ["unknown", "alive", "elsewhere", "record cut"])
def test_a_lock_whose_owner_may_live_is_kept(locked, owner, monkeypatch):
    if owner == "alive":
        LockOwner([Path("results/a")]).note(os.getpid())
    elif owner != "unknown":
        dead_process()
    if owner == "elsewhere":
        monkeypatch.setattr("platform.node", lambda: "another")
    if owner == "record cut":
        (record,) = (locked.parent / "quakeloom").iterdir()
        record.write_text(record.read_text()[:20])
    assert not LockOwner([Path("results/a")]).remove_dead_lock()
    assert len(list(locked.iterdir())) == 2


def test_a_lock_stays_while_another_snakemake_works_in_the_folder(locked):
    dead_process()
    other = subprocess.Popen([sys.executable, "-c", "input()", "snakemake"], stdin=subprocess.PIPE)
    try:
        assert not LockOwner([Path("results/a")]).remove_dead_lock()
    finally:
        other.communicate(b"\n")
    assert LockOwner([Path("results/a")]).remove_dead_lock()


def test_a_claim_is_held_by_a_snakemake_whose_parent_is_gone(tmp_path):
    with open_item(tmp_path / "run").claim() as first:
        assert first
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False
        )
    with open_item(tmp_path / "run").claim() as free:
        assert not free
    child.communicate(b"\n")
    with open_item(tmp_path / "run").claim() as free:
        assert free


def test_jobs_that_still_work_are_waited_for(tmp_path, capsys, monkeypatch):
    folder = open_item(tmp_path / "run")
    configuration = SimpleNamespace(name="run", cases={})
    with working_alone(configuration, tmp_path):
        pass
    assert "still work" not in capsys.readouterr().err
    with contextlib.ExitStack() as job:
        job.enter_context(folder.share())
        monkeypatch.setattr("time.sleep", lambda _: job.close())
        with working_alone(configuration, tmp_path):
            assert not folder.is_shared()
    assert "jobs of a run that was killed still work" in capsys.readouterr().err
