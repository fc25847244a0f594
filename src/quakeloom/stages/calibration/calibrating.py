"""Catalogs like that of a run, run with its settings one after the other, and judged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import yaml

from quakeloom import __version__
from quakeloom.config import Configuration, Settings, load_configuration
from quakeloom.stages.calibration.catalogs import TrueCatalog, simulate_like
from quakeloom.stages.calibration.judging import Found, describe_calibration, judge_catalog
from quakeloom.stages.calibration.template import Template, read_template
from quakeloom.stages.frame.chains import taken_settings
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import (
    Item,
    RunLayout,
    input_place,
    is_input,
    write_table,
    write_text_if_changed,
)

log = logging.getLogger(__name__)

FOLDER = "calibration"
"""Folder of the run that keeps the simulated catalogs and their runs."""

_ELSEWHERE = ("sources", "simulation", "waveforms", "threshold", "repeaters", "report", "cases",
              "tendency", "training", "plugins")  # fmt: skip
"""Groups of settings that simulated catalogs do not take: readings are given, and nothing is
compared."""


def calibrate_run(
    settings: Settings,
    layout: RunLayout,
    catalogs: int,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[pa.Table, dict[str, str]]:
    """Simulate catalogs like that of a finished run, run them, and say which ranges hold.

    Every catalog has the network, events, picks and first motions of the run, another true
    velocity model drawn as the ensemble's, delays of stations, errors as stated, and mechanisms
    that slip in the run's stress. The same settings run on it.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
        Of a finished run.
    catalogs : int
    progress : callable
        Called with a sentence now and then.

    Returns
    -------
    pyarrow.Table
        Table ``calibration``, also written to the run.
    dict of str to str
        What could not be judged, and why.
    """
    template = read_template(settings, layout)
    folder = layout.root / FOLDER
    found: Found = {}
    for number in range(catalogs):
        progress(f"catalog {number + 1} of {catalogs}: simulating")
        truth = simulate_like(template, number)
        own = folder / f"c{number:03d}"
        configuration = _write_catalog(own, template, truth)
        plan_configuration(configuration, (own / "results").local)
        ((name, values),) = configuration.cases.items()
        made = RunLayout(own / "results" / name)
        run_here(values, made, partial(_prefix, progress, f"catalog {number + 1}: "))
        judge_catalog(truth, made, found)
    table = describe_calibration(found)
    provenance = {
        "quakeloom": __version__, "seed": settings.seed, "catalogs": catalogs,
        "not_judged": template.why_not,
    }  # fmt: skip
    write_table(layout.table("calibration"), "calibration", table, provenance)
    return table, template.why_not


def _prefix(progress: Callable[[str], None], before: str, sentence: str) -> None:
    progress(before + sentence)


def _write_catalog(folder: Item, template: Template, truth: TrueCatalog) -> Configuration:
    """Write the sources and the configuration of a simulated catalog; return it as it reads."""
    for name, table in truth.tables.items():
        write_table(folder / f"{name}.parquet", name, table)
    settings = template.settings
    values: dict[str, Any] = {
        k: v for k, v in taken_settings(settings).items() if k not in _ELSEWHERE and v is not None
    }
    values["name"] = "simulated"
    values["description"] = f"A catalog like that of {settings.name}, with known truth."
    values["data"] = str(folder.local)
    values["sources"] = [{"path": f"{name}.parquet", "format": "parquet"} for name in truth.tables]
    values.setdefault("selection", {}).pop("screening", None)
    values["cluster"] = {"kind": "synchronous"} | {
        k: v for k, v in values.get("cluster", {}).items() if k == "memory_mb"
    }
    for group in ("locate", "takeoff"):
        if group in values and values[group].get("models"):
            values[group]["models"] = [_absolute(m, settings.data) for m in values[group]["models"]]
    if "picks" not in truth.tables:
        values.pop("locate", None)
    if "locate" in values:
        # the stations of a simulated catalog have other delays
        values["locate"].pop("corrections", None)
    if "stress" in values:
        values["stress"].pop("catalogs", None)
    write_text_if_changed(folder / "simulated.yaml", yaml.safe_dump(values, sort_keys=False))
    return load_configuration((folder / "simulated.yaml").local)


def _absolute(model: str, data: str) -> str:
    """A file of the run's data by its whole path; names of our own models stay."""
    place = input_place(data, model)
    return str(place.absolute()) if is_input(place) else model
