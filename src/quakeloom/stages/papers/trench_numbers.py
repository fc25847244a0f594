"""Numbers of the earthquake at a synthetic trench, with and without the ensemble."""

from __future__ import annotations

from typing import Literal

from quakeloom.core import InputError
from quakeloom.inference import with_one_blas_thread
from quakeloom.stages.papers.results import PaperResults
from quakeloom.stages.papers.trench import Trench, locate_trench

_Located = Literal["ensemble", "one model"]
"""What the earthquake is located in."""


@with_one_blas_thread
def _located() -> tuple[Trench, dict[str, dict[str, float]]]:
    return locate_trench()


def trench_picture(results: PaperResults) -> tuple[Trench, dict[str, dict[str, float]]]:
    """Return the section and the earthquake in it, made at the first call."""
    return results.once("trench", _located)


def trench_value(results: PaperResults, located: _Located, value: str) -> float:
    """Return what is said of the earthquake, by the names of `locate_trench`.

    Parameters
    ----------
    results : PaperResults
    located : str
        ``ensemble`` or ``one model``.
    value : str

    Raises
    ------
    InputError
        If there is no such value.
    """
    row = trench_picture(results)[1][located]
    if value not in row:
        raise InputError(
            f"There is no '{value}' of the earthquake at the trench. Nothing was computed; write "
            f"one of {', '.join(row)}."
        )
    return row[value]


def trench_error(results: PaperResults, located: _Located, value: str) -> float:
    """Return how far ``depth``, ``along`` or ``across`` are off, in stated standard deviations."""
    off = trench_value(results, located, value) - trench_value(results, located, f"true_{value}")
    return off / trench_value(results, located, f"{value}_deviation")


def trench_fit(results: PaperResults) -> float:
    """Return the mean chi-square per datum of the members."""
    return trench_picture(results)[0].chi_square


NUMBERS = {f.__name__: f for f in (trench_error, trench_fit, trench_value)}
"""Functions by the name that a paper's file calls them by."""
