"""Digests of bytes, files, settings and source code.

A digest is the first 32 hexadecimal digits of a BLAKE2b hash. It names content: equal
content has equal digests on every machine and in every Python version.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SIZE = 16
"""Bytes of a digest: two of 2^64 contents are the same by chance as likely as not."""

_BLOCK = 1 << 20
"""Bytes that are read from a file at a time."""


def digest_bytes(*parts: bytes) -> str:
    """Return the digest of byte strings; their lengths count, so ('a', 'bc') != ('ab', 'c')."""
    state = hashlib.blake2b(digest_size=_SIZE)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()


def digest_file(path: Path) -> str:
    """Return the digest of a file's content, read in blocks."""
    state = hashlib.blake2b(digest_size=_SIZE)
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
    return state.hexdigest()


def digest_blocks(blocks: Iterable[bytes]) -> str:
    """Return the digest of content that comes in blocks, the same as of a file that holds it."""
    state = hashlib.blake2b(digest_size=_SIZE)
    for block in blocks:
        state.update(block)
    return state.hexdigest()


def digest_json(value: Any) -> str:
    """Return the digest of a JSON value; the order of keys does not count."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=True, default=str)
    return digest_bytes(text.encode())


def digest_source(packages: Iterable[str]) -> str:
    """Return the digest of the source code of packages or modules, named as imported.

    Results depend on the code that made them; a stage lists the rooms that it uses, and
    a change in one of them makes its partitions run again.
    """
    parts: list[bytes] = []
    for name in sorted(packages):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"There is no package or module '{name}'.")
        file = Path(spec.origin)
        files = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
        for source in files:
            parts.append(str(source.relative_to(file.parent)).encode())
            parts.append(source.read_bytes())
    return digest_bytes(*parts)
