"""Blocks of members, and the arrays of an ensemble that grow with them."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zarr

from quakeloom.core import IncompleteError, digest_file
from quakeloom.stages.frame.partition_states import require_partition
from quakeloom.store import RunLayout, read_json


@dataclass(frozen=True)
class Block:
    """One partition: consecutive members."""

    name: str
    members: tuple[int, ...]


def split_members(members: int, size: int) -> list[Block]:
    """Split members into blocks; adding members leaves the full blocks as they are."""
    return [
        Block(f"m{first:05d}", tuple(range(first, min(first + size, members))))
        for first in range(0, members, size)
    ]


def blocks_of(group: Any) -> list[Block]:
    """Return the blocks of an ensemble from the group of its settings."""
    return split_members(group.members, group.block_members)


def require_block(layout: RunLayout, stage: str, group: Any, partition: str) -> Block:
    """Return a block of an ensemble that is planned and prepared for its present plan.

    Raises
    ------
    PlanError
        If there is no such block.
    IncompleteError
        If the stage was not opened since it was planned.
    """
    require_partition(layout, stage, partition)
    marker = layout.done_step(stage, "init")
    current = digest_file(layout.plan_step(stage, "init"))
    if not marker.exists() or read_json(marker)["plan"] != current:
        raise IncompleteError(
            f"Stage '{stage}' in {layout.root} is not prepared for its present plan. No member "
            f"was computed; run `quakeloom {stage} init` first."
        )
    return next(b for b in blocks_of(group) if b.name == partition)


def ensemble_path(layout: RunLayout) -> Path:
    """Return the Zarr group of the ensemble."""
    return layout.root / "ensemble.zarr"


def resize_arrays(layout: RunLayout, names: tuple[str, ...], members: int) -> None:
    """Let arrays grow or shrink to the members asked for, one process at a time."""
    group = ensemble_path(layout)
    with (group / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names:
            array: Any = zarr.open_array(str(group / name), mode="r+")
            if array.shape[0] != members:
                array.resize((members, *array.shape[1:]))
