"""Stage ``tomography``: picked travel times become an ensemble of velocity sections.

Its own verbs: :func:`init`, :func:`part`, :func:`finalise`. A
partition is a block of members, which is a shard of every array in ``ensemble.zarr``.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.cluster import clamp_workers, find_workers, open_executor
from quakeloom.config import Settings, Tomography
from quakeloom.core import digest_bytes
from quakeloom.inference import one_blas_thread
from quakeloom.schema import conform_table
from quakeloom.stages.ensemble.blocks import (
    blocks_of,
    ensemble_path,
    require_block,
)
from quakeloom.stages.frame.partition_states import digest_files, open_part, refuse_incomplete
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.frame.verbs import gather_parts, open_marker
from quakeloom.stages.tomography import TOMOGRAPHY
from quakeloom.stages.tomography.inputs import (
    LineInputs,
    input_digest,
    line_settings,
    read_line,
    sampler_options,
)
from quakeloom.stages.tomography.prepared import (
    MEMBER_ARRAYS,
    make_ensemble,
    prepared_path,
    read_prepared,
    write_prepared,
)
from quakeloom.stages.tomography.prior import prior_path, read_prior, write_prior
from quakeloom.store import (
    RunLayout,
    digest_array,
    read_json,
    resize_arrays,
    write_json_if_changed,
    write_region,
    write_table,
)
from quakeloom.tomography import (
    EnsembleMembers,
    PreparedPosterior,
    RefractionProblem,
    point_of_member,
    prepare_mixture,
    sample_ensemble,
)

log = logging.getLogger(__name__)

BASE_MB = 400.0
"""Memory of the program with its libraries and kernels loaded, measured."""

_TIMES = ("seconds", "processor_seconds")
"""Wall and processor time of a task, shared by its members."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the picks and of the other files of the line."""
    run.inputs = input_digest(run.settings)
    common = {"inputs": run.inputs}
    blocks = blocks_of(line_settings(run.settings))
    return StageInputs(
        common=common,
        init=common,
        each={b.name: {"members": list(b.members)} for b in blocks},
        finalise=common,
    )


def promise(run: PlannedRun) -> Promise:
    """Return what computing the blocks needs."""
    memory = promise_memory(run.settings)
    return Promise(memory, 120, promise_threads(run.settings), init_mb=memory, init_minutes=60)


def promise_memory(settings: Settings) -> int:
    """Return the memory in MB that computing a block needs at most.

    Per worker the program and one task: the eikonal solutions of all shots, the derivatives
    by nodes and by modes, and the normal equations.
    """
    workers = settings.cluster.workers if settings.cluster.kind == "local" else 0
    task = _task_mb(settings)
    fitting = clamp_workers(max(workers, 1), BASE_MB, task, settings.cluster.memory_mb)
    return math.ceil(BASE_MB + task + (fitting * (BASE_MB + task) if workers > 1 else 0.0))


def init(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Check the picks, find the most probable model, and make room for the members.

    What was prepared from the same plan is kept, and so are its members.
    """
    marker = layout.done_step(TOMOGRAPHY.name, "init")
    plan_digest = layout.plan_step(TOMOGRAPHY.name, "init").digest()
    line = line_settings(settings)
    if not (marker.exists() and read_json(marker)["plan"] == plan_digest):
        with one_blas_thread():
            inputs = read_line(settings)
            prepared = prepare_mixture(inputs.problems, sampler_options(line), settings.seed)
        write_prepared(layout, prepared)
        write_prior(layout, inputs.prior)
        write_table(
            layout.table("travel_time_picks"), "travel_time_picks", inputs.used, validate=False
        )
        write_table(
            layout.table("rejects"), "rejects", conform_table("rejects", inputs.rejects),
            validate=False,
        )  # fmt: skip
        summary = {
            "picks": inputs.used.num_rows,
            "rejects": inputs.rejects.num_rows,
            "modes": inputs.problem.size,
            "informed_directions": int(prepared[0].subspace.values.size),
            "chi_square": prepared[0].chi_square,
            "iterations": prepared[0].iterations,
            "converged": all(p.converged for p in prepared),
        }
        make_ensemble(settings, layout, inputs, plan_digest)
        shared = [prepared_path(layout), prior_path(layout)]
        open_marker(
            layout,
            TOMOGRAPHY.name,
            {
                "prepared": prepared_path(layout).digest(),
                "digests": digest_files(layout, shared),
                **summary,
            },
        )
        log.info("tomography init: %s", summary)
    return dict(read_json(marker))


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Compute one block of members and write its shard of every array."""
    block = require_block(layout, TOMOGRAPHY.name, line_settings(settings), partition)
    line = line_settings(settings)
    alone = line.sampler == "rml"
    tasks = [(m,) for m in block.members] if alone else [block.members]
    cluster = settings.cluster
    workers = find_workers(cluster, len(tasks), BASE_MB, _task_mb(settings))
    with open_part(layout, TOMOGRAPHY.name, partition) as job:
        with open_executor(cluster, workers) as executor:
            found = list(executor.map(_sample, [(settings, layout, t) for t in tasks]))
        arrays = {n: np.concatenate([f[n] for f in found]) for n in MEMBER_ARRAYS}
        resize_arrays(ensemble_path(layout), MEMBER_ARRAYS, line.members)
        group = ensemble_path(layout)
        for name, values in arrays.items():
            write_region(group, name, block.members[0], values)
        write_json_if_changed(
            job.folder / "timing.json",
            {f"{n}_per_member": [s for f in found for s in f[n].tolist()] for n in _TIMES},
        )
        job.counts = {"members": len(block.members)}
        job.extra = {
            "prepared": read_json(layout.done_step(TOMOGRAPHY.name, "init"))["prepared"],
            "members": list(block.members),
            "converged": [bool(c) for f in found for c in f["converged"]],
            "accepted": [_finite(a) for f in found for a in f["accepted"]],
            "arrays": {n: digest_bytes(v.tobytes()) for n, v in arrays.items()},
        }
        job.said = {"chi_square": round(float(arrays["chi_square"].mean()), 3), "workers": workers}
    return job.summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Summarize the ensemble; refuse while blocks are missing or out of date, and name them."""
    refuse_incomplete(layout, TOMOGRAPHY.name)
    from quakeloom.stages.tomography.products import write_products

    resize_arrays(ensemble_path(layout), MEMBER_ARRAYS, line_settings(settings).members)
    summary = write_products(
        settings, layout, read_line(settings, read_prior(layout)), read_prepared(layout)
    )
    gather_parts(TOMOGRAPHY, layout, {"summary": summary})
    log.info("tomography: %s", summary)
    return summary


def check(settings: Settings, layout: RunLayout) -> list[str]:
    """Return what has changed of the members, and of what all share, since it was written."""
    problems = []
    for block in blocks_of(line_settings(settings)):
        rows = slice(block.members[0], block.members[-1] + 1)
        marker = read_json(layout.done(TOMOGRAPHY.name, block.name))
        for name, digest in marker["arrays"].items():
            if digest_array(ensemble_path(layout), name, rows) != digest:
                problems.append(f"{name} of block {block.name} has changed since it was written")
    opened = read_json(layout.done_step(TOMOGRAPHY.name, "init"))["digests"]
    for file, digest in opened.items():
        item = layout.root / file
        if not item.exists() or item.digest() != digest:
            problems.append(f"{item} has changed since it was written")
    return problems


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return what became of a refraction line."""
    found = read_json(layout.root / "tomography.json")
    rows = []
    for key, label, digits in (
        ("sampler", "sampler", None),
        ("members", "members", None),
        ("picks", "picks used", None),
        ("rejects", "picks put aside", None),
        ("chi_square_per_datum", "chi-square per datum", 2),
        ("effective_sample_size", "effective sample size", 1),
        ("seconds_per_member", "seconds per member", 2),
    ):
        value = found[key]
        text = str(value) if digits is None or value is None else f"{value:.{digits}f}"
        rows.append((label, text))
    return rows


_INPUTS: dict[str, LineInputs] = {}
"""The problem of the last members, kept for the next ones of this process."""


def _sample(job: tuple[Settings, RunLayout, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """Compute members on a worker."""
    settings, layout, members = job
    key = f"{layout.root} {layout.plan_step(TOMOGRAPHY.name, 'init').digest()}"
    if key not in _INPUTS:
        _INPUTS.clear()
        _INPUTS[key] = read_line(settings, read_prior(layout))
    line = line_settings(settings)
    started, used = time.perf_counter(), time.process_time()
    found = sample_members(
        line, _INPUTS[key].problems, read_prepared(layout), settings.seed, members
    )
    spent = (time.perf_counter() - started, time.process_time() - used)
    return found | {
        name: np.full(len(members), s / len(members)) for name, s in zip(_TIMES, spent, strict=True)
    }


def sample_members(
    line: Tomography,
    problems: Sequence[RefractionProblem],
    prepared: Sequence[PreparedPosterior],
    seed: int,
    members: Sequence[int],
) -> dict[str, NDArray[Any]]:
    """Return the registered arrays of members, one row each, and whether they converged.

    Parameters
    ----------
    line : Tomography
    problems : sequence of RefractionProblem
        One per point of the prior; members are shared out to them in turn.
    prepared : sequence of PreparedPosterior
        Of the problems.
    seed : int
    members : sequence of int
        Numbers of the members; each has random streams of its own.
    """
    together = 1 if line.sampler == "rml" else line.block_members
    which = np.array([point_of_member(m, len(problems), together) for m in members])
    parts: list[dict[str, NDArray[Any]]] = []
    rows: list[NDArray[np.int64]] = []
    # one thread, so that rounding is the same everywhere
    with one_blas_thread():
        for point in np.unique(which):
            rows.append(np.flatnonzero(which == point))
            problem = problems[point]
            found = sample_ensemble(
                line.sampler, problem, seed, np.array(members)[rows[-1]], sampler_options(line),
                prepared[point],
            )  # fmt: skip
            parts.append(_arrays(problem, found))
    order = np.argsort(np.concatenate(rows), kind="stable")
    return {n: np.concatenate([p[n] for p in parts])[order] for n in parts[0]}


def _arrays(problem: RefractionProblem, found: EnsembleMembers) -> dict[str, NDArray[Any]]:
    velocity = np.stack([problem.velocity(w) for w in found.white]).astype(np.float32)
    top = problem.grid.depth_km[:, None] < problem.grid.top_km[None, :] - 1e-9
    velocity[:, top] = np.nan
    return {
        "p_velocity": velocity,
        "log_likelihood": found.log_likelihood,
        "chi_square": found.chi_square,
        "noise_factor": found.noise_factor,
        "white_coordinates": found.white,
        "white_score": found.score,
        "member_time_s": found.prediction,
        "converged": found.converged,
        "accepted": found.accepted,
    }


def _finite(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _task_mb(settings: Settings) -> float:
    """Memory of one member's computation, from the sizes in the settings alone."""
    section = line_settings(settings).section
    nodes = 100_000.0
    if section.spacing_km and section.distance_range_km and section.depth_range_km:
        along = (section.distance_range_km[1] - section.distance_range_km[0]) / section.spacing_km[
            1
        ]
        deep = (section.depth_range_km[1] - section.depth_range_km[0]) / section.spacing_km[0]
        nodes = (along + 5) * (deep + 5)
    # solutions keep some 100 bytes per node, for a few tens of sources
    return 300.0 + nodes * 110 * 30 / 1e6
