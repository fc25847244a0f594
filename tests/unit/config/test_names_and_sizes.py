"""Names that would share folders, and files that explode, are refused in one line."""

from __future__ import annotations

import pytest

from quakeloom.config import Settings, load_configuration
from quakeloom.config._models import RUN_FOLDERS
from quakeloom.core import SettingsError
from quakeloom.store import RunLayout

PLAIN = "name: a\nsources: [{path: x}]\ntakeoff: {angles: given}\n"


@pytest.mark.parametrize("case", [*RUN_FOLDERS, "parts/mechanism", "b/ingest", "ingest/partitions"])
def test_a_case_cannot_share_a_folder_of_the_run(tmp_path, case):
    (tmp_path / "a.yaml").write_text(f"{PLAIN}cases:\n  {case}:\n    seed: 1\n")
    with pytest.raises(SettingsError, match="folder of every run"):
        load_configuration(tmp_path / "a.yaml")


def test_every_folder_of_a_layout_is_reserved(tmp_path):
    layout = RunLayout(tmp_path / "run")
    items = [layout.ingest, layout.rows("p"), layout.plan("s", "p"), layout.parts("s")]
    inside = {str(item.relative_to(layout.root)).split("/")[0] for item in items}
    assert inside <= set(RUN_FOLDERS)


def test_a_name_fits_into_a_file_system():
    with pytest.raises(ValueError, match="too long"):
        Settings(name="x" * 300, sources=[{"path": "x"}], takeoff={"angles": "given"})


def test_aliases_of_aliases_are_refused_with_a_short_message(tmp_path):
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for new, old in zip("bcdefgh", "abcdefg", strict=True):
        lines.append(f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]")
    (tmp_path / "a.yaml").write_text("\n".join([*lines, PLAIN]))
    with pytest.raises(SettingsError, match="aliases of aliases") as found:
        load_configuration(tmp_path / "a.yaml")
    assert len(str(found.value)) < 1000


def test_long_values_are_cut_in_messages(tmp_path):
    (tmp_path / "a.yaml").write_text(f"{PLAIN}unknown: [{','.join(['1'] * 5000)}]\n")
    with pytest.raises(SettingsError) as found:
        load_configuration(tmp_path / "a.yaml")
    assert len(str(found.value)) < 1500
