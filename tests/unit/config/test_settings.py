"""Settings: every wrong key, unit or value is named with what to write instead."""

import json
from pathlib import Path

import pytest
import yaml

from quakeloom.config import (
    default_settings,
    explain_setting,
    load_configuration,
    settings_reference,
    settings_schema,
)
from quakeloom.core import SettingsError

ROOT = Path(__file__).parents[3]
GOOD = "name: a\nsources: [{path: x}]\ntakeoff: {angles: given}\n"


def load(tmp_path, text):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    return load_configuration(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("locate: {models: [m], model_xaxis: west}", ["did you mean `model_x_axis`"]),
        ("mechanism: {trails: 3}", ["mechanism.trails", "did you mean `trials`"]),
        ("selection: {maximum_distance_m: 3}", ["`maximum_distance_km`"]),
        ("selection: {maximum_distance_km: 120 m}", ["in km", "0.12"]),
        ("selection: {maximum_distance_km: 2 GB}", ["no unit of the same kind"]),
        ("selection: {maximum_distance_km: -1}", ["greater than 0"]),
        ("mechanism: {trials: many}", ["mechanism.trials", "'many'"]),
        ("mechanism: {prob_c: .nan}", ["mechanism.prob_c"]),
        ("takeoff: {angles: guess}", ["takeoff.angles", "'given', 'layered' or 'ensemble'"]),
        ("cluster: {kind: scheduler}", ["scheduler_file"]),
        ("cluster: {kind: scheduler, scheduler_file: a, scheduler_address: 'tcp://b:1'}", ["both"]),
        ("cluster: {scheduler_address: 'http://node7:8786'}", ["tcp://HOST:PORT"]),
        ("cluster: {tls_key: key.pem}", ["tls_certificate"]),
        ("storage: {shard_events: 100, chunk_events: 64}", ["multiple"]),
        ("takeoff: {angles: layered}", ["velocity model"]),
        ("simulation: {events: 10}", ["exclude each other"]),
        ("name: 'a b'", ["cannot name a folder"]),
        ("name: ../up", ["cannot name a folder"]),
        ("cases: {main: {}, other: {report: {compare: [mian]}}}", ["'mian'"]),
        ("cases: [main]", ["mapping"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_the_remedy(tmp_path, text, words):
    data = {**yaml.safe_load(GOOD), **yaml.safe_load(text)}
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, yaml.safe_dump(data))
    for word in words:
        assert word in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "name: [", "name: a\nname: b\n", "\x00"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    with pytest.raises(SettingsError, match=r"run\.yaml"):
        load(tmp_path, text)


def test_a_missing_file_is_named_with_its_nearest_neighbour(tmp_path):
    (tmp_path / "demo.yaml").write_text(GOOD)
    with pytest.raises(SettingsError, match=r"Did you mean .*demo\.yaml"):
        load_configuration(tmp_path / "demp.yaml")


def test_all_problems_are_told_at_once(tmp_path):
    with pytest.raises(SettingsError, match="3 settings are wrong"):
        load(tmp_path, GOOD + "mechanism: {trials: 0, prob_c: 2, grid: 5}\n")


def test_cases_differ_only_in_what_they_say(tmp_path):
    found = load(tmp_path, GOOD + "cases: {main: {}, fast: {mechanism: {trials: 3}}}\n")
    assert list(found.cases) == ["a", "a/fast"]
    assert found.cases["a/fast"].mechanism.trials == 3
    assert found.cases["a"].takeoff == found.cases["a/fast"].takeoff


def test_a_number_may_carry_its_unit(tmp_path):
    found = load(tmp_path, GOOD + "selection: {maximum_distance_km: 80 km}\n")
    assert found.cases["a"].selection.maximum_distance_km == 80


def test_defaults_are_valid_settings_themselves(tmp_path):
    text = default_settings() + "name: a\n"
    data = yaml.safe_load(text)
    data["sources"], data["takeoff"]["angles"] = [{"path": "x"}], "given"
    assert load(tmp_path, yaml.safe_dump(data)).cases["a"].seed == data["seed"]


def test_documents_agree_with_the_models():
    assert json.loads(settings_schema())["properties"]["mechanism"]
    assert "| `mechanism.trials` |" in settings_reference()
    assert "bounds: >= 1" in explain_setting("mechanism.trials")
    with pytest.raises(SettingsError, match=r"mechanism\.trials"):
        explain_setting("trials")


def test_generated_pages_are_up_to_date():
    schema = ROOT / "workflow" / "schemas" / "settings.schema.json"
    assert schema.read_text() == settings_schema(), "run `make docs`"


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_configurations_are_valid(path):
    found = load_configuration(path)
    assert found.name == path.stem


@pytest.mark.parametrize("word", ["NO", "ON", "OFF", "Y", "N", "yes", "0123", "12:30", "1e3"])
def test_words_are_taken_as_they_are_written(tmp_path, word):
    """YAML 1.1 reads NO, the network of Norway, as false, and 0123 as 83."""
    path = tmp_path / "run.yaml"
    text = GOOD + f"waveforms:\n  archives: [wf]\n  station_aliases: {{{word}: {word}}}\n"
    path.write_text(text)
    (settings,) = load_configuration(path).cases.values()
    assert settings.waveforms.station_aliases == {word: word}


def test_a_number_where_a_text_is_wanted_is_to_be_quoted(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(GOOD + "waveforms:\n  archives: [wf]\n  station_aliases: {AB: 8040}\n")
    with pytest.raises(SettingsError, match="write '8040' in quotes"):
        load_configuration(path)


def test_truth_values_are_true_and_false_and_the_words_that_mean_them(tmp_path):
    for word, value in (("true", True), ("false", False), ("on", True), ("no", False)):
        path = tmp_path / "run.yaml"
        path.write_text(GOOD + f"selection: {{reversals: {word}}}\n")
        (settings,) = load_configuration(path).cases.values()
        assert settings.selection.reversals is value


@pytest.mark.parametrize("text", ["name: " + "[" * 3000, "name: " + "{a: " * 3000])
def test_brackets_without_end_are_told(tmp_path, text):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="too deep"):
        load_configuration(path)
