"""Ten kinds of change to a finished run: seconds of the update beside those from scratch.

A synthetic catalog, written as people's files, one per year. For every kind of change: the
partitions that run, the seconds of planning, looking and running, those of a run from scratch in
the same process, and whether all tables and arrays have the same bytes. Waveforms and code are in
the tests (``tests/workflow/test_update.py``).
"""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

import quakeloom as ql
from _harness import Stopwatch, figure, print_result
from quakeloom.config import load_configuration
from quakeloom.stages.changes.finishing import finish_update
from quakeloom.stages.changes.run_changes import RunChanges
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.stages.versions.seals import product_digests
from quakeloom.store import RunLayout, open_item

NAME = "changing"
"""Name of the run."""


def write_inputs(folder: Path, events: int) -> None:
    """Write a synthetic catalog: events and first motions by year, stations, reversals."""
    made = ql.simulate_catalog(events, start_year=2010, end_year=2020)
    year = made.events.set_index("event_id")["origin_time"].dt.year
    for y in sorted(year.unique()):
        for name, table in (("events", made.events), ("polarities", made.polarities)):
            rows = table[table["event_id"].map(year) == y]
            columns = [c for c in rows.columns if rows[c].notna().any() and c != "source_line"]
            rows[columns].drop(columns="source_file", errors="ignore").to_csv(
                folder / f"{name}_{y}.csv", index=False
            )
    made.stations.drop(columns=["source_file", "source_line"], errors="ignore").to_csv(
        folder / "stations.csv", index=False
    )
    (folder / "reversals.txt").write_text("ZZZZ  20100101 20101231\n")
    write_settings(folder)


def write_settings(folder: Path, trials: int = 10, reach_km: float = 30.0) -> None:
    """Write the configuration."""
    patterns = ("events_*.csv", "polarities_*.csv", "stations.csv", "reversals.txt")
    settings: dict[str, Any] = {
        "name": NAME,
        "data": str(folder),
        "sources": [
            {"path": p, "format": "hash_reversals" if p.endswith("txt") else "csv"}
            for p in patterns
        ],
        "partition": {"calendar": "year"},
        "takeoff": {"models": ["generic_crust"]},
        "mechanism": {"trials": trials},
        "stress": {"reach_km": reach_km, "planes": "both", "draws": 200},
    }
    (folder / "run.yaml").write_text(yaml.safe_dump(settings))


def edit(folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a table of the inputs."""
    table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    change(table).to_csv(folder / name, index=False)


def set_cell(column: str, value: str, row: int = 0) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return a change of one value."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[table.index[row], column] = value
        return table

    return change


def last_year(folder: Path) -> int:
    """Return the last year that has a file."""
    return max(int(f.stem[-4:]) for f in folder.glob("events_*.csv"))


def withdraw_event(folder: Path) -> None:
    """Withdraw the last event of the last year, with its readings."""
    y = last_year(folder)
    event = pd.read_csv(folder / f"events_{y}.csv", dtype=str)["event_id"].iloc[-1]
    for name in ("events", "polarities"):
        edit(folder, f"{name}_{y}.csv", lambda t: t[t["event_id"] != event])


def withdraw_year(folder: Path) -> None:
    """Withdraw the last year."""
    y = last_year(folder)
    for name in ("events", "polarities"):
        (folder / f"{name}_{y}.csv").unlink()


def turn_reading(folder: Path) -> None:
    """Change the sign of one first motion."""
    name = f"polarities_{last_year(folder)}.csv"
    first = pd.read_csv(folder / name, dtype=str)["polarity"].iloc[0]
    edit(folder, name, set_cell("polarity", str(-int(first))))


def reverse_station(folder: Path) -> None:
    """Name the first station in the table of reversals."""
    station = pd.read_csv(folder / "stations.csv", dtype=str)["station"].iloc[0]
    (folder / "reversals.txt").write_text(f"{station}  20100101 20101231\n")


def add_year(folder: Path) -> None:
    """Put the withdrawn year back."""
    for file in (folder / "aside").iterdir():
        shutil.copy(file, folder / file.name)


KINDS: dict[str, Callable[[Path], None]] = {
    "a year of events withdrawn": withdraw_year,
    "a year of events added": add_year,
    "an event withdrawn": withdraw_event,
    "a depth revised": lambda f: edit(
        f, f"events_{last_year(f)}.csv", set_cell("depth_km", "9.99")
    ),
    "a first motion changed": turn_reading,
    "a station at another height": lambda f: edit(
        f, "stations.csv", set_cell("elevation_m", "777")
    ),
    "an epoch closed": lambda f: edit(
        f, "stations.csv", set_cell("end_time", "2012-01-01T00:00:00Z")
    ),
    "the reversal table": reverse_station,
    "stress.reach_km": lambda f: write_settings(f, reach_km=35.0),
    "mechanism.trials": lambda f: write_settings(f, trials=12, reach_km=35.0),
}
"""Changes, each made to what the one before left."""


def update(folder: Path, results: Path) -> tuple[RunChanges, dict[str, str]]:
    """Plan, look, run and finish; return what was foreseen and the digests of all products."""
    configuration = load_configuration(folder / "run.yaml")
    plan_configuration(configuration, results)
    settings, layout = configuration.cases[NAME], RunLayout(results / NAME)
    changes = RunChanges(settings, layout)
    assert changes.work is not None
    run_here(settings, layout)
    finish_update([(settings, layout)], open_item(results) / NAME / "ingest" / "sources")
    return changes, product_digests(settings, layout)


def main() -> None:
    """Make the changes one after the other, each also from scratch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="A smaller catalog.")
    logging.disable(logging.WARNING)
    events = 200 if parser.parse_args().quick else 2000
    watch = Stopwatch()
    figures = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_inputs(folder, events)
        (folder / "aside").mkdir()
        for name in ("events", "polarities"):
            shutil.copy(folder / f"{name}_{last_year(folder)}.csv", folder / "aside")
        update(folder, folder / "results")
        print(f"{'change':30} {'partitions':>10} {'update s':>9} {'anew s':>7}  same bytes")
        for kind, change in KINDS.items():
            change(folder)
            one = Stopwatch()
            changes, digests = update(folder, folder / "results")
            seconds = one.seconds()
            ran = sum(len(w.partitions) for w in changes.work)
            planned = sum(len(p["each"]) for p in changes.new_plans.values())
            other = Stopwatch()
            _, anew = update(folder, folder / "anew")
            scratch = other.seconds()
            shutil.rmtree(folder / "anew")
            same = "yes" if digests == anew else "no"
            print(f"{kind:30} {ran:4} of {planned:2} {seconds:9.2f} {scratch:7.2f}  {same}")
            figures.append(figure(f"update: {kind}", round(seconds, 3), "s", "anew", scratch))
            figures.append(figure(f"same bytes: {kind}", float(digests == anew), "1"))
    print_result("update", figures, {"events": events}, watch.seconds())


if __name__ == "__main__":
    main()
