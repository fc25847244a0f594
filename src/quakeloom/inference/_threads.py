"""One BLAS thread for many small dense pieces of work."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Function = TypeVar("Function", bound=Callable[..., Any])


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_blas_thread() -> contextlib.AbstractContextManager[Any]:
    """Limit BLAS to one thread for the length of a ``with`` block.

    The dense pieces of a multifrontal factor are too small to be shared, and where other
    processes are busy on the same cores, threads that wait for each other take ten times as
    long.
    """
    return _controller().limit(limits=1, user_api="blas")


def with_one_blas_thread(function: Function) -> Function:
    """Run a function with one BLAS thread."""

    @functools.wraps(function)
    def limited(*args: Any, **options: Any) -> Any:
        with one_blas_thread():
            return function(*args, **options)

    return limited  # type: ignore[return-value]
