"""Writes that are complete or absent: temporary names, then a rename."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; on success it is renamed to ``path``.

    Parents are made. If the body raises, the temporary file is removed and ``path`` is as
    it was. A kill leaves at most a hidden temporary file, which nobody reads.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    temporary = _temporary(path)
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to fill; on success it takes the place of ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    temporary = _temporary(path)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            old = path.with_name(f".{path.name}.{os.getpid()}.old")
            shutil.rmtree(old, ignore_errors=True)
            path.replace(old)
            temporary.replace(path)
            shutil.rmtree(old)
        else:
            temporary.replace(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def remove_leftovers(path: Path) -> None:
    """Remove hidden temporary files and folders that a killed write of ``path`` left."""
    if not path.parent.is_dir():
        return
    for left in path.parent.glob(f".{path.name}.*"):
        if left.suffix not in (".tmp", ".old"):
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def write_text_if_changed(path: Path, text: str) -> bool:
    """Write text unless the file already holds it; return whether it was written.

    Snakemake decides by modification times and checksums of small files: a plan file that
    is not touched makes nothing run again.
    """
    data = text.encode()
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    with atomic_file(path) as temporary:
        temporary.write_bytes(data)
    return True


def write_json_if_changed(path: Path, value: Any) -> bool:
    """Write a JSON value unless the file already holds it; return whether it was written."""
    return write_text_if_changed(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
