"""Versions of a finished run: seals, what differs and why, checks, exports."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import yaml
from small_runs import compute_run, quakeloom
from test_update import copy_run, edit, revise, set_reach, turn_reading, write_inputs

from quakeloom.config import load_configuration
from quakeloom.core import IncompleteError, InputError, SettingsError, VerificationError
from quakeloom.report import build_version_page
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.versions.checking import check_run, environment_causes
from quakeloom.stages.versions.crate import Publication, export_version
from quakeloom.stages.versions.differences import compare_versions
from quakeloom.stages.versions.seals import (
    list_versions,
    read_version,
    seal_version,
    versions_folder,
)
from quakeloom.store import Item, RunLayout, open_item, read_table

MADE = "2026-11-30T12:00:00Z"


def folder_of(run: Path) -> Item:
    return versions_folder(open_item(run / "results"), "tiny")


def seal(run: Path, tag: str, message: str = "") -> dict:
    configuration = load_configuration(run / "tiny.yaml")
    runs = [(s, RunLayout(run / "results" / n)) for n, s in configuration.cases.items()]
    return seal_version(folder_of(run), tag, message, MADE, runs)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory) -> Path:
    """A run with two versions: a depth is revised, a reading turned and one setting changed."""
    folder = tmp_path_factory.mktemp("sealed")
    compute_run(write_inputs(folder), folder / "results")
    seal(folder, "2026.10", "The first")
    edit(folder, "events_2019-02.csv", revise)
    edit(folder, "polarities_2019-01.csv", turn_reading)
    set_reach(folder)
    compute_run(folder / "tiny.yaml", folder / "results")
    seal(folder, "2026.11", "The second")
    return folder


def difference(run: Path):
    folder = folder_of(run)
    (found,) = compare_versions(folder, *(read_version(folder, v) for v in ("2026.10", "2026.11")))
    return found


def test_a_difference_names_events_nodes_and_why(sealed):
    found = difference(sealed)
    assert {c.sentence() for c in found.causes} == {
        "input: events: 1 revised; polarities: 1 revised",
        "setting: stress.reach_km 50.0 -> 55.0",
    }
    events = found.events.set_index("event_id")
    # the depth of the one, the first motions of the other; nobody else's
    assert set(events.index) <= {"ev2019-02-003", "ev2019-01-000"}
    assert events.loc["ev2019-02-003", "change"] == "revised"
    assert events.loc["ev2019-02-003", "why"] == "input: events"
    mechanisms = RunLayout(sealed / "results" / "tiny").table("mechanisms")
    now = read_table(mechanisms, "mechanisms").to_pandas().set_index("event_id")
    before = now.loc["ev2019-02-003", "depth_km"] - events.loc["ev2019-02-003", "deeper_km"]
    assert now.loc["ev2019-02-003", "depth_km"] == pytest.approx(9.99)
    assert 3 <= before <= 15
    assert found.counts["events"] == [30, 30]
    assert found.counts["nodes"][1] >= found.counts["nodes"][0] > 0
    assert len(found.nodes)


def test_a_version_against_itself_has_no_difference(sealed):
    folder = folder_of(sealed)
    version = read_version(folder, "2026.10")
    (found,) = compare_versions(folder, version, version)
    assert not found.causes
    assert found.events.empty
    assert found.nodes.empty


def test_both_orders_tell_the_same(sealed):
    """From the second to the first every amount has the other sign."""
    folder = folder_of(sealed)
    a, b = (read_version(folder, v) for v in ("2026.10", "2026.11"))
    (there,), (back,) = compare_versions(folder, a, b), compare_versions(folder, b, a)
    one, other = (f.events.set_index("event_id").sort_index() for f in (there, back))
    assert list(one.index) == list(other.index)
    assert one["rotation_deg"].tolist() == pytest.approx(
        other["rotation_deg"].tolist(), nan_ok=True
    )
    assert one["deeper_km"].tolist() == pytest.approx((-other["deeper_km"]).tolist())
    assert one["letter_a"].tolist() == other["letter_b"].tolist()
    came = set(
        map(
            tuple, there.nodes[there.nodes["change"] == "new"][["longitude", "latitude"]].to_numpy()
        )
    )
    gone = set(
        map(tuple, back.nodes[back.nodes["change"] == "gone"][["longitude", "latitude"]].to_numpy())
    )
    assert came == gone


def test_what_two_versions_share_is_kept_once(sealed):
    folder = folder_of(sealed)
    a, b = (read_version(folder, v)["runs"]["tiny"]["rows"] for v in ("2026.10", "2026.11"))
    assert a["2019-04"] == b["2019-04"]
    assert a["2019-02"]["events"] != b["2019-02"]["events"]
    assert a["2019-02"]["polarities"] == b["2019-02"]["polarities"]
    # a kept table is a second name of the file of the run, as long as the run has it
    run = RunLayout(sealed / "results" / "tiny").table("mechanisms").local
    digest = read_version(folder, "2026.11")["runs"]["tiny"]["kept"]["mechanisms"]
    assert (folder / "objects" / f"{digest}.parquet").local.samefile(run)


def test_the_old_version_can_be_rebuilt_and_is_checked(sealed, tmp_path):
    """Its sources and settings give its bytes again; those of now are not what was sealed."""
    old = read_version(folder_of(sealed), "2026.10")["runs"]["tiny"]
    configuration = load_configuration(sealed / "tiny.yaml")
    now = RunLayout(sealed / "results" / "tiny")
    checked = check_run(old, configuration.cases["tiny"], now)
    assert "stress.parquet is not what was sealed" in checked.problems
    assert [c.sentence() for c in checked.causes] == ["setting: stress.reach_km 50.0 -> 55.0"]
    write_inputs(tmp_path)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(old["settings"] | {"data": str(tmp_path)}))
    layout = compute_run(tmp_path / "tiny.yaml", tmp_path / "results")
    rebuilt = check_run(old, load_configuration(tmp_path / "tiny.yaml").cases["tiny"], layout)
    assert rebuilt.problems == []
    assert rebuilt.same == len(old["products"]) > 15
    assert environment_causes(read_version(folder_of(sealed), "2026.10")["environment"]) == []


def test_what_cannot_be_sealed_is_refused(sealed, tmp_path):
    run = copy_run(sealed, tmp_path / "run")
    for tag in ("2026.11", "a/b", "", "objects"):
        with pytest.raises(SettingsError, match="Nothing was sealed"):
            seal(run, tag)
    edit(run, "events_2019-02.csv", lambda lines: lines[:-1])
    plan_configuration(load_configuration(run / "tiny.yaml"), run / "results")
    with pytest.raises(IncompleteError, match="nothing was sealed"):
        seal(run, "2026.12")
    assert [v["version"] for v in list_versions(folder_of(run))] == ["2026.10", "2026.11"]
    with pytest.raises(SettingsError, match=r"2026\.10, 2026\.11"):
        read_version(folder_of(run), "2027")


def test_damage_is_told(sealed, tmp_path):
    run = copy_run(sealed, tmp_path / "run")
    folder = folder_of(run)
    version = read_version(folder, "2026.10")
    kept = (folder / "objects" / f"{version['runs']['tiny']['kept']['mechanisms']}.parquet").local
    kept.write_bytes(kept.read_bytes()[:-9])
    with pytest.raises(VerificationError, match="no longer what was sealed"):
        difference(run)
    kept.unlink()
    with pytest.raises(InputError, match="is gone"):
        export_version(folder, version, Publication("t"), open_item(tmp_path / "o.zip"))
    file = (folder / "2026.11.json").local
    file.write_text(file.read_text().replace("The second", "Another"))
    with pytest.raises(VerificationError, match="proves nothing"):
        read_version(folder, "2026.11")


def test_the_export_is_an_ro_crate(sealed, tmp_path):
    folder = folder_of(sealed)
    version = read_version(folder, "2026.11")
    about = Publication("Tiny (synthetic)", ("A. Person",), "https://example.org/licence")
    out = tmp_path / "out.zip"
    export_version(folder, version, about, open_item(out))
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        metadata = json.loads(archive.read("ro-crate-metadata.json"))
        citation = yaml.safe_load(archive.read("CITATION.cff"))
        table = archive.read("runs/tiny/mechanisms.parquet")
    assert table == RunLayout(sealed / "results" / "tiny").table("mechanisms").local.read_bytes()
    graph = {e["@id"]: e for e in metadata["@graph"]}
    assert metadata["@context"] == "https://w3id.org/ro/crate/1.1/context"
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    root = graph["./"]
    assert {p["@id"] for p in root["hasPart"]} == names - {"ro-crate-metadata.json"}
    assert (root["version"], root["datePublished"]) == ("2026.11", "2026-11-30")
    assert citation["authors"] == [{"name": "A. Person"}]
    assert citation["version"] == "2026.11"

    # every reference within the crate leads somewhere, and the same version gives the same bytes
    def references(value):
        if isinstance(value, dict):
            if set(value) == {"@id"}:
                yield value["@id"]
            for item in value.values():
                yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    outside = {"https://w3id.org/ro/crate/1.1"}
    assert set(references(metadata["@graph"])) - outside <= set(graph)
    again = tmp_path / "again.zip"
    export_version(folder, version, about, open_item(again))
    assert again.read_bytes() == out.read_bytes()


def test_the_page_escapes_what_came_from_data(sealed):
    run = difference(sealed).as_dict()
    run["events"][0]["event_id"] = "<script>alert(1)</script>"
    page = build_version_page("tiny", ("2026.10", "2026.11"), [run])
    assert "<script>alert" not in page
    assert "stress.reach_km" in page
    assert page.count("<picture>") == 2


@pytest.mark.long
def test_the_commands(sealed, tmp_path):
    run = copy_run(sealed, tmp_path / "run")
    where = ("--config", run / "tiny.yaml", "--results", run / "results")
    assert "The second" in quakeloom("version", "list", *where).stdout
    told = quakeloom("version", "diff", "2026.10", "2026.11", *where, "--page", run / "d.html")
    assert "setting: stress.reach_km 50.0 -> 55.0" in told.stdout
    assert (run / "d.html").read_text().startswith("<!DOCTYPE html>")
    as_json = quakeloom("version", "diff", "2026.10", "2026.11", *where, "--json").stdout
    assert json.loads(as_json)["runs"][0]["counts"]["events"] == [30, 30]
    failed = quakeloom("version", "check", "2026.10", *where, check=False)
    assert failed.returncode == 1
    assert "stress.parquet is not what was sealed" in failed.stdout
    quakeloom("version", "export", "2026.11", run / "out.zip", *where)
    assert zipfile.is_zipfile(run / "out.zip")
