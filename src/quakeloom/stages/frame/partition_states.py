"""What the verbs of stages over event partitions share: states, refusals, markers, checks."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from quakeloom.core import (
    IncompleteError,
    PlanError,
    VerificationError,
    digest_bytes,
    digest_file,
)
from quakeloom.schema import conform_table
from quakeloom.store import RunLayout, read_json, read_table, write_json_if_changed


def planned_partitions(layout: RunLayout, stage: str) -> list[str]:
    """Return the planned partitions of a stage; :class:`PlanError` if there is no plan."""
    path = layout.plan_step(stage, "finalise")
    if not path.exists():
        raise PlanError(
            f"Run {layout.root} has no plan of stage '{stage}', so there is nothing to compute or "
            "gather. Run `quakeloom plan` first, with settings that ask for this stage."
        )
    return list(read_json(path)["partitions"])


def partition_states(
    layout: RunLayout, stage: str, markers: str | None = None
) -> list[tuple[str, str]]:
    """Return partitions with ``done``, ``stale`` (of another plan than now) or ``missing``.

    ``markers`` names the parts whose markers are looked at, where they are not those of the
    stage itself: a stage that goes over its partitions several times plans them once.
    """
    states = []
    for name in planned_partitions(layout, stage):
        marker = layout.done(markers or stage, name)
        if not marker.exists():
            state = "missing"
        elif read_json(marker)["plan"] != digest_file(layout.plan(stage, name)):
            state = "stale"
        else:
            state = "done"
        states.append((name, state))
    return states


def refuse_incomplete(layout: RunLayout, stage: str, markers: str | None = None) -> list[str]:
    """Return all partitions, or raise an :class:`IncompleteError` that names what is missing."""
    states = partition_states(layout, stage, markers)
    missing = [name for name, state in states if state != "done"]
    if missing:
        shown = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if missing[10:] else "")
        raise IncompleteError(
            f"{len(missing)} of {len(states)} partitions of stage '{stage}' in {layout.root} are "
            f"missing or out of date: {shown}. Nothing was gathered; run the workflow, or "
            f"`quakeloom {stage} part` for each."
        )
    return [name for name, _ in states]


def require_partition(layout: RunLayout, stage: str, partition: str) -> Path:
    """Return the plan file of a partition; :class:`PlanError` if it is not planned."""
    path = layout.plan(stage, partition)
    if not path.exists():
        raise PlanError(
            f"There is no partition '{partition}' in the plan of stage '{stage}' of "
            f"{layout.root}. Nothing was computed; run `quakeloom plan`."
        )
    return path


def write_plans(
    layout: RunLayout, stage: str, plans: dict[str, dict[str, Any]], opening: dict[str, Any]
) -> None:
    """Write the plan files of a stage where they changed; remove those of gone partitions.

    ``opening`` is what the verb ``init`` depends on, such as the digest of weights.
    """
    write_json_if_changed(layout.plan_step(stage, "init"), {"stage": stage, **opening})
    for name, content in plans.items():
        write_json_if_changed(
            layout.plan(stage, name), {"stage": stage, "partition": name, **content}
        )
    write_json_if_changed(
        layout.plan_step(stage, "finalise"), {"stage": stage, "partitions": list(plans)}
    )
    for file in layout.plan(stage, "x").parent.glob("*.json"):
        if file.stem not in plans:
            file.unlink()


def mark_done(layout: RunLayout, stage: str, partition: str, counts: dict[str, int]) -> None:
    """Write the marker of a partition: digests of its plan and of its files."""
    marker = layout.done(stage, partition)
    marker.unlink(missing_ok=True)
    folder = layout.part(stage, partition)
    digests = {
        str(f.relative_to(folder)): digest_file(f)
        for f in sorted(folder.rglob("*"))
        if f.is_file() and f.parent == folder
    }
    for group in sorted(p for p in folder.iterdir() if p.is_dir()):
        digests[group.name] = digest_folder(group)
    write_json_if_changed(
        marker,
        {
            "plan": digest_file(layout.plan(stage, partition)),
            "counts": counts,
            "digests": digests,
        },
    )


def read_parts(layout: RunLayout, stage: str, names: list[str], table: str) -> Iterator[pa.Table]:
    """Yield a table of every partition."""
    for name in names:
        path = layout.part(stage, name) / f"{table}.parquet"
        yield conform_table(table, read_table(path, table))


def remove_old_parts(layout: RunLayout, stage: str, names: set[str]) -> None:
    """Remove what partitions that are no longer planned have left."""
    parent = layout.part(stage, "x").parent
    for path in parent.iterdir() if parent.is_dir() else ():
        if path.is_dir() and path.name not in names:
            shutil.rmtree(path)
        elif path.suffix == ".json" and path.stem not in names:
            path.unlink()


def verify_parts(layout: RunLayout, stage: str) -> dict[str, int]:
    """Read every file of a stage again and compare it with its recorded digest.

    Raises
    ------
    VerificationError
        With one sentence for everything that does not agree.
    """
    names = refuse_incomplete(layout, stage)
    files = refuse_changed(
        f"Stage '{stage}' of run {layout.root}",
        (
            (layout.part(stage, name) / file, digest)
            for name in names
            for file, digest in read_json(layout.done(stage, name))["digests"].items()
        ),
    )
    return {"files": files, "partitions": len(names)}


def refuse_changed(
    what: str, recorded: Iterable[tuple[Path, str]], problems: Iterable[str] = ()
) -> int:
    """Read files and folders again and return how many they are.

    Parameters
    ----------
    what : str
        What they belong to, for the message.
    recorded : iterable of (Path, str)
        Files, or folders (:func:`digest_folder`), with the digests that were recorded.
    problems : iterable of str
        What else was found not to agree.

    Raises
    ------
    VerificationError
        With one sentence for everything that does not agree.
    """
    found_wrong = []
    files = 0
    for path, digest in recorded:
        files += 1
        found = ""
        if path.is_dir():
            found = digest_folder(path)
        elif path.is_file():
            found = digest_file(path)
        if found != digest:
            state = "is missing" if not found else "has changed since it was written"
            found_wrong.append(f"{path} {state}")
    found_wrong += problems
    if found_wrong:
        raise VerificationError(
            f"{what} does not agree with its digests: "
            + "; ".join(found_wrong)
            + ". Remove what is named here and run again: only what is missing or changed will "
            "be computed."
        )
    return files


def digest_folder(folder: Path) -> str:
    """Return the digest of all files of a folder, names included."""
    parts: list[bytes] = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        parts.append(str(file.relative_to(folder)).encode())
        parts.append(digest_file(file).encode())
    return digest_bytes(*parts)
