"""Comparison of two mechanism catalogs in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from rich.table import Table

from quakeloom.core import rotation_angle
from quakeloom.report._columns import match_rows, mechanism_column, text_column
from quakeloom.schema import QUALITIES

NO_LETTER = "none"
"""Row and column of the matrix of letters for events without one."""


@dataclass(frozen=True)
class AngleStatistics:
    """Statistics of rotation angles in degrees; NaN when there is none."""

    count: int
    median: float
    mean: float
    percentile_90: float
    percentile_95: float
    largest: float

    @classmethod
    def of(cls, angles_deg: ArrayLike) -> AngleStatistics:
        """Return the statistics of finite angles."""
        a = np.asarray(angles_deg, dtype=float)
        a = a[np.isfinite(a)]
        if len(a) == 0:
            return cls(0, *([float("nan")] * 5))
        p50, p90, p95 = np.percentile(a, [50, 90, 95])
        return cls(len(a), float(p50), float(a.mean()), float(p90), float(p95), float(a.max()))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values; None stands for "no event"."""
        names = ("median", "mean", "percentile_90", "percentile_95", "largest")
        values = {n: float(getattr(self, n)) for n in names}
        return {
            "count": self.count,
            **{k: (round(v, 4) if np.isfinite(v) else None) for k, v in values.items()},
        }


@dataclass(frozen=True)
class CatalogComparison:
    """How two mechanism catalogs differ.

    Attributes
    ----------
    event_id, rotation_deg, quality_a, quality_b : ndarray, shape (events,)
        Events with a mechanism in both catalogs.
    overall : AngleStatistics
    by_quality_a, by_quality_b : dict of str to AngleStatistics
        By the letters of the first and of the second catalog.
    letters : tuple of str
        Order of the matrix: A to F and "none".
    letter_matrix : ndarray of int
        Events common to both; rows are the letters in ``a``, columns those in ``b``.
    events_a, events_b, common : int
        Rows in each catalog, and events in both.
    missing_in_a, missing_in_b : list of str
        Events that only the other catalog has.
    unsolved_in_a, unsolved_in_b : list of str
        Events of both catalogs with a mechanism only in the other.
    """

    event_id: NDArray[np.object_]
    rotation_deg: NDArray[np.float64]
    quality_a: NDArray[np.object_]
    quality_b: NDArray[np.object_]
    overall: AngleStatistics
    by_quality_a: dict[str, AngleStatistics]
    by_quality_b: dict[str, AngleStatistics]
    letters: tuple[str, ...]
    letter_matrix: NDArray[np.int64]
    events_a: int
    events_b: int
    common: int
    missing_in_a: list[str] = field(default_factory=list)
    missing_in_b: list[str] = field(default_factory=list)
    unsolved_in_a: list[str] = field(default_factory=list)
    unsolved_in_b: list[str] = field(default_factory=list)

    @property
    def letters_equal(self) -> int:
        """Number of common events whose letter is the same."""
        return int(np.trace(self._lettered))

    @property
    def letters_better(self) -> int:
        """Number of common events whose letter is better in ``b``."""
        return int(np.tril(self._lettered, -1).sum())

    @property
    def letters_worse(self) -> int:
        """Number of common events whose letter is worse in ``b``."""
        return int(np.triu(self._lettered, 1).sum())

    @property
    def letters_missing(self) -> int:
        """Number of common events that have no letter in one of the catalogs, or in both."""
        return int(self.letter_matrix.sum() - self._lettered.sum())

    @property
    def _lettered(self) -> NDArray[np.int64]:
        """The matrix of letters without the events that have none: they compare with nothing."""
        kept = [i for i, letter in enumerate(self.letters) if letter != NO_LETTER]
        return self.letter_matrix[np.ix_(kept, kept)]

    def most_rotated(
        self, count: int = 10, letters: str = "ABCDEF"
    ) -> list[tuple[str, float, str, str]]:
        """Return identifier, rotation and both letters of the events that rotated most.

        Parameters
        ----------
        count : int
            At most so many.
        letters : str
            Only events with one of these letters in either catalog; "none" counts as any.
        """
        wanted = [*letters] + ([NO_LETTER] if len(letters) == len(QUALITIES) else [])
        rows = np.flatnonzero(np.isin(self.quality_a, wanted) | np.isin(self.quality_b, wanted))
        order = rows[np.argsort(-self.rotation_deg[rows], kind="stable")][:count]
        return [
            (
                str(self.event_id[i]),
                float(self.rotation_deg[i]),
                str(self.quality_a[i]),
                str(self.quality_b[i]),
            )
            for i in order
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values for JSON."""
        return {
            "events_a": self.events_a,
            "events_b": self.events_b,
            "common": self.common,
            "solved_in_both": self.overall.count,
            "rotation_deg": self.overall.as_dict(),
            "rotation_deg_by_quality_a": {k: v.as_dict() for k, v in self.by_quality_a.items()},
            "rotation_deg_by_quality_b": {k: v.as_dict() for k, v in self.by_quality_b.items()},
            "letters": list(self.letters),
            "letter_matrix": self.letter_matrix.tolist(),
            "letters_equal": self.letters_equal,
            "letters_better_in_b": self.letters_better,
            "letters_worse_in_b": self.letters_worse,
            "letters_missing": self.letters_missing,
            "missing_in_a": self.missing_in_a,
            "missing_in_b": self.missing_in_b,
            "unsolved_in_a": self.unsolved_in_a,
            "unsolved_in_b": self.unsolved_in_b,
            "most_rotated": [
                {"event_id": e, "rotation_deg": round(r, 3), "quality_a": a, "quality_b": b}
                for e, r, a, b in self.most_rotated()
            ],
        }

    def as_rich_table(self, name_a: str = "A", name_b: str = "B") -> Table:
        """Return the comparison as a table for a terminal (rich)."""
        table = Table(title=f"{name_a}  →  {name_b}", title_justify="left")
        table.add_column("letter in the first")
        for heading in ("events", "median", "mean", "90 %", "95 %", "largest"):
            table.add_column(heading, justify="right")
        for letter, s in [*self.by_quality_a.items(), ("all", self.overall)]:
            values = (s.median, s.mean, s.percentile_90, s.percentile_95, s.largest)
            cells = [f"{v:.1f}°" if np.isfinite(v) else "\N{EN DASH}" for v in values]
            table.add_row(letter, f"{s.count:,}", *cells)
        table.caption = (
            f"{self.events_a:,} and {self.events_b:,} events, {self.common:,} in both, "
            f"{self.overall.count:,} solved in both. Letters: {self.letters_equal:,} equal, "
            f"{self.letters_better:,} better and {self.letters_worse:,} worse in the second. "
            f"Missing in the first {len(self.missing_in_a):,}, in the second "
            f"{len(self.missing_in_b):,}; solved only in the first {len(self.unsolved_in_b):,}, "
            f"only in the second {len(self.unsolved_in_a):,}."
        )
        table.caption_justify = "left"
        return table


def compare_catalogs(a: pa.Table, b: pa.Table) -> CatalogComparison:
    """Compare two mechanism catalogs event by event.

    The rotation is the smallest that turns one double couple into the other (Kagan 1991),
    0 to 120 degrees, so that a swap of the two nodal planes is no difference.

    Parameters
    ----------
    a, b : pyarrow.Table
        Registered ``mechanisms`` tables (``event_id``, angles, ``quality``). Events are
        matched by identifier; where one is doubled its first row counts.

    Returns
    -------
    CatalogComparison
    """
    id_a, id_b = text_column(a, "event_id"), text_column(b, "event_id")
    rows_a, rows_b = match_rows(id_a, id_b)
    sdr_a, sdr_b = mechanism_column(a)[rows_a], mechanism_column(b)[rows_b]
    letter_a = _letters(text_column(a, "quality"))[rows_a]
    letter_b = _letters(text_column(b, "quality"))[rows_b]
    solved_a = np.isfinite(sdr_a).all(axis=1)
    solved_b = np.isfinite(sdr_b).all(axis=1)
    both = solved_a & solved_b
    rotation = rotation_angle(sdr_a[both], sdr_b[both]) if both.any() else np.zeros(0)
    names = id_a[rows_a]
    letters = (*QUALITIES, NO_LETTER)
    matrix = np.zeros((len(letters), len(letters)), dtype=np.int64)
    index = {q: i for i, q in enumerate(letters)}
    np.add.at(matrix, ([index[q] for q in letter_a], [index[q] for q in letter_b]), 1)
    common = set(names)
    return CatalogComparison(
        event_id=names[both],
        rotation_deg=np.asarray(rotation),
        quality_a=letter_a[both],
        quality_b=letter_b[both],
        overall=AngleStatistics.of(rotation),
        by_quality_a=_by_letter(rotation, letter_a[both], letters),
        by_quality_b=_by_letter(rotation, letter_b[both], letters),
        letters=letters,
        letter_matrix=matrix,
        events_a=a.num_rows,
        events_b=b.num_rows,
        common=len(names),
        missing_in_a=_without(id_b, common),
        missing_in_b=_without(id_a, common),
        unsolved_in_a=[str(e) for e in names[~solved_a & solved_b]],
        unsolved_in_b=[str(e) for e in names[solved_a & ~solved_b]],
    )


def _letters(quality: NDArray[np.object_]) -> NDArray[np.object_]:
    known = set(QUALITIES)
    return np.array([q if q in known else NO_LETTER for q in quality], dtype=object)


def _by_letter(
    angles: ArrayLike, letters: NDArray[np.object_], order: Sequence[str]
) -> dict[str, AngleStatistics]:
    values = np.asarray(angles, dtype=float)
    return {q: AngleStatistics.of(values[letters == q]) for q in order if np.any(letters == q)}


def _without(names: NDArray[np.object_], common: set[str]) -> list[str]:
    return list(dict.fromkeys(str(n) for n in names if n not in common))
