"""A run opened in a notebook has all that its stages wrote: nothing is listed by hand."""

from __future__ import annotations

import pytest
import yaml

import quakeloom as ql
from quakeloom.config import parse_settings
from quakeloom.stages.frame.chains import run_stages
from quakeloom.store import RunLayout

RUNS = {
    "line": {"tomography": {"picks": {"path": "tx.in"}}},
    "region": {
        "regional": {
            "origin_longitude_deg": 10, "origin_latitude_deg": 40, "depth_range_km": [0, 10],
            "north_range_km": [-5, 5], "east_range_km": [-5, 5], "spacing_km": [1, 1, 1],
            "lengths_km": [5, 5, 5], "model": "generic_crust",
            "standard_deviation": [[0, 0.1]],
        }
    },
    "mechanisms": {"stress": {"catalogs": ["c.csv"]}, "tendency": {"files": ["f.csv"]}},
    "events": {
        "simulation": {"events": 10}, "takeoff": {"models": ["generic_crust"]}, "waveforms": {},
        "locate": {"models": ["generic_crust"]}, "stress": {}, "repeaters": {}, "threshold": {},
    },
}  # fmt: skip
"""Settings of every kind of run that leaves results, with all that it can have."""


@pytest.mark.parametrize("kind", RUNS)
def test_every_table_array_and_summary_of_every_stage_is_there(kind, tmp_path):
    settings = {"name": kind, **RUNS[kind]}
    layout = RunLayout(tmp_path / kind)
    layout.settings.local.parent.mkdir(parents=True)
    layout.settings.local.write_text(yaml.safe_dump(settings))
    stages = run_stages(parse_settings(settings))
    assert stages
    for name in (n for s in stages for n in s.owned):
        place = tmp_path / kind / name
        if name.endswith((".parquet", ".json", ".nc")):
            place.write_text("{}")
        else:
            place.mkdir(parents=True, exist_ok=True)
            (place / "zarr.json").write_text("{}")
    run = ql.open_run(tmp_path / kind)
    assert set(run.tables) == {t for s in stages for t in s.tables}
    owned = [n for s in stages for n in s.owned if "/" not in n]
    arrays = {n.rpartition(".")[0] for n in owned if n.endswith((".zarr", ".nc"))}
    assert set(run.datasets) == arrays
    assert set(run.facts) == {n.removesuffix(".json") for n in owned if n.endswith(".json")}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        run.nothing  # noqa: B018
    with pytest.raises(AttributeError, match="Did you mean 'provenance'"):
        run.provenence  # noqa: B018
