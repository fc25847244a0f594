"""Verbs of stage ``slip``: displacements become slip, as a mixture over models."""

from __future__ import annotations

import logging
import math
from typing import Any

from quakeloom.config import Settings, Slip
from quakeloom.core import PlanError
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.slip import SLIP
from quakeloom.stages.slip.inversion import find_slip
from quakeloom.store import (
    RunLayout,
    digest_input,
    input_place,
    read_json,
    write_json_if_changed,
    write_table,
)

log = logging.getLogger(__name__)

_BASE_MB = 500.0
"""Memory of the program with its libraries and kernels loaded, measured."""

_FEWEST_SITES = 3000
"""Displacements that are provided for where the number in the files is not known yet."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the files with displacements and covariances."""
    slip = slip_settings(run.settings)
    names = [n for f in slip.files for n in (f.path, f.covariance) if n]
    return StageInputs(
        common={"files": {n: digest_input(input_place(run.settings.data, n)) for n in names}}
    )


def promise(run: PlannedRun) -> Promise:
    """Return what the inversion needs: Green's functions and results of all models."""
    slip = slip_settings(run.settings)
    data = 3 * slip.simulation.sites if slip.simulation is not None else _FEWEST_SITES
    patches = slip.fault.patches[0] * slip.fault.patches[1]
    m, p = slip.models, slip.prior
    count = m.draws * (1 + m.rounds) or math.prod(
        max(len(v), 1)
        for v in (m.strikes_deg, m.dips_deg, m.offsets_km, m.depth_shifts_km, m.poisson_ratios)
    )
    points = len(p.noise_factors) * len(p.spread_factors) * len(p.length_factors)
    numbers = count * patches * (data + 4 * points) + 8 * data**2 + 8 * patches**2
    return Promise(memory_mb=math.ceil(_BASE_MB + 1.3 * 8e-6 * numbers), minutes=60)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Invert the displacements of a run; write the tables and the figures."""
    found = find_slip(settings, slip_settings(settings))
    with open_part(layout, SLIP.name, ONE) as job:
        for name, table in found.tables.items():
            write_table(layout.table(name), name, table, read_kept_provenance(layout, SLIP.name))
        write_json_if_changed(layout.root / "slip.json", found.figures)
        job.also += [layout.root / name for name in SLIP.owned]
        job.counts = {n: found.figures[n] for n in ("displacements", "put_aside", "models")}
        job.said = {"effective_models": round(found.figures["effective_models"], 2)}
    for warning in found.figures["warnings"]:
        log.warning("slip: %s", warning)
    return job.summary


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return what became of the displacements of a run."""
    found = read_json(layout.root / "slip.json")
    mixture, alone = found["mixture"], found["one_model"]
    magnitude = mixture["moment_magnitude"]
    rows = [
        ("displacements used", str(found["displacements"])),
        ("put aside", str(found["put_aside"])),
        ("models", f"{found['models']}, {found['effective_models']:.1f} in effect"),
        ("moment of the mixture", _moment(mixture)),
        ("moment in the reference model alone", _moment(alone)),
        ("moment magnitude", "-" if magnitude is None else f"{magnitude:.2f}"),
    ]
    if found["true_moment_nm"] is not None:
        rows.append(("moment that was simulated", f"{found['true_moment_nm']:.3g} N m"))
    return rows


def _moment(found: dict[str, Any]) -> str:
    low, high = found["moment_low_nm"], found["moment_high_nm"]
    return f"{found['moment_nm']:.3g} N m, {low:.3g} to {high:.3g} (95 %)"


def slip_settings(settings: Settings) -> Slip:
    """Return the group ``slip``; :class:`PlanError` if the run has none."""
    if settings.slip is None:
        raise PlanError(f"Run '{settings.name}' has no `slip` group in its settings.")
    return settings.slip
