"""Beachballs show the sign of the P radiation, for every tensor there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quakeloom.core import moment_tensors
from quakeloom.plots import (
    Beachballs,
    double_couple_beachballs,
    moment_tensor_beachballs,
)

ANGLE = st.one_of(
    st.floats(-720, 720, allow_nan=False),
    st.sampled_from([0.0, 45.0, 90.0, 180.0, 270.0, 360.0, -90.0, 1e-9, 89.9999999]),
)
EIGENVALUE = st.one_of(
    st.floats(-1, 1, allow_nan=False),
    st.sampled_from([0.0, 1.0, -1.0, -0.5, 0.5, 1e-12, -1e-12, 1e-6, -1e-6]),
)


def disc_points(n: int, seed: int, rim: float = 0.99) -> tuple[np.ndarray, np.ndarray]:
    """Random plot positions and the directions they stand for (equal area)."""
    rng = np.random.default_rng(seed)
    r, a = rim * np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n)
    x, y = r * np.sin(a), r * np.cos(a)
    level = np.sqrt(2 - r**2)
    return np.stack([x, y], -1), np.stack([y * level, x * level, 1 - r**2], -1)


def inside(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Even-odd rule."""
    p, q = polygon, np.roll(polygon, -1, axis=0)
    x, y = points[:, 0, None], points[:, 1, None]
    crosses = (p[:, 1] <= y) != (q[:, 1] <= y)
    rise = np.where(q[:, 1] != p[:, 1], q[:, 1] - p[:, 1], 1.0)
    rise = np.where(np.abs(rise) < 1e-200, 1.0, rise)
    return (crosses & (x < p[:, 0] + (y - p[:, 1]) / rise * (q[:, 0] - p[:, 0]))).sum(1) % 2 == 1


def compressional(ball: Beachballs, points: np.ndarray) -> np.ndarray:
    """Whether points of the disc are drawn dark."""
    in_cap = np.zeros(len(points), dtype=bool)
    for side in range(2):
        if ball.present[0, side]:
            in_cap |= inside(ball.caps[0, side], points)
    return in_cap == ball.caps_compress[0]


def radiation(tensor: np.ndarray, rays: np.ndarray) -> np.ndarray:
    return np.einsum("ni,ij,nj->n", rays, tensor, rays) / max(np.abs(tensor).max(), 1e-300)


@settings(max_examples=150, deadline=None)
@given(ANGLE, st.floats(0, 90), ANGLE, st.integers(0, 10**6))
def test_dark_quadrants_are_those_where_a_double_couple_pushes(strike, dip, rake, seed) -> None:
    points, rays = disc_points(300, seed)
    f = radiation(moment_tensors(strike, dip, rake), rays)
    clear = np.abs(f) > 0.02  # chords of 96 vertices leave the nodal line by less than this
    ball = double_couple_beachballs([strike], [dip], [rake])
    assert np.array_equal(compressional(ball, points)[clear], f[clear] > 0)


@settings(max_examples=200, deadline=None)
@given(st.tuples(EIGENVALUE, EIGENVALUE, EIGENVALUE), ANGLE, ANGLE, ANGLE, st.integers(0, 10**6))
def test_dark_part_is_where_any_moment_tensor_pushes(values, a, b, c, seed) -> None:
    turn = np.eye(3)
    for axis, angle in enumerate(np.radians([a, b, c])):
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        step = np.eye(3)
        step[i, i] = step[j, j] = np.cos(angle)
        step[i, j], step[j, i] = -np.sin(angle), np.sin(angle)
        turn = turn @ step
    tensor = turn @ np.diag(values) @ turn.T
    ball = moment_tensor_beachballs(tensor)
    assert np.isfinite(ball.caps).all()
    if not ball.valid[0]:
        assert np.abs(tensor).max() == 0
        return
    points, rays = disc_points(300, seed)
    f = radiation(tensor, rays)
    clear = np.abs(f) > 0.02
    assert np.array_equal(compressional(ball, points)[clear], f[clear] > 0)


def test_area_of_dark_part_equals_the_integral_of_the_sign_of_radiation() -> None:
    rng = np.random.default_rng(3)
    tensors = rng.normal(size=(40, 3, 3))
    tensors = tensors + np.swapaxes(tensors, 1, 2)
    balls = moment_tensor_beachballs(tensors, vertices=400)
    _, rays = disc_points(40_000, 4, rim=1.0)
    for tensor, share in zip(tensors, balls.compressional_fraction, strict=True):
        counted = np.mean(radiation(tensor, rays) > 0)
        # three standard errors of a share counted from 40,000 points
        assert share == pytest.approx(counted, abs=3 * 0.5 / np.sqrt(40_000))


def test_half_of_the_sphere_is_dark_for_double_couples_on_average() -> None:
    rng = np.random.default_rng(5)
    balls = double_couple_beachballs(
        360 * rng.random(2000), np.degrees(np.arccos(rng.random(2000))), 360 * rng.random(2000)
    )
    # single balls scatter by 0.2, so 0.02 is more than four standard errors of the mean
    assert np.mean(balls.compressional_fraction) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("mechanism", "share", "center_is_dark"),
    [((0, 90, 0), 0.5, None), ((30, 45, 90), None, True), ((30, 45, -90), None, False)],
)
def test_textbook_beachballs(mechanism, share, center_is_dark) -> None:
    """Strike slip: half dark. Thrust: dark in the middle. Normal fault: light in the middle."""
    ball = double_couple_beachballs(*([a] for a in mechanism))
    if share is not None:
        assert ball.compressional_fraction[0] == pytest.approx(share, abs=2e-3)
    if center_is_dark is not None:
        assert compressional(ball, np.zeros((1, 2)))[0] == center_is_dark
        # both are the same lines with colors exchanged
        other = double_couple_beachballs([mechanism[0]], [mechanism[1]], [-mechanism[2]])
        total = ball.compressional_fraction[0] + other.compressional_fraction[0]
        assert total == pytest.approx(1.0, abs=2e-3)


def test_explosion_is_full_and_implosion_is_empty() -> None:
    balls = moment_tensor_beachballs([np.eye(3), -np.eye(3), np.diag([1.0, 0.0, 0.0])])
    assert balls.compressional_fraction.tolist() == [1.0, 0.0, 1.0]
    assert balls.valid.all()
    assert not balls.present.any()


def test_vertical_clvd_is_a_circle_of_the_analytic_radius() -> None:
    """2 cos^2 i = sin^2 i at i = 54.74 degrees, where the disc radius is sqrt(2) sin(i/2)."""
    ball = moment_tensor_beachballs(np.diag([-1.0, -1.0, 2.0]), vertices=720)
    radius = np.hypot(*ball.caps[0][ball.present[0]][0].T)
    expected = np.sqrt(2) * np.sin(np.arctan(np.sqrt(2)) / 2)
    assert radius == pytest.approx(np.full(radius.shape, expected), abs=1e-12)


def test_nothing_known_gives_an_empty_circle() -> None:
    nothing = np.zeros((3, 3))
    unknown = np.full((3, 3), np.nan)
    endless = np.diag([np.inf, 0.0, 0.0])
    balls = moment_tensor_beachballs([nothing, unknown, endless])
    assert not balls.valid.any()
    assert not balls.present.any()
    angles = double_couple_beachballs([np.nan, 10.0], [45.0, 45.0], [0.0, 0.0])
    assert angles.valid.tolist() == [False, True]
    assert len(double_couple_beachballs([], [], [])) == 0


def test_ten_thousand_mechanisms_of_every_kind_are_drawn() -> None:
    rng = np.random.default_rng(8)
    kinds = np.array([[1, 0, -1], [2, -1, -1], [1, 1, 1], [1, 1, -2], [1, -1e-13, -1], [0, 0, 1]])
    values = kinds[rng.integers(len(kinds), size=10_000)]
    turns = np.linalg.qr(rng.normal(size=(10_000, 3, 3)))[0]
    tensors = turns @ (values[:, :, None] * np.swapaxes(turns, 1, 2))
    balls = moment_tensor_beachballs(tensors, vertices=48)
    share = balls.compressional_fraction
    assert np.isfinite(share).all()
    assert share.min() >= -1e-12
    assert share.max() <= 1 + 1e-12
    assert np.hypot(*np.moveaxis(balls.caps, -1, 0)).max() <= 1 + 1e-12
