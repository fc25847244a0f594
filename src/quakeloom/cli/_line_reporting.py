"""Collecting what the report page of a refraction line shows."""

from __future__ import annotations

import logging

import numpy as np
import xarray as xr

from quakeloom.config import Settings
from quakeloom.report import LineResults, build_line_report
from quakeloom.stages._line_inputs import line_settings, read_compared
from quakeloom.store import RunLayout, open_array, read_json, read_table, write_text_if_changed

log = logging.getLogger(__name__)


def write_line_report(settings: Settings, layout: RunLayout) -> None:
    """Build the report page of a refraction line and write it."""
    line = line_settings(settings)
    with xr.open_dataset(layout.root / "sections.nc", engine="scipy") as data:
        sections = {str(n): np.asarray(data[n].to_numpy(), float) for n in data.variables}
    members = np.asarray(open_array(layout.root / "ensemble.zarr", "p_velocity")[:6], float)
    members[:, np.isnan(sections["mean"])] = np.nan
    model = read_compared(settings)
    published = None
    if model is not None:
        published = model.evaluate(sections["depth"][:, None], sections["distance"][None, :])
    results = LineResults(
        settings.name,
        settings.description,
        read_json(layout.root / "tomography.json"),
        sections,
        members,
        read_table(layout.table("travel_time_fits"), "travel_time_fits"),
        read_table(layout.table("rejects"), "rejects"),
        line.mask_above_km_s,
        line.isovelocities_km_s,
        published,
        settings.model_dump(mode="json", exclude_none=True, include={"seed", "tomography"}),
    )
    write_text_if_changed(layout.report, build_line_report(results))
    log.info("report: %s", layout.report)
