"""Nodal planes that are numbers, but no planes of a catalog: fill values, radians."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import FormatError, auxiliary_plane
from quakeloom.formats._mechanism_angles import AUXILIARY, PLANE
from quakeloom.formats._source_tables import Rejects

_FEW = 3
"""Fewer mechanisms say nothing about the unit of their angles."""

_ROUNDING = 0.01
"""Radians by which rounded angles exceed their limits."""


def put_aside_no_planes(table: pa.Table, rejects: Rejects) -> pa.Table:
    """Return a table of mechanisms without planes that are fill values; refuse radians.

    A strike, dip and rake that are all 0 stand for a plane that is not known. Where only the
    second plane is given, the first is computed from it.

    Parameters
    ----------
    table : pyarrow.Table
        Registered table ``mechanisms``.
    rejects : Rejects
        Gets a row for each that is put aside.

    Raises
    ------
    FormatError
        If all angles of three mechanisms or more are those of radians, or all are 0.
    """
    first = [table.column(n).to_numpy() for n in PLANE]
    _refuse_radians(first, rejects)
    zero = np.all(np.stack(first) == 0.0, axis=0) if table.num_rows else np.zeros(0, bool)
    for row in np.flatnonzero(zero).tolist():
        event_id = table.column("event_id")[row].as_py()
        rejects.add(-1, "mechanism", "strike, dip and rake are all 0, which is no plane that "
                    "somebody found", "", event_id)  # fmt: skip
    if zero.any():
        table = table.filter(pa.array(~zero))
        if not table.num_rows:
            raise FormatError(
                f"Strike, dip and rake of every mechanism of '{rejects.source_file}' are 0. "
                "Nothing is read; check the columns."
            )
    return _with_first_planes(table)


def _with_first_planes(table: pa.Table) -> pa.Table:
    """Planes that are missing where the other one is known, from that."""
    first, second = ([table.column(n).to_numpy() for n in p] for p in (PLANE, AUXILIARY))
    lacking = np.isnan(sum(first)) & ~np.isnan(sum(second))
    if not lacking.any():
        return table
    for name, before, computed in zip(PLANE, first, auxiliary_plane(*second), strict=True):
        i = table.schema.get_field_index(name)
        column = pa.array(np.where(lacking, computed, before), table.schema.field(name).type)
        table = table.set_column(i, table.schema.field(name), column)
    i = table.schema.get_field_index("status")
    status = table.column("status").to_numpy(zero_copy_only=False)
    column = pa.array(np.where(lacking & (status == "no_solution"), "solved", status), pa.string())
    return table.set_column(i, table.schema.field("status"), column)


def _refuse_radians(plane: list[NDArray[np.float64]], rejects: Rejects) -> None:
    """Raise an error where all angles of a catalog lie in the ranges of radians."""
    strike, dip, rake = (a[~np.isnan(sum(plane))] for a in plane)
    if strike.size < _FEW or not np.any(dip):
        return
    near_north = np.minimum(strike, 360.0 - strike)  # negative strikes are wrapped by now
    if (
        np.all(dip <= math.pi / 2 + _ROUNDING)
        and np.all(np.abs(rake) <= math.pi + _ROUNDING)
        and np.all(near_north <= 2 * math.pi + _ROUNDING)
    ):
        one = [float(a[0]) for a in (strike, dip, rake)]
        given, wanted = ("/".join(f"{s * a:.4g}" for a in one) for s in (1.0, 180.0 / math.pi))
        raise FormatError(
            f"All {strike.size} strikes, dips and rakes of {rejects.source_file} are as small as "
            f"radians are. Nothing is read; write degrees: for {given} write {wanted}."
        )
