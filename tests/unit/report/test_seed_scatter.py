"""Only a case that differs in nothing but the seed is scatter between seeds."""

from __future__ import annotations

import pytest
import yaml

from quakeloom.config import parse_settings
from quakeloom.report._collecting import _compare
from quakeloom.schema import make_table
from quakeloom.stages.frame.chains import taken_settings
from quakeloom.store import RunLayout, write_table

EVENTS = {
    "sources": [{"path": "events.csv"}],
    "takeoff": {"angles": "ensemble"},
    "locate": {"models": ["generic_crust"], "members": 50},
    "stress": {"grid_step_deg": 1.0},
}
SIMULATED = {"simulation": {"events": 10}, "takeoff": {"models": ["generic_crust"]}}

OTHERWISE = {
    "velocity model": (EVENTS, {"locate": {"models": ["island_arc"], "members": 50}}),
    "source": (EVENTS, {"sources": [{"path": "others.csv"}]}),
    "folder of sources": (EVENTS, {"data": "elsewhere"}),
    "waveforms": (EVENTS, {"waveforms": {"archives": ["a"], "picker": "classical"}}),
    "trials": (EVENTS, {"mechanism": {"trials": 7}}),
    "selection": (EVENTS, {"selection": {"maximum_distance_km": 30}}),
    "stress map": (EVENTS, {"stress": {"grid_step_deg": 0.5}}),
    "strength of smoothing": (EVENTS, {"stress": {"grid_step_deg": 1.0, "alpha2": [1.0]}}),
    "simulation": (SIMULATED, {"simulation": {"events": 10, "polarity_error_rate": 0.3}}),
}


def planned(root, name: str, values: dict, rake: float):
    settings = parse_settings({"name": name, **values})
    layout = RunLayout(root / name)
    (root / name / "plan").mkdir(parents=True, exist_ok=True)
    (root / name / "plan" / "settings.yaml").write_text(yaml.safe_dump(taken_settings(settings)))
    table = make_table(
        "mechanisms",
        {"event_id": ["e1"], "status": ["solved"], "quality": ["A"], "strike_deg": [10.0],
         "dip_deg": [50.0], "rake_deg": [rake]},
        rows=1,
    )  # fmt: skip
    write_table(layout.table("mechanisms"), "mechanisms", table)
    return settings, layout, table


def compared(root, base: dict, changes: dict):
    planned(root, "a/other", {**base, **changes}, 90.0)
    return _compare(*planned(root, "a", {**base, "report": {"compare": ["other"]}}, 0.0))


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_case_of_another_kind_is_compared_and_no_scatter(what, tmp_path):
    catalogs, scatter = compared(tmp_path, *OTHERWISE[what])
    assert scatter is None
    assert [c.name for c in catalogs] == ["other"]


@pytest.mark.parametrize("changes", [{}, {"cluster": {"workers": 3}}, {"description": "again"}])
@pytest.mark.parametrize("base", [EVENTS, SIMULATED])
def test_a_case_with_another_seed_is_scatter_however_it_is_computed(base, changes, tmp_path):
    catalogs, scatter = compared(tmp_path, base, {"seed": 5, **changes})
    assert not catalogs
    assert scatter["rotation_deg"].tolist() == pytest.approx([90.0])
