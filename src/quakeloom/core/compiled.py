"""Compiled functions whose stored machine code is never older than their source."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from quakeloom.core.digests import digest_bytes

Function = TypeVar("Function", bound=Callable[..., Any])

_MARK = b"compiled("
"""What a file with compiled functions holds."""

_SHARED_ROOMS = ("core", "travel", "signal", "inference", "networks")
"""Rooms whose compiled functions other rooms may call."""


def compiled(**options: Any) -> Callable[[Function], Function]:
    """Compile a function with numba and keep the machine code beside its source.

    Use it in place of ``numba.njit(cache=True)``, which looks only at the file of the
    function itself: when a function that it calls is changed in another file, numba goes on
    running the old one. Here the machine code is kept together with a digest of every file
    with compiled functions in the same room and in the shared rooms, and is made anew when
    the digest differs.

    Parameters
    ----------
    **options
        Options of :func:`numba.njit`, such as ``nogil`` or ``error_model``.

    Returns
    -------
    callable
        A decorator.
    """
    from numba import njit

    def decorate(function: Function) -> Function:
        dispatcher: Any = njit(cache=True, **options)(function)
        file = Path(function.__code__.co_filename)
        if hasattr(dispatcher, "_cache"):  # else compilation is switched off
            # numba offers no public way to say what a stored function depends on.
            stored = dispatcher._cache._cache_file
            stored._source_stamp = (*stored._source_stamp, digest_compiled_sources(file.parent))
        return cast("Function", dispatcher)

    return decorate


@cache
def digest_compiled_sources(room: Path) -> str:
    """Return the digest of the files that compiled functions of a room may come from.

    Parameters
    ----------
    room : Path
        Folder of the room; the shared rooms lie beside it.
    """
    folders = dict.fromkeys([room, *(room.parent / name for name in _SHARED_ROOMS)])
    sources = [file.read_bytes() for folder in folders for file in sorted(folder.glob("*.py"))]
    return digest_bytes(*(source for source in sources if _MARK in source))
