"""Stage ``tomography``: picked travel times become an ensemble of velocity sections.

Five verbs: :func:`plan`, :func:`init`, :func:`part`, :func:`finalise`, :func:`verify`. A
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

from quakeloom.cluster import clamp_workers, open_executor, peak_memory_mb
from quakeloom.config import Settings, Tomography
from quakeloom.core import (
    IncompleteError,
    PlanError,
    VerificationError,
    digest_bytes,
    digest_file,
    digest_json,
    digest_source,
)
from quakeloom.inference import one_blas_thread
from quakeloom.schema import conform_table
from quakeloom.stages.ensemble.blocks import Block, ensemble_path, resize_arrays, split_members
from quakeloom.stages.frame.provenance import CODE, describe_provenance
from quakeloom.stages.tomography.inputs import (
    LineInputs,
    input_digest,
    line_settings,
    read_line,
    read_prior,
    sampler_options,
    write_prior,
)
from quakeloom.stages.tomography.prepared import (
    MEMBER_ARRAYS,
    make_ensemble,
    prepared_path,
    read_prepared,
    write_prepared,
)
from quakeloom.store import (
    RunLayout,
    open_array,
    read_json,
    write_json_if_changed,
    write_region,
    write_table,
)
from quakeloom.tomography import (
    EnsembleMembers,
    PreparedPosterior,
    RefractionProblem,
    prepare_posterior,
    sample_ensemble,
)

log = logging.getLogger(__name__)

STAGE = "tomography"
_SHOWN_ONLY = {"members", "mask_above_km_s", "exceedance_km_s", "isovelocities_km_s", "compare"}
"""Settings that change what is shown of the members, not the members."""

BASE_MB = 400.0
_TIMES = ("seconds", "processor_seconds")


def blocks_of(settings: Settings) -> list[Block]:
    """Split the members into blocks; adding members leaves the full blocks as they are."""
    line = line_settings(settings)
    return split_members(line.members, line.block_members)


def plan(settings: Settings, layout: RunLayout) -> list[dict[str, Any]]:
    """Write the plan files of a line; return what the workflow must know of each block."""
    line = line_settings(settings)
    science = {
        "seed": settings.seed,
        "tomography": line.model_dump(mode="json", exclude=_SHOWN_ONLY),
    }
    common = {
        "stage": STAGE,
        "settings": digest_json(science),
        "code": digest_source(CODE[STAGE]),
        "inputs": input_digest(settings),
    }
    write_json_if_changed(layout.plan_step(STAGE, "init"), common)
    blocks = blocks_of(settings)
    for block in blocks:
        write_json_if_changed(
            layout.plan(STAGE, block.name),
            {**common, "partition": block.name, "members": list(block.members)},
        )
    write_json_if_changed(
        layout.plan_step(STAGE, "finalise"),
        {
            "stage": STAGE,
            "partitions": [b.name for b in blocks],
            "shown": {k: getattr(line, k) for k in sorted(_SHOWN_ONLY)},
        },
    )
    write_json_if_changed(layout.provenance, describe_provenance(settings, common["inputs"], STAGE))
    names = {b.name for b in blocks}
    for file in layout.plan(STAGE, "x").parent.glob("*.json"):
        if file.stem not in names:
            file.unlink()
    memory = promise_memory(settings)
    return [{"partition": b.name, "memory_mb": memory} for b in blocks]


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
    marker = layout.done_step(STAGE, "init")
    plan_digest = digest_file(layout.plan_step(STAGE, "init"))
    line = line_settings(settings)
    if not (marker.exists() and read_json(marker)["plan"] == plan_digest):
        with one_blas_thread():
            inputs = read_line(settings)
            prepared = prepare_posterior(inputs.problem, sampler_options(line), settings.seed)
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
            "informed_directions": int(prepared.subspace.values.size),
            "chi_square": prepared.chi_square,
            "iterations": prepared.iterations,
            "converged": prepared.converged,
        }
        make_ensemble(settings, layout, inputs, plan_digest)
        write_json_if_changed(
            marker,
            {"plan": plan_digest, "prepared": digest_file(prepared_path(layout)), **summary},
        )
        log.info("tomography init: %s", summary)
    return dict(read_json(marker))


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Compute one block of members and write its shard of every array."""
    started = time.perf_counter()
    block = next((b for b in blocks_of(settings) if b.name == partition), None)
    if block is None or not layout.plan(STAGE, partition).exists():
        raise PlanError(
            f"There is no block '{partition}' in the plan of {layout.root}. Nothing was computed; "
            "run `quakeloom plan`, which lists the blocks."
        )
    _refuse_unprepared(layout)
    line = line_settings(settings)
    alone = line.sampler == "rml"
    tasks = [(m,) for m in block.members] if alone else [block.members]
    cluster = settings.cluster
    workers = cluster.workers if cluster.kind == "local" and len(tasks) > 1 else 0
    if cluster.kind != "scheduler":
        workers = clamp_workers(workers, BASE_MB, _task_mb(settings), cluster.memory_mb)
    marker = layout.done(STAGE, partition)
    marker.unlink(missing_ok=True)
    with open_executor(cluster.kind, workers, cluster.scheduler_file) as executor:
        found = list(executor.map(_sample, [(settings, layout, t) for t in tasks]))
    arrays = {n: np.concatenate([f[n] for f in found]) for n in MEMBER_ARRAYS}
    resize_arrays(layout, MEMBER_ARRAYS, line_settings(settings).members)
    group = ensemble_path(layout)
    for name, values in arrays.items():
        write_region(group, name, block.members[0], values)
    write_json_if_changed(
        layout.part(STAGE, partition) / "timing.json",
        {f"{n}_per_member": [s for f in found for s in f[n].tolist()] for n in _TIMES},
    )
    write_json_if_changed(
        marker,
        {
            "plan": digest_file(layout.plan(STAGE, partition)),
            "prepared": read_json(layout.done_step(STAGE, "init"))["prepared"],
            "members": list(block.members),
            "converged": [bool(c) for f in found for c in f["converged"]],
            "accepted": [_finite(a) for f in found for a in f["accepted"]],
            "digests": {n: digest_bytes(v.tobytes()) for n, v in arrays.items()},
        },
    )
    summary = {
        "members": len(block.members),
        "chi_square": round(float(arrays["chi_square"].mean()), 3),
        "seconds": round(time.perf_counter() - started, 3),
        "peak_memory_mb": round(peak_memory_mb()),
        "workers": workers,
    }
    log.info("tomography %s: %s", partition, summary)
    return summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Summarize the ensemble; refuse while blocks are missing or out of date, and name them."""
    missing = [b for b, state in list_blocks(settings, layout) if state != "done"]
    if missing:
        raise IncompleteError(
            f"{len(missing)} blocks of stage '{STAGE}' in {layout.root} are missing or out of "
            f"date: {', '.join(missing[:10])}{' ...' if missing[10:] else ''}. Nothing was "
            "summarized; run the workflow, or `quakeloom tomography part` for each."
        )
    from quakeloom.stages.tomography.products import write_products

    resize_arrays(layout, MEMBER_ARRAYS, line_settings(settings).members)
    result = write_products(
        settings, layout, read_line(settings, read_prior(layout)), read_prepared(layout)
    )
    write_json_if_changed(
        layout.done_step(STAGE, "finalise"),
        {"plan": digest_file(layout.plan_step(STAGE, "finalise")), **result["digests"]},
    )
    log.info("tomography: %s", result["summary"])
    return dict(result["summary"])


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read all members again and compare them with their digests.

    Raises
    ------
    VerificationError
        If something is missing or has changed; the message names it.
    """
    problems: list[str] = []
    count = 0
    for block in blocks_of(settings):
        marker = layout.done(STAGE, block.name)
        if not marker.exists():
            problems.append(f"block {block.name} is missing")
            continue
        rows = slice(block.members[0], block.members[-1] + 1)
        for name, digest in read_json(marker)["digests"].items():
            values = np.asarray(open_array(ensemble_path(layout), name)[rows])
            if digest_bytes(np.ascontiguousarray(values).tobytes()) != digest:
                problems.append(f"{name} of block {block.name} has changed since it was written")
        count += len(block.members)
    summary = layout.root / "tomography.json"
    if not summary.is_file():
        problems.append(f"{summary} is missing")
    if problems:
        raise VerificationError(
            f"Run {layout.root} does not agree with its digests: {'; '.join(problems)}. Run it "
            "again after removing parts/tomography of the blocks named here."
        )
    return {"blocks": len(blocks_of(settings)), "members": count}


def list_blocks(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return every planned block with its state: ``done``, ``stale`` or ``missing``."""
    rows = []
    for block in blocks_of(settings):
        marker, planned = layout.done(STAGE, block.name), layout.plan(STAGE, block.name)
        if not marker.exists():
            state = "missing"
        elif not planned.exists() or read_json(marker)["plan"] != digest_file(planned):
            state = "stale"
        else:
            state = "done"
        rows.append((block.name, state))
    return rows


def _refuse_unprepared(layout: RunLayout) -> None:
    marker = layout.done_step(STAGE, "init")
    current = digest_file(layout.plan_step(STAGE, "init"))
    if not marker.exists() or read_json(marker)["plan"] != current:
        raise IncompleteError(
            f"Stage '{STAGE}' in {layout.root} is not prepared for its present plan. No member "
            "was computed; run `quakeloom tomography init` first."
        )


_INPUTS: dict[str, LineInputs] = {}


def _sample(job: tuple[Settings, RunLayout, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """Compute members on a worker."""
    settings, layout, members = job
    key = f"{layout.root} {digest_file(layout.plan_step(STAGE, 'init'))}"
    if key not in _INPUTS:
        _INPUTS.clear()
        _INPUTS[key] = read_line(settings, read_prior(layout))
    line = line_settings(settings)
    started, used = time.perf_counter(), time.process_time()
    found = sample_members(
        line, _INPUTS[key].problem, read_prepared(layout), settings.seed, members
    )
    spent = (time.perf_counter() - started, time.process_time() - used)
    return found | {
        name: np.full(len(members), s / len(members)) for name, s in zip(_TIMES, spent, strict=True)
    }


def sample_members(
    line: Tomography,
    problem: RefractionProblem,
    prepared: PreparedPosterior,
    seed: int,
    members: Sequence[int],
) -> dict[str, NDArray[Any]]:
    """Return the registered arrays of members, one row each, and whether they converged.

    Parameters
    ----------
    line : Tomography
    problem : RefractionProblem
    prepared : PreparedPosterior
    seed : int
    members : sequence of int
        Numbers of the members; each has random streams of its own.
    """
    # one thread, so that rounding is the same everywhere
    with one_blas_thread():
        found = sample_ensemble(
            line.sampler, problem, seed, np.array(members), sampler_options(line), prepared
        )
    return _arrays(problem, found)


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
