"""Delays that stations share where velocity changes sideways, and scatter that few members tell."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from quakeloom.location import lateral_scatter, share_delays
from quakeloom.location._locate import stretch_of

from .linear_ensembles import wide_options
from .test_corrections import fit, made_catalog

SPREAD, LENGTH_KM = 0.05, 20.0

MEMBERS = 40
"""Members, each with a draw of the terms."""


def network(random, stations=12):
    """Stations and what paths from the middle to them share."""
    station = random.uniform(-40, 40, (stations, 2))
    travel = np.hypot(10.0, np.hypot(*station.T)) / 6.0
    return station, travel


def test_delays_of_one_place_are_the_errors_of_its_paths():
    """The same covariance as a single event has, to 2 % of its largest; all of it is shared."""
    station, travel = network(np.random.default_rng(1))
    shared = share_delays(np.arange(12), np.zeros((12, 2)), station, travel, 12, SPREAD, LENGTH_KM)
    at = np.column_stack([np.zeros(12), station])
    options = wide_options(lateral_spread=SPREAD, lateral_km=LENGTH_KM)
    root = lateral_scatter(at, np.zeros(3), travel, options)
    alone, found = root @ root.T, shared.scatter_s @ shared.scatter_s.T
    assert np.abs(found - alone).max() < 0.02 * alone.max()
    assert shared.share == pytest.approx(1.0)


def test_events_far_apart_share_less():
    random = np.random.default_rng(2)
    station, _ = network(random)
    share = []
    for reach in (2.0, 25.0, 200.0):
        event = np.repeat(random.uniform(-reach, reach, (30, 2)), 12, axis=0)
        there = np.tile(station, (30, 1))
        travel = np.hypot(10.0, np.hypot(*(there - event).T)) / 6.0
        key = np.tile(np.arange(12), 30)
        share.append(share_delays(key, event, there, travel, 12, SPREAD, LENGTH_KM).share)
    assert share[0] > 0.98 > 0.9 > share[1] > share[2]


def test_terms_of_a_cluster_know_what_neighboring_paths_share():
    """The sum of terms that a shift to the north weighs keeps the variance that paths share."""
    random = np.random.default_rng(4)
    _, is_s, made = made_catalog(random, events=8, spread_km=0.0, members=MEMBERS)
    station = np.random.default_rng(4).uniform(-40, 40, (12, 2))  # as it drew them
    own = np.array([*range(12), *range(6)])
    away = np.hypot(10.0, np.hypot(*station[own].T))
    travel = away / 6.0 * np.where(is_s, 1.73, 1.0)
    at_middle = np.arange(18), np.zeros((18, 2)), station[own], travel, 18
    shared = share_delays(*at_middle, SPREAD, LENGTH_KM)
    north = station[own, 0] / away * np.where(is_s, 1.73, 1.0)
    spread = []
    for alike in (shared, None):
        found = fit(made, is_s, np.random.default_rng(8), members=MEMBERS, shared=alike)
        spread.append(np.std(north @ (found.draw_s - found.mean_s)))
    more = np.linalg.norm(north @ shared.scatter_s)
    assert spread[0] > 0.5 * more
    assert spread[0] > 1.5 * spread[1]


@pytest.mark.parametrize("told", [2, 6, 12])
def test_what_few_members_foretell_errs_by_as_much_as_is_said(told):
    """Forty members, 2,000 samples: errors of a regression on ``told`` numbers, to a tenth."""
    random = np.random.default_rng(told)
    members = 40
    ratio = []
    for _ in range(2000):
        sample = random.standard_normal((members + 1, told + 1))
        off = sample[:members] - sample[:members].mean(axis=0)
        cov = off.T @ off / members
        slope = np.linalg.solve(cov[:told, :told], cov[:told, told])
        left = cov[told, told] - slope @ cov[:told, told]
        new = sample[members] - sample[:members].mean(axis=0)
        ratio.append([(new[told] - slope @ new[:told]) ** 2, left])
    error, stated = np.mean(ratio, axis=0)
    posterior = SimpleNamespace(effective_member_count=float(members), weights=np.ones(members))
    assert stretch_of(posterior, float(told)) ** 2 == pytest.approx(error / stated, rel=0.1)
