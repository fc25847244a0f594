"""What a new user types without care: answered in a sentence, never by a wrong or an old number."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from quakeloom.cli import main
from quakeloom.config import Settings, load_configuration, parse_settings
from quakeloom.core import FormatError, InputError, PlanError, SettingsError
from quakeloom.formats import read_mechanisms, write_csv
from quakeloom.report import write_report
from quakeloom.schema import make_table
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.stages.without_a_run.folder_contents import look_at_folder
from quakeloom.store import RunLayout


def mechanisms(count: int = 30, **columns):
    """A catalog of strike-slip mechanisms in one degree."""
    r = np.random.default_rng(3)
    values = {
        "event_id": [f"e{i}" for i in range(count)],
        "status": ["solved"] * count,
        "origin_time": np.full(count, np.datetime64("2020-02-03", "ns")),
        "longitude": r.uniform(10, 11, count),
        "latitude": r.uniform(45, 46, count),
        "depth_km": r.uniform(2, 20, count),
        "strike_deg": r.uniform(20, 70, count),
        "dip_deg": r.uniform(60, 90, count),
        "rake_deg": r.uniform(-20, 20, count),
    }
    return make_table("mechanisms", {**values, **columns})


def write_map(folder: Path, name: str = "map", file: str = "map.yaml", **changes) -> Path:
    if not (folder / "catalog.csv").exists():
        write_csv(mechanisms(), folder / "catalog.csv")
    stress = {"catalogs": ["catalog.csv"], "grid_step_deg": 0, **changes.pop("stress", {})}
    path = folder / file
    path.write_text(
        yaml.safe_dump({"name": name, "data": str(folder), "stress": stress, **changes})
    )
    return path


def say(monkeypatch, capsys, *arguments) -> tuple[int, str]:
    """Type a command; return its exit code and all that it says, in one line."""
    monkeypatch.setattr(sys, "argv", ["quakeloom", *map(str, arguments)])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    captured = capsys.readouterr()
    return code, " ".join((captured.out + captured.err).replace("│", " ").split())


@pytest.fixture
def done(tmp_path) -> Path:
    """A finished run of a stress map."""
    configuration = load_configuration(write_map(tmp_path))
    plan_configuration(configuration, tmp_path / "results")
    run_here(configuration.cases["map"], RunLayout(tmp_path / "results" / "map"))
    return tmp_path / "results" / "map"


@pytest.mark.parametrize("command", ["locate", "stress", "tomography"])
def test_a_seed_below_zero_is_refused_by_every_command(command, monkeypatch, capsys):
    code, said = say(monkeypatch, capsys, command, "--seed", "-1")
    assert code == 2
    assert "greater than or equal to 0" in said


@pytest.mark.parametrize("step", [1e-9, 1e-4, 2e-3])
def test_a_grid_that_no_machine_holds_is_refused_with_the_step_that_would_do(
    step, tmp_path, monkeypatch, capsys
):
    write_map(tmp_path)
    code, said = say(
        monkeypatch, capsys, "stress", "--mechanisms", tmp_path / "catalog.csv", "--out",
        tmp_path / "out", "--step", step,
    )  # fmt: skip
    assert code == 2
    assert "does not fit into memory" in said
    assert "grid_step_deg of 0.00" in said


def numbers(model, where=()):
    """Places of all settings that are numbers, or lists of them, in groups that need none else."""
    for name, field in model.model_fields.items():
        text = str(field.annotation)
        if "float" in text and "dict" not in text:
            yield ".".join((*where, name)), "list" in text
        inner = [a for a in (field.annotation, *getattr(field.annotation, "__args__", ()))
                 if isinstance(a, type) and hasattr(a, "model_fields")]  # fmt: skip
        for group in inner:
            if not where:
                yield from numbers(group, (name,))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "nan", "-inf"])
@pytest.mark.parametrize(("key", "is_list"), sorted(numbers(Settings)))
def test_no_setting_takes_what_is_no_number(key, is_list, value):
    group, _, name = key.rpartition(".")
    given = [value, value] if is_list else value
    data = {"name": "a", **({group: {name: given}} if group else {name: given})}
    with pytest.raises(SettingsError) as refused:
        parse_settings(data)
    assert f"{key}" in str(refused.value)


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ({"catalogs": "a.csv"}, "write a list, `[a.csv]`"),
        ({"area": "10, 11, 45, 46"}, "write a list, `[10, 11, 45, 46]`"),
        ({"maximum_depth_km": 20, 5: None}, "comma written for the decimal point"),
        ({"reach_km": "30 miles"}, "'miles' is no unit that is known here"),
        ({"reach_km": "30000 meters"}, "write 30 (km)"),
        ({"reach_km": "30 degrees"}, "deg is no unit of the same kind"),
        (True, "such as `{}`"),
    ],
)
def test_slips_of_the_pen_in_settings_are_answered_with_what_to_write(written, answer):
    with pytest.raises(SettingsError) as refused:
        parse_settings({"name": "a", "stress": written})
    assert answer in str(refused.value)


@pytest.mark.parametrize("text", ["0.5 degrees", "0.5 degree", "0.5°", "0.5 deg", "0.5"])
def test_units_are_read_as_people_spell_them(text):
    settings = parse_settings({"name": "a", "stress": {"grid_step_deg": text, "catalogs": ["a"]}})
    assert settings.stress.grid_step_deg == 0.5


def test_the_home_folder_can_be_written_with_a_tilde(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write_map(tmp_path)
    path.write_text(path.read_text().replace(str(tmp_path), "~/"))
    code, said = say(monkeypatch, capsys, "config", "check", path)
    assert code == 0, said


@pytest.mark.parametrize("first", ["a/x", "a"])
def test_a_run_never_takes_the_folder_of_a_case_of_another_file(first, tmp_path):
    single = write_map(tmp_path, "a/x", "single.yaml")
    cases = write_map(tmp_path, "a", "cases.yaml", cases={"main": {}, "x": {"seed": 5}})
    order = [single, cases] if first == "a/x" else [cases, single]
    plan_configuration(load_configuration(order[0]), tmp_path / "results")
    with pytest.raises(PlanError, match="results of 'a/x' of another configuration"):
        plan_configuration(load_configuration(order[1]), tmp_path / "results")
    plan_configuration(load_configuration(order[0]), tmp_path / "results")


def test_it_is_told_that_another_file_has_the_name_of_the_run(tmp_path):
    said = []
    plan_configuration(load_configuration(write_map(tmp_path)), tmp_path / "r", said.append)
    assert "replaced" not in " ".join(said)
    other = write_map(tmp_path, file="copy.yaml")
    plan_configuration(load_configuration(other), tmp_path / "r", said.append)
    assert "map.yaml before; its results are replaced by those of" in " ".join(said)


COMMANDS = {
    "report": lambda run, out: ("report", "--run", run),
    "export": lambda run, out: ("export", "--run", run, "--to", out, "--format", "csv"),
    "quakeml": lambda run, out: ("export", "--run", run, "--to", out, "--format", "quakeml"),
    "compare": lambda run, out: ("compare", run, run),
    "compare stress": lambda run, out: ("compare", "stress", run, run),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_results_of_an_earlier_plan_are_not_shown_as_those_of_the_present_one(
    command, done, tmp_path, monkeypatch, capsys
):
    typed = COMMANDS[command](done, tmp_path / "out")
    code, said = say(monkeypatch, capsys, *typed)
    assert code == 0, said
    write_csv(mechanisms(rake_deg=np.full(30, 90.0)), tmp_path / "catalog.csv")
    plan_configuration(load_configuration(write_map(tmp_path)), tmp_path / "results")
    code, said = say(monkeypatch, capsys, *typed)
    assert code == 1
    assert "not wholly computed under its present plan" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_of_runs_is_answered_with_the_runs_in_it(
    command, done, tmp_path, monkeypatch, capsys
):
    code, said = say(monkeypatch, capsys, *COMMANDS[command](done.parent, tmp_path / "out"))
    assert code
    assert command == "compare stress" or "results/map" in said


def test_catalogs_without_a_common_event_are_no_comparison(tmp_path, monkeypatch, capsys):
    write_csv(mechanisms(), tmp_path / "a.csv")
    write_csv(mechanisms(event_id=[f"x{i}" for i in range(30)]), tmp_path / "b.csv")
    code, said = say(monkeypatch, capsys, "compare", tmp_path / "a.csv", tmp_path / "b.csv")
    assert code == 2
    assert "matched by their identifiers" in said


def test_a_catalog_in_radians_is_refused(tmp_path):
    table = mechanisms()
    names = ("strike_deg", "dip_deg", "rake_deg")
    turned = {n: np.radians(table.column(n).to_numpy()) for n in names}
    write_csv(mechanisms(**turned), tmp_path / "a.csv")
    with pytest.raises(FormatError, match="as small as radians"):
        read_mechanisms(tmp_path / "a.csv")
    rows = ["# longitude latitude depth strike dip rake magnitude"]
    rows += [
        f"10.5 45.5 8 {s:.4f} {d:.4f} {k:.4f} 3.0" for s, d, k in zip(*turned.values(), strict=True)
    ]
    (tmp_path / "a.meca").write_text("\n".join(rows[1:]) + "\n")
    with pytest.raises(FormatError, match="as small as radians"):
        read_mechanisms(tmp_path / "a.meca")


def test_events_without_a_mechanism_are_not_counted_as_mechanisms(tmp_path):
    obspy = pytest.importorskip("obspy")
    origin = obspy.core.event.Origin(
        time=obspy.UTCDateTime(2021, 3, 4), longitude=1.0, latitude=2.0, depth=8000.0
    )
    event = obspy.core.event.Event(origins=[origin], preferred_origin_id=origin.resource_id)
    obspy.Catalog([event]).write(str(tmp_path / "events.xml"), format="QUAKEML")
    assert not look_at_folder(tmp_path).mechanisms


def test_an_export_of_a_map_of_catalogs_holds_its_mechanisms(done, tmp_path, monkeypatch, capsys):
    obspy = pytest.importorskip("obspy")
    code, said = say(
        monkeypatch, capsys, "export", "--run", done, "--to", tmp_path / "o", "--format", "quakeml"
    )
    assert code == 0, said
    events = obspy.read_events(str(tmp_path / "o" / "events.xml"))
    assert len(events) == 30
    assert all(len(e.focal_mechanisms) == 1 and len(e.origins) == 1 for e in events)


def test_catalogs_to_compare_with_lie_below_data_and_decide_the_page(tmp_path, monkeypatch):
    """Wherever the command is typed; a catalog that changes makes the page again."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    write_csv(mechanisms(rake_deg=np.full(30, 5.0)), tmp_path / "theirs.csv")
    path = write_map(tmp_path, report={"compare": ["theirs.csv"]})
    plan_configuration(load_configuration(path), tmp_path / "results")
    layout = RunLayout(tmp_path / "results" / "map")
    settings = load_configuration(path).cases["map"]
    run_here(settings, layout)
    write_report(settings, layout)
    assert "theirs.csv" in layout.report.local.read_text()
    page = layout.plan_step("report", "page").digest()
    write_csv(mechanisms(), tmp_path / "theirs.csv")
    plan_configuration(load_configuration(path), tmp_path / "results")
    assert layout.plan_step("report", "page").digest() != page
    (tmp_path / "theirs.csv").unlink()
    with pytest.raises(InputError, match=r"looked for .*theirs\.csv"):
        plan_configuration(load_configuration(path), tmp_path / "results")


def test_an_empty_folder_is_said_to_be_empty(tmp_path, monkeypatch, capsys):
    code, said = say(monkeypatch, capsys, "init", tmp_path)
    assert code == 2
    assert "no file of data in it" in said
