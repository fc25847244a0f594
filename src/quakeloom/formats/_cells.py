"""Columns of registered tables from cells of any type, with the reason why a cell is bad.

Shared by the readers of CSV and Parquet. Whole columns are checked at once; a column that
already has its registered type and good values passes without a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.formats._first_motions import ONSET_WORDS, polarity_sign
from quakeloom.formats._mechanism_angles import wrap_azimuth, wrap_rake, wrap_strike
from quakeloom.formats._text_columns import parse_floats
from quakeloom.formats._time_cells import Blame, Mask, Reason, convert_times
from quakeloom.schema import (
    OTHER_UNITS,
    Variable,
    arrow_type,
    normalize_event_type,
    out_of_bounds,
    range_problem,
    variable,
)

REQUIRED: dict[str, tuple[str, ...]] = {
    "events": ("event_id", "longitude", "latitude"),
    "stations": ("station", "longitude", "latitude"),
    "polarities": ("event_id", "station"),
    "picks": ("event_id", "station", "phase", "time"),
    "amplitudes": ("event_id", "station", "p_amplitude", "s_amplitude"),
    "reversals": ("station",),
    "sp_corrections": ("station", "sp_log_correction"),
    "mechanisms": ("event_id", "strike_deg", "dip_deg", "rake_deg"),
    "travel_time_picks": ("shot_distance_km", "receiver_distance_km", "travel_time_s"),
    "tendency": ("fault", "longitude", "latitude", "strike_deg", "dip_deg"),
}
"""Columns without which a table means nothing; they may not be empty either."""

MAY_BE_EMPTY = {
    "mechanisms": ("strike_deg", "dip_deg", "rake_deg"),
    "amplitudes": ("p_amplitude", "s_amplitude"),
}
"""Required columns of which a cell may be empty."""

DOUBLED = {
    "picks": ("event_id", "network", "station", "channel", "phase", "time"),
    "events": ("event_id",),
    "stations": ("network", "station", "channel", "start_time"),
    "polarities": (
        "event_id",
        "network",
        "station",
        "channel",
        "onset",
        "pick_weight",
        "arrival_time",
    ),
    "amplitudes": ("event_id", "network", "station", "channel"),
    "reversals": ("network", "station", "start_time", "end_time"),
    "sp_corrections": ("network", "station", "channel"),
    "mechanisms": ("event_id",),
    "travel_time_picks": (),
    "tendency": (),
}
"""Columns in which two rows of a table may not agree."""

_TRUE = {"true", "1", "t", "yes", "y"}
"""Words for true in lower case."""

_FALSE = {"false", "0", "f", "no", "n", ""}
"""Words for false in lower case."""

_WRAPPED: dict[str, Callable[[Any], NDArray[np.float64]]] = {
    "strike_deg": wrap_strike,
    "auxiliary_strike_deg": wrap_strike,
    "azimuth_deg": wrap_azimuth,
    "sensor_azimuth_deg": wrap_azimuth,
    "rake_deg": wrap_rake,
    "auxiliary_rake_deg": wrap_rake,
}
"""Angles that mean the same after a full turn."""

_EXPENDABLE = ("magnitude",)
"""Numbers without which a row means as much: -9.9 and -99 stand for none in many catalogs."""

_MOST = 0.5
"""Where this share of a column is outside of its range, the unit of all of it is another."""


def convert_column(
    name: str, column: pa.ChunkedArray, blame: Blame, note: Blame | None = None
) -> pa.ChunkedArray:
    """Bring a column to its registered type; bad cells are blamed and become missing.

    Parameters
    ----------
    name : str
        Name of a registered variable.
    column : pyarrow.ChunkedArray
        Text or any other type.
    blame : callable
        Called with a mask over all rows and a reason, see :data:`Reason`.
    note : callable
        Called likewise for cells that are left out while their rows are kept; without it,
        they are blamed.

    Returns
    -------
    pyarrow.ChunkedArray
        Of the registered type, with the registered missing value where a cell is empty.
    """
    v = variable(name)
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind) if v.dtype != "string" else column
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if pa.types.is_null(kind):
        return _constant(v, len(column))
    if v.dtype == "string":
        texts = _strings(v, column, is_text)
        if v.values:
            odd = _mask(pc.invert(pc.is_in(texts, pa.array([*v.values, ""]))))
            if odd.any():
                blame(odd, "{name} '{cell}' is none of " + ", ".join(v.values))
        return texts
    if v.dtype == "time":
        return convert_times(v, column, is_text, blame, note or blame)
    if v.dtype == "bool":
        return _flags(column, is_text, blame)
    if v.name in _EXPENDABLE and note is not None:
        return _numbers(v, column, is_text, _kept_without(note))
    return _numbers(v, column, is_text, blame)


def _kept_without(note: Blame) -> Blame:
    """Say of cells that their rows are kept without them."""

    def say(mask: Mask, reason: Reason) -> None:
        if callable(reason):
            note(mask, lambda row: f"{reason(row)}; the row is kept without it")
        else:
            note(mask, f"{reason}; the row is kept without it")

    return say


def blame_missing(table: str, name: str, column: pa.ChunkedArray, blame: Blame) -> None:
    """Blame rows whose required cell is empty.

    Picks that have no event at all are none the worse: they are to be associated.
    """
    if name == "event_id" and table == "picks" and pc.all(pc.equal(column, "")).as_py():
        return
    if name not in REQUIRED.get(table, ()) or name in MAY_BE_EMPTY.get(table, ()):
        return
    if pa.types.is_floating(column.type):
        if pc.any(pc.is_nan(column)).as_py():
            blame(_mask(pc.is_nan(column)), f"{name} is missing")
    elif pa.types.is_string(column.type) and pc.any(pc.equal(column, "")).as_py():
        blame(_mask(pc.equal(column, "")), f"{name} is missing")


def doubled_rows(table: str, columns: dict[str, pa.ChunkedArray], good: Mask) -> dict[int, int]:
    """Return the good rows whose key another good row has that counts, with that row.

    The first row counts; of first motions, the first that has a sign.
    """
    key = [n for n in DOUBLED[table] if n in columns]
    if not key:
        return {}
    code = np.zeros(len(good), np.uint64)
    rows = np.flatnonzero(good)
    size = 1
    for name in key:
        values, count = _codes(columns[name])
        if size * count >= 2**63:
            code = np.unique(code, return_inverse=True)[1].astype(np.uint64)
            size = int(code.max(initial=np.uint64(0))) + 1
        code = code * np.uint64(count) + values
        size *= count
        # the places of a key go from coarse to fine: once they differ, the rest is not needed
        if name not in ("event_id", "network") and not _has_doubles(code[rows], size):
            return {}
    if table == "polarities" and "polarity" in columns:
        silent = columns["polarity"].to_numpy()[rows] == 0
        rows = rows[np.argsort(silent, kind="stable")]
    _, first, inverse = np.unique(code[rows], return_index=True, return_inverse=True)
    doubled = np.flatnonzero(first[inverse] != np.arange(len(rows)))
    return {int(rows[i]): int(rows[first[inverse[i]]]) for i in doubled}


def _has_doubles(code: NDArray[np.uint64], size: int) -> bool:
    if size <= 8 * len(code) + 1024:
        return bool(np.bincount(code.astype(np.int64), minlength=1).max() > 1)
    ranked = np.sort(code)
    return bool(np.any(ranked[1:] == ranked[:-1]))


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.uint64], int]:
    """Values as numbers below a count, equal for equal values."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    if not column.num_chunks:
        return np.zeros(0, np.uint64), 1
    count = len(column.chunk(0).dictionary)
    codes = np.empty(len(column), np.uint64)
    start = 0
    for chunk in column.chunks:
        index = chunk.indices.fill_null(count) if chunk.null_count else chunk.indices
        codes[start : start + len(chunk)] = index.to_numpy()
        start += len(chunk)
    return codes, count + 1


def _strings(v: Variable, column: pa.ChunkedArray, is_text: bool) -> pa.ChunkedArray:
    if not is_text:
        column = column.cast(pa.string())
    if pa.types.is_dictionary(column.type):
        chunks = []
        for chunk in column.chunks:
            tidy = _tidy(v, chunk.dictionary)
            if tidy is not chunk.dictionary:
                chunk = pa.DictionaryArray.from_arrays(chunk.indices, tidy)
            chunks.append(chunk.cast(pa.string()))
    else:
        chunks = [_tidy(v, c.cast(pa.string())) for c in column.chunks]
    return pa.chunked_array([c.fill_null("") if c.null_count else c for c in chunks], pa.string())


def _tidy(v: Variable, texts: pa.Array) -> pa.Array:
    """Texts without surrounding blanks; onsets and event types as the registry spells them."""
    if v.name == "event_type":
        return pa.array([normalize_event_type(t or "") for t in texts.to_pylist()], pa.string())
    if v.name == "onset":
        words = [ONSET_WORDS.get((t or "").strip().lower(), t) for t in texts.to_pylist()]
        return pa.array(words, pa.string())
    trimmed = pc.utf8_trim_whitespace(texts)
    return texts if trimmed.equals(texts) else trimmed


def _flags(column: pa.ChunkedArray, is_text: bool, blame: Blame) -> pa.ChunkedArray:
    if pa.types.is_boolean(column.type):
        return column.fill_null(False)
    words = [(t or "").strip().lower() for t in column.cast(pa.string()).to_pylist()]
    bad = np.array([w not in _TRUE and w not in _FALSE for w in words], dtype=bool)
    if bad.any():
        blame(bad, "{name} '{cell}' is neither true nor false")
    return pa.chunked_array([pa.array([w in _TRUE for w in words], pa.bool_())])


def _numbers(v: Variable, column: pa.ChunkedArray, is_text: bool, blame: Blame) -> pa.ChunkedArray:
    target = arrow_type(v.name)
    if not (is_text or _is_number(column.type)):
        blame(np.ones(len(column), dtype=bool), f"{{name}} {{cell}} is {column.type}, no number")
        return _constant(v, len(column))
    pieces: list[NDArray[Any]] = []
    bads: list[Mask] = []
    for chunk in column.chunks:
        if v.name == "polarity" and is_text:
            values, bad = _polarities(chunk)
        elif is_text:
            values, bad = parse_floats(chunk)
        else:
            values, bad = _typed_numbers(chunk, target), np.zeros(len(chunk), dtype=bool)
        if v.name in _WRAPPED:
            values = _WRAPPED[v.name](values)
        pieces.append(values)
        bads.append(bad)
    if not pieces:
        return pa.chunked_array([], target)
    bad = np.concatenate(bads)
    if bad.any():
        what = "neither up nor down" if v.name == "polarity" else "no number"
        blame(bad, "{name} '{cell}' is " + what)
    values = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
    outside = _outside(v, values)
    if outside.any():
        _blame_ranges(v, values, outside, blame)
    if values.dtype.kind == "f" and v.dtype.startswith(("int", "uint")):
        with np.errstate(invalid="ignore"):
            broken = (values != np.round(values)) & np.isfinite(values)
        if broken.any():
            blame(broken, "{name} {cell} is no whole number")
            outside |= broken
    missing = bad | outside
    if values.dtype.kind == "f":
        missing |= np.isnan(values)
    good = column.type == target and not column.null_count and not (bad | outside).any()
    if good and (v.name not in _WRAPPED or np.array_equal(values, column.to_numpy(), True)):
        return column
    return pa.chunked_array([_filled(v, np.array(values), missing, target)])


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _typed_numbers(chunk: pa.Array, target: pa.DataType) -> NDArray[Any]:
    if chunk.type == target and not chunk.null_count:
        values: NDArray[Any] = chunk.to_numpy(zero_copy_only=False)
        return values
    filled: NDArray[Any] = _as_floats(chunk).fill_null(np.nan).to_numpy(zero_copy_only=False)
    return filled


def _as_floats(chunk: pa.Array) -> pa.Array:
    """Numbers as floats; those of more digits than a float has are rounded to the nearest."""
    if pa.types.is_decimal(chunk.type):  # Arrow knows no unsafe cast of these
        return chunk.cast(pa.float64())
    return chunk.cast(pa.float64(), safe=False)


def _blame_ranges(v: Variable, values: NDArray[Any], outside: Mask, blame: Blame) -> None:
    """Blame what is outside of its range, or a whole column that is in another unit."""
    rows = np.flatnonzero(outside)
    given = np.isfinite(values) & (values != 0)
    for meaning, factor in OTHER_UNITS.get(v.name, ()):
        fits = ~_outside(v, values[rows] * factor)
        if fits.sum() >= _MOST * given.sum() and len(values) > 1:
            share = f"{int(fits.sum())} of {int(given.sum())} values are outside of"
            limits = f"[{v.minimum}, {v.maximum}] {v.unit}"
            first = values[rows[0]]
            blame(
                given,
                f"{{name}} {{cell}} is in a column that seems to be {meaning}: {share} {limits}; "
                f"for {first:g} write {first * factor:g}",
            )
            return
    blame(outside, lambda row: range_problem(v.name, float(values[row])))


def _outside(v: Variable, values: NDArray[Any]) -> Mask:
    """Where values break their bounds; two comparisons decide for a good column."""
    if not len(values):
        return np.zeros(0, dtype=bool)
    low, high = np.min(values), np.max(values)
    least, greatest = v.limits
    if low >= least and high <= greatest and np.isfinite(low) and np.isfinite(high):
        return np.zeros(len(values), dtype=bool)
    return out_of_bounds(v.name, values)


def _filled(v: Variable, values: NDArray[Any], missing: Mask, target: pa.DataType) -> pa.Array:
    if v.dtype.startswith("float"):
        values[missing] = np.nan
        return pa.array(values, target)
    values[missing] = -1 if v.missing == "-1" else 0
    return pa.array(values.astype(np.int64), pa.int64()).cast(target)


def _polarities(chunk: pa.Array) -> tuple[NDArray[np.float64], Mask]:
    encoded = chunk.cast(pa.string()).dictionary_encode()
    signs = [polarity_sign(word) for word in encoded.dictionary.to_pylist()]
    values = np.array([float(sign or 0) for sign in signs] + [0.0])
    bad = np.array([sign is None for sign in signs] + [False])
    index = encoded.indices.fill_null(len(signs)).to_numpy()
    return values[index], bad[index]


def _constant(v: Variable, rows: int) -> pa.ChunkedArray:
    target = arrow_type(v.name)
    if v.dtype == "time":
        return pa.chunked_array([pa.nulls(rows, target)])
    if v.dtype == "string":
        return pa.chunked_array([pa.array([""] * rows, target)])
    if v.dtype == "bool":
        return pa.chunked_array([pa.array(np.zeros(rows, dtype=bool))])
    fill = np.nan if v.dtype.startswith("float") else (-1 if v.missing == "-1" else 0)
    return pa.chunked_array([pa.array(np.full(rows, fill)).cast(target)])


def _mask(array: pa.ChunkedArray) -> Mask:
    mask: Mask = array.to_numpy().astype(bool)
    return mask
