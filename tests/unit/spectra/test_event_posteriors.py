"""Moments, corners and stress drops of simulated records whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from own_records import GAIN, Earth, corner_of, make_record

from quakeloom.spectra import (
    FitOptions,
    MeasuringChoices,
    Medium,
    QuietReadings,
    Readings,
    fit_events,
    frequency_bins,
    log_moment_factor,
    measure_spectra,
    moment_magnitude,
    scan_corners,
    summarize,
)
from quakeloom.spectra._event_kernel import reduce_attenuation, sum_shape, whiten_reading

F = frequency_bins().center_hz
LEAST_BINS = 6
OPTIONS = FitOptions()


@dataclass
class Simulated:
    """Events with their truth, and the spectra of their records."""

    magnitude: np.ndarray
    corner: np.ndarray
    stress: np.ndarray
    readings: Readings
    quiet: QuietReadings


def simulate(count: int, seed: int) -> Simulated:
    """Draw events and what is not known of them as the estimator supposes, and measure them."""
    random = np.random.default_rng(seed)
    magnitude = random.uniform(0.5, 4.0, count)
    stress = 3e6 * np.exp(np.log(3.0) * random.standard_normal(count))
    moment = 10 ** (1.5 * magnitude + 9.1)
    corner = np.empty(count)
    rows, quiet, offsets, quiet_offsets = [], [], [0], [0]
    for i in range(count):
        velocity = np.exp(0.05 * random.standard_normal())
        earth = Earth(
            beta=3360.0 * velocity, density=2700.0 * velocity ** (1 / 3),
            boatwright=bool(random.random() < 0.5),
            level_scatter=0.4 * np.exp(0.5 * random.standard_normal()),
            factor=float(np.exp(0.5 * random.standard_normal())),
        )  # fmt: skip
        corner[i] = corner_of(moment[i], stress[i], earth.beta)
        n = int(random.integers(5, 26))
        distance = np.exp(random.uniform(np.log(8.0), np.log(60.0), n))
        data = np.stack([make_record(random, moment[i], corner[i], r, earth)[0] for r in distance])
        found = measure_spectra(
            data[:, :, 1140:1740], data[:, :, 150:750], 100.0, np.full((n, 3, F.size), GAIN),
            np.full(n, 40.0), MeasuringChoices(),
        )  # fmt: skip
        factor = log_moment_factor("S", distance, Medium())[:, None]
        expected = distance * 1000.0 / 3360.0 / 400.0 + 0.02
        y, limit = found.log_displacement + factor, found.log_noise + factor + 0.5 * np.log(8.0)
        limit[:, (F < 4.0 / 6.0) | (F > 40.0)] = np.inf
        for j in range(n):
            if found.bounds[j, 1] - found.bounds[j, 0] >= LEAST_BINS:
                rows.append((
                    np.nan_to_num(y[j]), np.nan_to_num(found.error[j], nan=1.0),
                    found.correlation[j], found.bounds[j], expected[j],
                ))  # fmt: skip
            else:
                quiet.append((np.nan_to_num(limit[j], nan=np.inf), expected[j]))
        offsets.append(len(rows))
        quiet_offsets.append(len(quiet))
    zero = np.zeros(len(rows))
    readings = Readings(
        np.array(offsets), *(np.array([r[k] for r in rows]) for k in range(5)), zero, zero
    )
    none = np.zeros(len(quiet))
    return Simulated(
        magnitude, corner, stress, readings,
        QuietReadings(
            np.array(quiet_offsets), np.array([q[0] for q in quiet]).reshape(-1, F.size),
            np.array([q[1] for q in quiet]), none, none, LEAST_BINS,
        ),
    )  # fmt: skip


def shares_held(simulated: Simulated) -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    """Return the shares of truths in ranges and bounds, errors of Mw, and statuses of corners."""
    fitted = fit_events(simulated.readings, OPTIONS, simulated.quiet)
    found = summarize(fitted.grid, "S", "brune", Medium())
    some = found.corner_status != "none"

    def held(true, bounds):
        return float(np.mean(((true >= bounds[:, 0]) & (true <= bounds[:, 1]))[some]))

    shares = {
        "moment": held((1.5 * simulated.magnitude + 9.1) * np.log(10), found.log_moment_range),
        "corner": held(simulated.corner, found.corner_range),
        "stress": held(np.log(simulated.stress), found.log_stress_range),
    }
    error = moment_magnitude(found.log_moment) - simulated.magnitude
    return shares, error[some], found.corner_status[some]


def test_moments_are_within_a_twentieth_of_a_magnitude_in_the_median():
    shares, error, status = shares_held(simulate(40, 11))
    assert abs(np.median(error)) < 0.05
    assert np.abs(error).max() < 0.4
    # of 40 truths 95 % are held but for 3.5 standard errors
    assert min(shares.values()) > 0.82
    assert {"resolved", "above_band"} <= set(status.tolist())


@pytest.mark.long
def test_ranges_hold_the_truth_as_often_as_they_say():
    shares, error, _ = shares_held(simulate(800, 12))
    print({k: f"{v:.3f}" for k, v in shares.items()}, f"median error of Mw {np.median(error):+.4f}")
    assert abs(np.median(error)) < 0.02
    # the standard error of a share of 800 is 0.008
    assert all(0.92 < s < 0.985 for s in shares.values()), shares


@pytest.fixture(scope="module")
def few() -> Simulated:
    return simulate(6, 5)


def test_whitened_sums_are_those_of_the_whole_covariance(few):
    y, sd, rho = (getattr(few.readings, n)[0] for n in ("log_moment", "error", "correlation"))
    bounds = few.readings.bounds[0]
    used = np.arange(bounds[0], bounds[1])
    # a Markov chain: the correlation of two bins is the product of all between them
    inner = np.array([[np.prod(rho[min(a, b) + 1 : max(a, b) + 1]) for a in used] for b in used])
    inverse = np.linalg.inv(inner * sd[used, None] * sd[used])
    columns = np.zeros((3, F.size))
    columns[2] = -np.pi * F
    whiten_reading(y, sd, rho, bounds, columns)
    shape = -np.log1p((F / 6.0) ** 2)
    sums = np.zeros(3)
    sum_shape(columns, sd, rho, bounds, shape, sums)
    r, one, slope = (y - shape)[used], np.ones(used.size), -np.pi * F[used]
    expected = [one @ inverse @ r, slope @ inverse @ r, r @ inverse @ r]
    assert sums == pytest.approx(expected, rel=1e-8)
    own = np.array([one @ inverse @ one, one @ inverse @ slope, slope @ inverse @ slope])
    out = np.zeros(3)
    reduce_attenuation(sums, own, 0.03, 0.01, out)
    # the same by an integral over t* on a grid
    t = np.linspace(-0.05, 0.12, 4001)
    level = np.linspace(out[0] - 8 / np.sqrt(out[1]), out[0] + 8 / np.sqrt(out[1]), 401)
    square = (
        sums[2] - 2 * (level[:, None] * sums[0] + t * sums[1]) + level[:, None] ** 2 * own[0]
        + 2 * level[:, None] * t * own[1] + t**2 * own[2]
    )  # fmt: skip
    weight = np.exp(-0.5 * (square - square.min()) - 0.5 * ((t - 0.03) / 0.01) ** 2).sum(axis=1)
    mean = (weight * level).sum() / weight.sum()
    assert mean == pytest.approx(out[0], abs=1e-4)
    variance = (weight * (level - mean) ** 2).sum() / weight.sum()
    assert variance == pytest.approx(1.0 / out[1], rel=1e-3)


def test_the_order_of_readings_does_not_matter(few):
    readings = few.readings
    a, b = int(readings.offsets[3]), int(readings.offsets[4])
    order = np.arange(readings.log_moment.shape[0])
    order[a:b] = order[a:b][::-1]
    turned = replace(
        readings,
        **{n: getattr(readings, n)[order] for n in (
            "log_moment", "error", "correlation", "bounds", "attenuation_s", "term",
            "term_variance",
        )},
    )  # fmt: skip
    one, other = (summarize(scan_corners(r, OPTIONS), "S", "brune", Medium())
                  for r in (readings, turned))  # fmt: skip
    assert one.log_moment == pytest.approx(other.log_moment, abs=1e-9, nan_ok=True)
    assert one.corner_range == pytest.approx(other.corner_range, rel=1e-9, nan_ok=True)


def test_ten_times_the_amplitude_is_ten_times_the_moment_and_the_same_corner(few):
    louder = replace(few.readings, log_moment=few.readings.log_moment + np.log(10.0))
    one, other = (summarize(scan_corners(r, OPTIONS), "S", "brune", Medium())
                  for r in (few.readings, louder))  # fmt: skip
    expected = one.log_moment + np.log(10.0)
    assert other.log_moment == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert one.corner_range == pytest.approx(other.corner_range, rel=1e-6, nan_ok=True)


def test_a_corner_above_the_band_is_a_bound_and_no_value():
    readings = flat_spectra(5, 0, 45)
    found = summarize(scan_corners(readings, OPTIONS), "S", "brune", Medium())
    assert found.corner_status.tolist() == ["above_band"]
    assert np.isnan(found.corner_hz[0])
    assert np.isnan(found.log_stress[0])
    assert found.corner_range[0, 0] > 10.0
    assert np.isinf(found.corner_range[0, 1])
    assert np.isinf(found.log_stress_range[0, 1])
    assert np.isfinite(found.log_moment[0])


def test_an_event_without_spectra_has_nothing_and_disturbs_no_other():
    one = flat_spectra(5, 10, 45)
    two = replace(one, offsets=np.array([0, 0, 5]))
    found = summarize(scan_corners(two, OPTIONS), "S", "brune", Medium())
    alone = summarize(scan_corners(one, OPTIONS), "S", "brune", Medium())
    assert found.corner_status.tolist() == ["none", *alone.corner_status.tolist()]
    assert np.isnan(found.log_moment[0])
    assert found.log_moment[1] == alone.log_moment[0]


def test_one_reading_tells_less_than_many():
    errors = [
        summarize(scan_corners(flat_spectra(n, 10, 45), OPTIONS), "S", "brune", Medium())
        .log_moment_error[0]
        for n in (1, 4, 16)
    ]  # fmt: skip
    assert errors[0] > errors[1] > errors[2]
    assert errors[0] > 0.4


def test_stations_that_stayed_in_their_noise_make_an_event_smaller(few):
    readings = flat_spectra(2, 20, 40)
    limit = np.full((12, F.size), readings.log_moment.max() - 0.2)
    expected = np.full(12, 0.03)
    quiet = QuietReadings(np.array([0, 12]), limit, expected, np.zeros(12), np.zeros(12), 6)
    alone, heeded = (
        summarize(fit_events(readings, OPTIONS, q).grid, "S", "brune", Medium()).log_moment[0]
        for q in (None, quiet)
    )
    assert heeded < alone - 0.1


def test_errors_grow_where_models_miss_the_spectra():
    readings = flat_spectra(4, 10, 45)
    wild = replace(
        readings,
        log_moment=readings.log_moment
        + np.random.default_rng(1).normal(0.0, 0.8, readings.log_moment.shape),
    )
    calm, rough = (fit_events(r, OPTIONS).scale[0] for r in (readings, wild))
    assert calm == 1.0
    assert rough > 2.0


def flat_spectra(count: int, first: int, last: int) -> Readings:
    """Spectra with no corner but their attenuation."""
    y = np.full((count, F.size), 30.0) - np.pi * F * 0.03
    return Readings(
        np.array([0, count]), y, np.full(y.shape, 0.25), np.full(y.shape, 0.6),
        np.tile([first, last], (count, 1)), np.full(count, 0.03), np.zeros(count), np.zeros(count),
    )  # fmt: skip
