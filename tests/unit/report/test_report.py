"""The report is one page that needs nothing else and makes sense for any run."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pyarrow.compute as pc
import pytest

from quakeloom.core import quaternions
from quakeloom.report import ComparedCatalog, RunResults, build_report
from quakeloom.report._catalog import MechanismCatalog
from quakeloom.report._event_sections import choose_cases, group_rejects
from quakeloom.report._station_sections import station_agreement
from quakeloom.report._truth_sections import credible_level
from quakeloom.schema import TABLES, empty_table, make_table


@pytest.fixture(scope="module")
def html(make_results) -> str:
    """The page of a run of twelve events."""
    return build_report(make_results(12))


VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """Collects what the tests ask for and checks that elements are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.images: list[dict] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attributes:
            self.ids.add(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        if tag == "img":
            self.images.append(attributes)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words).replace("\xa0", " "))


def test_the_page_is_complete_and_asks_nothing_of_the_network(make_results) -> None:
    html = build_report(make_results(30))
    page = Page(html)
    for anchor in (
        "summary", "quality", "map", "spheres", "distributions", "truth", "stations",
        "unsolved", "rejects", "costs", "provenance", "methods", "glossary",
    ):  # fmt: skip
        assert anchor in page.ids
    assert all(i["src"].startswith("data:image/") for i in page.images)
    assert all(len(i["alt"]) > 15 for i in page.images)
    assert all(h.startswith(("#", "https://doi.org/")) for h in page.links)
    assert not page.tags & {"script", "link", "iframe", "object"}
    assert "url(" not in html.split("</style>")[0]
    assert len(html) < 5_000_000


def test_links_in_the_contents_lead_somewhere(html) -> None:
    page = Page(html)
    assert {h[1:] for h in page.links if h.startswith("#")} <= page.ids


def test_the_summary_counts_events_letters_and_rejects(html) -> None:
    text = Page(html).text
    assert "Of 12 events read, 10 have a focal mechanism: 3 A, 2 B, 3 C and 2 D." in text
    assert "2 have none: too few polarities (2)." in text
    assert "1 row was put aside: 1 \N{MULTIPLICATION SIGN} polarity is neither up nor down." in text
    assert "2 jobs took 4.0 s in all, and no job needed more than 210 MB of memory." in text


def test_the_same_run_gives_the_same_page(html, make_results) -> None:
    assert build_report(make_results(12)) == html


def test_text_from_files_is_escaped(html) -> None:
    assert "<b>&S01" not in html
    assert "&lt;b&gt;&amp;S01 X?&lt;/b&gt;" in html


def test_synthetic_events_are_called_synthetic_and_real_ones_are_not(html, make_results) -> None:
    synthetic, real = Page(html), Page(build_report(make_results(truth=False)))
    assert "synthetic" in synthetic.text
    assert "truth" in synthetic.ids
    assert "synthetic" not in real.text
    assert "truth" not in real.ids


def test_reversed_stations_and_coins_are_named(html) -> None:
    text = Page(html).text
    assert "1 station span looks reversed: S00" in text
    assert "Uninformative: pick kind E3." in text


def test_one_thing_is_named_in_the_singular(make_results) -> None:
    page = Page(build_report(make_results(1)))
    words = " ".join([page.text, *(image["alt"] for image in page.images)]).replace("\xa0", " ")
    assert "1 event" in words
    assert not re.findall(r"(?<![\d.,])1 (?!has|was|is\b|rows)[a-z]+s\b", words)


def test_long_identifiers_may_break_and_cells_of_wide_tables_have_names(make_results) -> None:
    """A browser breaks words at spaces only, and a phone shows a row of many cells as a list."""
    name = "smi:local/" + 40 * "event"
    rejects = {"source_file": ["a"], "record": ["event"], "reason": ["x"], "event_id": [name]}
    tables = {"rejects": make_table("rejects", rejects)}
    html = build_report(RunResults("long", tables))
    assert re.search(rf'<td data-label="Event" class=" long id">{name}</td>', html)
    assert '<td data-label="Reason" class="">x</td>' in html
    assert html.count('<table class="many">') == 1


@pytest.mark.parametrize("which", ["nothing", "empty", "one", "unsolved", "no_places"])
def test_runs_with_little_or_nothing_to_show(which, make_results) -> None:
    results = {
        "nothing": lambda: RunResults("empty"),
        "empty": lambda: RunResults("empty", {t: empty_table(t) for t in TABLES}),
        "one": lambda: make_results(1),
        "unsolved": lambda: without_solutions(make_results(6)),
        "no_places": lambda: without_places(make_results(6)),
    }[which]()
    page = Page(build_report(results))
    assert "summary" in page.ids
    assert "nan" not in re.findall(r"[A-Za-z]+", page.text)
    if which in ("nothing", "empty"):
        assert "has no mechanism catalog" in page.text
        assert ("The station report is empty" in page.text) == (which == "empty")
    if which == "one":
        assert "Of 1 event read, 1 has a focal mechanism: 1 A." in page.text
    if which == "unsolved":
        assert "Of 6 events read, 0 have a focal mechanism." in page.text
        assert "spheres" not in page.ids
    if which == "no_places":
        assert "map" not in page.ids


def without_solutions(results: RunResults) -> RunResults:
    table = results.table("mechanisms")
    for name in ("strike_deg", "dip_deg", "rake_deg", "mechanism_probability", "polarity_misfit"):
        i = table.column_names.index(name)
        table = table.set_column(i, table.schema.field(i), [np.full(table.num_rows, np.nan)])
    return dataclasses.replace(results, tables={**results.tables, "mechanisms": table})


def without_places(results: RunResults) -> RunResults:
    tables = dict(results.tables)
    for key in ("mechanisms", "stations", "events"):
        table = tables[key]
        for name in ("longitude", "latitude"):
            i = table.column_names.index(name)
            table = table.set_column(i, table.schema.field(i), [np.full(table.num_rows, np.nan)])
        tables[key] = table
    return dataclasses.replace(results, tables=tables)


def test_compared_catalogs_and_seeds_have_their_sections(make_results) -> None:
    run = make_results(20)
    other = make_results(20, seed=3).table("mechanisms")
    results = dataclasses.replace(
        run,
        comparisons=[
            ("traced", run.table("mechanisms")),
            ComparedCatalog("before screening", other, "A sentence.", earlier=True),
            ("seed2", run.table("mechanisms")),
        ],
    )
    page = Page(build_report(results))
    assert {"comparison", "seeds"} <= page.ids
    assert "This run and traced" in page.text
    assert "Before screening and this run" in page.text
    assert "A sentence." in page.text
    assert "Solutions rated A or B rotate by 0.0° (median)" in page.text


def test_given_seed_scatter_is_shown(make_results) -> None:
    results = RunResults(
        "small",
        {"mechanisms": make_results(2).table("mechanisms")},
        seed_scatter={
            "rotation_deg": [1.0, 2.0, 30.0],
            "quality": ["A", "B", "D"],
            "seeds": [1, 2],
        },
    )
    assert "Solutions rated A or B rotate by 1.5° (median)" in Page(build_report(results)).text


def test_catalogs_without_common_events_say_so(make_results) -> None:
    results = RunResults(
        "small",
        {"mechanisms": make_results(2).table("mechanisms")},
        comparisons=[("other", empty_table("mechanisms"))],
    )
    assert "have no event in common" in Page(build_report(results)).text


def test_credible_level_of_the_truth() -> None:
    """The heaviest mechanism is at level 0+, the lightest at 1, one without weight outside."""
    angles = np.array([(0, 90, 0), (30, 45, 90), (100, 60, -90), (200, 30, 20)], dtype=float)
    grid = quaternions(*angles.T)
    weights = np.array([6.0, 3.0, 1.0, 0.0])
    levels = [credible_level(grid, weights, a) for a in angles]
    assert levels == pytest.approx([0.3, 0.75, 0.95, 2.0])
    # the auxiliary plane is the same mechanism
    assert credible_level(grid, weights, np.array([210.0, 45.0, 90.0])) == pytest.approx(0.75)


def test_rejects_that_differ_in_numbers_only_are_one_group() -> None:
    rejects = make_table(
        "rejects",
        {
            "source_file": ["a", "a", "b", "b"],
            "source_line": [1, 2, 3, 4],
            "record": ["station"] * 3 + ["event"],
            "reason": [
                "doubled, see line 10",
                "doubled, see line 12",
                "doubled, see line 7",
                "depth 999 km",
            ],
        },
    )
    assert group_rejects(rejects) == [
        ("station", "doubled, see line …", 3, 2),
        ("event", "depth 999 km", 1, 1),
    ]


def test_cases_are_the_most_the_middle_and_the_least_probable(make_results) -> None:
    catalog = MechanismCatalog.read(make_results(60))
    rows = np.flatnonzero(catalog.solved & (catalog.quality == "A"))
    probability = catalog["mechanism_probability"]
    cases = choose_cases(catalog, "A")
    chosen = [probability[row] for row, _ in cases]
    assert [words for _, words in cases] == ["most probable", "median", "least probable"]
    assert chosen[0] == probability[rows].max()
    assert chosen[2] == probability[rows].min()
    assert np.sum(probability[rows] > chosen[1]) == len(rows) // 2


def test_a_reversed_station_contradicts_in_its_timeline(make_results) -> None:
    """The truth agrees with every reading; turned readings contradict it as surely."""
    results = make_results(24)
    polarities = results.table("polarities")
    turned = pc.if_else(
        pc.equal(polarities.column("station"), "S04"),
        pc.negate(polarities.column("polarity")),
        polarities.column("polarity"),
    )
    i = polarities.column_names.index("polarity")
    tables = {
        **results.tables,
        "polarities": polarities.set_column(i, polarities.schema.field(i), turned),
    }
    run = dataclasses.replace(results, tables=tables)
    catalog = MechanismCatalog.read(run)
    for station, sign in (("S03", 1), ("S04", -1)):
        times, agreement = station_agreement(run, catalog, "", station)
        assert len(times) == catalog.solved.sum()
        clear = np.abs(agreement) > 0.3  # solutions are 3 degrees off
        assert (np.sign(agreement[clear]) == sign).all()
        assert clear.sum() > 5
