"""Structure from earthquakes: what the stated spreads hold, and how long it takes.

    python benchmarks/structure.py [--earths N] [--quick]

Synthetic Earths whose velocities are a draw of the prior with all its modes; arrival times are
those of bent rays, which no grid and no eikonal equation takes part in. Sources start off by 1 km.
Coverage: the share of the field's nodes at which the 95 % range of ln Vp (ln Vp/Vs) holds the
truth; standard errors over Earths, since nodes of one Earth err together.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "structure"))

from bent_rays import SmoothMedium, bent_times

from quakeloom.inference import no_sums
from quakeloom.structure import (
    Arrivals,
    EventChecks,
    ModelTimes,
    SourcePrior,
    StructureGrid,
    StructurePoint,
    find_posterior,
    first_round,
    fit_sources,
    make_structure_prior,
    sum_events,
)

MODEL = np.array([[-4.0, 4.2], [3.0, 5.2], [16.0, 6.4]])
LENGTHS = (4.0, 9.0, 9.0)
SPREAD = 0.06
NOISE_S = 0.03


def make_prior(modes):
    """Grid of 30 x 30 x 12 km with nodes every 2 and 3 km, and its prior."""
    grid = StructureGrid(
        (np.arange(-2, 11, 2.0), np.arange(-15, 16, 3.0), np.arange(-15, 16, 3.0)), (2, 3, 3)
    )
    return make_structure_prior(grid, MODEL, 1.73, SPREAD, LENGTHS, modes, (0.5, -0.3))


def simulate(prior, seed, events, stations):
    """Return arrivals of a random Earth by bent rays, its sources and its fields."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal(prior.size)
    velocities = prior.velocities(white)
    media = [SmoothMedium(v, prior.grid.spacing_km, prior.grid.origin_km) for v in velocities]
    place = np.column_stack([-rng.uniform(0.1, 1.0, stations), rng.uniform(-12, 12, (stations, 2))])
    source = np.column_stack([rng.uniform(2, 8, events), rng.uniform(-9, 9, (events, 2))])
    event, station = (a.ravel() for a in np.meshgrid(range(events), range(stations), indexing="ij"))
    event, station = np.tile(event, 2), np.tile(station, 2)
    is_s = np.arange(event.size) >= event.size // 2
    kept = rng.random(event.size) < np.where(is_s, 0.4, 0.9)
    order = np.argsort(event[kept], kind="stable")
    event, station, is_s = (a[kept][order] for a in (event, station, is_s))
    times = np.empty(event.size)
    for phase, medium in enumerate(media):
        own = is_s == bool(phase)
        times[own] = bent_times(medium, source[event[own]], place[station[own]])
    delay = rng.normal(0, 0.1, 2 * stations)
    sigma = np.full(event.size, NOISE_S)
    times += delay[station + stations * is_s] + rng.normal(0, NOISE_S, event.size)
    return Arrivals(event, station, is_s, times, sigma, place), source, prior.fields(white)


def invert(prior, arrivals, start, rounds=3):
    """Return the posterior after some rounds, all picks being right ones."""
    sums = first_round(prior, arrivals, start, EventChecks(6, 360.0), 3.0).sums
    weight, free = 1.0 / arrivals.sigma_s**2, SourcePrior(start)
    source = np.column_stack([start, np.zeros(len(start))])
    for number in range(rounds):
        found = find_posterior(prior, sums, (1.0, 1.5))
        if number == rounds - 1:
            return found
        point = StructurePoint(prior, found.mean[: prior.size], found.mean[prior.size :])
        times = ModelTimes(prior.grid, prior.velocities(point.white), arrivals.station_km)
        delay = prior.term_spread_s * point.terms[arrivals.group]
        fitted = fit_sources(times, arrivals, source, weight, free, delay)
        source = fitted.source
        sums = sum_events(point, times, arrivals, fitted, weight, free)
    raise AssertionError


def measure_coverage(earths, events, stations, modes):
    """Return coverage by field, and where data halve the spread, with standard errors."""
    prior, full = make_prior(modes), make_prior((10**6, 10**6))
    rows = []
    for seed in range(earths):
        arrivals, source, truth = simulate(full, seed, events, stations)
        start = source + np.random.default_rng(900 + seed).normal(0, 1.0, source.shape)
        found = invert(prior, arrivals, start)
        spreads = found.spreads()
        row = {"spread_factor": found.chosen.spread_factor,
               "noise_factor": found.chosen.noise_factor}  # fmt: skip
        for name, true, mean in zip(("p", "ratio"), truth, prior.fields(found.mean), strict=True):
            before, after = spreads[name]
            held = np.abs(true - mean) < 1.96 * after
            narrow = after < 0.5 * before
            row[f"{name}_held"] = float(held.mean())
            row[f"{name}_narrow_held"] = float(held[narrow].mean()) if narrow.any() else np.nan
            row[f"{name}_narrow"] = float(narrow.mean())
            row[f"{name}_z2"] = float(np.mean(((true - mean) / after) ** 2))
        rows.append(row)
        print(seed, {k: round(v, 3) for k, v in row.items()}, flush=True)
    return {
        name: (
            float(np.nanmean([r[name] for r in rows])),
            float(np.nanstd([r[name] for r in rows], ddof=1) / np.sqrt(len(rows))),
        )
        for name in rows[0]
    }


def measure_size(events, stations, modes):
    """Return seconds of the first round and of the posterior, with many unknowns."""
    prior = make_prior(modes)
    rng = np.random.default_rng(0)
    place = np.column_stack([-rng.uniform(0.1, 1, stations), rng.uniform(-12, 12, (stations, 2))])
    source = np.column_stack([rng.uniform(2, 8, events), rng.uniform(-9, 9, (events, 2))])
    event = np.repeat(np.arange(events), stations)
    station = np.tile(np.arange(stations), events)
    sigma = np.full(event.size, 0.05)
    arrivals = Arrivals(event, station, rng.random(event.size) < 0.3, sigma, sigma, place)
    velocities = prior.velocities(rng.standard_normal(prior.size))
    times = ModelTimes(prior.grid, velocities, place).at(arrivals, source)[:, 0]
    arrivals = replace(arrivals, time_s=times + rng.normal(0, 0.05, times.size))
    started = time.process_time()
    sums = first_round(prior, arrivals, source, EventChecks(6, 360.0)).sums
    summed = time.process_time()
    find_posterior(prior, no_sums(sums.size) + sums)
    return summed - started, time.process_time() - summed


def main():
    """Measure and print one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--earths", type=int, default=12)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    started = time.perf_counter()
    earths, size = (2, (60, 20, (200, 80))) if asked.quick else (asked.earths, None)
    found = measure_coverage(earths, 50, 14, (300, 120))
    figures = [
        {"name": n, "value": round(v, 4), "error": round(e, 4), "unit": "1"}
        for n, (v, e) in found.items()
    ]
    sums, posterior = measure_size(*(size or (500, 40, (1500, 500))))
    figures += [
        {"name": "first_round_cpu", "value": round(sums, 1), "unit": "s"},
        {"name": "posterior_cpu", "value": round(posterior, 1), "unit": "s"},
    ]
    print(
        json.dumps(
            {
                "benchmark": "structure",
                "figures": figures,
                "settings": {"earths": earths, "noise_s": NOISE_S, "spread": SPREAD},
                "seconds": round(time.perf_counter() - started, 1),
                "peak_memory_gb": round(
                    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2
                ),
            }
        )
    )


if __name__ == "__main__":
    main()
