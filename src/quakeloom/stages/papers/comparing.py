"""The numbers of a paper beside ours: checked before anything runs, compared after it."""

from __future__ import annotations

import difflib
import inspect
import math
import reprlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from quakeloom.config import NeededData, Paper, PaperNumber, PaperRun
from quakeloom.core import InputError, SettingsError
from quakeloom.stages.papers import (
    line_numbers,
    location_numbers,
    mechanism_numbers,
    stress_numbers,
    trench_numbers,
)
from quakeloom.stages.papers.results import PaperResults
from quakeloom.store import input_place, list_inputs

NUMBERS: dict[str, Callable[..., float | str]] = {
    **mechanism_numbers.NUMBERS,
    **stress_numbers.NUMBERS,
    **location_numbers.NUMBERS,
    **line_numbers.NUMBERS,
    **trench_numbers.NUMBERS,
}
"""All functions that a paper's file may name."""

_ROUNDING = 1e-9
"""Share of a tolerance that rounding may exceed it by."""


@dataclass(frozen=True)
class ComparedNumber:
    """A number of a paper beside ours.

    Attributes
    ----------
    name, unit, where, because, explanation : str
        As in the paper's file.
    published, ours : float or str or None
        None where ours was not computed, or no value came out.
    uncertainty : float or None
        Of the published value.
    difference : float or None
        Ours minus published; None for texts.
    agrees_within : float
    agrees : bool or None
        None where ours was not computed.
    """

    name: str
    published: float | str
    uncertainty: float | None
    unit: str
    where: str
    ours: float | str | None
    difference: float | None
    agrees_within: float
    agrees: bool | None
    because: str
    explanation: str

    @property
    def is_unexplained(self) -> bool:
        """Whether it does not agree and nothing says why."""
        return self.agrees is False and not self.explanation

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def check_numbers(name: str, paper: Paper) -> None:
    """Refuse numbers that cannot be computed, before anything runs.

    Raises
    ------
    SettingsError
        If a function is unknown, with the nearest name; if an argument is unknown or missing; if
        a number is taken from a run that the paper does not have.
    """
    runs = {run.name for run in paper.runs}
    for number in paper.numbers:
        arguments = dict(number.ours)
        called = arguments.pop("number")
        function = NUMBERS.get(called)
        where = f"Paper '{name}', number '{number.name}': "
        if function is None:
            near = difflib.get_close_matches(called, NUMBERS, n=1, cutoff=0.4)
            hint = f"Did you mean '{near[0]}'? " if near else ""
            raise SettingsError(
                f"{where}there is no function '{called}'. {hint}Nothing was run; known are "
                f"{', '.join(sorted(NUMBERS))}."
            )
        known = dict(list(inspect.signature(function).parameters.items())[1:])
        unknown = sorted(set(arguments) - set(known))
        missing = [
            k for k, p in known.items() if p.default is p.empty and k not in arguments
        ]  # fmt: skip
        if unknown or missing:
            wrong = f"has no argument '{unknown[0]}'" if unknown else f"needs '{missing[0]}'"
            raise SettingsError(
                f"{where}'{called}' {wrong}. Nothing was run; its arguments are "
                f"{', '.join(known) or 'none'}."
            )
        _check_values(f"{where}'{called}': ", function, arguments)
        run = str(arguments.get("run", "")).partition("/")[0]
        if (run and run not in runs) or ("run" in known and not runs):
            raise SettingsError(
                f"{where}there is no run '{run}' in this paper. Nothing was run; it has "
                f"{', '.join(sorted(runs)) or 'none'}."
            )


def _check_values(where: str, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Refuse arguments of another type than the function takes."""
    hints = get_type_hints(function)
    for key, value in arguments.items():
        try:
            TypeAdapter(hints[key]).validate_python(value)
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise SettingsError(
                f"{where}'{key}' is {reprlib.repr(value)}: {problem[0].lower()}{problem[1:]}. "
                "Nothing was run; correct it."
            ) from None


def missing_data(data: str, needs: Sequence[NeededData]) -> list[NeededData]:
    """Return what of the needed data is not there."""
    return [n for n in needs if not list_inputs(data, n.path)]


def missing_sentences(data: str, missing: Sequence[NeededData]) -> list[str]:
    """Return a sentence for each missing file or folder: where it belongs and where from."""
    return [f"{input_place(data, n.path)} is missing: {n.source}" for n in missing]


def runs_at_hand(paper: Paper) -> tuple[list[PaperRun], list[tuple[PaperRun, list[NeededData]]]]:
    """Return the runs that can be computed, and those that lack data with what they lack."""
    ready, waiting = [], []
    for run in paper.runs:
        lacking = missing_data(paper.data, run.needs)
        if lacking:
            waiting.append((run, lacking))
        else:
            ready.append(run)
    return ready, waiting


def compare_numbers(
    paper: Paper, results: PaperResults, say: Callable[[str], None] = lambda _: None
) -> list[ComparedNumber]:
    """Compute our numbers and hold them against the published ones.

    A number whose run was left out for want of data is not computed, and says so.
    """
    waiting = {run.name for run, _ in runs_at_hand(paper)[1]}
    rows = []
    for number in paper.numbers:
        run = str(number.ours.get("run", "")).partition("/")[0]
        if run in waiting:
            rows.append(_row(number, None))
            continue
        say(number.name)
        arguments = {k: v for k, v in number.ours.items() if k != "number"}
        try:
            ours = NUMBERS[number.ours["number"]](results, **arguments)
        except InputError as error:
            raise InputError(f"Number '{number.name}': {error}") from None
        rows.append(_row(number, ours))
    return rows


def _row(number: PaperNumber, ours: float | str | None) -> ComparedNumber:
    difference: float | None = None
    agrees: bool | None = None
    if isinstance(ours, str) or isinstance(number.published, str):
        agrees = None if ours is None else ours == number.published
    elif ours is not None and not math.isfinite(ours):
        ours, agrees = None, False  # no value came out, and none agrees
    elif ours is not None:
        difference = ours - number.published
        if number.period is not None:
            difference = (difference + number.period / 2) % number.period - number.period / 2
        agrees = abs(difference) <= number.agrees_within * (1 + _ROUNDING)
    return ComparedNumber(
        name=number.name, published=number.published, uncertainty=number.uncertainty,
        unit=number.unit, where=number.where, ours=ours, difference=difference,
        agrees_within=number.agrees_within, agrees=agrees, because=number.because,
        explanation="" if agrees else number.explanation,
    )  # fmt: skip
