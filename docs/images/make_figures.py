"""Make the figures of the documentation from finished runs.

    quakeloom run --config config/demo.yaml
    quakeloom run --config docs/images/calibration.yaml
    python docs/images/make_figures.py results/demo results/calibration

The same runs give the same bytes.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import zarr
from matplotlib.figure import Figure
from PIL import Image

from quakeloom.core import fault_vectors, rotation_angle
from quakeloom.formats import find_coastline
from quakeloom.plots import (
    QUALITY_COLORS,
    STYLE,
    CalibrationBins,
    FocalSphere,
    MapPoints,
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
from quakeloom.store import find_resource

HERE = Path(__file__).parent
ANGLES = ["strike_deg", "dip_deg", "rake_deg"]
LETTERS = "ABCD"
GRID_STEP_DEG = 5.0


class Run:
    """The tables of a finished run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mechanisms = self.table("mechanisms")
        self.polarities = self.table("polarities")
        self._store = zarr.open_group(str(folder / "accepted.zarr"), mode="r")
        self._grid = np.stack([self._store[f"grid/{name}"][:] for name in ANGLES], axis=-1)
        self._place: dict[str, tuple[str, int]] = {}
        for part in sorted((folder / "parts" / "mechanism").glob("*/events.parquet")):
            ids = pd.read_parquet(part, columns=["event_id"])["event_id"]
            self._place |= {e: (part.parent.name, i) for i, e in enumerate(ids)}

    def table(self, name: str) -> pd.DataFrame:
        """Read a table."""
        return pd.read_parquet(self.folder / f"{name}.parquet")

    def accepted(self, event_id: str) -> tuple[np.ndarray, np.ndarray]:
        """Mechanisms of the acceptable set of an event, and their weights."""
        partition, row = self._place[event_id]
        weight = self._store[f"{partition}/acceptance"][row]
        return self._grid[weight > 0], weight[weight > 0].astype(float)


def save(figure: Figure, name: str, dpi: float = 120.0) -> None:
    """Write a figure as PNG with a palette of 256 colors, and say how large it is."""
    path = HERE / f"{name}.png"
    image = Image.open(io.BytesIO(figure_to_png(figure, dpi))).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def make_map(run: Run) -> None:
    """Beachballs of a run on a map."""
    m = run.mechanisms
    rank = m["quality"].map({q: i for i, q in enumerate("ABCDEF")}).to_numpy(float)
    drawn = plot_mechanism_map(
        MapPoints(m["longitude"], m["latitude"], m["quality"].to_numpy(str)),
        m[["strike_deg", "dip_deg", "rake_deg"]].to_numpy(),
        priority=rank - 0.99 * m["mechanism_probability"].fillna(0.0).to_numpy(),
        coastline=find_coastline(find_resource("coastline")),
    )
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


def make_calibration(run: Run, name: str) -> None:
    """Rotation to the truth, and what was stated against what came true."""
    joined = run.mechanisms.merge(run.table("truth"), on="event_id", suffixes=("", "_true"))
    joined = joined[joined["status"] == "solved"]
    true = joined[[f"{name}_true" for name in ANGLES]].to_numpy()
    angle = rotation_angle(joined[ANGLES].to_numpy(), true)
    groups = {q: angle[(joined["quality"] == q).to_numpy()] for q in LETTERS}
    figure = plot_cumulative_angles(groups, "Rotation to the true mechanism (degrees)")
    save(figure, f"{name}-rotation", 150.0)
    stated = joined["mechanism_probability"].to_numpy()
    edges = np.linspace(0.0, 1.0, 11)
    which = np.clip(np.digitize(stated, edges[1:-1]), 0, 9)
    count = np.bincount(which, minlength=10)
    hits = np.bincount(which, weights=angle <= 45.0, minlength=10)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(which, weights=stated, minlength=10) / count
        share = hits / count
    bins = CalibrationBins(mean, share, *binomial_interval(hits, count), count)
    figure = plot_calibration(bins, "Stated mechanism probability", "True mechanism within 45°")
    save(figure, f"{name}-probability", 150.0)
    make_uncertainty(joined, true, name)
    make_coverage(run, joined, true, name)
    for q in LETTERS:
        print(f"{q}: {groups[q].size} events, median {np.median(groups[q]):.1f} degrees")


def make_uncertainty(joined: pd.DataFrame, true: np.ndarray, name: str) -> None:
    """Stated plane uncertainty against the error of the planes, in eight groups."""
    stated = joined[["fault_plane_uncertainty_deg", "auxiliary_plane_uncertainty_deg"]]
    stated = stated.mean(axis=1).to_numpy()
    solved, real = fault_vectors(*joined[ANGLES].to_numpy().T), fault_vectors(*true.T)
    squares = [
        (between(solved[0], sign * real[i]) ** 2 + between(solved[1], sign * real[1 - i]) ** 2) / 2
        for i in (0, 1)
        for sign in (1, -1)
    ]
    error = np.min(squares, axis=0)
    group = np.argsort(np.argsort(stated, kind="stable"), kind="stable") * 8 // stated.size
    size = np.bincount(group)
    mean = np.bincount(group, weights=stated) / size
    square = np.bincount(group, weights=error) / size
    scatter = np.sqrt(np.bincount(group, weights=error**2) / size - square**2)
    rms, half = np.sqrt(square), 1.96 * scatter / np.sqrt(size) / (2 * np.sqrt(square))
    figure = plot_calibration(
        CalibrationBins(mean, rms, rms - half, rms + half, size),
        "Stated plane uncertainty (degrees)",
        "RMS plane error (degrees)",
        percent=False,
    )
    save(figure, f"{name}-uncertainty", 150.0)


def between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Angles between unit vectors in degrees."""
    return np.degrees(np.arccos(np.clip(np.sum(first * second, axis=-1), -1.0, 1.0)))


def make_coverage(run: Run, joined: pd.DataFrame, true: np.ndarray, name: str) -> None:
    """How often the heaviest part of the acceptable weight holds the truth."""
    levels = []
    for row in range(0, len(joined), max(len(joined) // 800, 1)):
        angles, weight = run.accepted(joined["event_id"].iloc[row])
        away = rotation_angle(angles, true[row])
        own = weight[np.argmin(away)] if away.min() <= GRID_STEP_DEG else 0.0
        share = weight[weight > own].sum() + 0.5 * weight[weight == own].sum()
        levels.append(share / weight.sum() if own else 2.0)
    found = np.array(levels)
    nominal = np.linspace(0.1, 1.0, 10)
    hits = np.array([(found <= q + 1e-12).sum() for q in nominal])
    count = np.full(nominal.size, found.size)
    bins = CalibrationBins(nominal, hits / found.size, *binomial_interval(hits, found.size), count)
    figure = plot_calibration(bins, "Share of the acceptable weight", "True mechanism inside")
    save(figure, f"{name}-coverage", 150.0)
    print(f"{np.mean(found > 1.0):.1%} of {found.size} truths are outside of the whole set")


def main() -> None:
    """Make all figures."""
    demo = Run(Path(sys.argv[1]))
    make_map(demo)
    make_quality(demo)
    make_spheres(demo)
    make_stations(demo)
    if len(sys.argv) < 3:
        return
    calibration = Run(Path(sys.argv[2]))
    make_calibration(calibration, "signs")
    make_calibration(Run(calibration.folder / "probabilities"), "probabilities")


if __name__ == "__main__":
    main()
