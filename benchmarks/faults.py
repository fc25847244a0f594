"""Faults of three planes that cross: agreement with the truth beside HDBSCAN, and speed.

Both see the same clouds of 1,200 events in one run. `membership_limit` is the agreement of the true
planes themselves: events near a crossing cannot be told apart by anybody. Times are CPU seconds
of one core, and the projection is a plain product.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score

from quakeloom.faults import FaultOptions, PlaneModel, find_faults, mix

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "faults"))
from fault_clouds import THREE, cloud, labels_of, normal_of

from quakeloom.faults._mixture import make_plane

JAPAN_EVENTS = 660_332
"""Events of the catalog that a nation is projected to."""


def true_planes(count: int) -> np.ndarray:
    """Return the planes that the clouds were drawn from."""
    return np.array(
        [
            make_plane(
                np.array(c), normal_of(s, d), np.array([length, width]) / 2, 0.05, count, 0.01
            )
            for s, d, length, width, c in THREE
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer clouds")
    clouds = 2 if parser.parse_args().quick else 20
    start = time.perf_counter()
    agreement, peer, limit, numbers = [], [], [], []
    seconds = {"search": 0.0, "draws": 0.0}
    truth_model = PlaneModel(freedom=1e4)
    for seed in range(-1, clouds):  # the first one compiles
        events, truth = cloud(abs(seed), THREE, 300, 300)
        keys = [str(i) for i in range(len(events))]
        began = time.process_time()
        found = find_faults(events, keys, FaultOptions(starts=1, nulls=0, draws=0))
        searched = time.process_time()
        find_faults(events, keys, FaultOptions(starts=1, nulls=0, draws=50))
        ended = time.process_time()
        if seed < 0:
            continue
        seconds["search"] += (searched - began) / clouds
        seconds["draws"] += (ended - searched - (searched - began)) / clouds
        numbers.append(len(found.planes))
        agreement.append(adjusted_rand_score(truth, labels_of(found.mixture)))
        search = HDBSCAN(min_cluster_size=15, copy=True)
        peer.append(adjusted_rand_score(truth, search.fit_predict(events.positions)))
        true = mix(events, true_planes(300), np.full(len(events), 300 / 6000.0), truth_model)
        limit.append(adjusted_rand_score(truth, labels_of(true)))
    count = 1200
    per_event = seconds["search"] / count

    def figure(name, value, unit, peer=None, peer_value=None):
        ratio = None if peer_value is None else value / peer_value
        return {
            "name": name, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value,
            "ratio": ratio,
        }  # fmt: skip

    print(
        json.dumps(
            {
                "benchmark": "faults",
                "figures": [
                    figure("adjusted_rand", float(np.mean(agreement)), "1", "HDBSCAN",
                           float(np.mean(peer))),
                    figure("membership_limit", float(np.mean(limit)), "1"),
                    figure("three_planes_found", float(np.mean(np.array(numbers) == 3)), "1"),
                    figure("events_per_second_per_core", 1.0 / per_event, "1/s"),
                    figure("draws_per_second_per_core", 50.0 / seconds["draws"], "1/s"),
                    figure("nation_hours_two_cores_three_starts",
                           3 * per_event * JAPAN_EVENTS / 7200.0, "h"),
                ],
                "settings": {"clouds": clouds, "events": count},
                "seconds": time.perf_counter() - start,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
