"""Clouds of hypocenters on planes that are known."""

from __future__ import annotations

import numpy as np

from quakeloom.faults import axes_of, make_hypocenters

THREE = (
    (20.0, 85.0, 8.0, 6.0, (0.0, 0.0, 8.0)),
    (110.0, 60.0, 6.0, 5.0, (1.0, 3.0, 7.0)),
    (65.0, 35.0, 7.0, 4.0, (3.0, -4.0, 10.0)),
)
"""Strike, dip, length, width and center (north, east, down) of three planes that cross, km."""

ERROR_KM = (0.12, 0.12, 0.25)
"""Standard errors north, east, down."""


def normal_of(strike: float, dip: float) -> np.ndarray:
    s, d = np.radians(strike), np.radians(dip)
    return np.array([-np.sin(d) * np.sin(s), np.sin(d) * np.cos(s), -np.cos(d)])


def cloud(seed, planes, count, background, box=(20.0, 20.0, 15.0), error=ERROR_KM, thick=0.05):
    """Return hypocenters (``count`` on each plane) and the plane of each, 0 for the background."""
    rng = np.random.default_rng(seed)
    places, labels = [], []
    for k, (strike, dip, length, width, center) in enumerate(planes):
        normal = normal_of(strike, dip)
        along, down = axes_of(normal)
        a, b = (rng.random((2, count)) - 0.5) * [[length], [width]]
        c = thick * rng.standard_normal(count)
        true = np.array(center) + np.outer(a, along) + np.outer(b, down) + np.outer(c, normal)
        places.append(true + rng.standard_normal((count, 3)) * error)
        labels += [k + 1] * count
    places.append((rng.random((background, 3)) - [0.5, 0.5, 0.0]) * box)
    positions = np.concatenate(places)
    events = make_hypocenters(positions, np.tile(error, (len(positions), 1)))
    return events, np.array(labels + [0] * background)


def pair_agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Return the adjusted Rand index of two labelings (Hubert & Arabie 1985)."""
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one, other), 1)

    def pairs(n):
        return (n * (n - 1) / 2).sum()

    both, first, second = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = first * second / pairs(np.array([len(one)]))
    return float((both - expected) / (0.5 * (first + second) - expected))


def labels_of(mixture) -> np.ndarray:
    """Return the plane that is likeliest for each event, from 1; 0 for the background."""
    shares = np.zeros((len(mixture.total), len(mixture.planes) + 1))
    shares[:, 0] = mixture.background / mixture.total
    for k in range(len(mixture.planes)):
        shares[mixture.rows[k], k + 1] = mixture.shares(k)
    return shares.argmax(axis=1)
