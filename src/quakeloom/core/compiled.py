"""Compiled functions whose stored machine code is never older than their source."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from quakeloom.core.digests import digest_bytes

Function = TypeVar("Function", bound=Callable[..., Any])

log = logging.getLogger(__name__)

_MARK = b"compiled("
"""What a file with compiled functions holds."""

_SHARED_ROOMS = ("core", "travel", "signal", "inference", "networks")
"""Rooms whose compiled functions other rooms may call."""

_UNREADABLE = (OSError, EOFError, pickle.UnpicklingError)
"""What a store of machine code raises that cannot be read or written: no rights, a full disk, a
file that was cut."""


UNCOUNTED = {"_nrt": False}
"""Option of compiled functions that make no array and return none: users of arrays are not counted.

Else every view of an array, and every array that a function is called with, counts one user more
and one less, by an instruction that locks memory for some twenty cycles: a third of the time of
loops that look at short rows."""


def compiled(**options: Any) -> Callable[[Function], Function]:
    """Compile a function with numba and keep the machine code beside its source.

    Use it in place of ``numba.njit(cache=True)``, which looks only at the file of the
    function itself: when a function that it calls is changed in another file, numba goes on
    running the old one. Here the machine code is kept together with a digest of every file
    with compiled functions in the same room and in the shared rooms, and is made anew when
    the digest differs.

    Where machine code cannot be kept (a home and a package that cannot be written, a full disk),
    functions are compiled in every process anew, and the log says so once.

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
        dispatcher: Any = njit(**options)(function)
        if hasattr(dispatcher, "enable_caching"):  # else compilation is switched off
            _keep(dispatcher, Path(function.__code__.co_filename).parent)
        return cast("Function", dispatcher)

    return decorate


def machine_code_place() -> str:
    """Return the folder in which machine code is kept, empty if there is none.

    It is tried: numba writes there and reads it again.
    """
    from numba import njit
    from numba.core.errors import NumbaError

    try:
        probe: Any = njit(cache=True)(_probe)
        probe(1)
        return str(Path(probe.stats.cache_path)) if probe.stats.cache_path else ""
    except (RuntimeError, NumbaError, *_UNREADABLE):
        return ""


def _probe(number: int) -> int:
    return number + 1


def _keep(dispatcher: Any, room: Path) -> None:
    """Keep the machine code of a function, as far as that can be done."""
    try:
        dispatcher.enable_caching()
    except RuntimeError as error:  # numba finds no folder that it may write to
        _say_once(str(error))
        return
    # numba offers no public way to say what a stored function depends on, nor to go on without
    # its store.
    cache = dispatcher._cache
    stored = cache._cache_file
    stored._source_stamp = (*stored._source_stamp, digest_compiled_sources(room))
    load, save = cache.load_overload, cache.save_overload

    def try_to_load(*arguments: Any) -> Any:
        try:
            return load(*arguments)
        except _UNREADABLE as error:
            _say_once(str(error))
            return None

    def try_to_save(*arguments: Any) -> None:
        try:
            save(*arguments)
        except _UNREADABLE as error:
            _say_once(str(error))

    cache.load_overload, cache.save_overload = try_to_load, try_to_save


@cache
def _warn_that_nothing_is_kept() -> None:
    log.warning(
        "Compiled functions cannot be kept, so each process compiles them anew, which takes up to "
        "a minute: set NUMBA_CACHE_DIR to a folder that can be written."
    )


def _say_once(why: str) -> None:
    log.debug("machine code is not kept: %s", why)
    _warn_that_nothing_is_kept()


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
