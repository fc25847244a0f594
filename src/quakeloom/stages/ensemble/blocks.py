"""Blocks of members, and the arrays of an ensemble that grow with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quakeloom.core import IncompleteError
from quakeloom.stages.frame.partition_states import require_partition
from quakeloom.store import Item, RunLayout, read_json


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
    current = layout.plan_step(stage, "init").digest()
    if not marker.exists() or read_json(marker)["plan"] != current:
        raise IncompleteError(
            f"Stage '{stage}' in {layout.root} is not prepared for its present plan. No member "
            f"was computed; run `quakeloom {stage} init` first."
        )
    return next(b for b in blocks_of(group) if b.name == partition)


def ensemble_path(layout: RunLayout) -> Item:
    """Return the Zarr group of the ensemble."""
    return layout.root / "ensemble.zarr"
