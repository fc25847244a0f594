"""Focal mechanisms as GMT's ``meca`` plots them, told by their columns.

GMT does not say in the file which of its forms it is: ``-Sa`` (strike, dip, rake), ``-Sc``
(both planes and a moment), ``-Sp`` (a plane, the other strike and the kind of fault), ``-Sm``,
``-Sz``, ``-Sd`` (moment tensors) or ``-Sx``, ``-Sy``, ``-St`` (principal axes). They differ in
how many numbers begin a row and in what those can be. All rows together decide, or a line that
names the columns.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.core import FormatError, auxiliary_plane, fault_vectors, plane_angles
from quakeloom.formats._doubtful_units import doubtful_moments
from quakeloom.formats._gmt_header import column_order, header_columns, reorder, split_row
from quakeloom.formats._mechanism_angles import (
    AUXILIARY,
    PLANE,
    best_double_couples,
    plane_problem,
    wrap_rake,
    wrap_strike,
)
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._source_tables import Rejects, TableBuilder
from quakeloom.formats._text_lines import bounds_problem, read_lines

_LOG = logging.getLogger(__name__)
"""Log of the form that is read."""

_TITLE = "a table of mechanisms for GMT"
"""Name of the format, for messages."""

_MOST = 0.9
"""Share of rows that must fit a form other than strike, dip and rake."""

_HALF = 0.5
"""Share of rows that must be strike, dip and rake, if they are nothing else."""

_FEW_ROWS = 3
"""Fewer magnitudes may all be 1 or -1, which is the kind of fault in ``-Sp``."""

_LARGEST_EXPONENT = 33
"""Of moments in dyn cm: the largest earthquake had 2e30."""

_SMALLEST_EXPONENT = 8
"""Of moments in dyn cm: magnitude -5 has 4e8."""

_NAME_COLUMNS = "Name the columns in a first line, such as 'lon lat depth strike dip rake mag'."
"""What helps where the form of rows is not certain."""

Numbers = Sequence[float]


@dataclass(frozen=True)
class _Form:
    """One form of GMT's ``meca``.

    Attributes
    ----------
    option : str
        GMT's option.
    meaning : str
        What a row holds.
    columns : str
        What a row begins with.
    fits : callable
        Whether the numbers after longitude, latitude and depth can be this form.
    angles : callable
        Planes and magnitude from these numbers; a ValueError says why not.
    """

    option: str
    meaning: str
    columns: str
    fits: Callable[[Numbers], bool]
    angles: Callable[[Numbers], dict[str, float]]

    @property
    def count(self) -> int:
        """Numbers that a row must have."""
        return len(self.columns.split())


def read_gmt_meca(path: Path, rejects: Rejects) -> pa.Table:
    """Read the rows of a file that ``gmt meca`` plots.

    Longitude, latitude and depth in km come first, unless a line above names the columns in
    another order. Moments are in dyn cm. Of a moment tensor
    the best double couple is taken, with the magnitude of its whole moment. Two columns with
    another place to plot at may follow, and a label, which is the event id.

    Parameters
    ----------
    path : Path
    rejects : Rejects
        Gets the rows that are not of the form of the others.

    Returns
    -------
    pyarrow.Table
        Registered table ``mechanisms``.

    Raises
    ------
    FormatError
        If the rows fit no form, or more than one, or most of them cannot be read in it.
    """
    all_lines = list(enumerate(read_lines(path, _TITLE), start=1))
    number, named = next(((n, c) for n, x in all_lines if (c := header_columns(x))), (0, []))
    lines = [
        (n, line)
        for n, line in all_lines
        if line.strip() and not line.startswith(("#", ">")) and n != number
    ]
    form, order = _find_form(path, [split_row(line) for _, line in lines], named)
    if form is not _FORMS[0]:
        _LOG.warning("%s: read as %s: %s (%s)", path, form.option, form.meaning, form.columns)
    rows = TableBuilder("mechanisms")
    lines_of: dict[str, int] = {}
    failed: list[str] = []
    for number, line in lines:
        try:
            row = _row(reorder(split_row(line), order), form, number)
        except ValueError as problem:
            rejects.add(number, "mechanism", str(problem), line)
            failed.append(f"line {number}: {problem}")
            continue
        before = lines_of.setdefault(row["event_id"], number)
        if before != number:
            reason = f"doubled event: '{row['event_id']}' is on line {before}"
            rejects.add(number, "mechanism", reason, line)
            continue
        rows.add(**row)
    if len(failed) > _HALF * len(lines):
        raise FormatError(
            f"{len(failed)} of {len(lines)} rows of '{path}' cannot be read as {form.option} of "
            f"GMT's meca ({form.columns}): {failed[0]}. Nothing is read. {_NAME_COLUMNS}"
        )
    if not len(rows):
        no_such_format(path, _TITLE, "mechanism", rejects.table())
    table = rows.table()
    if "exponent" in form.columns:
        for doubt in doubtful_moments(table.column("magnitude").to_numpy()):
            rejects.add(-1, "column", doubt)
    return table


def leading_numbers(words: Sequence[str]) -> list[float]:
    """Return the numbers that a row begins with."""
    numbers: list[float] = []
    for word in words:
        try:
            numbers.append(float(word))
        except ValueError:
            break
    return numbers


def fits_a_form(rows: list[list[str]]) -> bool:
    """Say whether rows of words can be one of GMT's forms."""
    return len(_fitting_forms([leading_numbers(words) for words in rows])) == 1


def names_a_form(lines: Sequence[str]) -> bool:
    """Say whether a line names the columns of one of GMT's forms that are told by positions."""
    named = (columns for line in lines if (columns := header_columns(line)))
    return any(column_order(c, form.columns.split()) for c in named for form in _FORMS[1:])


def _fitting_forms(numbers: list[list[float]]) -> list[_Form]:
    """The forms that the numbers of all rows can be; the plainest where nothing else fits."""
    shares = {form: _share(form, numbers) for form in (*_FORMS, _ANY_TENSOR)}
    fitting = [form for form in _FORMS[1:] if shares[form] >= _MOST]
    if not fitting and shares[_ANY_TENSOR] >= _MOST > shares[_FORMS[0]]:
        fitting = [_ANY_TENSOR]
    if not fitting and shares[_FORMS[0]] >= _HALF:
        fitting = [_FORMS[0]]
    if len(numbers) < _FEW_ROWS and fitting == [_FORMS[1]] and shares[_FORMS[0]] >= _MOST:
        fitting.append(_FORMS[0])
    return fitting


def _share(form: _Form, numbers: list[list[float]]) -> float:
    return sum(_fits(form, n) for n in numbers) / max(len(numbers), 1)


def _find_form(path: Path, rows: list[list[str]], columns: list[str]) -> tuple[_Form, list[int]]:
    """The form of the rows, and the order of columns that a line names, if one does."""
    for form in _FORMS[1:]:
        if order := column_order(columns, form.columns.split()):
            return form, order
    order = column_order(columns, ["lon", "lat", "depth"])
    if columns and not order:
        raise FormatError(
            f"The line of names in '{path}' has no depth, which is the third column of GMT's "
            f"meca. Nothing is read. {_NAME_COLUMNS}"
        )
    numbers = [leading_numbers(reorder(words, order)) for words in rows]
    fitting = _fitting_forms(numbers)
    if len(fitting) == 1:
        return fitting[0], order
    counts = sorted({len(n) for n in numbers})
    known = "; ".join(f"{f.option}: {f.columns}" for f in _FORMS)
    what = (
        f"could be {' or '.join(f.option for f in fitting)} of GMT's meca"
        if fitting
        else "are none of GMT's meca"
    )
    raise FormatError(
        f"The rows of '{path}', which begin with {', '.join(map(str, counts))} numbers, {what}. "
        f"Nothing is read; GMT knows {known}. {_NAME_COLUMNS}"
    )


def _fits(form: _Form, numbers: list[float]) -> bool:
    # another place to plot at (two numbers) and a label that is a number may follow
    if not form.count <= len(numbers) <= form.count + 3:
        return False
    x, y, z = numbers[:3]
    if not (abs(x) <= 360.0 and abs(y) <= 90.0) or z < -10.0 or z > 800.0:
        return False
    rest = numbers[form.count :]
    if len(rest) >= 2 and not _is_place(rest[0], rest[1], numbers[0], numbers[1]):
        return False
    return form.fits(numbers[3 : form.count])


def _is_place(x: float, y: float, longitude: float, latitude: float) -> bool:
    """Say whether two numbers can be another place to plot at: none (0 0), or one nearby."""
    near = abs(y - latitude) < 45.0 and abs((x - longitude + 180.0) % 360.0 - 180.0) < 60.0
    return (x == 0.0 and y == 0.0) or near


def _row(words: list[str], form: _Form, line: int) -> dict[str, Any]:
    numbers = leading_numbers(words)
    if len(numbers) < form.count:
        bad = words[len(numbers)] if len(words) > len(numbers) else ""
        raise ValueError(
            f"it has {len(numbers)} numbers where {form.option} has {form.count} ({form.columns})"
            + (f"; '{bad}' is no number" if bad and len(words) >= form.count else "")
        )
    values = dict(zip(("longitude", "latitude", "depth_km"), numbers[:3], strict=True))
    values |= form.angles(numbers[3 : form.count])
    if any(math.isnan(values[name]) for name in PLANE):
        raise ValueError("a strike, dip or rake is not a number")
    if problem := bounds_problem(**values):
        raise ValueError(problem)
    if not any(math.isnan(values[name]) for name in AUXILIARY):
        planes = ([values[n] for n in names] for names in (PLANE, AUXILIARY))
        if problem := plane_problem(*map(tuple, planes)):
            raise ValueError(problem)
    return {**values, "status": "solved", "event_id": _label(words, form.count) or f"line{line}"}


def _label(words: list[str], count: int) -> str:
    """What follows the numbers, and the other place to plot at, if there is one."""
    rest = words[count:]
    if rest[:2] == ["X", "Y"] or len(leading_numbers(rest)) >= 2:
        rest = rest[2:]
    return " ".join(rest)


def _plane(numbers: Numbers) -> dict[str, float]:
    strike, dip, rake = numbers
    values = (float(wrap_strike(strike)), dip, float(wrap_rake(rake)))
    return dict(zip(PLANE, values, strict=True))


def _both(normal: Any, slip: Any) -> dict[str, float]:
    """Both planes of a normal and a slip vector."""
    first = plane_angles(normal, slip)
    second = auxiliary_plane(*first)
    names = (*PLANE, *AUXILIARY)
    return {n: float(np.squeeze(a)) for n, a in zip(names, (*first, *second), strict=True)}


def _with_auxiliary(plane: dict[str, float]) -> dict[str, float]:
    other = auxiliary_plane(*(plane[name] for name in PLANE))
    return plane | {n: float(np.squeeze(a)) for n, a in zip(AUXILIARY, other, strict=True)}


def _is_plane(strike: float, dip: float, rake: float) -> bool:
    if math.isnan(strike + dip + rake):
        return True
    return -360.0 <= strike <= 720.0 and 0.0 <= dip <= 90.0 and -360.0 <= rake <= 540.0


def _is_magnitude(value: float) -> bool:
    return math.isnan(value) or -5.0 <= value <= 10.0


def _is_exponent(value: float) -> bool:
    return value.is_integer() and _SMALLEST_EXPONENT <= value <= _LARGEST_EXPONENT


def _magnitude(moment: float, exponent: float) -> float:
    """Moment magnitude of a moment in dyn cm (Hanks & Kanamori 1979)."""
    return (math.log10(moment) + exponent - 16.1) / 1.5 if moment > 0 else math.nan


def _read_a(n: Numbers) -> dict[str, float]:
    return _with_auxiliary(_plane(n[:3])) | {"magnitude": n[3]}


def _fits_c(n: Numbers) -> bool:
    planes = _is_plane(n[0], n[1], n[2]) and _is_plane(n[3], n[4], n[5])
    return planes and n[6] > 0.0 and _is_exponent(n[7])


def _read_c(n: Numbers) -> dict[str, float]:
    second = dict(zip(AUXILIARY, _plane(n[3:6]).values(), strict=True))
    return _plane(n[:3]) | second | {"magnitude": _magnitude(n[6], n[7])}


def _fits_p(n: Numbers) -> bool:
    strikes = _is_plane(n[0], n[1], 0.0) and _is_plane(n[2], 0.0, 0.0)
    return strikes and abs(n[3]) == 1.0 and _is_magnitude(n[4])


def _read_p(n: Numbers) -> dict[str, float]:
    """The other dip follows from both strikes: the planes are perpendicular."""
    turn = math.cos(math.radians(n[0] - n[2]))
    steep = math.tan(math.radians(n[1])) * turn
    other_dip = 90.0 if n[1] == 0.0 or steep == 0.0 else math.degrees(math.atan(-1.0 / steep))
    if not 0.0 <= other_dip <= 90.0:
        raise ValueError(
            f"planes of strike {n[0]:g} and dip {n[1]:g}, and of strike {n[2]:g}, cannot be "
            "perpendicular"
        )
    normal, _ = fault_vectors(n[0], n[1], 0.0)
    other, _ = fault_vectors(n[2], other_dip, 0.0)
    return _both(normal, n[3] * other) | {"magnitude": n[4]}


def _fits_any_m(n: Numbers) -> bool:
    return _is_exponent(n[6]) and 0.0 < max(abs(v) for v in n[:6]) < 1e3


def _fits_m(n: Numbers) -> bool:
    # mantissas without an isotropic part, as all catalogs but a few have them
    return _fits_any_m(n) and abs(sum(n[:3])) <= 0.1 * max(abs(v) for v in n[:6])


def _read_m(n: Numbers) -> dict[str, float]:
    rr, tt, pp, rt, rp, tp = n[:6]
    # up, south, east to north, east, down
    tensor = np.array([[tt, -tp, rt], [-tp, pp, -rp], [rt, -rp, rr]])
    moment = float(np.sqrt(0.5 * np.sum(tensor**2)))
    angles = best_double_couples(tensor)
    plane = dict(zip(PLANE, (float(np.squeeze(a)) for a in angles), strict=True))
    return _with_auxiliary(plane) | {"magnitude": _magnitude(moment, n[6])}


def _fits_x(n: Numbers) -> bool:
    values, plunges = n[0::3][:3], n[2::3][:3]
    order = values[0] >= values[1] >= values[2]
    return order and all(0.0 <= p <= 90.0 for p in plunges) and _is_exponent(n[9])


def _read_x(n: Numbers) -> dict[str, float]:
    tension, pressure = (
        np.array(
            [
                math.cos(math.radians(pl)) * math.cos(math.radians(az)),
                math.cos(math.radians(pl)) * math.sin(math.radians(az)),
                math.sin(math.radians(pl)),
            ]
        )
        for az, pl in ((n[1], n[2]), (n[7], n[8]))
    )
    if abs(float(tension @ pressure)) > math.sin(math.radians(15.0)):
        raise ValueError("the T and the P axis are not perpendicular")
    moment = math.sqrt(0.5 * sum(v * v for v in (n[0], n[3], n[6])))
    normal, slip = tension + pressure, tension - pressure
    angles = _both(normal / np.linalg.norm(normal), slip / np.linalg.norm(slip))
    return angles | {"magnitude": _magnitude(moment, n[9])}


_FORMS = (
    _Form(
        "-Sa",
        "strike, dip and rake",
        "lon lat depth strike dip rake mag",
        lambda n: _is_plane(n[0], n[1], n[2]) and _is_magnitude(n[3]),
        _read_a,
    ),
    _Form(
        "-Sp",
        "a plane, the other strike and the kind of fault",
        "lon lat depth strike1 dip1 strike2 fault mag",
        _fits_p,
        _read_p,
    ),
    _Form(
        "-Sm",
        "moment tensors, of which the best double couples are taken",
        "lon lat depth mrr mtt mpp mrt mrp mtp exponent",
        _fits_m,
        _read_m,
    ),
    _Form(
        "-Sc",
        "both planes with their moment",
        "lon lat depth strike1 dip1 rake1 strike2 dip2 rake2 mantissa exponent",
        _fits_c,
        _read_c,
    ),
    _Form(
        "-Sx",
        "principal axes, of which the double couples are taken",
        "lon lat depth Tvalue Tazim Tplunge Nvalue Nazim Nplunge Pvalue Pazim Pplunge exponent",
        _fits_x,
        _read_x,
    ),
)
"""GMT's forms without a header, after the manual page of ``meca``; the plainest first."""

_ANY_TENSOR = replace(_FORMS[2], fits=_fits_any_m)
"""Moment tensors with an isotropic part, where the rows are neither planes nor anything else."""
