"""One thread for libraries, so that sums are made in the same order everywhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

LIBRARY_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables of the environment that say how many threads libraries start when they are loaded."""

_KERNEL_THREADS = "NUMBA_NUM_THREADS"
"""The same for numba, which refuses another number once its threads run. No kernel here has any."""


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Limit BLAS, OpenMP and torch to one thread for the length of a ``with`` block.

    Threads share the sums of a matrix product, and its last bits depend on their number: that of
    the cores of a machine, or what Snakemake gives a rule. So all stages compute with one, here
    as on workers; what is parallel are blocks of events. Libraries that are loaded within the
    block are limited as well, and stay so.
    """
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in LIBRARY_THREADS}
    with contextlib.ExitStack() as stack:
        stack.callback(_restore, before)
        os.environ.update(dict.fromkeys(LIBRARY_THREADS, "1"))
        os.environ.setdefault(_KERNEL_THREADS, "1")
        stack.enter_context(_one_torch_thread())
        stack.enter_context(threadpool_limits(1))
        yield


def _restore(environment: dict[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextlib.contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Limit torch where it is loaded: it keeps a number of its own beside that of OpenMP."""
    torch: Any = sys.modules.get("torch")
    if not hasattr(torch, "set_num_threads"):
        yield  # not loaded, or about to be
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
