"""Names in data that are paths: a run reads what its configuration names, and writes its folder."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import yaml

HOSTILE = ["../../../outside/a", "/outside/b", "..", "a/../../../../outside/c", "~/d", "$(touch e)"]
"""Identifiers of events and codes of stations that lead elsewhere if they are taken for paths."""

WATCH = textwrap.dedent(
    """
    import json, os, sys
    from pathlib import Path
    seen = {"read": set(), "written": set(), "run": []}
    def watch(event, values):
        if event == "open" and isinstance(values[0], (str, bytes)):
            path, mode, flags = values
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            seen["written" if writes else "read"].add(os.path.abspath(os.fsdecode(path)))
        elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.truncate"):
            if isinstance(values[0], (str, bytes)):
                seen["written"].add(os.path.abspath(os.fsdecode(values[0])))
        elif event in ("os.rename", "os.link", "os.symlink"):
            seen["written"].add(os.path.abspath(os.fsdecode(values[1])))
        elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
            seen["run"].append([str(values[0]), [str(v) for v in values[1] or ()]])
    from quakeloom.cli import main
    # what is imported and compiled lies in the program, and is no part of this test
    sys.addaudithook(watch)
    said = []
    for command in json.loads(sys.argv[1]):
        sys.argv = ["quakeloom", *command]
        try:
            main()
        except SystemExit as end:
            assert not end.code, command
    Path("seen.json").write_text(
        json.dumps({k: sorted(v) for k, v in seen.items()})
    )
    """
)
"""Runs commands in one process, and writes what they opened, made, removed and started."""


def write_catalog(folder: Path) -> None:
    """Write events and stations with such names; the first event has many readings."""
    with (folder / "events.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["event_id", "origin_time", "longitude", "latitude", "depth_km"])
        for i, name in enumerate(HOSTILE):
            rows.writerow([name, f"2019-03-{1 + i:02d}T00:00:00Z", 135, 35, 10])
    with (folder / "readings.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["event_id", "station", "polarity", "azimuth_deg", "takeoff_deg"])
        for name in HOSTILE:
            for s in range(16):
                station = HOSTILE[s] if s < len(HOSTILE) else f"S{s}"
                rows.writerow([name, station, 1 if s % 4 < 2 else -1, 22.5 * s, 60 + 4 * s])


def test_no_name_of_data_leads_out_of_the_run(tmp_path):
    """Plan, every stage, checks, tables of events and their mechanisms as other formats."""
    work, outside = tmp_path / "a" / "b" / "work", tmp_path / "outside"
    for folder in (work, outside, tmp_path / "home"):
        folder.mkdir(parents=True)
    write_catalog(work)
    settings = {
        "name": "run", "partition": {"calendar": "all"},
        "sources": [{"path": "events.csv"}, {"path": "readings.csv"}],
        "takeoff": {"angles": "given"}, "mechanism": {"trials": 4, "grid_step_deg": 20},
    }  # fmt: skip
    (work / "run.yaml").write_text(yaml.safe_dump(settings))
    verbs = ["init", "part all", "finalise"]
    run = ["--run", "results/run"]
    commands = [
        ["plan", "--config", "run.yaml"],
        *[["mechanism", *verb.split(), *run] for verb in verbs],
        ["stations", "part", *run],
        ["report", *run],
        ["verify", "--config", "run.yaml"],
    ]
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "home")}
    ended = subprocess.run(
        [sys.executable, "-c", WATCH, json.dumps(commands)], cwd=work, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    seen = json.loads((work / "seen.json").read_text())
    inside, home = f"{work / 'results' / 'run'}/", f"{tmp_path / 'home'}/"
    program = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]))
    system = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib", "/run/")
    named = {str(work / f) for f in ("run.yaml", "events.csv", "readings.csv")}
    written = [
        p for p in seen["written"]
        if not p.startswith((inside, home)) and "__pycache__" not in p and p != "/dev/null"
    ]  # fmt: skip
    results = {str(work / "results"), str(work / "results" / "run"), str(work / "seen.json")}
    assert set(written) <= results
    # names of folders alone are listed to find what a source stands for
    read = {
        p
        for p in seen["read"]
        if not p.startswith((inside, home, *program, *system)) and Path(p).is_file()
    }
    assert read <= named | {str(work / "seen.json")}
    # fonts, the version of the code, the machine: no shell, and no word from the data
    assert {Path(name).name for name, _ in seen["run"]} <= {"fc-list", "git", "uname"}
    words = [word for _, given in seen["run"] for word in given]
    assert not [w for w in words if any(name in w for name in HOSTILE if name != "..")]
    assert not list(outside.iterdir())
    made = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if "outside" in p.name}
    assert made == {"outside"}
