"""`make test-s3`: results in an object storage have the bytes of results on disk, whatever happens.

The storage is a server of its own on loopback (moto's). Runs go through the workflow or through
this process; in the end the bytes are those on disk, or one line says what to do.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal
from small_runs import compute_run, quakeloom, write_config
from test_update import edit, revise, write_inputs
from test_waveforms import MONTHS, write_stations
from test_waveforms import write_config as write_waves
from test_waveforms import write_month as write_traces

from quakeloom.stages.frame.partition_states import keys_below
from quakeloom.store import Item, RunLayout, open_item, read_json, read_table
from s3_server import Proxy

pytestmark = pytest.mark.s3

HERE = Path(__file__).parent
NAMING = ("windows.parquet", "picks.parquet", "polarities.parquet")
"""Tables with a column that names files of the archive."""

OFTEN = 8
"""Times that a run is killed."""


def contents(root: Item, *without: str) -> dict[str, bytes]:
    """Return the bytes of all files of a run but times of jobs, logs and what names the place."""
    left_out = (".log", ".tsv", "report.html", *without)
    return {
        file.relative_to(root): file.store.read(file.key)
        for file in root.files()
        if not any(word in file.relative_to(root) for word in left_out)
    }


def differing(a: dict[str, bytes], b: dict[str, bytes]) -> list[str]:
    return sorted(k for k in {*a, *b} if a.get(k) != b.get(k))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    """Three months of first motions, stations and a reversal."""
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder)
    return folder


@pytest.fixture(scope="module")
def on_disk(inputs) -> dict[str, bytes]:
    """The bytes of the run on disk: first motions, mechanisms, stress map."""
    return contents(compute_run(inputs / "tiny.yaml", inputs / "results").root)


def one_line(done: subprocess.CompletedProcess, code: int) -> str:
    """Return the line with which a command ended; there is nothing else of an error."""
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    own = [line for line in said if line.startswith("quakeloom: ")]
    assert len(own) == 1, done.stderr
    return own[0]


def test_the_workflow_makes_the_bytes_of_results_on_disk(storage, inputs, on_disk):
    config = inputs / "tiny.yaml"
    run = ("run", "--config", config, "--results", f"{storage}/p", "--cores", 2)
    done = quakeloom(*run, cwd=Path.cwd())
    assert f"{storage}/p/tiny/report.html" in done.stdout
    root = open_item(f"{storage}/p/tiny")
    assert differing(contents(root), on_disk) == []
    assert (root / "report.html").exists()
    assert len((root / "benchmarks" / "mechanism").children()) == len(("01", "02", "04"))
    # nothing of the results lies on disk but what the workflow works on
    beside = [f for f in Path(".quakeloom").rglob("*") if f.is_file()]
    assert not [f for f in beside if f.suffix in (".parquet", ".nc", "") and f.name[0] != "."]

    again = quakeloom(*run, cwd=Path.cwd())
    assert "Nothing to be done" in again.stderr + again.stdout
    said = quakeloom("verify", "--config", config, "--results", f"{storage}/p", cwd=Path.cwd())
    assert "stage stress" in said.stdout
    # another machine has no folder beside the storage, and knows the same
    other = Path.cwd() / "elsewhere"
    other.mkdir()
    dry = quakeloom(*run, "--dry-run", cwd=other)
    assert "Nothing to be done" in dry.stderr + dry.stdout
    # a second plan notes what was finished before it
    assert differing(contents(root), on_disk) == ["plan/finished.json"]


def test_commands_on_results_in_a_storage(storage, inputs, tmp_path):
    folder = tmp_path / "own"
    shutil.copytree(inputs, folder, ignore=shutil.ignore_patterns("results"))
    write_inputs(folder)
    config, place = folder / "tiny.yaml", f"{storage}/deep/er"
    compute_run(config, Path(place))
    common = ("--config", config, "--results", place)

    def call(*arguments, check=True):
        return quakeloom(*arguments, cwd=Path.cwd(), check=check)

    assert "as recorded" in call("verify", *common).stdout
    call("version", "tag", "first", *common)
    call("report", "--run", f"{place}/tiny")
    assert (open_item(place) / "tiny" / "report.html").exists()
    for form in ("csv", "quakeml"):
        call("export", "--run", f"{place}/tiny", "--to", folder / form, "--format", form)
        assert list((folder / form).iterdir())
    edit(folder, "events_2019-02.csv", revise)
    shown = call("update", *common, "--dry-run").stdout
    assert "2019-02" in shown
    call("update", *common)
    call("version", "tag", "second", *common)
    assert "first" in call("version", "list", *common).stdout
    assert "events" in call("version", "diff", "first", "second", *common).stdout
    call("version", "check", "second", *common)
    anew = compute_run(config, folder / "anew").root
    root = open_item(place) / "tiny"
    assert differing(
        contents(root, "plan/finished.json", "ingest/sources", "ingest/before", "versions"),
        contents(anew, "plan/finished.json", "ingest/sources", "ingest/before"),
    ) == []  # fmt: skip


def test_sources_and_an_archive_in_a_storage(storage, tmp_path, proxy, monkeypatch):
    import obstore

    from quakeloom.store._object_client import open_client

    folder = tmp_path / "own"
    folder.mkdir()
    places = write_stations(folder)
    for month in MONTHS:
        write_traces(folder, month, places)
    client = open_client("s3", storage.removeprefix("s3://"))
    for file in folder.rglob("*"):
        if file.is_file():
            obstore.put(client, f"in/{file.relative_to(folder)}", file)
    disk = compute_run(write_waves(folder), folder / "results").root
    stored = compute_run(write_waves(folder, data=f"{storage}/in"), Path(f"{storage}/out")).root
    # what names the places of files and their times is of the place, the rest is the same
    own = ("settings.yaml", "ingest/archive", "ingest/sources", "plan.json", "plan/", "parts/")
    assert differing(contents(stored, *own, *NAMING), contents(disk, *own, *NAMING)) == []
    for stage in ("window", "pick", "polarity", "mechanism"):
        for month in MONTHS:
            a, b = (r / "parts" / stage / month for r in (stored, disk))
            assert a.is_folder()
            assert differing(contents(a, *NAMING), contents(b, *NAMING)) == []
    for name in NAMING:
        a, b = (read_table(r / name, name.partition(".")[0]).to_pandas() for r in (stored, disk))
        assert set(a.pop("source_file")) - {""} <= {
            f"{storage}/in/{f.relative_to(folder)}" for f in folder.rglob("*.mseed")
        }
        del b["source_file"]
        assert_frame_equal(a, b)
    # sources are kept on disk until they change, the archive is not
    kept = [f.name for f in Path(".quakeloom/inputs").rglob("*") if f.is_file()]
    assert "stations.csv" in kept
    assert not [name for name in kept if name.endswith(".mseed")]
    said = quakeloom("config", "check", folder / "waves.yaml", cwd=Path.cwd())
    assert "archive" in said.stdout
    wrong = write_waves(folder, data=f"{storage}/in", sources=[{"path": "none_*.csv"}])
    done = quakeloom("plan", "--config", wrong, cwd=Path.cwd(), check=False)
    assert "none_*.csv" in one_line(done, 2)


COMPUTE = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from small_runs import compute_run
compute_run(Path({config!r}), Path({results!r}))
"""


def start(config: Path, results: str, **environment: str) -> subprocess.Popen:
    """Compute a run in a process of its own, which can be killed."""
    paths = [str(HERE.parent / "workflow")]
    program = COMPUTE.format(paths=paths, config=str(config), results=results)
    return subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def marked_parts_are_whole(root: Item) -> int:
    """Check that every marker is of files that are there as they were; return how many."""
    found = {}
    for stage in (root / "parts").children():
        for marker in stage.children() if stage.is_folder() else [stage]:
            if marker.name.endswith(".json") and marker.exists():
                found[marker.key] = read_json(marker).get("digests", {})
    of_steps = (".init.json", ".finalise.json")
    of_parts = [k for key, d in found.items() if not key.endswith(of_steps) for k in d]
    for key, digests in found.items():
        for name, digest in digests.items():
            # a gathered array counts without the partitions that have markers of their own
            without = keys_below(name, of_parts) if "finalise" in key else []
            assert (root / name).exists(), f"{name} of {key} is gone"
            assert (root / name).digest(without) == digest, f"{name} of {key} is not whole"
    return len(found)


def test_killed_uploads_leave_no_half_part(storage, inputs, on_disk, proxy, monkeypatch):
    """A run is killed while it sends, again and again; in the end it has the same bytes."""
    proxy.fault = lambda method, path: 0.02 if method in ("PUT", "POST") else None
    place = f"{storage}/killed"
    r = random.Random(15)
    killed = found = 0
    for _ in range(OFTEN):
        before = len(proxy.requests)
        process = start(inputs / "tiny.yaml", place, AWS_ENDPOINT_URL=proxy.address)
        sends = r.randint(5, 90)
        while process.poll() is None:
            if sum(m == "PUT" for m, _ in proxy.requests[before:]) >= sends:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
                break
            time.sleep(0.01)
        process.wait()
        found += marked_parts_are_whole(open_item(place) / "tiny")
    process = start(inputs / "tiny.yaml", place)
    assert process.wait() == 0, process.stderr.read()
    assert differing(contents(open_item(place) / "tiny"), on_disk) == []
    assert killed >= OFTEN // 2
    print(f"{killed} kills while objects were sent; {found} marked parts looked at: all whole")


def test_a_server_that_is_overloaded_now_and_then_changes_nothing(
    storage, inputs, on_disk, proxy, monkeypatch
):
    r = random.Random(3)
    proxy.fault = lambda method, path: (
        503 if r.random() < 0.2 else 0.3 if r.random() < 0.02 else None
    )
    place = f"{storage}/busy"
    process = start(inputs / "tiny.yaml", place, AWS_ENDPOINT_URL=proxy.address)
    assert process.wait() == 0, process.stderr.read()
    assert differing(contents(open_item(place) / "tiny"), on_disk) == []
    print(f"{len(proxy.requests)} requests, a fifth of them answered with 503 first")


@pytest.mark.parametrize("trouble", [503, 3.0], ids=["overloaded", "slow"])
def test_a_server_that_fails_for_good_is_told_in_one_line(storage, inputs, proxy, trouble):
    """Tries are bounded; what is done is kept, and the same command goes on from there."""
    common = ("--config", inputs / "tiny.yaml", "--results", f"{storage}/gone")
    limits = {"QUAKELOOM_STORAGE_TRIES": "2", "QUAKELOOM_STORAGE_REQUEST_S": "1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", proxy.address)
        for name, value in limits.items():
            patch.setenv(name, value)
        proxy.fault = lambda method, path: trouble if len(proxy.requests) > 20 else None
        done = quakeloom("plan", *common, cwd=Path.cwd(), check=False)
        line = one_line(done, 1)
        assert ("503" if trouble == 503 else "does not answer in time") in line
        assert "after 2 retries" in line or trouble != 503
        assert "run again" in line
        proxy.fault = lambda method, path: None
        quakeloom("plan", *common, cwd=Path.cwd())
    assert (open_item(f"{storage}/gone") / "tiny" / "plan.json").exists()


def test_the_workflow_says_why_its_jobs_failed(storage, inputs, proxy, monkeypatch):
    compute_run(inputs / "tiny.yaml", Path(f"{storage}/late"))
    marker = open_item(f"{storage}/late") / "tiny" / "parts" / "stress.finalise.json"
    marker.remove()
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
    monkeypatch.setenv("QUAKELOOM_STORAGE_TRIES", "2")
    proxy.fault = lambda method, path: 503 if method == "PUT" and "stress.zarr" in path else None
    run = ("run", "--config", inputs / "tiny.yaml", "--results", f"{storage}/late", "--cores", 1)
    done = quakeloom(*run, cwd=Path.cwd(), check=False)
    assert done.returncode == 1
    assert "the server answers 503 Service Unavailable after 2 retries" in done.stderr
    assert "Traceback" not in done.stderr


COMMANDS = (
    ("run", "--config", "CONFIG", "--results", "PLACE"),
    ("plan", "--config", "CONFIG", "--results", "PLACE"),
    ("verify", "--config", "CONFIG", "--results", "PLACE"),
    ("update", "--config", "CONFIG", "--results", "PLACE"),
    ("version", "list", "--config", "CONFIG", "--results", "PLACE"),
    ("version", "tag", "a", "--config", "CONFIG", "--results", "PLACE"),
    ("report", "--run", "PLACE/tiny"),
    ("export", "--run", "PLACE/tiny", "--to", "out", "--format", "csv"),
    ("mechanism", "part", "2019-01", "--run", "PLACE/tiny"),
)
"""Commands that take a place of results."""


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(c[:2]) for c in COMMANDS])
def test_a_wrong_bucket_is_one_line_for_every_command(storage, inputs, command):
    words = [
        w.replace("CONFIG", str(inputs / "tiny.yaml")).replace("PLACE", "s3://no-such-bucket/x")
        for w in command
    ]
    line = one_line(quakeloom(*words, cwd=Path.cwd(), check=False), 2)
    assert "There is no bucket s3://no-such-bucket" in line


def test_wrong_credentials_and_no_server_are_one_line(storage, inputs, proxy, monkeypatch):
    common = ("--config", inputs / "tiny.yaml", "--results", storage)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
    proxy.fault = lambda method, path: 403
    line = one_line(quakeloom("run", *common, cwd=Path.cwd(), check=False), 2)
    assert "refused (InvalidAccessKeyId)" in line
    assert "AWS_ACCESS_KEY_ID" in line
    # may read and not write
    proxy.fault = lambda method, path: 403 if method == "PUT" else None
    line = one_line(quakeloom("run", *common, cwd=Path.cwd(), check=False), 2)
    assert "refused" in line
    monkeypatch.setenv("QUAKELOOM_STORAGE_TRIES", "1")
    proxy.close()
    line = one_line(quakeloom("run", *common, cwd=Path.cwd(), check=False), 1)
    assert "no server answers" in line


def test_what_needs_a_folder_on_disk_says_so(storage, inputs, tmp_path):
    wrong = write_config(tmp_path, name="tiny")
    shutil.copy(inputs / "events_2019-01.csv", tmp_path)
    shutil.copy(inputs / "polarities_2019-01.csv", tmp_path)
    compute_run(wrong, Path(f"{storage}/x"))
    done = quakeloom("calibrate", wrong, "--results", f"{storage}/x", cwd=Path.cwd(),
                     check=False)  # fmt: skip
    assert "no file of this machine" in one_line(done, 2)


def test_the_layout_of_a_run_is_opened_by_its_address(storage, inputs):
    compute_run(inputs / "tiny.yaml", Path(f"{storage}/o"))
    layout = RunLayout(f"{storage}/o/tiny")
    assert layout.report.name == "report.html"
    assert layout.root.parent == open_item(f"{storage}/o")
    assert isinstance(Proxy, type)
