"""What is in the wheel, and that a run works from it in an empty environment."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
EMPTY = "QUAKELOOM_TEST_WHEEL"
"""Set by ``make test-wheel``: the python of an environment with the dependencies alone."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel of this checkout, without a network."""
    builders = pytest.importorskip("hatchling.builders.wheel")
    folder = tmp_path_factory.mktemp("wheel")
    (file,) = builders.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(file)


def test_workflow_profiles_examples_and_resources_travel_in_the_wheel(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {"quakeloom/Snakefile", "quakeloom/py.typed", "quakeloom/__init__.pyi"}
    for folder, name in (("workflow", "workflow"), ("config", "examples"),
                         ("resources", "resources")):  # fmt: skip
        files = (p for p in (ROOT / folder).rglob("*") if p.is_file())
        wanted |= {
            f"quakeloom/{name}/{p.relative_to(ROOT / folder)}"
            for p in files
            if "__pycache__" not in p.parts
        }
    sources = (ROOT / "src").rglob("*.py")
    wanted |= {str(p.relative_to(ROOT / "src")) for p in sources}
    atlas = ROOT / "src" / "quakeloom" / "atlas"
    for folder in ("assets", "templates"):
        wanted |= {str(p.relative_to(ROOT / "src")) for p in (atlas / folder).iterdir()}
    wanted.add("quakeloom/atlas/japanese.json")
    assert wanted - inside == set()
    assert not [n for n in inside if "node_modules" in n]
    assert not [n for n in inside if "__pycache__" in n or n.startswith(("tests/", "docs/"))]


@pytest.mark.skipif(EMPTY not in os.environ, reason="`make test-wheel` makes the environment")
def test_a_run_works_from_the_wheel_in_an_empty_environment(wheel, tmp_path):
    """Outside of any checkout, beside a workflow of another project."""
    python = Path(os.environ[EMPTY])
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def call(*arguments: object) -> str:
        done = subprocess.run(
            [str(a) for a in arguments], cwd=tmp_path, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call(python, "-m", "pip", "install", "--no-deps", "--force-reinstall", "--quiet", wheel)
    command = python.parent / "quakeloom"
    assert "demo" in call(command, "config", "examples")
    (tmp_path / "Snakefile").write_text('rule all:\n    shell: "touch foreign"\n')
    (tmp_path / "workflow").mkdir()
    demo = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text())
    demo["simulation"]["events"] = 16
    (tmp_path / "few.yaml").write_text(yaml.safe_dump(demo))
    call(command, "run", "--config", "few.yaml", "--cores", 1)
    assert not (tmp_path / "foreign").exists()
    assert (tmp_path / "results" / "demo" / "report.html").is_file()
    code = "import quakeloom as ql; print(ql.open_run('results/demo'), ql.__file__)"
    told = call(python, "-c", code)
    assert "mechanisms (16)" in told
    assert Path(told.split()[-1]).is_relative_to(python.parents[1]), "what the wheel installed"
