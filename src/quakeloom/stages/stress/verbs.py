"""Stage ``stress``: mechanisms become a map of the stress in the crust.

Five verbs: :func:`plan`, :func:`init`, :func:`part`, :func:`finalise`, :func:`verify`.
A partition is reduced to exact sums on the nodes that it loads; the map is made of the sums,
so that a new month of mechanisms is added without reading the old ones.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.cluster import peak_memory_mb
from quakeloom.config import Settings, Stress
from quakeloom.core import (
    IncompleteError,
    InputError,
    PlanError,
    digest_file,
    digest_json,
    digest_source,
)
from quakeloom.schema import make_table
from quakeloom.simulate import stress_tensor_at
from quakeloom.stages.frame.partition_states import (
    partition_states,
    refuse_changed,
    refuse_incomplete,
)
from quakeloom.stages.frame.provenance import CODE
from quakeloom.stages.simulate.verbs import simulation_options
from quakeloom.stages.stress.catalogs import (
    catalog_part,
    catalog_tables,
    split_catalogs,
)
from quakeloom.stages.stress.files import describe_map, write_facts, write_map
from quakeloom.stages.stress.inputs import axis_names, select_events
from quakeloom.stages.stress.map import MapEvents, StressMap, make_map
from quakeloom.stages.stress.sums import (
    gather_events,
    load_arrays,
    mean_place,
    needs_events,
    read_acceptance,
    sum_events,
    sum_places,
)
from quakeloom.store import (
    RunLayout,
    atomic_file,
    read_json,
    read_table,
    write_json_if_changed,
    write_table,
    write_tables,
)
from quakeloom.stress import REGIMES, describe_stress, stress_components

log = logging.getLogger(__name__)

STAGE = "stress"
BASE_MB = 500.0
"""Memory of the program with its libraries and kernels loaded."""

_MAP_ONLY = (
    "mask",
    "reach_km",
    "order",
    "metric",
    "basis",
    "alpha2",
    "draws",
    "fields",
    "catalogs",
)
"""Settings that change the map but not the sums of a partition."""


def plan(settings: Settings, layout: RunLayout, partitions: Sequence[str]) -> list[str]:
    """Write the plan files of the sums and of the map; return the partitions.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    partitions : sequence of str
        Partitions of the stage ``mechanism``; not used where catalogs are given, which are
        split here.
    """
    stress = _stress(settings)
    common = {
        "stage": STAGE,
        "code": digest_source(CODE[STAGE]),
        "settings": digest_json(stress.model_dump(mode="json", exclude=set(_MAP_ONLY))),
        "seed": settings.seed,
    }
    names = list(partitions)
    rows: dict[str, str] = {}
    if stress.catalogs:
        rows = split_catalogs(settings, layout)
        names = list(rows)
    folder = layout.plan(STAGE, "x").parent
    for name in names:
        write_json_if_changed(
            layout.plan(STAGE, name), {**common, "partition": name, "rows": rows.get(name, "")}
        )
    for old in folder.glob("*.json") if folder.is_dir() else ():
        if old.stem not in names:
            old.unlink()
    write_json_if_changed(layout.plan_step(STAGE, "init"), {"stage": STAGE})
    write_json_if_changed(
        layout.plan_step(STAGE, "finalise"),
        {
            **common,
            "partitions": names,
            "settings": digest_json(stress.model_dump(mode="json")),
        },
    )
    return names


def promise_memory(settings: Settings, events: int) -> int:
    """Return the memory in MB that the map needs at most.

    The sums and the factor of a map of as many nodes as the events can load, and what the
    bootstrap keeps of every event.
    """
    stress = _stress(settings)
    nodes = min(4 * events + 100, 100_000)
    # 210 + 75 + 11 integers a node; a factor of some 1,000 numbers per unknown; draws
    map_mb = nodes * (300 * 8 + 5 * 1000 * 8) / 1e6
    each = events * (44 * 8) / 1e6
    # all replicates, and the sums and vectors of a batch of 64
    replicates = stress.bootstrap * nodes * 5 * 4 / 1e6
    batch = min(stress.bootstrap, 64) * nodes * (5 * 15 + 6 * 5) * 8 / 1e6
    fields = 3 * stress.fields * nodes * 5 * 8 / 1e6
    return int(np.ceil(BASE_MB + map_mb + each + 2 * replicates + batch + fields))


def list_partitions(layout: RunLayout) -> list[tuple[str, str]]:
    """Return the planned partitions with their state: ``done``, ``stale`` or ``missing``."""
    return partition_states(layout, STAGE)


def init(settings: Settings, layout: RunLayout) -> None:
    """Mark the stage as open; the map itself is written whole by :func:`finalise`."""
    names, steps = axis_names(_stress(settings))
    write_json_if_changed(layout.done_step(STAGE, "init"), {"axes": names, "steps": steps})


def part(settings: Settings, layout: RunLayout, partition: str) -> dict[str, Any]:
    """Reduce the mechanisms of one partition to sums on the nodes that they load."""
    started = time.perf_counter()
    stress = _stress(settings)
    if not layout.plan(STAGE, partition).exists():
        raise PlanError(
            f"Partition '{partition}' of the stress map of {layout.root} is not planned. "
            "Run `quakeloom plan --config FILE`."
        )
    if stress.catalogs:
        mechanisms = read_table(catalog_part(layout, partition), "mechanisms")
        acceptance, grid = None, ()
    else:
        mechanisms = read_table(
            layout.part("mechanism", partition) / "mechanisms.parquet", "mechanisms"
        )
        acceptance, grid = read_acceptance(layout, partition)
    events = select_events(stress, mechanisms, acceptance, grid, settings.seed)
    keyed = sum_events(stress, events)
    folder = layout.part(STAGE, partition)
    with atomic_file(folder / "sums.npz") as temporary, temporary.open("wb") as stream:
        np.savez(stream, **keyed)
    digests = {"sums.npz": digest_file(folder / "sums.npz")}
    if needs_events(stress):
        with atomic_file(folder / "events.npz") as temporary, temporary.open("wb") as stream:
            np.savez(
                stream,
                points=events.points,
                statistics=events.statistics,
                weights=events.weights,
                angles=events.angles,
            )
        digests["events.npz"] = digest_file(folder / "events.npz")
    used = int((events.weights > 0).sum())
    summary = {
        "mechanisms": mechanisms.num_rows,
        "used": used,
        "weight": round(float(events.weights.sum()), 3),
        "left_out": events.left_out,
    }
    marker = layout.done(STAGE, partition)
    marker.unlink(missing_ok=True)
    write_json_if_changed(
        marker,
        {
            "plan": digest_file(layout.plan(STAGE, partition)),
            "counts": summary,
            "place_sum": sum_places(events),
            "digests": digests,
        },
    )
    log.info(
        "stress %s: %s, %.2f s, %.0f MB",
        partition,
        summary,
        time.perf_counter() - started,
        peak_memory_mb(),
    )
    return summary


def finalise(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Make the map of the sums of all partitions and write its files.

    Raises
    ------
    IncompleteError
        If partitions are missing or were summed under another plan; the message names them.
    """
    started = time.perf_counter()
    stress = _stress(settings)
    names = refuse_incomplete(layout, STAGE)
    markers = [read_json(layout.done(STAGE, n)) for n in names]
    parts = [load_arrays(layout.part(STAGE, n) / "sums.npz") for n in names]
    events = gather_events(layout, names) if needs_events(stress) else None
    center = mean_place([m["place_sum"] for m in markers], [m["counts"]["used"] for m in markers])
    made = make_map(stress, parts, center, events, settings.seed)
    provenance = _provenance(settings, layout)
    files = write_map(layout.root, made, provenance)
    if settings.simulation is not None:
        write_table(
            layout.table("stress_truth"), "stress_truth", _truth(settings, made.table), provenance
        )
        files.append("stress_truth.parquet")
    left: dict[str, int] = {}
    for marker in markers:
        for reason, count in marker["counts"]["left_out"].items():
            left[reason] = left.get(reason, 0) + count
    if stress.catalogs:
        write_tables(
            layout.table("mechanisms"),
            "mechanisms",
            catalog_tables(layout, names),
            provenance,
        )
        write_json_if_changed(layout.provenance, provenance)
    description = {**describe_map(made), "left_out": left, "settings": provenance["stress"]}
    write_facts(layout.root, description)
    files.append("stress.json")
    write_json_if_changed(
        layout.done_step(STAGE, "finalise"),
        {
            "plan": digest_file(layout.plan_step(STAGE, "finalise")),
            "digests": {f: digest_file(layout.root / f) for f in files},
        },
    )
    summary = {
        k: description[k]
        for k in ("status", "alpha2", "abic", "nodes_with_data", "mechanisms", "weight")
    }
    log.info(
        "stress: %s, %.2f s, %.0f MB", summary, time.perf_counter() - started, peak_memory_mb()
    )
    return description


def verify(settings: Settings, layout: RunLayout) -> dict[str, int]:
    """Read everything again and compare it with the recorded digests.

    Raises
    ------
    VerificationError
        With every file that is missing or changed.
    IncompleteError
        If partitions are missing.
    """
    names = refuse_incomplete(layout, STAGE)
    recorded = [
        (layout.part(STAGE, n) / file, digest)
        for n in names
        for file, digest in read_json(layout.done(STAGE, n))["digests"].items()
    ]
    final = layout.done_step(STAGE, "finalise")
    if not final.exists():
        raise IncompleteError(
            f"The stress map of {layout.root} was not made. Run `quakeloom stress finalise`."
        )
    recorded += [(layout.root / f, d) for f, d in read_json(final)["digests"].items()]
    files = refuse_changed(f"The stress map of {layout.root}", recorded)
    return {"files": files, "partitions": len(names)}


def map_catalog(
    stress: Stress, mechanisms: pa.Table, folder: Path, seed: int = 0
) -> tuple[StressMap, dict[str, Any]]:
    """Map a catalog of mechanisms in one go and write all files to a folder.

    Returns
    -------
    StressMap, dict
        The map, and what ``stress.json`` holds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made, description = map_mechanisms(stress, mechanisms, seed=seed)
    provenance = {
        "quakeloom": __version__,
        "seed": seed,
        "stress": description["settings"],
    }
    write_map(folder, made, provenance)
    write_facts(folder, description)
    return made, description


def map_mechanisms(
    stress: Stress,
    mechanisms: pa.Table,
    acceptance: NDArray[np.uint8] | None = None,
    grid: Sequence[NDArray[np.float64]] = (),
    seed: int = 0,
) -> tuple[StressMap, dict[str, Any]]:
    """Map mechanisms in one go; nothing is written.

    Parameters
    ----------
    stress : Stress
    mechanisms : pyarrow.Table
        Registered ``mechanisms``.
    acceptance : ndarray of uint8, shape (events, mechanisms), optional
        Weights of the grid mechanisms, row by row as ``mechanisms``.
    grid : sequence of ndarray
        Strike, dip, rake of the grid mechanisms, and their shares of all orientations.
    seed : int

    Returns
    -------
    StressMap, dict
        The map, and what ``stress.json`` holds.

    Raises
    ------
    InputError
        If no mechanism can be used; the message counts the reasons.
    """
    events = select_events(stress, mechanisms, acceptance, grid, seed)
    keep = MapEvents(events.points, events.statistics, events.weights, events.angles)
    if not events.weights.any():
        raise InputError(
            f"None of {mechanisms.num_rows} mechanisms can be used ({events.left_out}), so there "
            "is no stress to map. Look at the rules of `stress`, or give another catalog."
        )
    center = mean_place([sum_places(events)], [int((events.weights > 0).sum())])
    made = make_map(stress, [sum_events(stress, events)], center, keep, seed)
    return made, {
        **describe_map(made),
        "left_out": events.left_out,
        "settings": stress.model_dump(mode="json"),
    }


def _stress(settings: Settings) -> Stress:
    if settings.stress is None:
        raise PlanError(
            f"Run '{settings.name}' has no `stress` group in its settings, so there is no map to "
            "make. Add `stress: {}`."
        )
    return settings.stress


def _provenance(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    known = read_json(layout.provenance) if layout.provenance.exists() else {}
    return {
        **known,
        "quakeloom": __version__,
        "seed": settings.seed,
        "stress": _stress(settings).model_dump(mode="json"),
        "stress_code_digest": digest_source(CODE[STAGE]),
    }


def _truth(settings: Settings, table: pa.Table) -> pa.Table:
    """The stress of the synthetic Earth at the nodes of the map."""
    place = [table.column(n).to_numpy() for n in ("longitude", "latitude")]
    tensors = stress_tensor_at(*place, simulation_options(settings))
    stress = describe_stress(stress_components(tensors))
    return make_table(
        "stress_truth",
        {
            "longitude": place[0],
            "latitude": place[1],
            "shmax_deg": stress.shmax_deg,
            "shape_ratio": stress.shape_ratio,
            "a_phi": stress.a_phi,
            "regime": np.array(REGIMES, dtype=object)[stress.regime],
        },
    )
