"""Make the figures of the documentation from finished runs.

    quakeloom run --config config/demo.yaml
    quakeloom run --config docs/images/calibration.yaml
    python docs/images/make_figures.py results/demo results/calibration

The same runs give the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import zarr
from matplotlib.figure import Figure

from quakeloom.core import rotation_angle
from quakeloom.plots import (
    QUALITY_COLORS,
    STYLE,
    FocalSphere,
    binomial_interval,
    draw_focal_sphere,
    figure_to_png,
    new_figure,
    plot_calibration,
    plot_contradiction_rates,
    plot_cumulative_angles,
    plot_mechanism_map,
    plot_quality_bar,
    plot_station_timeline,
    styled,
)
from quakeloom.report import load_coastline
from quakeloom.store import find_resource

HERE = Path(__file__).parent
ANGLES = ["strike_deg", "dip_deg", "rake_deg"]
LETTERS = "ABCD"


class Run:
    """The tables of a finished run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mechanisms = self.table("mechanisms")
        self.polarities = self.table("polarities")

    def table(self, name: str) -> pd.DataFrame:
        """Read a table."""
        return pd.read_parquet(self.folder / f"{name}.parquet")

    def accepted(self, event_id: str) -> tuple[np.ndarray, np.ndarray]:
        """Mechanisms of the acceptable set of an event, and their weights."""
        store = zarr.open_group(str(self.folder / "accepted.zarr"), mode="r")
        grid = np.stack([store[f"grid/{name}"][:] for name in ANGLES], axis=-1)
        for part in sorted((self.folder / "parts" / "mechanism").glob("*/events.parquet")):
            ids = pd.read_parquet(part, columns=["event_id"])["event_id"].tolist()
            if event_id in ids:
                weight = store[f"{part.parent.name}/acceptance"][ids.index(event_id)]
                return grid[weight > 0], weight[weight > 0].astype(float)
        raise KeyError(event_id)


def save(figure: Figure, name: str, dpi: float = 120.0) -> None:
    """Write a figure as PNG, and say how large it is."""
    data = figure_to_png(figure, dpi)
    (HERE / f"{name}.png").write_bytes(data)
    print(f"{name}.png: {len(data) / 1000:.0f} kB")


def make_map(run: Run) -> None:
    """Beachballs of a run on a map."""
    m = run.mechanisms
    rank = m["quality"].map({q: i for i, q in enumerate("ABCDEF")}).to_numpy(float)
    drawn = plot_mechanism_map(
        m["longitude"], m["latitude"], m["strike_deg"], m["dip_deg"], m["rake_deg"],
        m["quality"].to_numpy(str),
        priority=rank - 0.99 * m["mechanism_probability"].fillna(0.0).to_numpy(),
        coastline=load_coastline(find_resource("coastline")),
    )  # fmt: skip
    assert drawn is not None
    save(drawn[0], "demo-map")


def make_quality(run: Run) -> None:
    """Counts per letter."""
    counts = run.mechanisms["quality"].value_counts().to_dict()
    save(plot_quality_bar(counts, label="Demo"), "demo-quality")


def make_spheres(run: Run) -> None:
    """The median event of every letter with its readings and acceptable planes."""
    save(draw_spheres(run), "demo-spheres")


@styled
def draw_spheres(run: Run) -> Figure:
    """Focal spheres side by side."""
    figure = new_figure(7.0, 2.1)
    axes = figure.subplots(1, len(LETTERS))
    for axis, letter in zip(axes, LETTERS, strict=True):
        axis.set_axis_off()
        members = run.mechanisms[run.mechanisms["quality"] == letter]
        if members.empty:
            continue
        order = members.sort_values(["mechanism_probability", "event_id"])
        event = order.iloc[len(order) // 2]
        used = run.polarities
        used = used[(used["event_id"] == event["event_id"]) & (used["use"] == "used")]
        accepted, weight = run.accepted(event["event_id"])
        sphere = FocalSphere(
            used["azimuth_deg"].to_numpy(), used["takeoff_deg"].to_numpy(),
            used["polarity"].to_numpy(), np.where(used["onset"] == "E", 0.5, 1.0),
            tuple(event[ANGLES].astype(float)), [], accepted, weight,
        )  # fmt: skip
        draw_focal_sphere(axis, sphere, "#7d766a" if letter == "D" else QUALITY_COLORS[letter])
        axis.set_title(f"{letter}, {len(used)} readings", fontsize=STYLE["axes.titlesize"])
    return figure


def make_stations(run: Run) -> None:
    """Stations that look reversed: their rates, and the clearest of them through time."""
    report = run.table("station_report")
    rows = report[(report["station"] != "") & (report["polarity_count"] > 0)].copy()
    if rows.empty:
        print("no station report: no figure")
        return
    rows["name"] = rows["network"] + "." + rows["station"]
    order = {"reversed": 0, "mixed": 1, "normal": 3}
    rows["order"] = rows["verdict"].map(order).fillna(4)
    rows = rows.sort_values(
        ["order", "contradiction_rate", "polarity_count", "name"],
        ascending=[True, False, False, True],
    ).head(20)
    figure = plot_contradiction_rates(
        rows["name"].tolist(), rows["contradiction_count"], rows["polarity_count"],
        rows["verdict"].tolist(),
    )  # fmt: skip
    save(figure, "demo-stations")
    found = report[report["verdict"] == "reversed"].sort_values("log_odds", ascending=False)
    if found.empty:
        return
    first = found.iloc[0]
    used = run.polarities.merge(run.table("events")[["event_id", "origin_time"]], on="event_id")
    used = used[(used["station"] == first["station"]) & (used["network"] == first["network"])]
    used = used[(used["use"] == "used") & used["predicted_up"].notna()].sort_values("origin_time")
    agreement = used["polarity"] * (2.0 * used["predicted_up"] - 1.0)
    span = tuple(
        None if pd.isna(t) else np.datetime64(t.tz_convert(None), "ns")
        for t in (first["start_time"], first["end_time"])
    )
    times = used["origin_time"].dt.tz_convert(None).to_numpy("datetime64[ns]")
    figure = plot_station_timeline(
        times, agreement.to_numpy(), span, title=f"{first['network']}.{first['station']}"
    )
    save(figure, "demo-reversal")


def make_calibration(run: Run) -> None:
    """Rotation to the truth, and the stated probability against what came true."""
    joined = run.mechanisms.merge(run.table("truth"), on="event_id", suffixes=("", "_true"))
    joined = joined[joined["status"] == "solved"]
    true = joined[[f"{name}_true" for name in ANGLES]].to_numpy()
    angle = rotation_angle(joined[ANGLES].to_numpy(), true)
    groups = {q: angle[(joined["quality"] == q).to_numpy()] for q in LETTERS}
    figure = plot_cumulative_angles(groups, "Rotation to the true mechanism (degrees)")
    save(figure, "calibration-rotation", 150.0)
    stated = joined["mechanism_probability"].to_numpy()
    edges = np.linspace(0.0, 1.0, 11)
    which = np.clip(np.digitize(stated, edges[1:-1]), 0, 9)
    count = np.bincount(which, minlength=10)
    hits = np.bincount(which, weights=angle <= 45.0, minlength=10)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(which, weights=stated, minlength=10) / count
        share = hits / count
    figure = plot_calibration(
        mean, share, *binomial_interval(hits, count), count,
        "Stated mechanism probability", "True mechanism within 45°",
    )  # fmt: skip
    save(figure, "calibration-probability", 150.0)
    for q in LETTERS:
        print(f"{q}: {groups[q].size} events, median {np.median(groups[q]):.1f} degrees")


def main() -> None:
    """Make all figures."""
    demo, calibration = (Run(Path(folder)) for folder in sys.argv[1:3])
    make_map(demo)
    make_quality(demo)
    make_spheres(demo)
    make_stations(demo)
    make_calibration(calibration)


if __name__ == "__main__":
    main()
