"""Whether stated ranges of slip and moment hold the truth where medium and geometry are uncertain.

Slow slips are drawn from the prior, each in a medium and on a fault drawn as the members of the
ensemble are, none of which is the true one. The mixture of models and the answer of the reference
model alone see the same displacements. Shares are those of truths in the central 95 % range, over
all events (moment) or all patches of all events (slip), with standard errors over the events.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np

from quakeloom.core import random_stream
from quakeloom.inference import with_one_blas_thread
from quakeloom.slip import (
    FaultPlane,
    HyperPoint,
    ModelSpread,
    Observed,
    SlipModel,
    SlipPrior,
    divide_plane,
    draw_model,
    draw_slip_models,
    gaussian_data,
    half_space_green,
    held_share,
    rank_truths,
    simulate_sites,
    slip_correlation,
)

SEED = 18
PATCHES = (8, 5)
ERRORS_M = (0.003, 0.003, 0.008)
SPREAD = ModelSpread(4.0, 4.0, 4.0, 4.0, 0.02, 0.1)
REFERENCE = SlipModel(FaultPlane(0.0, 0.0, 225.0, 15.0, 100.0, 18.0, 36.0), 0.25, 40e9)
PRIOR_M = (0.15, 0.1)
FACTORS = (0.6, 1.0, 1.6)


def make_prior() -> SlipPrior:
    patches = divide_plane(REFERENCE.plane, *PATCHES)
    covariances = [
        PRIOR_M[1] ** 2
        * slip_correlation(patches.along_km, patches.down_km, (30.0 * f, 25.0 * f)) for f in FACTORS
    ]  # fmt: skip
    points = [HyperPoint(1.0, s, c) for s in FACTORS for c in range(len(FACTORS))]
    equal = np.full(len(points), -np.log(len(points)))
    return SlipPrior(np.full(patches.count, PRIOR_M[0]), covariances, points, equal)


def green_of(model: SlipModel, observed: Observed) -> np.ndarray:
    patches = divide_plane(model.plane, *PATCHES)
    return half_space_green(patches, observed, np.array([90.0]), model.poisson_ratio)


def moment_of(model: SlipModel) -> np.ndarray:
    area = divide_plane(model.plane, *PATCHES).area_km2
    return model.rigidity_pa * area[None] * 1e6


@with_one_blas_thread
def measure(events: int, models: int, sites: int) -> dict[str, float]:
    """Return shares held and effective numbers."""
    points = np.repeat(simulate_sites(sites, 90.0, (0.0, 0.0), SEED), 3, axis=0)
    observed = Observed(points, np.tile(np.eye(3), (sites, 1)))
    errors = np.tile(ERRORS_M, sites)
    prior = make_prior()
    values, slips, moments = [], [], []
    for event in range(events):
        random = random_stream(SEED, "slow slip", event)
        true = draw_model(REFERENCE, SPREAD, SEED, "truth", event)
        point = prior.points[int(random.integers(len(prior.points)))]
        root = np.linalg.cholesky(prior.covariances[point.correlation])
        slip = prior.mean + point.spread * (root @ random.standard_normal(prior.mean.size))
        noise = errors * random.standard_normal(errors.size)
        values.append(green_of(true, observed) @ slip + noise)
        slips.append(slip)
        moments.append(moment_of(true) @ slip)
    data = gaussian_data(values[0], np.diag(errors**2))
    truths = np.array(slips), np.array(moments)
    found = {}
    for name, chosen in (
        ("mixture", draw_slip_models(REFERENCE, SPREAD, models, SEED)),
        ("one_model", [REFERENCE]),
    ):
        greens = [green_of(m, observed) for m in chosen]
        sums = [moment_of(m) for m in chosen]
        ranks = rank_truths(greens, data, np.array(values), prior, sums, truths)
        for what, ranked in (("slip", ranks.slip), ("moment", ranks.sums)):
            each = [held_share(r) for r in ranked]
            found[f"{name}_{what}_held"] = float(np.mean(each))
            found[f"{name}_{what}_held_se"] = float(np.std(each) / np.sqrt(events))
        if name == "mixture":
            found["effective_models_median"] = float(np.median(ranks.effective_models))
            few = ranks.effective_models < max(10.0, models / 50)
            found["warned_share"] = float(np.mean(few))
            told = [held_share(r) for r in ranks.sums[~few]]
            found["mixture_moment_held_not_warned"] = float(np.mean(told)) if told else float("nan")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events and models")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--models", type=int, default=5000)
    parser.add_argument("--sites", type=int, default=25)
    asked = parser.parse_args()
    if asked.quick:
        asked.events, asked.models = 40, 200
    start = time.perf_counter()
    found = measure(asked.events, asked.models, asked.sites)
    figures = [
        {"name": n, "value": v, "unit": "1", "peer": None, "peer_value": None, "ratio": None}
        for n, v in found.items()
    ]
    print(
        json.dumps(
            {
                "benchmark": "slip_coverage",
                "figures": figures,
                "settings": {"events": asked.events, "models": asked.models, "sites": asked.sites},
                "seconds": time.perf_counter() - start,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
