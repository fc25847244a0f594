"""The atlas of a synthetic nation in a browser: size, time to the first map, memory, panning.

216,528 focal mechanisms and 6,000 nodes of a stress map, as many as that of Japan rests on
(Uchide, Shiina & Imanishi 2022), at random places on and off Honshu. Nothing of it is data. The
page is opened as file:// in a headless Chromium, 1280 by 800 pixels, without a graphics processor.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from _browser import Browser
from _harness import Stopwatch, figure, print_result
from quakeloom.atlas import AtlasContents, build_atlas
from quakeloom.formats import find_coastline
from quakeloom.schema import make_table
from quakeloom.stages.stress.posterior import NodePosterior
from quakeloom.store import find_resource, open_item
from quakeloom.stress import REGIMES, describe_stress, summarize_posterior

MECHANISMS = 216_528
"""Mechanisms of the nation."""

NODES = 6_000
"""Nodes of its stress map."""

_PAN = """
(async () => {
  const map = window.quakeloomAtlas.map;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const took = [];
  let last = await frame();
  const started = last;
  for (let k = 0; k < FRAMES; k++) {
    const angle = 2 * Math.PI * k / 60;
    map.panBy(14 * Math.cos(angle), 14 * Math.sin(angle));
    const now = await frame();
    took.push(now - last);
    last = now;
  }
  took.sort((a, b) => a - b);
  return { rate: 1000 * took.length / (last - started), slowest: took[took.length - 1] };
})()
"""
"""Moves the map in circles, one step a frame, and returns frames a second and the longest frame."""


def make_nation(mechanisms: int = MECHANISMS, nodes: int = NODES, seed: int = 1) -> AtlasContents:
    """Return a synthetic nation: mechanisms along three belts, and a smooth stress map."""
    random = np.random.default_rng(seed)
    return AtlasContents(
        name="nation",
        title="Synthetic nation",
        description="Random mechanisms in the shape of a country; nothing of it is data.",
        tables={"mechanisms": _mechanisms(random, mechanisms), "stress": _nodes(random, nodes)[0]},
        posterior=_nodes(random, nodes)[1],
        facts={"status": "mapped"},
        coastline=find_coastline(find_resource("coastline")),
        synthetic=True,
    )


def _mechanisms(random: np.random.Generator, count: int):
    belt = random.random(count)
    along = random.random(count)
    spread = random.normal(0.0, 0.45, (2, count))
    longitude = 130.5 + 12.0 * along + spread[0] + np.where(belt > 0.6, 1.0, 0.0)
    latitude = 32.0 + 10.5 * along**1.2 + spread[1] - np.where(belt > 0.6, 0.8, 0.0)
    depth = np.where(belt > 0.6, random.gamma(6.0, 8.0, count), random.gamma(3.0, 3.2, count))
    start = np.datetime64("2005-01-01", "ns").astype(np.int64)
    seconds = np.sort(random.random(count)) * 15 * 365.25 * 86400
    strike, rake = random.uniform(0, 360, count), random.normal(90 * (belt > 0.3), 25, count)
    return make_table(
        "mechanisms",
        {
            "event_id": [f"jp{k:08d}" for k in random.permutation(count)],
            "status": ["solved"] * count,
            "origin_time": pd.to_datetime(start + (seconds * 1e9).astype(np.int64), utc=True),
            "longitude": longitude.round(4),
            "latitude": latitude.round(4),
            "depth_km": depth.clip(0, 600).round(2),
            "magnitude": np.minimum(random.exponential(0.5, count) + 1.0, 7.5).round(1),
            "strike_deg": strike.round(0),
            "dip_deg": random.uniform(20, 90, count).round(0),
            "rake_deg": rake.round(0),
            "auxiliary_strike_deg": strike,
            "auxiliary_dip_deg": random.uniform(20, 90, count),
            "auxiliary_rake_deg": rake,
            "fault_plane_uncertainty_deg": random.gamma(8.0, 3.0, count).clip(0, 60),
            "auxiliary_plane_uncertainty_deg": random.gamma(8.0, 3.0, count).clip(0, 60),
            "mechanism_probability": random.beta(6.0, 2.0, count),
            "polarity_count": random.poisson(14, count) + 8,
            "polarity_misfit": random.beta(1.5, 12.0, count),
            "quality": random.choice(list("ABCD"), count, p=[0.15, 0.3, 0.3, 0.25]),
            "multiple": np.zeros(count, bool),
        },
    )


def _nodes(random: np.random.Generator, count: int):
    side = int(np.ceil(np.sqrt(count)))
    east, north = (g.ravel()[:count] for g in np.meshgrid(np.arange(side), np.arange(side)))
    longitude, latitude = 129.5 + 0.2 * east, 31.0 + 0.15 * north
    turn = np.radians(110 + 30 * np.sin(longitude / 3) + 20 * np.cos(latitude / 2))
    components = np.stack(
        [-np.cos(2 * turn), 0.8 * np.sin(longitude / 2), -np.sin(2 * turn), 0 * turn, 0 * turn],
        axis=1,
    )
    size = random.gamma(3.0, 0.02, count)
    covariance = np.eye(5) * size[:, None, None]
    best = describe_stress(components)
    u = summarize_posterior(components, covariance, 300)
    columns = {
        "longitude": longitude, "latitude": latitude,
        "shmax_deg": best.shmax_deg, "shmax_std_deg": u.shmax_std_deg,
        "shmax_low_deg": best.shmax_deg + u.shmax_range_deg[:, 0],
        "shmax_high_deg": best.shmax_deg + u.shmax_range_deg[:, 1],
        "shape_ratio": best.shape_ratio, "shape_ratio_std": u.shape_ratio_std,
        "shape_ratio_low": u.shape_ratio_range[:, 0], "shape_ratio_high": u.shape_ratio_range[:, 1],
        "a_phi": best.a_phi, "a_phi_std": u.a_phi_std,
        "a_phi_low": u.a_phi_range[:, 0], "a_phi_high": u.a_phi_range[:, 1],
        "regime": np.array(REGIMES, dtype=object)[best.regime],
        "mechanism_count": random.poisson(30, count), "data_weight": random.gamma(20.0, 1.0, count),
        "resolution": random.random(count),
        "stress_quality": random.choice(list("ABCD"), count),
    }  # fmt: skip
    for k in range(3):
        columns[f"s{k + 1}_azimuth_deg"] = best.azimuth_deg[:, k]
        columns[f"s{k + 1}_plunge_deg"] = best.plunge_deg[:, k]
        columns[f"s{k + 1}_std_deg"] = u.axis_std_deg[:, k]
        columns[f"s{k + 1}_95_deg"] = u.axis_95_deg[:, k]
    for k, regime in enumerate(REGIMES):
        columns[f"probability_{regime.lower()}"] = u.regime_probability[:, k]
    return make_table("stress", columns), NodePosterior(components, covariance)


def measure(folder: Path, frames: int) -> dict[str, float]:
    """Open an atlas and return what the browser says of it."""
    with Browser(1280, 800) as browser:
        browser.open((folder / "index.html").as_uri() + "#v=1&l=bars,hypocenters,graticule")
        ready = browser.wait("window.atlasReady")["ms"]
        complete = browser.wait("window.atlasComplete")["ms"]
        browser.run("gc()")
        heap = browser.run("performance.memory.usedJSHeapSize")
        pan = browser.run(_PAN.replace("FRAMES", str(frames)))
        browser.run("window.quakeloomAtlas.state.set({ drawer: 'table' })")
        browser.wait("window.quakeloomAtlas.table?.rows.length > 0")
        sort = browser.run(
            "(async () => { const t = window.quakeloomAtlas.table; const a = performance.now();"
            "t.sorted = { name: 'magnitude', descending: true }; await t.refresh();"
            "return performance.now() - a; })()"
        )
        if browser.messages:
            raise RuntimeError(f"The page reports {browser.messages[:3]}")
        return {
            "ready": ready / 1e3, "complete": complete / 1e3, "heap": heap / 1e6,
            "rate": pan["rate"], "slowest": pan["slowest"], "sort": sort,
            "render": browser.run("window.quakeloomAtlas.map.renderMs"),
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the mechanisms")
    parser.add_argument("--folder", type=Path, help="keep the atlas there")
    arguments = parser.parse_args()
    mechanisms = MECHANISMS // 10 if arguments.quick else MECHANISMS
    watch = Stopwatch()
    contents = make_nation(mechanisms)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary) / "atlas"
        writing = Stopwatch()
        made = build_atlas(contents, open_item(folder))
        written = writing.seconds()
        found = measure(folder, 60 if arguments.quick else 240)
    print_result(
        "atlas",
        [
            figure("size", made.size_bytes / 1e6, "MB"),
            figure("seconds_to_first_map", found["ready"], "s"),
            figure("seconds_to_all_mechanisms", found["complete"], "s"),
            figure("heap", found["heap"], "MB"),
            figure("panning", found["rate"], "frames/s"),
            figure("slowest_frame", found["slowest"], "ms"),
            figure("drawing_anew", found["render"], "ms"),
            figure("sorting_the_table", found["sort"], "ms"),
            figure("seconds_to_write", written, "s"),
        ],
        {"mechanisms": mechanisms, "nodes": NODES, "files": made.files},
        watch.seconds(),
    )


if __name__ == "__main__":
    main()
