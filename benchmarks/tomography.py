"""Cost of ensemble tomography: per member and per effective sample, three samplers, one problem.

The problem is the marine synthetic line of `quakeloom.tomography.synthetic_line`. An effective
sample is one independent draw of the posterior, counted by Stein's identity. Growth with picks and
grid is measured for randomized maximum likelihood, whose members are independent, and growth with
members for Stein descent, whose particles move together. Where torch is installed, the training
of travel-time networks is timed as well, on the GPU if there is one. Seconds are processor time of
one thread (those of the networks: of the clock); memory is what Python and numpy hold at most while
one model is linearized. With `--quick` Stein descent is stopped early, so that its figures are not
those of a finished ensemble.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np

from _harness import figure
from quakeloom.inference import MemberStreams, assess_ensemble, one_blas_thread, randomized_member
from quakeloom.tomography import (
    LineSurvey,
    NetworkOptions,
    RefractionProblem,
    SamplerOptions,
    TravelTimeNetworks,
    prepare_posterior,
    sample_ensemble,
    synthetic_line,
)


def compare_samplers(members: int, quick: bool) -> list[dict[str, Any]]:
    """Run the three samplers on one line."""
    line = synthetic_line(11, 0, LineSurvey(6, 20 if quick else 30), finer=1 if quick else 2)
    problem = line.problem
    options = SamplerOptions(tolerance=3e-3, particle_steps=5 if quick else 30)
    problem.linearize(np.zeros(problem.size))  # compile
    start = time.process_time()
    prepared = prepare_posterior(problem, options)
    rows = [figure("seconds_most_probable_model", time.process_time() - start, "s")]
    print(
        f"{len(problem.picks)} picks, {problem.size} modes, "
        f"{prepared.subspace.values.size} informed directions, "
        f"chi-square {prepared.chi_square:.2f}"
    )
    corrected = replace(options, correction_steps=5 if quick else 20)
    for sampler, asked in (
        ("rml", options),
        ("rml_corrected", corrected),
        ("psvgd", options),
        ("psvgd_corrected", corrected),
        ("fsvgd", options),
    ):
        start = time.process_time()
        found = sample_ensemble(
            sampler.removesuffix("_corrected"), problem, 1, np.arange(members), asked, prepared
        )
        seconds = time.process_time() - start
        quality = assess_ensemble(found.white, found.score, prepared.subspace)
        effective = quality.effective_sample_size
        print(
            f"{sampler:15s} {seconds / members:7.3f} s/member, effective {effective:6.2f} of "
            f"{members}, chi-square {found.chi_square.mean():.2f}, variance over posterior "
            f"{quality.spread_ratio.mean():.2f}"
        )
        rows += [
            figure(f"seconds_per_member_{sampler}", seconds / members, "s"),
            figure(f"seconds_per_effective_sample_{sampler}", seconds / effective, "s"),
            figure(f"effective_sample_size_{sampler}", effective, "1"),
            figure(f"chi_square_{sampler}", float(found.chi_square.mean()), "1"),
            figure(f"variance_ratio_{sampler}", float(quality.spread_ratio.mean()), "1"),
        ]
    return rows


def measure_growth(quick: bool) -> list[dict[str, Any]]:
    """Time one member over the numbers of picks and of nodes."""
    rows = []
    counts = ((5, 20), (10, 100)) if quick else ((5, 20), (10, 100), (20, 500))
    for stations, shots in counts:
        problem = synthetic_line(12, 0, LineSurvey(stations, shots), finer=1).problem
        rows.append((f"seconds_per_member_{len(problem.picks)}_picks", problem))
    for spacing in (
        ((0.2, 0.25), (0.1, 0.125)) if quick else ((0.2, 0.25), (0.1, 0.125), (0.05, 0.0625))
    ):
        problem = synthetic_line(12, 0, LineSurvey(5, 20), spacing_km=spacing, finer=1).problem
        rows.append(
            (f"seconds_per_member_{problem.velocity(np.zeros(problem.size)).size}_nodes", problem)
        )
    out = []
    for name, problem in rows:
        problem.linearize(np.zeros(problem.size))
        start = time.process_time()
        randomized_member(problem, MemberStreams(1, "tomography"), 0, tolerance=1e-2, steps=4)
        seconds = time.process_time() - start
        megabytes = memory_of_linearization(problem)
        print(f"{name}: {seconds:.2f} s, {megabytes:.0f} MB")
        out += [
            figure(name, seconds, "s"),
            figure(name.replace("seconds_per_member", "peak_megabytes"), megabytes, "MB"),
        ]
    return out


def memory_of_linearization(problem: RefractionProblem) -> float:
    """Return what Python and numpy hold at most while a model is linearized, MB."""
    tracemalloc.start()
    problem.linearize(np.full(problem.size, 0.01))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def measure_members(quick: bool) -> list[dict[str, Any]]:
    """Time particle steps over the number of particles, which move together."""
    problem = synthetic_line(12, 0, LineSurvey(5, 20), spacing_km=(0.4, 0.5), finer=1).problem
    options = SamplerOptions(particle_steps=2)
    prepared = prepare_posterior(problem, options)
    rows = []
    for members in (8, 32) if quick else (8, 32, 128):
        start = time.process_time()
        sample_ensemble("psvgd", problem, 1, np.arange(members), options, prepared)
        seconds = (time.process_time() - start) / members / options.particle_steps
        print(f"{members} particles: {seconds * 1e3:.1f} ms per particle and step")
        rows.append(figure(f"seconds_per_particle_step_{members}_members", seconds, "s"))
    return rows


def measure_networks(quick: bool) -> tuple[list[dict[str, Any]], str | None]:
    """Time training steps of travel-time networks over the number of particles."""
    try:
        import torch
    except ImportError:
        return [], None
    gpu = torch.cuda.is_available()
    if not gpu:
        torch.set_num_threads(1)
    rows = []
    problem = synthetic_line(12, 0, LineSurvey(5, 20), spacing_km=(0.4, 0.5), finer=1).problem
    shots = np.unique(problem.picks.shots_km, axis=0)
    steps = 5 if quick else 20
    for particles in (16, 64, 256, 1024) if gpu and not quick else (4, 16):
        networks = TravelTimeNetworks(
            problem.grid.depth_km, problem.grid.distance_km, shots, particles, 1, NetworkOptions()
        )
        white = 0.3 * np.random.default_rng(0).standard_normal((particles, problem.size))
        networks.set_velocities(np.stack([problem.velocity(w) for w in white]))
        networks.train(2)
        start = time.perf_counter()
        networks.train(steps)
        training = (time.perf_counter() - start) / steps / particles
        start = time.perf_counter()
        networks.rays(problem.picks.receivers_km, problem.picks.shots_km)
        tracing = (time.perf_counter() - start) / particles
        print(
            f"networks of {particles} particles: {training * 1e3:.2f} ms per particle and "
            f"training step, {tracing * 1e3:.1f} ms per particle for {len(problem.picks)} rays"
        )
        rows += [
            figure(f"seconds_per_training_step_{particles}_networks", training, "s"),
            figure(f"seconds_of_rays_{particles}_networks", tracing, "s"),
        ]
    if gpu:
        rows.append(figure("peak_memory_gpu", torch.cuda.max_memory_allocated() / 1e9, "GB"))
    return rows, torch.cuda.get_device_name() if gpu else "cpu"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer members and smaller lines")
    parser.add_argument("--members", type=int, default=0, help="of the ensembles compared")
    arguments = parser.parse_args()
    members = arguments.members or (12 if arguments.quick else 24)
    begin = time.perf_counter()
    with one_blas_thread():
        figures = compare_samplers(members, arguments.quick)
        figures += measure_growth(arguments.quick)
        figures += measure_members(arguments.quick)
        networks, device = measure_networks(arguments.quick)
    print(
        json.dumps(
            {
                "benchmark": "tomography",
                "figures": figures + networks,
                "settings": {
                    "members": members,
                    "quick": arguments.quick,
                    "device_of_networks": device,
                },
                "seconds": time.perf_counter() - begin,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
