"""The page of results lists every file that a stage may leave, and no other."""

from __future__ import annotations

import re

import pytest
from doc_pages import ROOT

from quakeloom.report._file_meanings import FILE_MEANINGS
from quakeloom.schema import TABLES
from quakeloom.stages.every_stage import every_stage

PAGE = (ROOT / "docs" / "results.md").read_text()
LISTED = re.findall(r"`([^`]+)`", "\n".join(re.findall(r"^\| (`[^|]+) \|", PAGE, re.M)))
OTHERS = {
    "report.html", "benchmarks/", "plan.json", "plan/", "plan/settings.yaml", "ingest/", "parts/",
}  # fmt: skip
"""What is no result of a stage: the report, and what the workflow keeps."""


def _names(stage) -> set[str]:
    tables = {f"{t}.parquet" if t in TABLES or "/" not in t else t for t in stage.tables}
    return tables | set(stage.arrays) | set(stage.files)


@pytest.mark.parametrize("stage", every_stage(), ids=lambda s: s.name)
def test_every_file_of_a_stage_is_on_the_page(stage) -> None:
    """A new file of a stage without a row on the page fails here."""
    missing = sorted(_names(stage) - set(LISTED))
    assert not missing, f"docs/results.md lacks {missing} of stage {stage.name}"


def test_nothing_on_the_page_is_written_by_no_stage() -> None:
    """A file that was renamed or is gone is not promised any more."""
    written = set().union(*(_names(s) for s in every_stage()))
    assert sorted(set(LISTED) - written - OTHERS) == []


def test_the_report_knows_what_every_file_holds() -> None:
    """Files that are no registered tables have a sentence in the report's list."""
    names = {n for s in every_stage() for n in (*s.arrays, *s.files) if "/" not in n}
    assert sorted(names - set(FILE_MEANINGS)) == []
