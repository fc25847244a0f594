"""Off-shore earthquakes beside a network, located in one model and in an ensemble of sections.

Ten nodes on the sea floor lie on one side of the events, as cabled networks do. What is known of
the velocity is what a refraction survey tells: in every section, drawn from the prior, airguns are
shot to ocean-bottom stations, first arrivals are picked with errors, and stage `tomography`'s
sampler draws members conditioned on them. Then earthquakes happen in the true section, and are
located in the members and in their mean. Vp/Vs is uncertain as well. Figures: how often the ranges
of 68 and 95 % of depth cover the truth, bias and error, for the ensemble and for its mean model;
and how often events are below the boundary where P reaches 7 km/s, against what is said.

With `--ensemble prior` there is no survey: members are draws of a random field.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.stages.papers.offshore import NUMBER, STATION_KM, experiment, summarize


def draw_figure(found: dict[str, np.ndarray], path: Path, per_earth: int) -> None:
    """Two sections: crosses of two standard deviations of hypocenters and of the boundary."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(7.0, 5.4), layout="constrained")
    for axis, (name, rows) in zip(drawing.subplots(2, 1, sharex=True), found.items(), strict=True):
        some = rows[:: max(1, len(rows) // 25)]
        c = {key: some[:, i] for key, i in NUMBER.items()}
        axis.errorbar(c["distance"], c["boundary"], yerr=2 * c["boundary_deviation"], fmt="none",
                      ecolor="#5b7f95", elinewidth=0.8, alpha=0.8, label="boundary")  # fmt: skip
        axis.plot(c["true_distance"], c["true_boundary"], ".", ms=3, color="#5b7f95")
        axis.plot(
            np.stack([c["true_distance"], c["distance"]]),
            np.stack([c["true_depth"], c["depth"]]), color="#b23a26", lw=0.8,
        )  # fmt: skip
        axis.errorbar(
            c["distance"], c["depth"], xerr=2 * c["distance_deviation"],
            yerr=2 * c["depth_deviation"], fmt="none", ecolor="#22262b", elinewidth=0.8,
        )  # fmt: skip
        axis.plot(c["true_distance"], c["true_depth"], "o", ms=3, color="#b23a26")
        axis.plot(STATION_KM, np.full(STATION_KM.size, 1.5), "v", color="#6b6f75", ms=5)
        facts = summarize(rows, per_earth)
        axis.set_title(
            f"{name}: 95 % range covers {100 * facts['coverage_95']:.0f} %, rms error "
            f"{facts['error_km']:.2f} km", loc="left", fontsize=9,
        )  # fmt: skip
        axis.set_ylim(34, 0)
        axis.set_xlim(8, 95)
        axis.set_ylabel("Depth (km)")
    axis.set_xlabel("Distance along the section (km)")
    drawing.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer members and events")
    parser.add_argument("--ensemble", choices=("refraction", "prior"), default="refraction")
    parser.add_argument("--members", type=int, default=0, help="members per section")
    parser.add_argument("--sections", type=int, default=0)
    parser.add_argument("--figure", type=Path, help="write a figure here")
    arguments = parser.parse_args()
    watch = Stopwatch()
    kind = "prior" if arguments.quick else arguments.ensemble
    members = arguments.members or {"prior": 60 if arguments.quick else 200, "refraction": 40}[kind]
    sections = arguments.sections or {"prior": 8 if arguments.quick else 20, "refraction": 12}[kind]
    per_earth = 9 if kind == "refraction" else 5
    size = {"members": members, "earths": sections, "per_earth": per_earth, "kind": kind}
    found = experiment(**size, say=partial(print, flush=True))
    figures = []
    for name, rows in found.items():
        facts = summarize(rows, per_earth)
        print(name, {k: round(v, 3) for k, v in facts.items()}, flush=True)
        figures += [
            figure(f"{key}_{name.replace(' ', '_')}", value, "km" if key.endswith("km") else "1")
            for key, value in facts.items()
        ]
    if arguments.figure:
        draw_figure(found, arguments.figure, per_earth)
    print_result("offshore", figures, size, watch.seconds())


if __name__ == "__main__":
    main()
