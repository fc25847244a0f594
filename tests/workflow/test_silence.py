"""A run that used nothing of what it was given says so first; only what it made is shown."""

from __future__ import annotations

import pytest
from small_runs import (
    compute_run,
    quakeloom,
    slip_catalog,
    stress_of,
    write_config,
    write_month,
    write_stress_config,
)

from quakeloom.cli._summary import summarise_run
from quakeloom.config import load_configuration
from quakeloom.report import write_report
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.what_came_out import stages_without_result

np = pytest.importorskip("numpy")


@pytest.mark.slow
def test_a_run_of_which_nothing_came_out_ends_with_an_error_and_the_reasons(tmp_path):
    write_month(tmp_path, "2019-01")
    write_config(tmp_path, mechanism={"trials": 5, "minimum_polarities": 200}, stress={})
    done = quakeloom(
        "run", "--config", tmp_path / "tiny.yaml", "--results", tmp_path / "r", check=False
    )
    assert done.returncode == 1
    said = done.stderr
    assert "Stage 'mechanism': 0 of 10 events with a mechanism: too_few_polarities (10)" in said
    assert "`mechanism.minimum_polarities`" in said
    assert "Nothing came out of tiny" in said
    page = (tmp_path / "r" / "tiny" / "report.html").read_text()
    first = page.index("0 of 10 events with a mechanism")
    assert page.index('id="summary"') < first < page.index("events read")


def test_a_run_with_results_is_no_error_and_says_who_used_nothing(tmp_path):
    """Mechanisms, but none inside the map: the map says so, the run goes on."""
    write_month(tmp_path, "2019-01")
    layout = compute_run(
        write_config(tmp_path, stress={"maximum_depth_km": -5}, mechanism={"trials": 5}),
        tmp_path / "r",
    )
    settings = read_settings(layout)
    sentences, nothing = stages_without_result(settings, layout)
    assert not nothing
    assert len(sentences) == 1
    assert sentences[0].startswith("Stage 'stress': 0 of ")
    assert "too deep" in sentences[0] or "deep" in sentences[0]
    write_report(settings, layout)
    assert "mechanisms in the stress map" in layout.report.local.read_text()


def test_a_map_of_catalogs_that_uses_nothing_is_nothing(tmp_path):
    table = slip_catalog(np.array([stress_of(30.0)] * 40))
    config = write_stress_config(tmp_path, table, stress={"maximum_depth_km": -5})
    layout = compute_run(config, tmp_path / "r")
    sentences, nothing = stages_without_result(read_settings(layout), layout)
    assert nothing
    assert len(sentences) == 1


def test_the_summary_shows_only_what_the_present_plan_made(tmp_path):
    write_month(tmp_path, "2019-01")
    layout = compute_run(write_config(tmp_path, mechanism={"trials": 5}), tmp_path / "r")
    shown = _text(summarise_run("tiny", read_settings(layout), layout))
    assert "events" in shown
    # another month: what is there is of the plan before
    write_month(tmp_path, "2019-02")
    configuration = load_configuration(tmp_path / "tiny.yaml")
    plan_configuration(configuration, tmp_path / "r")
    shown = _text(summarise_run("tiny", read_settings(layout), layout))
    assert "not computed under the present plan" in shown
    assert "polarities used" not in shown


def _text(table) -> str:
    from rich.console import Console

    console = Console(width=200)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@pytest.mark.parametrize("option", ["-v", "--verbos", "--foreall", "-F"])
def test_options_that_do_not_exist_are_refused_before_anything_runs(tmp_path, option):
    write_month(tmp_path, "2019-01")
    write_config(tmp_path)
    done = quakeloom(
        "run", "--config", tmp_path / "tiny.yaml", "--results", tmp_path / "r", option, check=False
    )
    assert done.returncode == 2
    assert option in done.stderr
    assert not (tmp_path / "r").exists()
