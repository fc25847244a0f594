"""Texts that a spreadsheet would run as formulas: written behind a quote, and read back."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_FORMULA = r"(?s)^'*([=@\t\r]|[+\-].*[|(!])"
"""Texts that a spreadsheet runs when it opens a CSV file (OWASP, CSV injection): they begin with
= or @, or with a sign and hold a call. Signed numbers and codes such as -- are none. Quotes in
front belong to the expression, so that what is read is what was written."""


def defuse_formulas(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts with a single quote in front of those that look like formulas."""
    found = pc.match_substring_regex(column, _FORMULA)
    if not pc.any(found).as_py():
        return column
    return pc.if_else(found, pc.binary_join_element_wise("'", column, ""), column)


def restore_formulas(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts without the quote that :func:`defuse_formulas` has put in front."""
    found = pc.and_(pc.starts_with(column, "'"), pc.match_substring_regex(column, _FORMULA))
    if not pc.any(found).as_py():
        return column
    return pc.if_else(found, pc.utf8_slice_codeunits(column, 1), column)
