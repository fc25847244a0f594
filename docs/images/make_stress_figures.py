"""Make the stress figures of the documentation from finished runs.

    quakeloom run --config config/new-zealand.yaml
    quakeloom run --config config/demo.yaml
    python docs/images/make_stress_figures.py results/new-zealand results/demo
    python benchmarks/stress_coverage.py --figure docs/images/stress-coverage.png

The same runs give the same bytes.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xarray
from matplotlib.figure import Figure
from PIL import Image

from quakeloom.formats import find_coastline
from quakeloom.plots import (
    FaultTendencies,
    FoundPlanes,
    ShmaxNodes,
    figure_to_png,
    plot_abic_curve,
    plot_fault_tendency,
    plot_found_planes,
    plot_regime_map,
    plot_shmax_map,
)
from quakeloom.store import find_resource

HERE = Path(__file__).parent
COAST = find_coastline(find_resource("coastline"))


def save(figure: Figure | None, name: str, dpi: float = 130.0) -> None:
    """Write a figure as PNG with a palette of 128 colors, and say how large it is."""
    assert figure is not None
    path = HERE / f"{name}.png"
    image = Image.open(io.BytesIO(figure_to_png(figure, dpi))).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def draw_shmax(folder: Path, name: str) -> None:
    """SHmax with its ranges, and the truth where it is known."""
    t = pd.read_parquet(folder / "stress.parquet")
    truth = folder / "stress_truth.parquet"
    span = t[["shmax_low_deg", "shmax_high_deg"]].to_numpy() - t[["shmax_deg"]].to_numpy()
    true = pd.read_parquet(truth)["shmax_deg"] if truth.exists() else None
    data = t["mechanism_count"] > 0
    nodes = ShmaxNodes(t["longitude"], t["latitude"], t["shmax_deg"], t["regime"], span, data, true)
    save(plot_shmax_map(nodes, COAST), f"{name}-shmax")


def draw_country(folder: Path, name: str) -> None:
    """The maps of a country: directions, regimes, faults, and the strength."""
    draw_shmax(folder, name)
    with xarray.open_zarr(folder / "stress.zarr", consolidated=False) as data:
        figure = plot_regime_map(
            data["longitude"].to_numpy(), data["latitude"].to_numpy(), data["a_phi"].to_numpy(),
            ~(data["data_weight"].to_numpy() > 0), COAST,
        )  # fmt: skip
    save(figure, f"{name}-regime")
    f = pd.read_parquet(folder / "tendency.parquet")
    span = f[["slip_tendency_low", "slip_tendency_high"]].to_numpy()
    faults = FaultTendencies(
        f["longitude"], f["latitude"], f["strike_deg"], f["slip_tendency"], span, f["fault"]
    )
    save(plot_fault_tendency(faults, COAST), f"{name}-tendency")
    facts = json.loads((folder / "stress.json").read_text())
    curve = facts["curve"]
    save(
        plot_abic_curve([p["alpha2"][0] for p in curve], [p["abic"] for p in curve],
                        [p["misfit"] for p in curve], [p["roughness"][0] for p in curve],
                        facts["alpha2"][0]),
        f"{name}-abic",
    )  # fmt: skip
    print(f"{len(f)} faults, {np.isfinite(f['slip_tendency']).sum()} in the map")


def draw_faults(folder: Path, name: str) -> None:
    """The planes found in the hypocenters of a run."""
    faults = pd.read_parquet(folder / "faults.parquet")
    members = pd.read_parquet(folder / "fault_members.parquet")
    best = members.sort_values("fault_probability").drop_duplicates("event_id", keep="last")
    events = pd.read_parquet(folder / "mechanisms.parquet").merge(
        best[["event_id", "fault"]], "left", "event_id"
    )
    place = {fault: k for k, fault in enumerate(faults["fault"])}
    geometry = ("longitude", "latitude", "depth_km", "strike_deg", "dip_deg", "fault_length_km",
                "fault_width_km")  # fmt: skip
    planes = FoundPlanes(
        list(place), *(faults[c] for c in geometry), events["longitude"], events["latitude"],
        events["depth_km"], [place.get(f, -1) for f in events["fault"]],
    )  # fmt: skip
    save(plot_found_planes(planes, COAST), f"{name}-faults")


def main() -> None:
    country, demo = (Path(a) for a in (*sys.argv[1:3], "", "")[:2])
    if country != Path():
        draw_country(country, "new-zealand")
    if demo != Path():
        draw_shmax(demo, "demo-stress")
        draw_faults(demo, "demo")


if __name__ == "__main__":
    main()
