"""Blocks of members, and the arrays of an ensemble that grow with them."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zarr

from quakeloom.store import RunLayout


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
