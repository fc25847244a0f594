"""Collecting what the report page of a regional ensemble shows."""

from __future__ import annotations

import logging

import numpy as np

from quakeloom.config import Settings
from quakeloom.report._regional_page import RegionalResults, build_regional_report
from quakeloom.report._stage_sections import stage_sections
from quakeloom.stages.ensemble.blocks import ensemble_path
from quakeloom.stages.regional.inputs import read_stations
from quakeloom.store import (
    RunLayout,
    open_array,
    open_dataset,
    read_json,
    read_table,
    write_text_if_changed,
)

log = logging.getLogger(__name__)


def write_regional_report(settings: Settings, layout: RunLayout) -> None:
    """Build the report page of a regional ensemble and write it."""
    with open_dataset(layout.root / "regional.nc") as data:
        volumes = {str(n): np.asarray(data[n].to_numpy(), float) for n in data.variables}
    middle = volumes["north"].size // 2
    array = open_array(ensemble_path(layout), "regional_p_velocity")
    members = np.stack(
        [np.asarray(array[k], float)[:, middle] for k in range(min(4, array.shape[0]))]
    )
    stations = read_stations(settings)
    results = RegionalResults(
        settings.name,
        settings.description,
        read_json(layout.root / "regional.json"),
        volumes,
        members,
        stations.places_km,
        read_table(layout.table("rejects"), "rejects"),
        settings.model_dump(mode="json", exclude_none=True, include={"seed", "regional"}),
        stage_sections(settings, layout),
    )
    write_text_if_changed(layout.report, build_regional_report(results))
    log.info("report: %s", layout.report)
