"""A record that is wrong is refused in one sentence, before anything is planned."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import get_args

import pytest
import typer

from quakeloom.cli._stage_verbs import refuse_doubled_names
from quakeloom.config import parse_settings
from quakeloom.core import PlanError, SettingsError
from quakeloom.schema import (
    TABLES,
    VARIABLES,
    TableSpec,
    Variable,
    make_table,
    register_table,
)
from quakeloom.stages import every_stage as list_of_stages
from quakeloom.stages.every_stage import every_stage
from quakeloom.stages.frame.chains import CHAINS, check_plugins
from quakeloom.stages.frame.code_digests import closure_of
from quakeloom.stages.frame.plugin_checks import check_partition_names, check_stage_files
from quakeloom.stages.frame.record_checks import check_records
from quakeloom.stages.frame.stage import Kind, Reads, Stage
from quakeloom.stages.frame.verbs import _checked_tables, stage_code


@pytest.fixture(scope="module", autouse=True)
def tremors():
    """The table of the package, as long as these tests run."""
    register_table(
        TableSpec("tremors", "Tremors.", ("event_id", "tremor_s")),
        [Variable("tremor_s", "float64", "s", "Length of a tremor.")],
    )
    yield
    TABLES.pop("tremors")
    VARIABLES.pop("tremor_s")


VERBS = "def compute(settings, layout, partition):\n    return {}\n"
RULES = "rule tremor:\n\nrule tremor_finalise:\n"
OPTIONS = (
    "from pydantic import BaseModel\n\n\nclass Options(BaseModel):\n    step_km: float = 5.0\n"
)

TREMOR = Stage(
    name="tremor",
    summary="Tremors are counted.",
    module="tremor_package.verbs",
    chains=("events",),
    group="plugins.tremor",
    reads=(Reads("mechanism"),),
    gathers=True,
    part_tables=("tremors",),
    gathered=("tremors",),
    tables=("tremors",),
    rules="tremor.smk",
    options="tremor_package.options:Options",
)
"""A record of another package that is right."""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write the package of the stage, and return its folder."""
    folder = tmp_path / "tremor_package"
    folder.mkdir()
    for name, text in (
        ("__init__.py", ""), ("verbs.py", VERBS), ("tremor.smk", RULES), ("options.py", OPTIONS),
    ):  # fmt: skip
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [n for n in sys.modules if n.startswith("tremor_")]:
        del sys.modules[name]


def test_a_record_that_is_right_passes(package):
    check_records([*every_stage(), TREMOR])
    check_stage_files(TREMOR)


def test_records_name_the_kinds_of_run_that_there_are():
    assert [c.name for c in CHAINS] == list(get_args(Kind))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "my tremor"}, "cannot be the name of a rule"),
        ({"name": "Tremor"}, "cannot be the name of a rule"),
        ({"name": "class"}, "cannot be the name of a rule"),
        ({"name": "report"}, "has a name that is kept"),
        ({"name": "mechanism_init"}, "both need a rule 'mechanism_init'"),
        ({"chains": ("event",)}, "has `chains` 'event', but known are line"),
        ({"chains": ()}, "has `chains` empty"),
        ({"chains": "events"}, "has `chains` 'events', but known are line"),
        ({"partitions": "event"}, "has `partitions` 'event', but known are planning"),
        ({"reads": (Reads("mechanisms"),)}, "reads 'mechanisms', which is no stage"),
        ({"reads": ("mechanism",)}, "'mechanism' in `reads`, which is no"),
        ({"reads": (Reads("tremor"),)}, "reads itself"),
        ({"reads": (Reads("tomography"),)}, "is of another kind of run"),
        ({"found_by": "nobody"}, "`found_by` 'nobody', which is no stage"),
        ({"group": "tremor"}, "lie below `plugins`: plugins.tremor"),
        ({"settings": ("mechansm.trials",)}, "'mechansm.trials', which do not exist"),
        ({"settings": ("mechanism.trails",)}, "'mechanism.trails', which do not exist"),
        ({"ways_only": ("clusters",)}, "'clusters', which do not exist"),
        ({"tables": ()}, "gathers tremors, which must be in"),
        ({"part_tables": ()}, "gathers tremors, which must be in"),
        ({"gathers": False}, "does not say `gathers=True`"),
        ({"files": ("report.html",)}, "owns report.html, which every run has"),
        ({"tables": ("tremors", "mechanisms")}, "would both write mechanisms.parquet"),
        ({"arrays": ("accepted.zarr",)}, "would both write accepted.zarr"),
    ],
)
def test_a_record_that_is_wrong_says_what_and_whose(changes, words):
    wrong = replace(TREMOR, **changes)
    with pytest.raises(PlanError, match="Nothing was planned") as told:
        check_records([*every_stage(), wrong])
    assert words in str(told.value)
    assert f"'{wrong.name}'" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "files", "words"),
    [
        ({"module": "tremor_package.verb"}, {}, "cannot be imported (ModuleNotFoundError"),
        ({}, {"verbs.py": "def compute(:\n"}, "cannot be imported (SyntaxError"),
        ({}, {"verbs.py": ""}, "has neither `compute` nor `part`"),
        ({"opens": True}, {}, "says `opens=True`, but its module"),
        ({}, {"verbs.py": VERBS + "\n\ndef init(a, b):\n    pass\n"}, "does not say `opens=True`"),
        (
            {"gathers": False, "gathered": ()},
            {"verbs.py": VERBS + "\n\ndef finalise(a, b):\n    pass\n"},
            "does not say `gathers=True`",
        ),
        ({"found_by": "mechanism"}, {}, "but no `partitions`"),
        ({"part_tables": ("tremors", "shakes")}, {}, "shakes, which are not registered"),
        ({"rules": ""}, {}, "names no rule file"),
        ({"rules": "other.smk"}, {}, "has no rule file"),
        ({}, {"tremor.smk": "rule tremor:\n"}, "needs the rule tremor_finalise"),
        ({"report": "tremor_package.verbs:page"}, {}, "`report` of stage 'tremor' is"),
        ({"report": "tremor_package.verbs"}, {}, "write `module:name`"),
        ({"options": "tremor_package.options:Option"}, {}, "`options` of stage 'tremor' is"),
        ({"shown_only": ("step",)}, {}, "names the settings step"),
    ],
)
def test_what_a_record_names_must_be_there(package, changes, files, words):
    for name, text in files.items():
        (package / name).write_text(text)
    with pytest.raises(PlanError, match="Nothing was planned") as told:
        check_stage_files(replace(TREMOR, **changes))
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_stages_that_read_one_another_are_named_in_their_order():
    one = replace(TREMOR, name="one", reads=(Reads("two"),))
    two = replace(TREMOR, name="two", reads=(Reads("mechanism"), Reads("three")))
    three = replace(TREMOR, name="three", reads=(), found_by="one")
    after = replace(TREMOR, name="after", reads=(Reads("one"),))
    stages = {s.name: s for s in (*every_stage(), after, one, two, three)}
    with pytest.raises(PlanError, match="one reads two reads three reads one"):
        list_of_stages._ordered(stages)


def test_an_entry_point_that_cannot_be_imported_is_said():
    for value, words in (
        ("no_such_package:STAGE", "ModuleNotFoundError"),
        ("quakeloom.core:STAGE", "AttributeError"),
    ):
        with pytest.raises(PlanError, match=f"cannot be imported .{words}"):
            list_of_stages._load(EntryPoint("tremor", value, "quakeloom.stages"))
    with pytest.raises(PlanError, match="is str and no Stage"):
        list_of_stages._load(EntryPoint("t", "quakeloom:__version__", "quakeloom.stages"))


def test_a_stage_cannot_have_the_name_of_a_command(monkeypatch):
    from quakeloom.cli import _stage_verbs
    from quakeloom.cli._main import app

    refuse_doubled_names(app)
    for name in ("run", "verify", "doctor", "stages"):
        monkeypatch.setattr(_stage_verbs, "every_stage", lambda n=name: [replace(TREMOR, name=n)])
        with pytest.raises(PlanError, match=f"Stage '{name}' .* has the name of a command"):
            refuse_doubled_names(app)
    twice = typer.Typer()
    for _ in range(2):
        twice.add_typer(typer.Typer(), name="config")
    monkeypatch.setattr(_stage_verbs, "every_stage", lambda: [replace(TREMOR, name="config")])
    with pytest.raises(PlanError, match=r"Stage 'config' .* has the name of a command"):
        refuse_doubled_names(twice)


def test_settings_of_a_plugin_of_another_kind_of_run_are_refused(package, monkeypatch):
    """They would be valid, and ignored."""
    from quakeloom.stages.frame import chains

    monkeypatch.setattr(chains, "every_stage", lambda: (*every_stage(), TREMOR))
    line = {"name": "x", "tomography": {"picks": {"path": "tx.in"}}, "plugins": {"tremor": {}}}
    with pytest.raises(SettingsError, match=r"`plugins\.tremor` .* and this run is tomography"):
        check_plugins(parse_settings(line))
    events = {"name": "x", "sources": [{"path": "e.csv"}], "takeoff": {"angles": "given"}}
    check_plugins(parse_settings({**events, "plugins": {"tremor": {"step_km": 3}}}))
    with pytest.raises(SettingsError, match="step_km"):
        check_plugins(parse_settings({**events, "plugins": {"tremor": {"step_km": "far"}}}))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["A1"], "'A1'"),
        (["a/b"], "'a/b'"),
        ([""], "''"),
        ([3], "3"),
        (["a", "a"], "more than once"),
    ],
)
def test_partitions_have_names_that_the_workflow_takes(names, words):
    with pytest.raises(PlanError, match=words):
        check_partition_names(TREMOR, names)
    check_partition_names(TREMOR, ["2019-01", "undated", "h12"])


def test_a_stage_gives_the_tables_that_its_record_names():
    table = make_table("tremors", {"event_id": ["a"], "tremor_s": [1.0]}, 1)
    assert _checked_tables(TREMOR, {"tremors": table}) == {"tremors": table}
    for made, words in (
        (None, "gave NoneType"),
        (table, "gave Table"),
        ({"tremor": table}, r"gave tremor \(Table\)"),
        ({"tremors": table.to_pandas()}, r"gave tremors \(DataFrame\)"),
        ({"tremors": table, "events": table}, r"events \(Table\)"),
    ):
        with pytest.raises(PlanError, match=words):
            _checked_tables(TREMOR, made)


def test_the_model_of_the_settings_is_code_of_the_stage(package):
    """Its defaults decide results, though nothing imports it by a statement."""
    from quakeloom.stages.frame import code_digests

    before = stage_code(TREMOR)
    (package / "options.py").write_text(OPTIONS.replace("5.0", "6.0"))
    for cache in (code_digests._read, code_digests._source, code_digests.closure_of):
        cache.cache_clear()
    assert stage_code(TREMOR) != before


def test_single_files_beside_a_module_are_code_of_its_stage(tmp_path, monkeypatch):
    (tmp_path / "tremor_verbs.py").write_text("from tremor_formula import count\n")
    (tmp_path / "tremor_formula.py").write_text("import tremor_constants\n\n\ndef count(): ...\n")
    (tmp_path / "tremor_constants.py").write_text("ONE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = closure_of("tremor_verbs")
    assert set(found) == {"tremor_verbs", "tremor_formula", "tremor_constants"}
