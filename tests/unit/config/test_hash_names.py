"""Parameters of HASH are known by their names, in `explain` and where they are written."""

from __future__ import annotations

import pytest

from quakeloom.config import explain_setting, parse_settings
from quakeloom.config._hash_names import HASH_NAMES, find_hash_name
from quakeloom.core import SettingsError

UNITS = {
    "npolmin": "polarities", "max_agap": "deg", "max_pgap": "deg", "dang": "deg",
    "nmc": "trials", "maxout": "mechanisms", "badfrac": "1", "delmax": "km", "cangle": "deg",
    "prob_max": "1", "qbadfrac": "1", "ratmin": "1",
}  # fmt: skip
"""Unit of the setting of every parameter."""


@pytest.mark.parametrize("name", HASH_NAMES)
def test_a_parameter_of_hash_is_explained_by_the_setting(name):
    said = explain_setting(name)
    assert HASH_NAMES[name][0] in said
    assert f"unit: {UNITS[name]}\n" in said
    for spelling in (f"${name}", name.upper(), f"mechanism.{name}"):
        if spelling != HASH_NAMES[name][0]:  # maxout is called so here
            assert explain_setting(spelling) == said


@pytest.mark.parametrize("group", ["mechanism", "selection"])
@pytest.mark.parametrize("name", HASH_NAMES)
def test_a_parameter_of_hash_among_the_settings_is_told_its_name(group, name):
    if HASH_NAMES[name][0] == f"{group}.{name}":
        pytest.skip("it is called so here")
    with pytest.raises(SettingsError, match=f"HASH's {name} is `{HASH_NAMES[name][0]}` here"):
        parse_settings({"name": "a", "simulation": {}, group: {name: 5}})


def test_other_words_are_none_of_hash():
    assert find_hash_name("mechanism.trials") is None
    with pytest.raises(SettingsError, match="There is no setting"):
        explain_setting("nonsense")
