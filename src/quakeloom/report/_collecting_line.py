"""Collecting what the report page of a refraction line shows."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings, case_run
from quakeloom.core import IncompleteError, InputError
from quakeloom.inference import ensemble_agreement
from quakeloom.report._line_page import ComparedEnsemble, LineResults, build_line_report
from quakeloom.report._stage_sections import stage_sections
from quakeloom.stages.tomography.inputs import line_settings, read_compared
from quakeloom.stages.tomography.products import covered_nodes
from quakeloom.store import (
    RunLayout,
    open_array,
    open_dataset,
    read_json,
    read_table,
    write_json_if_changed,
    write_text_if_changed,
)

log = logging.getLogger(__name__)


def write_line_report(settings: Settings, layout: RunLayout) -> None:
    """Build the report page of a refraction line and write it."""
    line = line_settings(settings)
    with open_dataset(layout.root / "sections.nc") as data:
        sections = {str(n): np.asarray(data[n].to_numpy(), float) for n in data.variables}
    members = np.asarray(open_array(layout.root / "ensemble.zarr", "p_velocity")[:6], float)
    members[:, np.isnan(sections["mean"])] = np.nan
    model = read_compared(settings)
    published = None
    if model is not None:
        published = model.evaluate(sections["depth"][:, None], sections["distance"][None, :])
    spacing = tuple(float(np.diff(sections[n][:2])[0]) for n in ("depth", "distance"))
    picks = int(read_json(layout.root / "tomography.json")["picks"])
    covered = covered_nodes(sections["ray_coverage"], (spacing[0], spacing[1]), picks)
    compared = _compare(settings, layout, covered & np.isfinite(sections["mean"]))
    if compared:
        write_json_if_changed(layout.root / "agreement.json", {c.name: c.figures for c in compared})
    results = LineResults(
        settings.name,
        settings.description,
        read_json(layout.root / "tomography.json"),
        sections,
        members,
        read_table(layout.table("travel_time_fits"), "travel_time_fits"),
        read_table(layout.table("rejects"), "rejects"),
        (line.mask_above_ratio, line.mask_above_km_s),
        line.isovelocities_km_s,
        published,
        settings.model_dump(mode="json", exclude_none=True, include={"seed", "tomography"}),
        compared,
        stage_sections(settings, layout),
    )
    write_text_if_changed(layout.report, build_line_report(results))
    log.info("report: %s", layout.report)


def _compare(
    settings: Settings, layout: RunLayout, covered: NDArray[np.bool_]
) -> list[ComparedEnsemble]:
    """Hold the ensemble against those of other cases of the same line, where rays pass."""
    found = []
    ours = np.asarray(open_array(layout.root / "ensemble.zarr", "p_velocity")[...], float)
    configuration = settings.name.split("/")[0]
    for case in settings.report.compare:
        other = RunLayout(layout.results(settings.name) / case_run(configuration, case))
        if not (other.root / "tomography.json").exists():
            raise IncompleteError(
                f"Case '{case}', which '{settings.name}' is compared with, is not finished in "
                f"{other.root}. No page was written; run the workflow, or leave the case out of "
                "`report.compare`."
            )
        theirs = np.asarray(open_array(other.root / "ensemble.zarr", "p_velocity")[...], float)
        if theirs.shape[1:] != ours.shape[1:]:
            raise InputError(
                f"Case '{case}' has a section of {theirs.shape[1:]} nodes and '{settings.name}' of "
                f"{ours.shape[1:]}. They cannot be compared node by node; use the same section, "
                "or leave the case out of `report.compare`."
            )
        difference, ratio = ensemble_agreement(ours, theirs)
        d, r = difference[covered], ratio[covered]
        summary = read_json(other.root / "tomography.json")
        # two ensembles of the same posterior differ by this much because they are finite
        expected = float(np.sqrt(1.0 / len(ours) + 1.0 / len(theirs)))
        figures = {
            "sampler": summary["sampler"],
            "members": summary["members"],
            "chi_square_per_datum": summary["chi_square_per_datum"],
            "effective_sample_size": summary["effective_sample_size"],
            "mean_difference_rms": float(np.sqrt(np.mean(d**2))),
            "mean_difference_expected": expected,
            "share_within_half_deviation": float(np.mean(np.abs(d) < 0.5)),
            "spread_ratio_median": float(np.median(r)),
            "spread_ratio_5_percent": float(np.quantile(r, 0.05)),
            "spread_ratio_95_percent": float(np.quantile(r, 0.95)),
        }
        found.append(
            ComparedEnsemble(
                case,
                figures,
                np.where(covered, difference, np.nan),
                np.where(covered, ratio, np.nan),
            )
        )
    return found
