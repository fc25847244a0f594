"""``quakeloom paper``: numbers of a paper beside ours, and what is said where they cannot be."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from quakeloom.cli import _paper, main
from quakeloom.config import list_papers, load_paper
from quakeloom.core import SettingsError
from quakeloom.formats import read_mechanisms, write_csv
from quakeloom.report import papers_markdown
from quakeloom.report._paper_page import PaperResult
from quakeloom.schema import make_table
from quakeloom.stages.papers.comparing import NUMBERS, ComparedNumber, check_numbers
from quakeloom.stages.papers.files import read_numbers, run_configuration
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout, open_item

ROOT = Path(__file__).parents[3]

EVIDENCE = {
    "name": "Evidence",
    "published": 17.7314,
    "where": "table 1",
    "ours": {"number": "line_evidence"},
    "agrees_within": 6e-5,
    "because": "Four decimals.",
}
"""A number that needs no data: the evidence of the 1-D problem."""


def write_paper(folder: Path, *numbers: dict, name: str = "mine", **parts) -> Path:
    """Write a paper of our own; its number is the evidence of the 1-D problem if none is given."""
    paper = {
        "paper": {"title": "A & B <i>2026</i>", "citation": "A & B", "rerun": "All of it."},
        "data": str(folder),
        "numbers": list(numbers) or [EVIDENCE],
        **parts,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(paper))
    return path


@pytest.fixture
def say(monkeypatch, capsys, tmp_path):
    """Type `quakeloom paper ...`; exit code, and all that is said in one line."""
    monkeypatch.chdir(tmp_path)

    def typed(*arguments) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["quakeloom", "paper", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return code, " ".join((captured.out + captured.err).split())

    return typed


def test_a_number_is_shown_beside_the_papers(say, tmp_path):
    code, said = say(write_paper(tmp_path))
    assert code == 0
    assert "1 of 1 number agrees." in said
    folder = tmp_path / "results" / "papers" / "mine"
    (row,) = json.loads((folder / "numbers.json").read_text())
    assert row["agrees"] is True
    assert row["ours"] == pytest.approx(17.731368, abs=1e-6)
    assert row["difference"] == row["ours"] - 17.7314
    assert read_numbers(open_item(folder))[0].ours == row["ours"]
    header, line = (folder / "numbers.csv").read_text().splitlines()
    assert header.split(",")[:3] == ['"name"', '"published"', '"uncertainty"']
    assert '"17.73136815"' in line
    assert "Evidence" in (folder / "index.html").read_text()


def test_what_a_file_says_is_text_on_the_page_and_in_the_table(say, tmp_path):
    """Nothing of a paper's file becomes markup, or a formula of a spreadsheet."""
    number = EVIDENCE | {"name": "<script>alert(1)</script>", "where": "=HYPERLINK('x')"}
    code, _ = say(write_paper(tmp_path, number))
    assert code == 0
    folder = tmp_path / "results" / "papers" / "mine"
    page = (folder / "index.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "A &amp; B &lt;i&gt;2026&lt;/i&gt;" in page
    assert "\"'=HYPERLINK('x')\"" in (folder / "numbers.csv").read_text()


def test_what_is_simulated_is_called_synthetic_and_backticks_are_code(say, tmp_path):
    facts = {
        "title": "T",
        "citation": "C",
        "rerun": "By `locate <b>` alone.",
        "absent": "one ` only",
    }
    say(write_paper(tmp_path, paper=facts))
    page = (tmp_path / "results" / "papers" / "mine" / "index.html").read_text()
    assert "synthetic events" not in page
    assert "By <code>locate &lt;b&gt;</code> alone." in page
    assert "one ` only" in page
    say(write_paper(tmp_path, paper=facts | {"synthetic": True}))
    page = (tmp_path / "results" / "papers" / "mine" / "index.html").read_text()
    assert "synthetic events" in page


@pytest.mark.parametrize("name", list(list_papers()))
def test_papers_that_ship_say_whether_they_are_synthetic(name):
    _, paper = load_paper(name)
    simulated = any("simulation" in run.settings for run in paper.runs)
    assert paper.paper.synthetic or not simulated
    assert paper.paper.synthetic == (
        "imulated" in paper.paper.rerun or "ynthetic" in paper.paper.rerun
    )


def test_what_does_not_agree_needs_an_explanation(say, tmp_path):
    off = EVIDENCE | {"published": 20.0}
    code, said = say(write_paper(tmp_path, off))
    assert code == 1
    assert "do not agree with the paper" in said
    assert "Evidence" in said
    page = tmp_path / "results" / "papers" / "mine" / "index.html"
    assert "Nothing explains this yet." in page.read_text()
    code, said = say(write_paper(tmp_path, off | {"explanation": "Another logarithm."}))
    assert code == 0
    assert "Evidence: Another logarithm." in said
    assert "0 of 1 number agree; 1 does not, which is explained." in said
    assert "Another logarithm." in page.read_text()


def test_an_unknown_paper_names_the_nearest(say):
    code, said = say("townend-2021")
    assert code == 2
    assert "There is no paper 'townend-2021'. Did you mean 'townend-2012'?" in said
    assert say("northridge")[0] == 2


def test_missing_data_are_named_with_their_source(say, tmp_path):
    needs = [{"path": "gone/readings.txt", "source": "the network's archive"}]
    code, said = say(write_paper(tmp_path, needs=needs))
    assert code == 2
    assert f"{tmp_path}/gone/readings.txt is missing: the network's archive" in said
    assert "Traceback" not in said
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        ({"number": "line_evidense"}, "no function 'line_evidense'. Did you mean 'line_evidence'?"),
        ({"number": "line_posterior", "distance_km": 1}, "'line_posterior' needs 'quantity'"),
        ({"number": "line_evidence", "node": 3}, "'line_evidence' has no argument 'node'"),
        ({"number": "letter_count", "letter": "A", "run": "none"}, "there is no run 'none'"),
        ({"number": "letter_count", "letter": "A"}, "there is no run ''"),
        ({"function": "line_evidence"}, "write `number: NAME`"),
        (
            {"number": "line_posterior", "distance_km": "far", "quantity": "mean"},
            "'distance_km' is 'far': input should be a valid number",
        ),
        (
            {"number": "line_posterior", "distance_km": 1, "quantity": "median"},
            "'quantity' is 'median': input should be 'mean' or 'deviation'",
        ),
    ],
)
def test_a_number_that_cannot_be_computed_is_refused_before_anything_runs(
    say, tmp_path, ours, words
):
    code, said = say(write_paper(tmp_path, EVIDENCE | {"ours": ours}))
    assert code == 2
    assert words in said
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"publised": 3}, "did you mean `published`"),
        ({"agrees_within": -1}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_key_or_value_of_a_paper_is_told(say, tmp_path, change, words):
    code, said = say(write_paper(tmp_path, EVIDENCE | change))
    assert code == 2
    assert words in said


def test_a_number_given_twice_is_refused(say, tmp_path):
    code, said = say(write_paper(tmp_path, EVIDENCE, EVIDENCE))
    assert code == 2
    assert "has 'Evidence' twice" in said


def slip_on_north_south_axes(folder: Path) -> None:
    """Strike-slip mechanisms whose P axes point to 2 degrees, within a degree of one place."""
    r = np.random.default_rng(5)
    count = 40
    write_csv(
        make_table(
            "mechanisms",
            {
                "event_id": [f"e{i}" for i in range(count)],
                "status": ["solved"] * count,
                "origin_time": np.full(count, np.datetime64("2020-02-03", "ns")),
                "longitude": r.uniform(10, 11, count),
                "latitude": r.uniform(45, 46, count),
                "depth_km": r.uniform(2, 20, count),
                "strike_deg": r.normal(47, 5, count) + 90 * (r.random(count) < 0.5),
                "dip_deg": r.uniform(75, 90, count),
                # left lateral northeast, right lateral southeast
                "rake_deg": np.zeros(count),
            },
        ),
        folder / "catalog.csv",
    )


def test_numbers_are_taken_from_runs_and_axes_wrap(say, tmp_path, monkeypatch):
    """P of strike 47, left lateral, points to 2 degrees: three degrees from 179, and not 177."""

    def here(configuration, results, cores):
        plan_configuration(configuration, results)
        for name, settings in configuration.cases.items():
            run_here(settings, RunLayout(results / name))

    monkeypatch.setattr(_paper, "_run_all", here)
    slip_on_north_south_axes(tmp_path)
    table = tmp_path / "catalog.csv"
    header, *rows = table.read_text().splitlines()
    at = header.split(",").index('"strike_deg"'), header.split(",").index('"rake_deg"')
    turned = []
    for row in rows:
        cells = row.split(",")
        if float(cells[at[0]]) > 100:  # the other set slips the other way in the same stress
            cells[at[1]] = "180"
        turned.append(",".join(cells))
    table.write_text("\n".join([header, *turned]) + "\n")
    direction = {
        "name": "SHmax", "published": 179.0, "unit": "deg", "period": 180, "where": "figure 3",
        "ours": {"number": "mean_direction", "area": [9, 12, 44, 47], "run": "map"},
        "agrees_within": 6, "because": "Slip scatters by 5 degrees.",
    }  # fmt: skip
    regime = {
        "name": "Regime", "published": "SS", "where": "figure 3", "because": "A class.",
        "ours": {"number": "regime_of_area", "area": [9, 12, 44, 47], "run": "map"},
    }  # fmt: skip
    elsewhere = regime | {"name": "Elsewhere", "ours": regime["ours"] | {"run": "later"}}
    stress = {"catalogs": ["catalog.csv"], "grid_step_deg": 0, "planes": "both", "draws": 100}
    runs = [
        {"name": "map", "settings": {"stress": stress}},
        {"name": "later", "settings": {"stress": {"catalogs": ["other.csv"]}},
         "needs": [{"path": "other.csv", "source": "its authors"}]},
    ]  # fmt: skip
    code, said = say(write_paper(tmp_path, direction, regime, elsewhere, runs=runs))
    assert code == 0, said
    assert "2 of 2 numbers agree; 1 number not computed for want of data." in said
    assert "other.csv is missing: its authors" in said
    folder = tmp_path / "results" / "papers" / "mine"
    first, second, third = read_numbers(open_item(folder))
    assert first.difference == pytest.approx(first.ours - 179 + 180)
    assert (second.ours, third.ours, third.agrees) == ("SS", None, None)
    page = (folder / "index.html").read_text()
    assert '<a href="../../paper-mine-map/report.html">' in page
    assert "Figures of map" in page
    assert (tmp_path / "results" / "paper-mine-map" / "stress.csv").exists()


def test_mechanisms_on_a_grid_become_a_catalog_with_places(tmp_path):
    """Rows of SATSI lie at origin plus step times X and Y in the projection that is named."""
    (tmp_path / "input.txt").write_text("0 0 90 60 -90\n3 1 400 70 250\n")
    grid = {
        "mechanisms": "input.txt", "origin_km": [500, 4300], "step_km": 2,
        "projection": "+proj=utm +zone=10 +datum=WGS84 +units=km",
    }  # fmt: skip
    stress = {"projection": "EPSG:32610", "grid_step_km": 2}
    runs = [{"name": "main", "settings": {"stress": stress}, "grid_catalog": grid}]
    name, paper = load_paper(str(write_paper(tmp_path, runs=runs)))
    folder = open_item(tmp_path / "results" / "papers" / name)
    configuration = run_configuration(name, paper, paper.runs[0], folder)
    assert list(configuration.cases) == ["paper-mine"]
    settings = configuration.cases["paper-mine"]
    assert settings.stress.catalogs == ["main-mechanisms.csv"]
    table = read_mechanisms(tmp_path / "results" / "papers" / "mine" / "main-mechanisms.csv")
    rows = table.to_pylist()
    # the middle of zone 10 is 123 W; a kilometer there is 1 / 86.6 degrees at 38.85 N
    assert rows[0]["longitude"] == pytest.approx(-123.0, abs=1e-9)
    assert rows[1]["longitude"] == pytest.approx(-123.0 + 6 / 86.8, abs=2e-4)
    assert rows[1]["latitude"] - rows[0]["latitude"] == pytest.approx(2 / 111.0, abs=1e-4)
    assert [rows[1][k] for k in ("strike_deg", "dip_deg", "rake_deg")] == [310.0, 70.0, -110.0]


@pytest.mark.parametrize("name", list(list_papers()))
def test_every_paper_that_ships_can_be_computed(name):
    _, paper = load_paper(name)
    check_numbers(name, paper)
    assert paper.paper.rerun


@pytest.mark.parametrize("called", sorted(NUMBERS))
def test_no_function_takes_a_value_of_another_kind(tmp_path, called):
    """What a paper's file gives is checked against what each argument is."""
    known = list(inspect.signature(NUMBERS[called]).parameters)[1:]
    runs = [{"name": "a", "settings": {"stress": {"catalogs": ["x.csv"]}}}]
    for wrong in known:
        ours = {"number": called, **{k: [{"no": ["value"]}] for k in known}}
        ours = dict(sorted(ours.items(), key=lambda item: item[0] != wrong))
        path = write_paper(tmp_path, EVIDENCE | {"ours": ours}, runs=runs)
        with pytest.raises(SettingsError, match="Nothing was run"):
            check_numbers("mine", load_paper(str(path))[1])


def test_a_place_that_is_not_on_the_line_is_told(say, tmp_path):
    ours = {"number": "line_posterior", "distance_km": 11, "quantity": "mean"}
    code, said = say(write_paper(tmp_path, EVIDENCE | {"ours": ours}))
    assert code == 2
    assert "Number 'Evidence': 11 km is not on the verification line" in said


@pytest.mark.parametrize("name", ["../outside", "a/b", ""])
def test_a_run_cannot_be_named_out_of_its_folder(say, tmp_path, name):
    code, said = say(write_paper(tmp_path, runs=[{"name": name, "example": "demo"}]))
    assert code == 2
    assert "cannot name a run" in said


def test_examples_and_cases_that_are_not_there_are_told(say, tmp_path):
    code, said = say(write_paper(tmp_path, runs=[{"name": "a", "example": "demmo"}]))
    assert code == 2
    assert "'demmo', which does not come with quakeloom. Did you mean 'demo'?" in said
    runs = [{"name": "a", "example": "anchorage", "cases": ["nonlinlok"]}]
    code, said = say(write_paper(tmp_path, runs=runs))
    assert code == 2
    assert "wants the case 'nonlinlok' of example 'anchorage', which has main, nonlinloc" in said


def test_the_page_of_all_papers_needs_their_numbers(say, tmp_path):
    code, said = say("--markdown")
    assert code == 2
    assert "has no numbers in 'results'" in said
    assert say("--markdown", "townend-2012")[0] == 2


def test_papers_are_listed_with_their_data(say, monkeypatch, tmp_path):
    monkeypatch.setenv("QUAKELOOM_SHARED_DATA", str(tmp_path / "nowhere"))
    code, said = say()
    assert code == 0
    assert all(name in said for name in list_papers())
    assert (
        f"townend-2012: {tmp_path}/nowhere/new-zealand/GeoNet_CMT_solutions.csv is missing" in said
    )
    code, said = say("townend-2012")
    assert code == 2
    assert "QUAKELOOM_SHARED_DATA" in said


def test_every_function_of_numbers_is_documented():
    assert all((f.__doc__ or "").startswith(("Return", "Count")) for f in NUMBERS.values())


def test_the_page_of_papers_has_every_number():
    """docs/papers.md is made by `quakeloom paper --markdown`; it has every paper as it is."""
    page = (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")
    for name in list_papers():
        _, paper = load_paper(name)
        unknown = [
            ComparedNumber(
                n.name, n.published, n.uncertainty, n.unit, n.where, None, None,
                n.agrees_within, None, n.because, n.explanation,
            )
            for n in paper.numbers
        ]  # fmt: skip
        made = papers_markdown([PaperResult(name, paper, unknown)])
        for line in made.splitlines():
            if line.startswith("| "):
                # all but ours and whether it agrees
                cells = line.split(" | ")
                assert f"{cells[0]} | {cells[1]} | " in page, f"run `quakeloom paper {name}` again"
            else:
                assert line in page, f"run `quakeloom paper {name}` again"
