"""The records of the stages: owners, order, closure of code, kinds of run."""

from __future__ import annotations

import ast
import importlib
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

import quakeloom
from quakeloom.config import Settings, parse_settings
from quakeloom.core import SettingsError
from quakeloom.schema import TABLES
from quakeloom.stages.every_stage import every_stage, find_stage
from quakeloom.stages.frame.chains import CHAINS, find_chain, foreign_groups, run_stages
from quakeloom.stages.frame.code_digests import closure_of, modules_of_folder
from quakeloom.stages.frame.run_settings import load_runs
from quakeloom.stages.frame.stage import group_value

SOURCE = Path(quakeloom.__file__).parent
ROOT = Path(__file__).parents[3]

OPENED = {
    "line": {"tomography": {"picks": {"path": "tx.in"}}},
    "region": {
        "regional": {
            "origin_longitude_deg": 10, "origin_latitude_deg": 40, "depth_range_km": [0, 10],
            "north_range_km": [-5, 5], "east_range_km": [-5, 5], "spacing_km": [1, 1, 1],
            "lengths_km": [5, 5, 5], "model": "generic_crust",
            "standard_deviation": [[0, 0.1]],
        }
    },
    "training": {"training": {}},
    "analysis": {
        "restore": {"simulation": {}},
        "rockphysics": {},
        "fluids": {"simulation": {}},
        "isocon": {"simulation": {}},
        "melting": {"simulation": {}},
        "bathymetry": {"simulated": {}},
        "slip": {
            "files": [{"path": "sites.csv"}],
            "fault": {
                "longitude": 10, "latitude": 40, "strike_deg": 0, "dip_deg": 30,
                "length_km": 10, "depth_range_km": [0, 5],
            },
            "rake_deg": 90,
        }
    },
    "mechanisms": {"stress": {"catalogs": ["catalog.csv"]}},
    "events": {"sources": [{"path": "events.csv"}], "takeoff": {"angles": "given"}},
}  # fmt: skip
"""Settings that open each kind of run."""

OWN = ("line", "region", "training", "analysis")
"""Kinds of run whose groups of settings no other kind takes."""

EXAMPLES = {
    "sources": [{"path": "events.csv"}],
    "simulation": {"events": 10},
    "partition": {"calendar": "month"},
    "storage": {"acceptance": False},
    "selection": {"maximum_distance_km": 50},
    "waveforms": {"archives": ["archive"]},
    "detect": {},
    "associate": {},
    "merge": {},
    "magnitude": {},
    "spectra": {},
    "classify": {},
    "faults": {},
    "threshold": {},
    "repeaters": {},
    "soundings": {"files": ["survey.xyz"]},
    "takeoff": {"angles": "given"},
    "mechanism": {"trials": 3},
    "locate": {"models": ["generic_crust"]},
    "structure": {
        "origin_longitude_deg": 10,
        "origin_latitude_deg": 40,
        "depth_range_km": [0, 10],
        "north_range_km": [-9, 9],
        "east_range_km": [-9, 9],
    },
    "stress": {"grid_step_deg": 1.0},
    "tendency": {"files": ["faults.csv"]},
    "discriminate": {"simulation": {}},
    **{
        g: v for kind in ("line", "region", "training", "analysis") for g, v in OPENED[kind].items()
    },
    **{g: v for kind in OWN for g, v in OPENED[kind].items()},
    **{
        g: v for kind in ("line", "region", "training", "analysis") for g, v in OPENED[kind].items()
    },
}
"""A value of every group of settings."""


FOUND = ("merge", "magnitude")
"""Groups of runs that find their own events."""


def test_a_table_or_array_has_one_owner_in_a_run():
    for chain in CHAINS:
        for one, other in combinations(chain.stages, 2):
            shared = set(one.owned) & set(other.owned)
            assert not shared, f"{one.name} and {other.name} of {chain.name} both write {shared}"


def test_owned_tables_are_registered_or_named_after_one_that_is():
    for stage in every_stage():
        for table in stage.tables:
            assert table in TABLES or table in ("reversal_proposals", "repeater_reversals"), table
        assert set(stage.gathered) <= set(stage.part_tables) & set(stage.tables)


def test_a_stage_comes_after_those_that_it_reads():
    names = [s.name for s in every_stage()]
    for stage in every_stage():
        assert all(names.index(r.stage) < names.index(stage.name) for r in stage.reads)


def test_groups_of_settings_that_records_name_exist():
    fields = Settings.model_fields
    for stage in every_stage():
        assert set(stage.groups) <= set(fields), stage.name
        if stage.group and not stage.group.startswith("plugins."):
            settings = parse_settings({"name": "x", **OPENED[stage.chains[0]], **_group(stage)})
            value = group_value(settings, stage.group)
            for key in (*stage.shown_only, *stage.later_only):
                assert key in type(value).model_fields, f"{stage.name}: {key}"
    taken = {g for chain in CHAINS for g in fields if chain.takes(g)}
    assert taken == set(fields), "a group that no kind of run takes cannot be given"


def _group(stage):
    group = stage.group.split(".")[0]
    changes = {} if group in OPENED[stage.chains[0]] else {group: EXAMPLES[group]}
    changes |= {"waveforms": {}} if group in ("repeaters", "detect", "spectra") else {}
    changes |= {"waveforms": {}} if group in ("repeaters", "detect", "classify") else {}
    changes |= {"locate": EXAMPLES["locate"]} if group in ("associate", "faults", *FOUND) else {}
    changes |= {"associate": {}} if group in FOUND else {}
    changes |= {"stress": {}} if group == "tendency" else {}
    return changes if group != "simulation" else {**changes, "sources": []}


def test_every_stage_has_its_rule_command_and_page():
    for stage in every_stage():
        assert (ROOT / "docs" / f"{stage.name}.md").is_file(), stage.name
        rule = ROOT / "workflow" / "rules" / f"{stage.name}.smk"
        if stage.partitions == "planning":
            assert not rule.exists()
            continue
        text = rule.read_text()
        assert f"rule {stage.name}:" in text
        assert (f"rule {stage.name}_init:" in text) == stage.opens
        assert (f"rule {stage.name}_finalise:" in text) == stage.gathers
        assert len(text.splitlines()) <= 120


@pytest.mark.parametrize(("kind", "group"), [(k, g) for k in OPENED for g in EXAMPLES])
def test_a_group_that_a_kind_of_run_does_not_take_is_refused_by_name(kind, group, tmp_path):
    """Either the settings are those of a run that takes the group, or a message names it."""
    if group in OPENED[kind]:
        return
    import yaml

    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump({"name": "x", **OPENED[kind], group: EXAMPLES[group]}))
    said = ""
    try:
        (settings,) = load_runs(path).cases.values()
    except SettingsError as error:
        said = str(error)
    if said:
        assert any(f"`{g}`" in said for g in (group, *OPENED[kind])), said
    else:
        assert find_chain(settings).takes(group)
        assert not foreign_groups(settings)


def test_mechanisms_of_catalogs_beside_those_of_events_are_refused():
    """Both would be written to the same table."""
    for own in ({"sources": [{"path": "e.csv"}]}, {"simulation": {"events": 10}}):
        with pytest.raises(SettingsError, match=r"`stress\.catalogs` maps .* two runs"):
            parse_settings({
                "name": "x", "takeoff": {"angles": "given"}, **own,
                "stress": {"catalogs": ["catalog.csv"]},
            })  # fmt: skip


def naive_closure(module: str) -> set[str]:
    """Every module that any import on the way names: an upper bound, by other means."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        path = SOURCE.parent.joinpath(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in found or not file.is_file():
            continue
        found.add(name)
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                waiting += [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    parents = {n.rsplit(".", k)[0] for n in found for k in range(1, n.count(".") + 1)}
    return {n for n in found | parents if n.startswith("quakeloom")}


@pytest.mark.parametrize("stage", [s.name for s in every_stage()])
def test_the_code_of_a_stage_holds_every_module_that_its_verbs_load(stage):
    """Functions used are followed into the modules that define them, wherever they are."""
    module = find_stage(stage).module
    found = {n.rstrip(":") for n in closure_of(module)}
    assert found <= naive_closure(module)
    for name in found:
        tree = ast.parse(_file(name).read_text())
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or f"{name}:" in closure_of(module):
                continue
            if not (node.module or "").startswith("quakeloom"):
                continue
            for alias in node.names:
                assert _defined_in(node.module, alias.name) & found, (name, alias.name)


def _file(name: str) -> Path:
    path = SOURCE.parent.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _defined_in(module: str, name: str) -> set[str]:
    """Modules that an imported name may come from, found by importing it."""
    value = getattr(importlib.import_module(module), name, None)
    origin = getattr(value, "__module__", None)
    if getattr(value, "__wrapped__", None) is not None or not isinstance(origin, str):
        return {module, f"{module}.{name}"}
    return {module, f"{module}.{name}", origin}


def test_what_a_closure_leaves_to_a_stage_that_is_read_is_in_that_one_s_code():
    """The code of a stage that is read enters by its plan; nothing falls between the two."""
    for stage in every_stage():
        whole = set(closure_of(stage.module))
        stop = tuple(m for r in stage.reads for m in modules_of_folder(find_stage(r.stage).module))
        others = {n for r in stage.reads for n in closure_of(find_stage(r.stage).module)}
        assert whole <= set(closure_of(stage.module, stop)) | others, stage.name


MUTATE = """
import sys
from pathlib import Path
from quakeloom.stages.every_stage import every_stage
from quakeloom.stages.frame import code_digests
root = Path(code_digests.__file__).parents[2]
files = sorted(root.rglob("*.py"))
def digests():
    code_digests._read.cache_clear()  # the line added imports nothing
    return {s.name: code_digests.code_digest(s.module) for s in every_stage()}
before = digests()
for file in files:
    text = file.read_bytes()
    file.write_bytes(text + b"\\n_CHANGED = 1\\n")
    after = digests()
    file.write_bytes(text)
    name = ".".join(file.relative_to(root.parent).with_suffix("").parts)
    print(name.removesuffix(".__init__"), *(s for s in before if after[s] != before[s]))
"""


@pytest.mark.slow
def test_a_change_of_any_module_makes_the_stages_that_use_it_run_again(tmp_path):
    """Each module of a copy of the package is changed in turn; nothing but plans is made."""
    copy = tmp_path / "src" / "quakeloom"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    done = subprocess.run(
        [sys.executable, "-c", MUTATE], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(copy.parent), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs_again = {line.split()[0]: set(line.split()[1:]) for line in done.stdout.splitlines()}
    for stage in every_stage():
        for name in (n.rstrip(":") for n in closure_of(stage.module)):
            assert stage.name in runs_again[name], (stage.name, name)
    # a reader of lines is in the plan of lines; one of events is not
    assert "tomography" in runs_again["quakeloom.formats._rayinvr"]
    assert "tomography" not in runs_again["quakeloom.formats._hypo71"]
    assert {"ingest"} <= runs_again["quakeloom.formats._hypo71"]
    # pages and commands change no result
    pages = [n for n in runs_again if n.startswith(("quakeloom.report", "quakeloom.cli"))]
    assert pages
    assert not any(runs_again[n] for n in pages)


def test_stages_of_a_run_follow_from_its_settings():
    settings = parse_settings(
        {
            "name": "x", "simulation": {"events": 10}, "takeoff": {"models": ["generic_crust"]},
            "waveforms": {}, "stress": {}, "repeaters": {},
        }
    )  # fmt: skip
    assert [s.name for s in run_stages(settings)] == [
        "simulate", "ingest", "takeoff", "window", "pick", "polarity", "mechanism", "stations",
        "repeaters", "stress",
    ]  # fmt: skip
