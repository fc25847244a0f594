"""What the report lists: events with search, readings by use, files; and figures for phones."""

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.report import RunResults, build_report
from quakeloom.report._event_table import _LISTED
from quakeloom.report._phrases import STATUS_WORDS, USE_WORDS
from quakeloom.report._stress_sections import stress_section
from quakeloom.schema import STATUSES, USES, make_table


def _section(html: str, anchor: str) -> str:
    return html.split(f'<section id="{anchor}">')[1].split("</section>")[0]


def test_every_event_is_listed_and_can_be_searched(make_results):
    """A row per event, the best first, and a box whose only script is in the page."""
    run = make_results(12)
    text = _section(build_report(run), "events")
    rows = text.split("<tbody>")[1].count("<tr>")
    assert rows == 12
    assert all(f">{e}<" in text for e in run.table("events").column("event_id").to_pylist())
    assert '<input type="search" oninput="' in text
    assert "http" not in text
    letters = re.findall(r'data-label="Quality" class="">(\w)<', text)
    assert letters == sorted(letters)
    assert "too few polarities" in text


def test_a_large_catalog_lists_its_best_events():
    """The page stays small; the sentence says where the others are."""
    n = _LISTED + 5
    table = make_table(
        "mechanisms",
        {"event_id": [f"e{i:05d}" for i in range(n)], "status": ["solved"] * n,
         "strike_deg": np.full(n, 10.0), "dip_deg": np.full(n, 45.0),
         "rake_deg": np.full(n, 0.0), "quality": ["B"] * (n - 1) + ["A"]},
    )  # fmt: skip
    text = _section(build_report(RunResults("large", {"mechanisms": table})), "events")
    assert text.split("<tbody>")[1].count("<tr>") == _LISTED
    assert text.index(f"e{n - 1:05d}") < text.index("e00000")
    assert "all are in mechanisms.parquet" in text


def test_readings_are_counted_by_use(make_results):
    """Counts add up to all readings, and every use has words."""
    run = make_results(12)
    polarities = run.table("polarities")
    n = polarities.num_rows
    use = ["used"] * (n - 7) + ["low_probability"] * 4 + ["no_station"] * 2 + [""]
    column = polarities.column_names.index("use")
    polarities = polarities.set_column(column, polarities.schema.field(column), pa.array(use))
    run = replace(run, tables={**run.tables, "polarities": polarities})
    text = _section(build_report(run), "use")
    counts = [int(c.replace(",", "")) for c in re.findall(r'"Readings" class="n">([\d,]+)<', text)]
    assert counts == [n - 7, 4, 2, 1]
    assert sum(counts) == n
    assert set(USE_WORDS) == set(USES)
    assert "below_takeoff_table" in STATUSES
    assert "below_takeoff_table" in STATUS_WORDS


def test_files_are_links_beside_the_page(make_results):
    """Names of any kind are relative links; a run without files has no such section."""
    files = (("stress.csv", "The stress map."), ("odd name #1.csv", "Odd."))
    html = build_report(replace(make_results(3), files=files))
    text = _section(html, "files")
    assert re.findall(r'href="([^"]+)"', text) == ["stress.csv", "odd%20name%20%231.csv"]
    assert 'id="files"' not in build_report(make_results(3))


def test_figures_over_the_page_are_drawn_for_phones_too(make_results):
    """Lettering on a phone is that of a figure as wide as its screen."""
    html = build_report(make_results(12))
    wide = html.count('<figure class="wide">') + html.count('<figure class="map">')
    assert wide > 2
    sources = re.findall(r'<source media="screen and \(max-width: 34rem\)" srcset="([^"]+)"', html)
    assert len(sources) == wide
    assert all(s.startswith("data:image/") and " " not in s for s in sources)


@pytest.mark.parametrize(
    ("qualities", "words"),
    [
        ({"A": 2, "B": 1}, "3 mechanisms (2 A and 1 B) with"),
        ({"A": 2}, "3 mechanisms with"),  # not of all of them
        ({"": 3}, "3 mechanisms with"),
    ],
)
def test_the_map_says_which_mechanisms_made_it(qualities, words):
    """The letters are told where they are those of all mechanisms of the map."""
    table = make_table(
        "stress",
        {"longitude": [10.0], "latitude": [45.0], "shmax_deg": [30.0], "shmax_std_deg": [5.0],
         "regime": ["SS"], "mechanism_count": [3], "data_weight": [3.0], "stress_quality": ["A"]},
    )  # fmt: skip
    facts = {
        "mechanisms": 3, "qualities": qualities, "weight": 3.0, "nodes_with_data": 1, "nodes": 1,
        "left_out": {}, "curve": [], "alpha2": [1.0], "chosen_by": "given", "abic": 1.0, "N": 6.0,
        "P": 0, "M": 5, "noise_variance": 0.1,
    }  # fmt: skip
    section = stress_section(RunResults("x", {"stress": table}, stress={"facts": facts}))
    assert words in str(section.blocks[0].text).replace("\N{NO-BREAK SPACE}", " ")
