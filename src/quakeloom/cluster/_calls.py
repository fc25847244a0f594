"""What a worker does with a task: in the folder of who asked, one at a time, by the same code."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import Any

import pyarrow as pa

from quakeloom.cluster._threads import one_thread
from quakeloom.core import ClusterError, digest_source

_CARRIED = ("SEISBENCH_CACHE_ROOT", "CUDA_VISIBLE_DEVICES")
"""Variables of the environment that decide which weights are found, and where networks run."""

_ONE_AT_A_TIME = threading.Lock()
"""Held while a task runs: what tasks keep in memory, and its promise, are those of a process."""


@cache
def _package_digest() -> str:
    """Return the digest of all source files of quakeloom, as they are when this is first asked."""
    return digest_source(["quakeloom"])


@dataclass(frozen=True)
class Call:
    """A function as workers are asked for it, with all that its bytes could depend on.

    Attributes
    ----------
    function : callable
        Takes one item; by name, so that workers import it.
    folder : str
        Where relative paths start.
    code : str
        Digest of quakeloom's files there.
    environment : dict
        Values of some variables; None where one is not set.
    """

    function: Callable[..., Any]
    folder: str = field(default_factory=os.getcwd)
    code: str = field(default_factory=_package_digest)
    environment: dict[str, str | None] = field(
        default_factory=lambda: {name: os.environ.get(name) for name in _CARRIED}
    )

    def __call__(self, packed: bytes) -> bytes:
        """Compute an item, as :func:`pack_item` packed it, on a worker; so is what comes back.

        Raises
        ------
        ClusterError
            If the worker has another quakeloom, or does not see the folder.
        """
        with _ONE_AT_A_TIME:
            _refuse_other_code(self.code)
            for name, value in self.environment.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            with one_thread(), contextlib.ExitStack() as stack:
                try:
                    stack.enter_context(contextlib.chdir(self.folder))
                except OSError as error:
                    raise ClusterError(
                        f"A Dask worker on {platform.node()} does not see the folder "
                        f"'{self.folder}' ({error.strerror}). Nothing was kept; start the workers "
                        "where that folder has the same path and can be read and written."
                    ) from None
                return pack_item(self.function(pickle.loads(packed)))


def pack_item(item: Any) -> bytes:
    """Return an item or a result as it travels; a part of a table takes its own rows, not all.

    Pickled by itself, a slice of a table carries the whole of it, once for every block, and
    tables that come back lie in memory in a way of which Arrow complains at length.
    """
    import cloudpickle

    class Packer(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, pa.Table):
                return _read_rows, (_write_rows(obj),)
            return super().reducer_override(obj)

    stream = io.BytesIO()
    Packer(stream, protocol=pickle.HIGHEST_PROTOCOL).dump(item)
    return stream.getvalue()


def _write_rows(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def _read_rows(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all()


def _refuse_other_code(code: str) -> None:
    if _package_digest() != code:
        own = find_spec("quakeloom")
        raise ClusterError(
            f"A Dask worker on {platform.node()} runs another quakeloom than this command "
            f"({own.origin if own else 'none'}). Nothing was kept; start the workers again, in "
            "the environment of this command."
        )
