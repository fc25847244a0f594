"""Files of a rerun paper: its numbers, and the configurations of its runs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from quakeloom.config import (
    Configuration,
    GridCatalog,
    Paper,
    PaperRun,
    list_examples,
    paper_settings,
)
from quakeloom.core import InputError, SettingsError, unprojected_position
from quakeloom.formats import read_satsi_mechanisms, write_csv
from quakeloom.schema import make_table
from quakeloom.stages.frame.run_settings import load_runs
from quakeloom.stages.papers.comparing import ComparedNumber
from quakeloom.store import (
    Item,
    RunLayout,
    atomic_file,
    find_input,
    read_json,
    write_json_if_changed,
    write_text_if_changed,
)

_NUMBERS = "numbers.json"
"""Numbers of a paper beside ours, in the folder of the paper."""


def papers_folder(results: Item) -> Item:
    """Return the folder that holds a folder for every paper."""
    return results / "papers"


def write_numbers(folder: Item, numbers: Sequence[ComparedNumber]) -> None:
    """Write the numbers of a paper as JSON and CSV."""
    write_json_if_changed(folder / _NUMBERS, [n.as_dict() for n in numbers])
    columns: dict[str, Any] = {}
    for name in ComparedNumber.__dataclass_fields__:
        values = [getattr(n, name) for n in numbers]
        if name in ("uncertainty", "difference", "agrees_within"):
            filled = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
            columns[name] = pa.array(filled)
        else:
            columns[name] = pa.array([_text(v) for v in values], pa.string())
    with atomic_file(folder / "numbers.csv") as file:
        write_csv(pa.table(columns), file)


def read_numbers(folder: Item) -> list[ComparedNumber] | None:
    """Return the numbers of a paper as they were written; None if it was not run."""
    if not (folder / _NUMBERS).exists():
        return None
    return [ComparedNumber(**row) for row in read_json(folder / _NUMBERS)]


def run_configuration(name: str, paper: Paper, run: PaperRun, folder: Item) -> Configuration:
    """Return the configuration of a run.

    That of an example is run as it is, so that its results are those of ``quakeloom run``. Any
    other is written beside the numbers of the paper, to be read and run by itself.
    """
    if run.is_example:
        examples = list_examples()
        if run.example not in examples:
            near = difflib.get_close_matches(run.example, examples, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise SettingsError(
                f"Run '{run.name}' of paper '{name}' names the example '{run.example}', which does "
                f"not come with quakeloom.{hint} Nothing was run."
            )
        return load_runs(examples[run.example])
    file = folder / f"{run.name}.yaml"
    settings = paper_settings(name, run, paper.data)
    if run.grid_catalog is not None:
        catalog = folder / f"{run.name}-mechanisms.csv"
        _write_catalog(catalog, paper.data, run.grid_catalog)
        stress = {**settings.get("stress", {}), "catalogs": [catalog.name]}
        settings |= {"data": str(folder.local), "stress": stress}
    text = yaml.safe_dump(settings, sort_keys=False)
    write_text_if_changed(file, text)
    return load_runs(file.local)


def _write_catalog(item: Item, data: str, made_of: GridCatalog) -> None:
    """Write mechanisms on a grid as a catalog with geographic places."""
    file = find_input(data, made_of.mechanisms)
    if file is None:
        raise InputError(
            f"There is no file '{made_of.mechanisms}' in '{data}', whose mechanisms a run maps. "
            "Nothing was run."
        )
    table = read_satsi_mechanisms(file)
    east, north = (o + made_of.step_km * table[:, i] for i, o in enumerate(made_of.origin_km))
    longitude, latitude = unprojected_position(made_of.projection, north, east)
    count = len(table)
    mechanisms = make_table(
        "mechanisms",
        {
            "event_id": [f"{i + 1}" for i in range(count)],
            "status": ["solved"] * count,
            "longitude": longitude,
            "latitude": latitude,
            "strike_deg": (table[:, 2] - 90.0) % 360.0,
            "dip_deg": table[:, 3],
            "rake_deg": (table[:, 4] + 180.0) % 360.0 - 180.0,
        },
    )
    with atomic_file(item) as temporary:
        write_csv(mechanisms, temporary)


def run_layouts(run: PaperRun, configuration: Configuration, results: Item) -> dict[str, RunLayout]:
    """Return the cases of a run as numbers call them: ``RUN`` or ``RUN/CASE``."""
    rest = len(configuration.name)
    return {run.name + case[rest:]: RunLayout(results / case) for case in configuration.cases}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
