"""One BLAS thread for many small dense pieces of work."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_blas_thread() -> contextlib.AbstractContextManager[object]:
    """Limit BLAS to one thread for the length of a ``with`` block.

    The dense pieces of a multifrontal factor are too small to be shared, and where other
    processes are busy on the same cores, threads that wait for each other take ten times as
    long.
    """
    limited: contextlib.AbstractContextManager[object] = _controller().limit(
        limits=1, user_api="blas"
    )
    return limited


def with_one_blas_thread(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Run a function with one BLAS thread."""

    @functools.wraps(function)
    def limited(*args: Arguments.args, **options: Arguments.kwargs) -> Result:
        with one_blas_thread():
            return function(*args, **options)

    return limited
