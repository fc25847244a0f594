"""Does the ensemble know what it knows? Refraction lines with known truths, not one but many.

For every truth drawn from the prior: chi-square per datum of the members, how often their 95 %
range holds the true velocity where rays pass, and their standard deviation over the prior's
where none goes.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from typing import Any

import numpy as np

from quakeloom.tomography import SamplerOptions, prepare_posterior, sample_ensemble, synthetic_line

PRIOR_KM_S = 0.4
COVERED_KM = 1e-3


def measure(truth: int, sampler: str, members: int) -> tuple[float, float, float]:
    line = synthetic_line(21, truth, stations=6, shots=24)
    problem = line.problem
    options = SamplerOptions(tolerance=3e-3)
    prepared = prepare_posterior(problem, options)
    found = sample_ensemble(sampler, problem, truth, np.arange(members), options, prepared)
    v = np.stack([problem.velocity(w) for w in found.white])
    coverage = problem.ray_coverage(prepared.center.white)
    seen = (coverage > COVERED_KM) & problem.grid.below_ground
    # of n members the i-th smallest is the quantile i / (n + 1)
    levels = np.array([0.025, 0.975])
    low, high = np.quantile(v, levels, axis=0, method="weibull")
    inside = ((line.velocity >= low) & (line.velocity <= high))[seen].mean()
    deep = (coverage == 0) & (problem.grid.depth_km[:, None] > 10.5)
    spread = v.std(axis=0, ddof=1)[deep].mean() / PRIOR_KM_S
    return float(found.chi_square.mean()), float(inside), float(spread)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two truths")
    parser.add_argument("--truths", type=int, default=20)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--sampler", default="rml")
    arguments = parser.parse_args()
    truths = 2 if arguments.quick else arguments.truths
    members = 16 if arguments.quick else arguments.members
    begin = time.perf_counter()
    rows = []
    for truth in range(truths):
        rows.append(measure(truth, arguments.sampler, members))
        chi, inside, spread = rows[-1]
        print(f"truth {truth:2d}: chi-square {chi:.3f}, coverage {inside:.3f}, spread {spread:.3f}")
    table = np.array(rows)
    figures: list[dict[str, Any]] = []
    for k, name in enumerate(("chi_square_per_datum", "coverage_of_95_percent", "deep_spread")):
        for word, value in (
            ("mean", table[:, k].mean()),
            ("lowest", table[:, k].min()),
            ("highest", table[:, k].max()),
        ):
            figures.append(
                {
                    "name": f"{name}_{word}",
                    "value": float(value),
                    "unit": "1",
                    "peer": None,
                    "peer_value": None,
                    "ratio": None,
                }
            )
    print(
        json.dumps(
            {
                "benchmark": "tomography_coverage",
                "figures": figures,
                "settings": {"truths": truths, "members": members, "sampler": arguments.sampler},
                "seconds": time.perf_counter() - begin,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
