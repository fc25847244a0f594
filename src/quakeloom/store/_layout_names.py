"""Which files of results are small and say what is to be done and what is done."""

from __future__ import annotations

_ENDINGS = (".json", ".yaml")
"""Of plans and markers."""

_DEPTH = 2
"""Folders from ``plan`` or ``parts`` down to a plan or a marker, at most: that of its stage."""


def lies_beside(key: str) -> bool:
    """Say whether a file of results is one that the workflow works on.

    Those are ``plan.json``, all in ``plan/``, the markers in ``parts/``, ``report.html``, and the
    times of jobs in ``benchmarks/``. Of results in an object storage they lie on a disk as well.
    """
    *folders, name = key.split("/")
    if name in ("plan.json", "report.html") or is_timing(key):
        return True
    if not name.endswith(_ENDINGS) or name == "zarr.json":
        return False
    return any(folder in ("plan", "parts") for folder in folders[-_DEPTH:])


def lies_beside_whole(key: str) -> bool:
    """Say whether all that is in a folder of results lies on a disk as well."""
    return any(folder in ("plan", "benchmarks") for folder in key.split("/")[-_DEPTH:])


def is_timing(key: str) -> bool:
    """Say whether a file is what the workflow wrote of how long a job took."""
    *folders, name = key.split("/")
    return "benchmarks" in folders and name.endswith(".tsv")
