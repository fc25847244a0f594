"""Make the atlases that the tests in a browser look at: a region, names with markup, a nation.

    python tests/atlas/make_atlases.py FOLDER

The region has everything: a stress map with two depths and times, located events, first motions,
acceptable mechanisms, stations, faults. Nothing of it is data.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from quakeloom.atlas import AtlasContents, build_atlas
from quakeloom.atlas._columns import json_text
from quakeloom.schema import make_table
from quakeloom.store import open_item

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "unit" / "atlas"), str(TESTS.parent / "benchmarks")]

from atlas_pages import events_of, hostile_contents  # noqa: E402

from atlas import make_nation  # noqa: E402


def make_region() -> AtlasContents:
    """Return a region that has everything an atlas can show."""
    random = np.random.default_rng(11)
    count = 400
    nation = make_nation(count, 144, seed=5)
    mechanisms = nation.table("mechanisms")
    ids = mechanisms.column("event_id").to_pylist()
    stress = nation.table("stress").to_pandas()
    deep = np.arange(len(stress)) % 2
    stress["depth_km"] = np.where(deep, 30.0, 10.0)
    stress["time_year"] = np.where(np.arange(len(stress)) % 4 < 2, 2010.0, 2015.0)
    table = make_table("stress", {c: stress[c].to_numpy() for c in stress.columns})
    names = [f"S{k:02d}" for k in range(24)]
    stations = make_table(
        "stations",
        {
            "network": ["XX"] * 24, "station": names, "location_code": [""] * 24,
            "channel": ["HHZ"] * 24, "longitude": 131.0 + 11.0 * random.random(24),
            "latitude": 32.0 + 10.0 * random.random(24), "elevation_m": 500 * random.random(24),
        },
    )  # fmt: skip
    report = make_table(
        "station_report",
        {
            "network": ["XX"] * 24, "station": names, "pick_kind": [""] * 24,
            "polarity_count": [40] * 24, "contradiction_count": [2] * 23 + [30],
            "contradiction_rate": [0.05] * 23 + [0.75], "log_odds": [-9.0] * 23 + [12.0],
            "verdict": ["normal"] * 23 + ["reversed"], "reason": [""] * 24,
        },
    )  # fmt: skip
    polarities = make_table(
        "polarities",
        {
            "event_id": [i for i in ids for _ in range(24)],
            "network": ["XX"] * 24 * count, "station": names * count,
            "polarity": random.choice([-1, 1], 24 * count),
            "probability_up": random.random(24 * count),
            "azimuth_deg": 360 * random.random(24 * count),
            "takeoff_deg": 180 * random.random(24 * count),
            "use": random.choice(["used", "low_probability"], 24 * count, p=[0.8, 0.2]),
        },
    )  # fmt: skip
    frame = mechanisms.to_pandas()
    hypocenters = make_table(
        "hypocenters",
        {
            "event_id": ids, "status": ["located"] * count, "longitude": frame["longitude"],
            "latitude": frame["latitude"], "depth_km": frame["depth_km"],
            "depth_025_km": frame["depth_km"] - 2.0, "depth_975_km": frame["depth_km"] + 3.0,
            "cov_ee": [1.0] * count, "cov_en": [0.2] * count, "cov_nn": [0.5] * count,
            "pick_count": [20] * count, "pick_count_p": [12] * count, "grid_coarser": [0] * count,
        },
    )  # fmt: skip
    faults = make_table(
        "tendency",
        {
            "fault": ["North fault", "South fault"], "longitude": [137.0, 134.0],
            "latitude": [37.0, 34.5], "strike_deg": [40.0, 120.0], "dip_deg": [60.0, 85.0],
            "rake_deg": [90.0, 0.0], "dip_std_deg": [10.0, 5.0], "slip_tendency": [0.82, 0.31],
            "slip_tendency_std": [0.1, 0.05], "slip_tendency_low": [0.6, 0.2],
            "slip_tendency_high": [0.95, 0.45], "predicted_rake_deg": [80.0, 15.0],
            "predicted_rake_std_deg": [9.0, 4.0],
        },
    )  # fmt: skip
    found = make_table(
        "faults",
        {
            "fault": ["F0001", "F0002"], "fault_status": ["stable", "doubtful"],
            "reason": ["", "found from few starts"], "longitude": [138.0, 136.0],
            "latitude": [38.5, 36.0], "depth_km": [9.0, 12.0], "strike_deg": [30.0, 100.0],
            "strike_std_deg": [2.0, 5.0], "dip_deg": [45.0, 70.0], "dip_std_deg": [3.0, 6.0],
            "fault_length_km": [120.0, 60.0], "fault_length_std_km": [6.0, 8.0],
            "fault_width_km": [70.0, 30.0], "fault_width_std_km": [5.0, 5.0],
            "expected_event_count": [41.0, 12.0], "fault_chance": [0.01, 0.2],
            "known_status": ["matched", "unknown"], "known_fault": ["North fault", ""],
        },
    )  # fmt: skip
    grid = np.stack(np.meshgrid(np.arange(0, 360, 30), [30, 60, 90], [-90, 0, 90]), axis=-1)
    grid = grid.reshape(-1, 3).astype(float)
    weights = {i: random.integers(0, 256, len(grid)).astype(np.uint8) for i in ids}
    return replace(
        nation, name="region", title="Synthetic region", acceptance=weights.get, grid=grid,
        tables={"mechanisms": mechanisms, "stress": table, "stations": stations,
                "station_report": report, "polarities": polarities, "hypocenters": hypocenters,
                "tendency": faults, "faults": found},
        versions=[{"version": "v1", "made": "2026-01-01", "message": "first", "digest": "ab" * 16}],
        provenance={"settings_digest": "0123456789abcdef", "seed": 1},
    )  # fmt: skip


def main(folder: Path) -> None:
    """Write the atlases, and the tables that they are held against as JSON."""
    region = make_region()
    poor = {"nothing": {}, "unsolved": {"mechanisms": events_of(10, solved=False)},
            "point": {"mechanisms": events_of(10, spread=0.0)}}  # fmt: skip
    made: dict[str, AtlasContents] = {
        "region": region, "hostile": hostile_contents(), "nation": make_nation(),
        **{n: AtlasContents(n, tables=t) for n, t in poor.items()},
    }  # fmt: skip
    for name, contents in made.items():
        build_atlas(contents, open_item(folder / name))
    truth = {n: _rows(region.table(n)) for n in ("stress", "mechanisms")}
    (folder / "truth.json").write_text(json_text(truth))


def _rows(table: pa.Table) -> list[dict[str, object]]:
    rows = table.to_pylist()
    return [{k: str(v) if hasattr(v, "year") else v for k, v in r.items()} for r in rows]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
