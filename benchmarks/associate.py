"""Events from picks: found, wrong, and how fast, against PyOcto on the same picks in the same run.

Twelve simulated days of a network of 10 x 10 stations on 2 x 2 degrees: 50, 200, 800 and 2,000
events, with 0.1, 1 and 3 false picks for every true one (the benchmark of PyOcto, Muenchmeyer 2024,
with travel times of quakeloom). Both have the same travel-time tables. PyOcto keeps events of ten
picks and four stations with P and S, as its authors set it and as the truth has; quakeloom those
of eight and three, since a pick of a true event may be missed. PyOcto is left out where it is not
installed.

Run ``python benchmarks/associate.py [--quick] [--cells 50:0.1,800:1]``; the last line is JSON.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from _harness import Stopwatch, figure, peak_memory_gb, print_result
from quakeloom.association import (
    AssociationOptions,
    NetworkModel,
    OctreeProposer,
    PickArrays,
    Stations,
    arrange_picks,
    associate_picks,
    count_rates,
    look_up,
    make_world,
    place_levels,
    search_box,
    trace_times,
)
from quakeloom.core import InputError, LayeredModel
from quakeloom.simulate import score_association, simulate_pick_days

CELLS = [(n, noise) for n in (50, 200, 800, 2000) for noise in (0.1, 1.0, 3.0)]
"""Events a day, and false picks for every true one."""

_NODES = np.array([
    [0.0, 6.1, 3.6], [10.0, 6.1, 3.6], [20.0, 6.4, 3.8], [30.0, 6.5, 3.8], [40.0, 7.1, 4.2],
    [50.0, 7.1, 4.2], [60.0, 7.3, 4.3], [70.0, 7.9, 4.7], [80.0, 8.1, 4.8], [90.0, 8.5, 5.1],
])  # fmt: skip
"""Depth (km), P and S velocity (km/s) of the model of Chile that the benchmark of PyOcto has."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one small day")
    parser.add_argument("--cells", default="", help="events:noise, separated by commas")
    arguments = parser.parse_args()
    cells = [(50, 1.0)] if arguments.quick else CELLS
    if arguments.cells:
        cells = [(int(a), float(b)) for a, b in (c.split(":") for c in arguments.cells.split(","))]
    watch, figures = Stopwatch(), []
    side = np.linspace(-110.0, 110.0, 10)
    place = np.array([[0.0, north, east] for north in side for east in side])
    level, levels = place_levels(place[:, 0])
    stations = Stations(place, level)
    options = AssociationOptions(
        maximum_depth_km=30.0, reach_km=250.0, depth_km=15.0, depth_error_km=30.0, p_error_s=0.4,
        s_error_s=0.4, time_error_fraction=0.01, time_error_s=0.0, minimum_picks=8,
        minimum_both=3,
    )  # fmt: skip
    model = LayeredModel("chile", *_NODES.T)
    tables = trace_times([model], levels, 250.0, (0.0, 30.0), (0.01, 0.0))
    warm_up = True
    for events, noise in cells:
        truth = simulate_pick_days(
            place, np.array([[0.0, 30.0], [-110.0, 110.0], [-110.0, 110.0]]),
            lambda phase, away, depth: np.array(
                [look_up(tables, phase, 0, a, d)[0] for a, d in zip(away, depth, strict=True)]
            ),
            events, noise, seed=7,
        )  # fmt: skip
        none = np.full(truth.time_s.size, np.nan)
        picks = PickArrays(truth.station, truth.phase, truth.time_s, none, none)
        if warm_up:
            few = PickArrays(*(getattr(picks, f)[:3000] for f in picks.__dataclass_fields__))
            associate_picks(few, stations, tables, options)
            warm_up = False
        start = time.process_time()
        found = associate_picks(picks, stations, tables, options)
        seconds = time.process_time() - start
        ours = score_association(truth.event, found.event)
        peer, peer_seconds = _run_pyocto(picks, stations, tables, options, truth.event)
        name = f"{events}_noise_{noise:g}"
        print(name, truth.time_s.size, "picks", {k: round(v, 4) for k, v in ours.items()},
              f"{seconds:.1f} s CPU | PyOcto", peer and {k: round(v, 4) for k, v in peer.items()},
              f"{peer_seconds:.1f} s CPU", flush=True)  # fmt: skip
        figures.append(figure(f"f1_{name}", ours["f1"], "1", "PyOcto", peer and peer["f1"]))
        figures.append(figure(f"cpu_s_{name}", seconds, "s", "PyOcto", peer and peer_seconds))
        figures.append(figure(f"picks_per_cpu_s_{name}", truth.time_s.size / seconds, "1/s"))
        figures.append(figure(f"events_per_cpu_s_{name}", events / seconds, "1/s"))
    print_result(
        "associate", figures, {"cells": cells}, watch.seconds(), peak_memory_gb()
    )  # fmt: skip


def _run_pyocto(picks, stations, tables, options, true):
    """Associate by PyOcto alone, with the counts that the truth has."""
    try:
        octo = OctreeProposer(counts=(10, 4))
    except InputError:
        return None, float("nan")
    rows, order = arrange_picks(picks, len(stations.place), (0.4, 0.4))
    rates = count_rates(rows, np.zeros(order.size, bool), (0.0, 86400.0), 21600.0)
    box = search_box(stations.place, options)
    world = make_world(stations, tables, rows, rates, NetworkModel(), (box, options))
    world = world._replace(reach_km=100.0, box=box)  # as its authors set it
    start = time.process_time()
    _, event = octo.associate(world, np.zeros(order.size, np.int64))
    seconds = time.process_time() - start
    found = np.empty_like(event)
    found[order] = event
    return score_association(true, found), seconds


if __name__ == "__main__":
    main()
