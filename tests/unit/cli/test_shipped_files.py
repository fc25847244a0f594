"""The workflow and the examples that come with quakeloom are found wherever one is."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from quakeloom.cli._main import app
from quakeloom.cli._run import find_snakefile
from quakeloom.config import find_configuration, list_examples, load_configuration
from quakeloom.core import PlanError, SettingsError, shipped_places

ROOT = Path(__file__).parents[3]


@pytest.fixture
def foreign_project(tmp_path, monkeypatch) -> Path:
    """A folder with a workflow of another project, in which the command is called."""
    (tmp_path / "Snakefile").write_text('rule all:\n    shell: "touch foreign"\n')
    (tmp_path / "workflow" / "rules").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_workflow_of_another_project_is_never_taken(foreign_project):
    assert find_snakefile() == ROOT / "Snakefile"
    assert find_snakefile(Path("Snakefile")) == foreign_project / "Snakefile"
    with pytest.raises(PlanError, match="no Snakefile 'nothing'"):
        find_snakefile(Path("nothing"))


def test_outside_of_src_nothing_above_the_package_is_looked_at(monkeypatch):
    """In an installed package the folders above belong to others."""
    package = Path("/env/lib/python3.11/site-packages/quakeloom")
    monkeypatch.setattr("quakeloom.core.shipped_files._PACKAGE", package)
    assert shipped_places("examples/demo.yaml") == [package / "examples" / "demo.yaml"]


def test_an_example_goes_by_its_name(foreign_project):
    assert load_configuration(Path("demo")).path == ROOT / "config" / "demo.yaml"
    (foreign_project / "demo").write_text("name: mine\nsources: [{path: x}]\n")
    assert find_configuration(Path("demo")) == Path("demo")
    assert find_configuration(Path("./other/demo.yaml")) == Path("other/demo.yaml")
    with pytest.raises(SettingsError, match=r"Examples .* anchorage, calaveras"):
        load_configuration(Path("demmo"))


def test_examples_are_listed_with_a_sentence_each():
    done = CliRunner().invoke(app, ["config", "examples"])
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines.keys() == list_examples().keys() == {p.stem for p in ROOT.glob("config/*.yaml")}
    assert lines["demo"] == "A small synthetic region, from simulated seismograms to a stress map."
