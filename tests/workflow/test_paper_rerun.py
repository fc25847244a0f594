"""A paper rerun whole by the command, from the data that were published with it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from small_runs import ROOT, quakeloom

from quakeloom.config import load_paper
from quakeloom.report import papers_markdown
from quakeloom.report._paper_page import PaperResult
from quakeloom.stages.papers.files import read_numbers
from quakeloom.store import open_item


@pytest.mark.long
@pytest.mark.parametrize("name", ["michael-1984", "townend-2012"])
def test_a_paper_gives_the_table_of_the_documentation(name, shared_data, tmp_path: Path):
    """The one needs no run, the other the workflow; their numbers are those of docs/papers.md."""
    if not (shared_data / {"michael-1984": "geysers"}.get(name, "new-zealand")).is_dir():
        pytest.skip("real data: the folder of this paper is not there")
    done = quakeloom("paper", name, "--cores", "2", "--results", tmp_path)
    assert "is explained" in done.stdout
    folder = tmp_path / "papers" / name
    numbers = read_numbers(open_item(folder))
    with (folder / "numbers.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(numbers)
    _, paper = load_paper(name)
    page = (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")
    assert papers_markdown([PaperResult(name, paper, numbers)]).split("\n## ")[1] in page
    again = quakeloom("paper", name, "--cores", "2", "--results", tmp_path)
    assert again.stdout.splitlines()[-1] == done.stdout.splitlines()[-1]
    assert read_numbers(open_item(folder)) == numbers
