"""Degrees of melting: what ranges hold, and how often samplers fail.

    python benchmarks/melting.py [--sets 200] [--quick]

Basalts are made by mass balance, step by step; the estimator has the formulas of Shaw (1970).
Plain Metropolis moves all degrees of melting and the source by one random walk, tuned to a quarter
of moves taken, with as many looks at the likelihood as the exchange of replicas has. A run failed
where its chains disagree: R-hat above 1.05.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from quakeloom.geochem import (
    DEPLETED_MANTLE,
    MeltingData,
    MeltingProblem,
    MeltingRecipe,
    analyze_melting,
    log_enrichment,
    simulate_melting,
)
from quakeloom.inference import ExchangeOptions, diagnose_chains, exchange_replicas

FAILED = 1.05
"""R-hat of a run that failed."""


def draw_set(number: int) -> tuple:
    """Return synthetic basalts and their data."""
    rng = np.random.default_rng([1, number])
    noise = float(rng.choice([0.02, 0.05, 0.1]))
    recipe = MeltingRecipe(
        samples=int(rng.choice([5, 10])), elements=int(rng.choice([5, 10, 20])), noise=noise,
        melting=str(rng.choice(["batch", "fractional"])), source_scatter=0.5,
        fractions=(0.005, 0.25),
    )  # fmt: skip
    truth = simulate_melting(recipe, rng)
    mantle = np.array([DEPLETED_MANTLE[n] for n in truth.names])
    data = MeltingData(
        np.log(truth.values), np.full(truth.values.shape, noise), mantle[:, 1], mantle[:, 2],
        np.log(mantle[:, 0]), np.full(len(mantle), 0.5), (0.005, 0.25), recipe.melting,
    )  # fmt: skip
    return truth, data


def walk(data: MeltingData, looks: int, rng: np.random.Generator) -> float:
    """Return the largest R-hat of four chains of plain Metropolis."""
    n, e = data.logs.shape
    chains, size = 4, n + e + 1
    low, high = data.fraction_range
    known = np.isfinite(data.logs)

    def posterior(x: np.ndarray) -> np.ndarray:
        f = np.exp(x[:, :n])
        inside = np.all((f > low) & (f < high), axis=1) & (x[:, -1] > np.log(0.003))
        inside &= x[:, -1] < np.log(0.5)
        safe = np.clip(f, low, high)
        h, _ = log_enrichment(safe, data.bulk, data.melting, data.model)
        variance = data.errors[None] ** 2 + np.exp(2 * x[:, -1])[:, None, None]
        off = np.where(known, data.logs, 0.0) - x[:, None, n:-1] - h
        each = np.where(known, -0.5 * off**2 / variance - 0.5 * np.log(variance), 0.0)
        prior = -0.5 * np.sum(((x[:, n:-1] - data.source) / data.source_scatter) ** 2, axis=1)
        return np.where(inside, each.sum(axis=(1, 2)) + prior + x[:, :n].sum(axis=1), -np.inf)

    x = np.concatenate(
        [
            np.log(rng.uniform(low, high, (chains, n))),
            data.source + data.source_scatter * rng.standard_normal((chains, e)),
            np.log(rng.uniform(0.02, 0.2, (chains, 1))),
        ],
        axis=1,
    )
    here, scale, kept = posterior(x), 0.05, []
    steps = looks // chains
    for k in range(steps):
        moved = x + scale * rng.standard_normal((chains, size))
        there = posterior(moved)
        taken = np.log(rng.random(chains)) < there - here
        x, here = np.where(taken[:, None], moved, x), np.where(taken, there, here)
        if k < steps // 2:
            scale *= np.exp(0.02 * (taken.mean() - 0.25))
        else:
            kept.append(x)
    return float(diagnose_chains(np.array(kept).transpose(1, 0, 2)).r_hat.max())


def main() -> None:
    """Print what ranges hold, failures and seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="five sets")
    asked = parser.parse_args()
    sets = 5 if asked.quick else asked.sets
    held: list[list[float]] = []
    failed, plain, chosen, begin = 0, 0, 0, time.process_time()
    for number in range(sets):
        truth, data = draw_set(number)
        rng = np.random.default_rng([2, number])
        options = ExchangeOptions(draws=600, longer=2)
        result = analyze_melting(data, ("batch", "fractional"), options, rng)
        held.append(
            [
                float(np.mean((low <= true) & (true <= high)))
                for (low, _, high), true in (
                    (result.fraction, truth.fraction), (result.source, truth.source)
                )
            ]
        )  # fmt: skip
        chosen += max(result.models, key=lambda m: m[3])[0] == data.model
        problem = MeltingProblem(data)
        alone = exchange_replicas(problem, rng, options)
        failed += bool(alone.r_hat.max() > FAILED)
        looks = alone.states.shape[0] * alone.states.shape[1] * len(alone.powers)
        plain += walk(data, looks, rng) > FAILED
    seconds = (time.process_time() - begin) / sets
    mean, error = np.mean(held, axis=0), np.std(held, axis=0) / np.sqrt(sets)
    for name, m, e in zip(("degrees of melting", "source"), mean, error, strict=True):
        print(f"95 % ranges of {name} hold {100 * m:.1f} +- {100 * e:.1f} % ({sets} sets)")
    print(f"the way of melting is the true one in {chosen} of {sets}")
    print(f"failed: replica exchange {failed} of {sets}, plain Metropolis {plain} of {sets}")
    print(f"{seconds:.1f} s a set, all runs")


if __name__ == "__main__":
    main()
