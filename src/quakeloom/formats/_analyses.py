"""Tables of rock analyses: rows are samples; cells may be missing, or below a detection limit."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError, element_of
from quakeloom.formats._analysis_columns import AnalysisColumn, understand_column
from quakeloom.formats._analysis_records import Analyses, LeftOut
from quakeloom.formats._analysis_rows import gather_iron, refuse_rows
from quakeloom.formats._text_lines import read_lines

_MISSING = {
    "", "-", "--", "na", "n/a", "nan", "null", "none", "n.a.", "n.a", "nd", "n.d.", "n.d", "bdl",
    "b.d.l.", "b.d.", "bd", "<dl", "<lod", "<ld", "not analyzed", "not analysed", "not determined",
    "nil", "?", "x", "*",
}  # fmt: skip
"""Words for a value that is not there; those below an unknown detection limit are told apart."""

_BELOW = {"bdl", "b.d.l.", "b.d.", "bd", "<dl", "<lod", "<ld", "nd", "n.d.", "n.d"}
"""Words for a value below a detection limit that is not told."""

_LESS = re.compile(r"^(?:<|&lt;|≤|<=)\s*([\d.,]+(?:[eE][-+]?\d+)?)$")
"""A value below a detection limit that is told."""

_NAMES = ("sample", "sample_id", "sample id", "sample name", "samplename", "sample_name", "id",
          "name", "number", "specimen")  # fmt: skip
"""Headers of the names of samples, the first that is there is taken."""


def read_analyses(path: Path, total_range: tuple[float, float] = (80.0, 105.0)) -> Analyses:
    """Read a table of rock analyses as geochemists have them.

    CSV with commas, semicolons or tabs; the first line that names at least two oxides, elements
    or ratios is the header. Oxides without a unit are in wt%, elements in ppm. ``<0.1`` is a
    value below a detection limit; what is no number, negative, or in a row whose unit or
    total cannot be right, is put aside with a reason.

    Parameters
    ----------
    path : Path
    total_range : (float, float)
        Totals of major oxides, in wt%, that a row may have.

    Returns
    -------
    Analyses

    Raises
    ------
    FormatError
        If no column is an oxide, element or ratio, or no row is left.
    """
    lines = read_lines(path, "a table of rock analyses")
    divider, rows, start = _find_header(path, lines)
    columns = [understand_column(h) for h in rows[start]]
    records = [
        (start + 2 + k, r) for k, r in enumerate(rows[start + 1 :]) if any(c.strip() for c in r)
    ]
    table = _Table(path, rows[start], columns, records, decimal_comma=divider != ",")
    found = table.read()
    found = refuse_rows(found, total_range)
    if not found.samples:
        first = found.left_out[0] if found.left_out else None
        why = f" (line {first.line}: {first.reason})" if first else ""
        raise FormatError(
            f"'{path}' holds no analysis that can be used{why}. Nothing is taken from it; "
            "check its units and columns."
        )
    return found


def _find_header(path: Path, lines: list[str]) -> tuple[str, list[list[str]], int]:
    """Return the divider that gives most columns of analyses, the cells, and the header's row."""
    best: tuple[int, str, int] = (0, "", 0)
    for divider in ",;\t":
        for k, row in enumerate(csv.reader(lines[:100], delimiter=divider)):
            known = sum(understand_column(h).kind not in ("label", "total") for h in row)
            if known >= 2:
                best = max(best, (known, divider, k), key=lambda b: b[0])
                break
    if not best[0]:
        raise FormatError(
            f"'{path}' has no line that names two oxides, elements or ratios of isotopes, such as "
            "SiO2, La_ppm or 87Sr/86Sr. Nothing is read; give the table a header."
        )
    return best[1], list(csv.reader(lines, delimiter=best[1])), best[2]


class _Table:
    """A table while it is read."""

    def __init__(
        self,
        path: Path,
        headers: list[str],
        columns: list[AnalysisColumn],
        records: list[tuple[int, list[str]]],
        decimal_comma: bool,
    ) -> None:
        self.path, self.headers, self.columns, self.records = path, headers, columns, records
        self.decimal_comma = decimal_comma
        self.left_out: list[LeftOut] = []

    def read(self) -> Analyses:
        """Read the columns, each once."""
        samples = self._sample_names()
        chosen = self._choose_columns()
        shape = (len(self.records), len(chosen))
        values, limits, errors = (np.full(shape, np.nan) for _ in range(3))
        for k, (c, about) in enumerate(chosen):
            detection = self._beside(about, "limit")
            for r, (line, cells) in enumerate(self.records):
                text = cells[c].strip() if c < len(cells) else ""
                limit = self._number(cells, detection)
                value, below, reason = self._cell(text, limit)
                if about.kind == "isotopes" and np.isfinite(below):
                    reason, below = "a ratio of isotopes cannot be below a limit", np.nan
                values[r, k], limits[r, k] = value, below
                if reason:
                    self.left_out.append(LeftOut(line, samples[r], about.name, text, reason))
            deviation = self._beside(about, "error")
            if deviation is not None:
                errors[:, k] = [self._number(cells, deviation) for _, cells in self.records]
        labels = {
            self.headers[c].strip(): [x[c].strip() if c < len(x) else "" for _, x in self.records]
            for c, about in enumerate(self.columns)
            if about.kind == "label" and self.headers[c].strip()
        }
        found = Analyses(
            samples, [a for _, a in chosen], values, limits, np.abs(errors), labels,
            [line for line, _ in self.records], self.left_out,
        )  # fmt: skip
        return gather_iron(found, [self.headers[c] for c, _ in chosen])

    def _sample_names(self) -> list[str]:
        low = [h.strip().lower() for h in self.headers]
        c = next((low.index(n) for n in _NAMES if n in low), None)
        if c is None:
            return [f"row {k + 1}" for k in range(len(self.records))]
        names = [x[c].strip() if c < len(x) else "" for _, x in self.records]
        seen: dict[str, int] = {}
        for k, name in enumerate(names):
            own = name or f"row {k + 1}"
            seen[own] = seen.get(own, 0) + 1
            names[k] = own if seen[own] == 1 else f"{own} ({seen[own]})"
        return names

    def _choose_columns(self) -> list[tuple[int, AnalysisColumn]]:
        chosen: list[tuple[int, AnalysisColumn]] = []
        of_element: dict[str, str] = {}
        for c, about in enumerate(self.columns):
            if about.role != "value" or about.kind not in ("oxide", "element", "isotopes"):
                continue
            key = about.name if about.kind == "isotopes" else element_of(about.name)
            if key in of_element and key != "Fe":
                reason = f"{key} is in column {of_element[key]} already; one of the two is read"
                self.left_out.append(LeftOut(-1, "", self.headers[c], "", reason))
                continue
            of_element[key] = about.name
            chosen.append((c, about))
        return chosen

    def _beside(self, about: AnalysisColumn, role: str) -> int | None:
        """Return the column of errors or limits of another one."""
        return next(
            (c for c, a in enumerate(self.columns) if a.name == about.name and a.role == role),
            None,
        )

    def _number(self, cells: list[str], c: int | None) -> float:
        if c is None or c >= len(cells):
            return np.nan
        value, _, _ = self._cell(cells[c].strip(), np.nan)
        return value * self.columns[c].factor

    def _cell(self, text: str, limit: float) -> tuple[float, float, str]:
        """Return the value of a cell, the limit that it lies below, and why it is neither."""
        low = text.lower()
        if low in _MISSING:
            if low in _BELOW:
                said = "" if limit > 0 else "below a detection limit that is not told: missing"
                return np.nan, limit, said
            return np.nan, np.nan, ""
        plain = text.replace(",", ".") if self.decimal_comma else text
        less = _LESS.match(plain)
        try:
            value = float(less[1] if less else plain)
        except ValueError:
            return np.nan, np.nan, f"'{text[:40]}' is no number: missing"
        if not np.isfinite(value):
            return np.nan, np.nan, f"'{text[:40]}' is not finite: missing"
        if less:
            return (np.nan, value, "") if value > 0 else (np.nan, np.nan, "a limit of 0: missing")
        if value < 0:
            return np.nan, np.nan, f"{value:g} is negative: missing"
        if value == 0:
            # a zero is a value that was not found, and without its limit not known
            return np.nan, limit, "" if limit > 0 else "0 without a detection limit: missing"
        if limit > 0 and value < limit:
            return np.nan, limit, ""
        return value, np.nan, ""
