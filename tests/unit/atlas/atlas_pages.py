"""Small contents of an atlas, and reading its files again as the page does."""

from __future__ import annotations

import base64
import gzip
import importlib.util
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from quakeloom.atlas import AtlasContents
from quakeloom.schema import make_table

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"

HOSTILE = (
    "</script><script>window.broken=1</script><img src=x onerror=window.broken=1>\"'&\u2028`${1}"
)
"""A name that would be executed wherever it is not escaped."""

MISSING = {"int8": -128, "int16": -32768, "int32": -(2**31),
           "uint8": 255, "uint16": 65535, "uint32": 2**32 - 1}  # fmt: skip


def benchmark_module(name: str):
    """Import a module of the benchmarks."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


def events_of(count: int = 10, name: str = "event", spread: float = 0.5, solved: bool = True):
    """Return a table of mechanisms: some solved, at places of a box."""
    random = np.random.default_rng(3)
    angles = np.where(solved & (np.arange(count) % 3 < 2), 1.0, np.nan)
    return make_table(
        "mechanisms",
        {
            "event_id": [f"{name}{k}" for k in range(count)],
            "status": ["solved" if np.isfinite(a) else "too_few_polarities" for a in angles],
            "origin_time": pd.to_datetime(
                np.datetime64("2020-02-28T12:00:00", "ns")
                + np.arange(count) * np.timedelta64(37, "h"),
                utc=True,
            ),
            "longitude": 179.9 + spread * random.random(count) - 360.0 * (np.arange(count) % 2),
            "latitude": -40 + spread * random.random(count),
            "depth_km": np.where(np.arange(count) == 1, np.nan, 40 * random.random(count)),
            "magnitude": np.where(np.arange(count) == 2, np.nan, 5 * random.random(count) - 1),
            "strike_deg": angles * 359.9 * random.random(count),
            "dip_deg": angles * 90 * random.random(count),
            "rake_deg": angles * (360 * random.random(count) - 180),
            "auxiliary_strike_deg": angles, "auxiliary_dip_deg": angles,
            "auxiliary_rake_deg": angles,
            "quality": ["B" if np.isfinite(a) else "F" for a in angles],
            "polarity_count": np.arange(count) + 5,
            "multiple": np.zeros(count, bool),
        },
    )  # fmt: skip


def hostile_contents() -> AtlasContents:
    """Return contents whose every text is markup."""
    mechanisms = events_of(12, HOSTILE)
    count = 3
    stations = make_table(
        "stations",
        {
            "network": [HOSTILE] * count, "station": [f"{HOSTILE}{k}" for k in range(count)],
            "location_code": [""] * count, "channel": [HOSTILE] * count,
            "longitude": [179.8, 180.1, -179.7], "latitude": [-40.1, -39.8, -39.6],
            "elevation_m": [1.0, np.nan, 300.0],
        },
    )  # fmt: skip
    report = make_table(
        "station_report",
        {
            "network": [HOSTILE], "station": [f"{HOSTILE}1"], "pick_kind": [""],
            "polarity_count": [4], "contradiction_count": [3], "contradiction_rate": [0.75],
            "log_odds": [2.0], "verdict": ["reversed"], "reason": [HOSTILE],
        },
    )  # fmt: skip
    ids = mechanisms.column("event_id").to_pylist()
    polarities = make_table(
        "polarities",
        {
            "event_id": [i for i in ids for _ in range(count)],
            "network": [HOSTILE] * len(ids) * count,
            "station": [f"{HOSTILE}{k}" for _ in ids for k in range(count)],
            "polarity": [1, -1, 0] * len(ids), "probability_up": [0.9, np.nan, 0.4] * len(ids),
            "azimuth_deg": [10.0, 130.0, 250.5] * len(ids),
            "takeoff_deg": [60.0, 100.0, 45.0] * len(ids), "use": ["used"] * len(ids) * count,
        },
    )  # fmt: skip
    faults = make_table(
        "tendency",
        {
            "fault": [HOSTILE], "longitude": [180.05], "latitude": [-39.9], "strike_deg": [40.0],
            "dip_deg": [60.0], "rake_deg": [90.0], "slip_tendency": [0.6],
        },
    )  # fmt: skip
    return AtlasContents(
        name="hostile", title=HOSTILE, description=HOSTILE,
        tables={"mechanisms": mechanisms, "stations": stations, "station_report": report,
                "polarities": polarities, "tendency": faults},
        provenance={"settings_digest": HOSTILE},
        versions=[{"version": HOSTILE, "made": HOSTILE, "message": HOSTILE, "digest": HOSTILE}],
    )  # fmt: skip


def read_columns(folder: Path, block: str) -> dict[str, np.ndarray]:
    """Read a block of columns as the page does; NaN where a value is not known."""
    text = (folder / "data" / f"{block}.js").read_text("ascii")
    found = re.fullmatch(r'QuakeloomAtlas\.take\(("[^"]*"),(\[.*\]),"([A-Za-z0-9+/=]*)"\);\n', text)
    assert json.loads(found[1]) == block
    raw = gzip.decompress(base64.b64decode(found[3]))
    columns, at = {}, 0
    for name, dtype, scale, offset, count in json.loads(found[2]):
        size = np.dtype(dtype).itemsize
        part = np.frombuffer(raw, np.uint8, count * size, at).reshape(size, count)
        whole = np.ascontiguousarray(part.T).view(f"<{np.dtype(dtype).str[1:]}").ravel()
        columns[name] = np.where(whole == MISSING[dtype], np.nan, offset + scale * whole)
        at += size * count
    assert at == len(raw)
    return columns


def read_value(folder: Path, block: str):
    """Read a block of plain values."""
    text = (folder / "data" / f"{block}.js").read_text("ascii")
    found = re.fullmatch(r'QuakeloomAtlas\.give\(("[^"]*"),(.*)\);\n', text)
    assert json.loads(found[1]) == block
    return json.loads(found[2])


def read_names(folder: Path, block: str) -> list[str]:
    """Read identifiers."""
    columns = read_columns(folder, block)
    letters = columns["event_id"]
    # 255 is "not known" for a number, and no byte of UTF-8
    data = letters.astype(np.uint8).tobytes()
    ends = np.cumsum(columns["event_id_length"]).astype(int)
    return [data[a:b].decode() for a, b in zip([0, *ends[:-1]], ends, strict=True)]
