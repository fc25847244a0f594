"""Speed and exactness of take-off tables.

Times are CPU seconds of one core. The exact angle is that of shooting at the very point.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np

from quakeloom.core import LayeredModel
from quakeloom.travel import lookup, stack_tables, table_grid, trace_table

CRUST = LayeredModel(
    "crust",
    np.array([0.0, 2, 5, 16, 26, 32, 36, 60, 100]),
    np.array([4.8, 5.5, 5.9, 6.3, 6.75, 7.0, 7.7, 7.85, 8.0]),
)


def cpu_seconds(function, repeats):
    """Shortest of several runs; the first one, which may compile, does not count."""
    function()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer lookups")
    quick = parser.parse_args().quick
    start = time.perf_counter()
    count = 1_000_000 if quick else 10_000_000
    random = np.random.default_rng(1)

    grid = table_grid(40.0, 200.0, models=[CRUST])
    table_seconds = cpu_seconds(lambda: trace_table(CRUST, *grid), 5)
    hash_seconds = cpu_seconds(lambda: trace_table(CRUST, law="hash"), 5)
    stack = stack_tables([trace_table(CRUST, *grid)])
    hash_stack = stack_tables([trace_table(CRUST, law="hash")])
    depth = random.uniform(0, 39, (count // 20, 1))
    distance = random.uniform(0, 200, (count // 20, 20))
    lookup_seconds = cpu_seconds(lambda: lookup(stack, 0, depth, distance), 3)

    z, x = np.sort(random.uniform(0, 39, 100)), np.sort(random.uniform(0, 200, 200))
    exact = trace_table(CRUST, z, x).takeoff_deg
    error = np.abs(lookup(stack, 0, z[:, None], x)[0] - exact)
    hash_error = np.abs(lookup(hash_stack, 0, z[:, None], x)[0] - exact)

    def figure(name, value, unit, peer=None, peer_value=None):
        ratio = None if peer_value is None else peer_value / value
        return {
            "name": name,
            "value": value,
            "unit": unit,
            "peer": peer,
            "peer_value": peer_value,
            "ratio": ratio,
        }

    peer = "the method of HASH v1.2 (3 km by 2 km grid, bilinear)"
    print(
        json.dumps(
            {
                "benchmark": "travel",
                "figures": [
                    figure("table_seconds", table_seconds, "s", peer, hash_seconds),
                    figure("lookups_per_second_per_core", distance.size / lookup_seconds, "1/s"),
                    *(
                        figure(
                            f"takeoff_error_p{q}_deg",
                            float(np.percentile(error, q)),
                            "deg",
                            peer,
                            float(np.nanpercentile(hash_error, q)),
                        )
                        for q in (50, 90, 99)
                    ),
                ],
                "settings": {"lookups": distance.size, "grid": list(exact.shape)},
                "seconds": time.perf_counter() - start,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
