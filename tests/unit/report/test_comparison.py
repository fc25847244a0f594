"""Two catalogs compared."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.report import AngleStatistics, compare_catalogs
from quakeloom.schema import empty_table, make_table


def catalog(rows: list[tuple[str, float, float, float, str]]) -> pa.Table:
    ids, s, d, r, q = zip(*rows, strict=True)
    return make_table(
        "mechanisms",
        {
            "event_id": list(ids),
            "strike_deg": list(s),
            "dip_deg": list(d),
            "rake_deg": list(r),
            "quality": list(q),
        },
    )


NAN = float("nan")
A = catalog(
    [("1", 0, 90, 0, "A"), ("2", 30, 60, 90, "B"), ("3", 10, 45, 0, "C"), ("4", NAN, NAN, NAN, "F")]
)
B = catalog(
    [("4", 5, 50, 5, "D"), ("2", 210, 30, 90, "A"), ("1", 10, 90, 0, "A"), ("5", 1, 2, 3, "D")]
)


def test_a_catalog_does_not_differ_from_itself() -> None:
    c = compare_catalogs(A, A)
    assert c.overall.largest == pytest.approx(0, abs=1e-5)
    assert c.letters_equal == c.common == 4
    assert c.letters_better == c.letters_worse == 0
    assert c.missing_in_a + c.missing_in_b + c.unsolved_in_a + c.unsolved_in_b == []


def test_rotations_letters_and_missing_events() -> None:
    """A vertical fault turned by 10 degrees turns by 10; the auxiliary plane is no change."""
    c = compare_catalogs(A, B)
    by_event = dict(zip(c.event_id, c.rotation_deg, strict=True))
    assert by_event == {"1": pytest.approx(10.0), "2": pytest.approx(0.0, abs=1e-5)}
    assert c.overall.median == pytest.approx(5.0)
    assert c.missing_in_b == ["3"]
    assert c.missing_in_a == ["5"]
    assert c.unsolved_in_a == ["4"]
    assert c.unsolved_in_b == []
    assert (c.letters_equal, c.letters_better, c.letters_worse) == (1, 2, 0)
    row, column = c.letters.index("F"), c.letters.index("D")
    assert c.letter_matrix[row, column] == 1
    assert c.letter_matrix.sum() == c.common == 3
    assert set(c.by_quality_a) == {"A", "B"}
    assert c.most_rotated(1)[0][:2] == ("1", pytest.approx(10.0))


def test_exchanging_catalogs_transposes_the_matrix() -> None:
    ab, ba = compare_catalogs(A, B), compare_catalogs(B, A)
    assert np.array_equal(ab.letter_matrix, ba.letter_matrix.T)
    assert ab.missing_in_a == ba.missing_in_b
    assert np.sort(ab.rotation_deg) == pytest.approx(np.sort(ba.rotation_deg))


def test_catalogs_without_a_common_event_and_without_any() -> None:
    nothing = compare_catalogs(A, empty_table("mechanisms"))
    assert nothing.common == 0
    assert nothing.missing_in_b == ["1", "2", "3", "4"]
    assert np.isnan(nothing.overall.median)
    assert compare_catalogs(empty_table("mechanisms"), empty_table("mechanisms")).events_a == 0


def test_a_doubled_event_counts_once() -> None:
    doubled = pa.concat_tables([A, A])
    assert compare_catalogs(doubled, A).common == 4


def test_comparison_as_json_and_as_a_table() -> None:
    c = compare_catalogs(A, B)
    values = json.loads(json.dumps(c.as_dict(), allow_nan=False))
    assert values["rotation_deg"]["count"] == 2
    assert values["letter_matrix"] == c.letter_matrix.tolist()
    empty = compare_catalogs(empty_table("mechanisms"), A).as_dict()
    assert json.loads(json.dumps(empty, allow_nan=False))["rotation_deg"]["median"] is None
    table = c.as_rich_table("one", "two")
    assert table.row_count == len(c.by_quality_a) + 1


def test_statistics_ignore_what_is_not_known() -> None:
    s = AngleStatistics.of([1.0, NAN, 3.0])
    assert (s.count, s.median, s.largest) == (2, 2.0, 3.0)


def test_events_without_a_letter_are_missing_and_not_worse() -> None:
    plain = catalog([("1", 0, 90, 0, ""), ("2", 30, 60, 90, ""), ("4", 5, 50, 5, "D")])
    for c in (compare_catalogs(A, plain), compare_catalogs(plain, A)):
        assert (c.letters_better, c.letters_worse) in ((1, 0), (0, 1))
        assert c.letters_missing == 2
        assert c.letters_equal + c.letters_better + c.letters_worse + 2 == c.common == 3
