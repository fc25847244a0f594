"""Speed of spectra and of their fits, CPU seconds of one core, and what a nation would take.

Windows are noise with a burst; spectra of events have Brune's shape. SourceSpec runs only with
versions of its libraries that are years old, so it is not measured here.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.spectra import (
    FitOptions,
    MeasuringChoices,
    Medium,
    Readings,
    fit_events,
    frequency_bins,
    log_shape,
    measure_spectra,
    summarize,
)

READINGS, NATION_EVENTS, NATION_READINGS = 15, 660_332, 9_300_000
"""Readings of an event here; events and P readings of Japan (Uchide et al. 2022)."""

SAMPLES, BLOCK = 600, 64
"""Samples of a window, and windows measured together."""


def simulate_readings(count: int, random: np.random.Generator) -> Readings:
    """Spectra of events with random corners, levels and t*."""
    f = frequency_bins().center_hz
    n = count * READINGS
    corner = np.repeat(np.exp(random.uniform(np.log(1.0), np.log(30.0), count)), READINGS)
    level = np.repeat(random.uniform(25.0, 33.0, count), READINGS)
    t_star = 0.03 * np.exp(0.3 * random.standard_normal(n))
    y = (level + 0.4 * random.standard_normal(n))[:, None] - np.pi * f * t_star[:, None]
    y = y + log_shape(f[None, :], corner[:, None]) + 0.2 * random.standard_normal((n, f.size))
    return Readings(
        np.arange(0, n + 1, READINGS), y, np.full(y.shape, 0.25), np.full(y.shape, 0.5),
        np.tile([17, 52], (n, 1)), np.full(n, 0.03), np.zeros(n), np.zeros(n),
    )  # fmt: skip


def cpu_seconds(function) -> float:
    """CPU seconds of the second call; the first one compiles."""
    function()
    start = time.process_time()
    function()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events")
    events = 100 if parser.parse_args().quick else 1000
    watch, random = Stopwatch(), np.random.default_rng(1)
    readings = simulate_readings(events, random)
    response = np.ones((BLOCK, 3, frequency_bins().count))
    noise = random.standard_normal((BLOCK, 3, SAMPLES))
    signal = noise + 100.0 * random.standard_normal((BLOCK, 3, SAMPLES)) * np.hanning(SAMPLES)
    highest = np.full(BLOCK, 40.0)

    def measure():
        for _ in range(max(events // 50, 1)):
            measure_spectra(signal, noise, 100.0, response, highest, MeasuringChoices())

    def fit():
        summarize(fit_events(readings, FitOptions()).grid, "S", "brune", Medium())

    measured = cpu_seconds(measure) / (max(events // 50, 1) * BLOCK)
    fitted = cpu_seconds(fit) / events
    hours = (2 * NATION_READINGS * measured + NATION_EVENTS * fitted) / 3600.0
    figures = [
        figure("spectra_per_second_per_core", round(1.0 / measured, 1), "1/s"),
        figure("events_per_second_per_core", round(1.0 / fitted, 1), "1/s"),
        figure("fitted_readings_per_second_per_core", round(READINGS / fitted, 1), "1/s"),
        figure("nation_core_hours", round(hours, 1), "h"),
    ]
    settings = {"events": events, "readings": READINGS, "samples": SAMPLES}
    print_result("spectra", figures, settings, watch.seconds())


if __name__ == "__main__":
    main()
