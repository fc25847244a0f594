"""The page of an atlas in a browser, where one is installed; ``make test-atlas`` has the rest."""

from __future__ import annotations

import re

import pytest
from atlas_pages import benchmark_module, events_of, hostile_contents

from quakeloom.atlas import AtlasContents, build_atlas
from quakeloom.store import open_item

browser_module = benchmark_module("_browser")

pytestmark = pytest.mark.skipif(
    browser_module.find_browser() is None, reason="no Chromium is installed"
)


@pytest.fixture(scope="module")
def browser():
    with browser_module.Browser(1280, 800) as found:
        yield found


def open_atlas(browser, folder, link="#v=1"):
    """Open an atlas by a double click, so to say, and wait for all of it."""
    browser.messages.clear()
    browser.requests.clear()
    browser.open("about:blank")
    browser.open((folder / "index.html").as_uri() + link)
    browser.wait("window.atlasComplete")


def refuse_trouble(browser):
    """No error, no warning, and nothing is asked for but files of the folder."""
    assert browser.messages == []
    assert {r.split(":")[0] for r in browser.requests} <= {"file", "about", "data", "blob"}
    assert browser.run("window.broken") is None


def test_a_nation_opens_from_a_folder_and_a_click_shows_a_node(browser, tmp_path):
    contents = benchmark_module("atlas").make_nation(3000, 400)
    build_atlas(contents, open_item(tmp_path / "atlas"))
    open_atlas(browser, tmp_path / "atlas", "#v=1&l=bars,fans,graticule&a=en")
    row = 210
    place = browser.run(
        f"(() => {{ const m = quakeloomAtlas.map; const box = m.canvas.getBoundingClientRect();"
        f"const p = m.screen(m.nodeX[{row}], m.nodeY[{row}]);"
        "return [p[0] + box.left, p[1] + box.top]; })()"
    )
    browser.click(*place)
    text = browser.wait("document.querySelector('.panel h2')?.textContent")
    node = contents.table("stress").slice(row, 1).to_pylist()[0]
    assert text == f"SHmax {node['shmax_deg']:.0f}°"
    facts = browser.run("document.querySelector('.panel .facts').textContent")
    assert f"{node['shmax_deg']:.1f}°" in facts
    assert re.search(rf"Mechanisms{node['mechanism_count']}\D", facts)
    assert browser.run("document.querySelectorAll('.panel .petal').length") > 4
    assert "o=node210" in browser.wait("location.hash.includes('o=node') && location.hash")
    refuse_trouble(browser)


def test_names_with_markup_are_shown_and_never_executed(browser, tmp_path):
    build_atlas(hostile_contents(), open_item(tmp_path / "atlas"))
    open_atlas(browser, tmp_path / "atlas", "#v=1&l=balls,hypocenters,stations,faults&p=table&a=en")
    browser.wait("quakeloomAtlas.table?.rows.length === 12")
    for kind in ("event", "station", "fault"):
        browser.run(f"quakeloomAtlas.select({{ kind: '{kind}', row: 0 }}, true)")
        browser.wait(
            f"quakeloomAtlas.state.values.selected.kind === '{kind}' && "
            "document.querySelector('.panel').textContent.includes('onerror')"
        )
    browser.run("document.querySelector('.tools .icon:last-child').click()")
    browser.wait("document.querySelector('dialog')?.textContent.includes('onerror')")
    browser.run("document.querySelector('dialog').close()")
    browser.run("(async () => { const i = quakeloomAtlas.searchInput; i.value = 'script';"
                "i.dispatchEvent(new Event('input')); })()")  # fmt: skip
    browser.wait("document.querySelectorAll('.results li').length > 3")
    assert browser.run("document.querySelectorAll('#atlas img, #atlas script').length") == 0
    refuse_trouble(browser)


@pytest.mark.parametrize(
    "tables",
    [{}, {"mechanisms": events_of(10, solved=False)}, {"mechanisms": events_of(10, spread=0.0)}],
    ids=["nothing", "no mechanisms", "one point"],
)
def test_poor_contents_open(browser, tables, tmp_path):
    build_atlas(AtlasContents("poor", tables=tables), open_item(tmp_path / "atlas"))
    open_atlas(browser, tmp_path / "atlas")
    for drawer in ("table", "section", "charts"):
        browser.run(f"quakeloomAtlas.state.set({{ drawer: '{drawer}' }})")
    browser.run("new Promise((done) => setTimeout(done, 300))")
    refuse_trouble(browser)
