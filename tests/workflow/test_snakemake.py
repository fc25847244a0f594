"""The workflow: exact dry runs, nothing done twice, one more month, kill and go on."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_runs import ROOT, quakeloom, write_config, write_month


def jobs(output: str) -> dict[str, int]:
    """Job counts of a Snakemake run, by rule."""
    table = output.split("Job stats:")[-1]
    rows = re.findall(r"^(\w+)\s+(\d+)\s*$", table.split("total")[0], re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule not in ("job", "all")}


def run(catalog: Path, *more: str) -> str:
    done = quakeloom(
        "run", "--config", catalog / "tiny.yaml", "--results", catalog / "results", *more
    )
    return done.stdout + done.stderr


def contents(catalog: Path) -> dict[str, bytes]:
    """All results but timings: tables, accepted sets, report aside."""
    root = catalog / "results" / "tiny"
    return {
        str(p.relative_to(root)): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and p.suffix != ".tsv" and p.name not in ("report.html", "digests.json")
    }


@pytest.mark.slow
def test_a_run_is_exact_and_nothing_is_done_twice(catalog):
    expected = {
        "mechanism": 3, "mechanism_init": 1, "mechanism_finalise": 1, "stations": 1, "report": 1
    }  # fmt: skip
    assert jobs(run(catalog, "--dry-run")) == expected
    assert not (catalog / "results" / "tiny" / "mechanisms.parquet").exists()
    first = run(catalog)
    assert jobs(first) == expected
    assert (catalog / "results" / "tiny" / "report.html").stat().st_size > 10_000
    assert "Nothing to be done" in run(catalog)

    before = contents(catalog)
    write_month(catalog, "2019-03")
    unused = catalog / "results" / "tiny" / "ingest" / "sources" / "of-no-run"
    unused.mkdir()
    again = run(catalog)
    assert not unused.exists()
    assert jobs(again) == {"mechanism": 1, "mechanism_finalise": 1, "stations": 1, "report": 1}
    assert "2019-03" in again
    after = contents(catalog)
    untouched = [p for p in before if p.startswith(("accepted.zarr/2019", "parts/mechanism/2019"))]
    assert len(untouched) > 20
    assert all(after[p] == before[p] for p in untouched)

    quakeloom("verify", "--config", catalog / "tiny.yaml", "--results", catalog / "results")
    table = catalog / "results" / "tiny" / "mechanisms.parquet"
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    broken = quakeloom(
        "verify", "--config", catalog / "tiny.yaml", "--results", catalog / "results", check=False
    )
    assert broken.returncode == 1
    assert "mechanisms.parquet has changed" in broken.stderr


GATHERED = {"mechanism_finalise": 1, "stations": 1, "report": 1}
"""Jobs that follow where a table of all partitions is missing."""

REMOVED = {
    "parts/mechanism/2019-01/solutions.parquet": {"mechanism": 1, **GATHERED},
    "parts/mechanism/2019-01.json": {"mechanism": 1, **GATHERED},
    "mechanisms.parquet": GATHERED,
    "parts/mechanism.finalise.json": GATHERED,
    "station_report.parquet": {"stations": 1, "report": 1},
    "parts/stations/one.json": {"stations": 1, "report": 1},
    "report.html": {"report": 1},
}
"""What is removed of a finished run, and the jobs that make it again."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [
        ["parts/mechanism/2019-01.json", "mechanisms.parquet", "station_report.parquet"],
        pytest.param(list(REMOVED), marks=pytest.mark.long),
    ],
    ids=["some", "all"],
)
def test_what_is_removed_of_a_finished_run_is_made_again(catalog, chosen):
    """The page is newer than all of it, and yet nothing that it rests on stays missing."""
    run(catalog)
    before = contents(catalog)
    root, kept = catalog / "results" / "tiny", catalog / "kept"
    shutil.copytree(root, kept)
    for name in chosen:
        (root / name).unlink()
        assert jobs(run(catalog, "--dry-run")) == REMOVED[name], name
        shutil.rmtree(root)
        shutil.copytree(kept, root)
    for name in REMOVED:
        (root / name).unlink()
    run(catalog)
    assert contents(catalog) == before
    quakeloom("verify", "--config", catalog / "tiny.yaml", "--results", catalog / "results")
    assert "Nothing to be done" in run(catalog)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bytes(catalog):
    command = [
        str(Path(sys.executable).parent / "quakeloom"), "run", "--config",
        str(catalog / "tiny.yaml"), "--results", str(catalog / "results"),
    ]  # fmt: skip
    for delay in (6.5,):
        process = subprocess.Popen(
            command, cwd=ROOT, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        snakemake = [str(Path(sys.executable)), "-m", "snakemake", "--unlock", "--config"]
        environment = {**os.environ, "QUAKELOOM_PLANNED": "1"}
        subprocess.run(
            [*snakemake, f"quakeloom_config={catalog / 'tiny.yaml'}",
             f"quakeloom_results={catalog / 'results'}"],
            cwd=ROOT, env=environment, capture_output=True, check=False,
        )  # fmt: skip
    run(catalog)
    killed = contents(catalog)
    clean = catalog / "clean"
    clean.mkdir()
    for file in catalog.glob("*.csv"):
        (clean / file.name).write_bytes(file.read_bytes())
    write_config(clean, data=str(catalog))
    run(clean)
    whole = contents(clean)
    shown = {k for k in whole if "/." not in f"/{k}"}  # without the claim of the command
    assert {k for k in killed if "/." not in f"/{k}"} == shown
    assert all(killed[k] == whole[k] for k in whole if k != "plan.json")


def test_plain_snakemake_plans_by_itself(catalog):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1", "--config",
         f"quakeloom_config={catalog / 'tiny.yaml'}", f"quakeloom_results={catalog / 'results'}"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert jobs(done.stdout + done.stderr)["mechanism"] == 3
