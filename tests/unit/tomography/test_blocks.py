"""Layers and basins in the prior of a line."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.inference import walk_in_cube
from quakeloom.tomography import Extent, block_shift, blocks_at, sample_blocks

EXTENT = Extent(10.0, 70.0, 15.0)


def test_layers_and_basins_are_as_likely_as_not_and_lie_in_the_section():
    random = np.random.default_rng(0)
    places = random.uniform(size=(4000, 10))
    found = [blocks_at(u, EXTENT) for u in places]
    layers = [b for blocks in found for b in blocks if b[0] > 0.0]
    basins = [b for blocks in found for b in blocks if b[0] == 0.0]
    # standard deviation of a share of a half in 4,000: 0.008
    assert len(layers) / 4000 == pytest.approx(0.5, abs=0.025)
    assert len(basins) / 4000 == pytest.approx(0.5, abs=0.025)
    for top, bottom, left, right, fall in layers + basins:
        assert 0.0 <= top < bottom < 15.0
        assert left < right
        assert -0.4 <= fall <= -0.02
    sides = [left < 10.0 for _, _, left, right, _ in basins]
    assert np.mean(sides) == pytest.approx(0.5, abs=0.035)
    edges = [right if left < 10.0 else left for _, _, left, right, _ in basins]
    assert 10.0 <= min(edges) < 13.0
    assert 67.0 < max(edges) <= 70.0


def test_a_block_adds_its_fall_times_its_area_on_any_nodes():
    depths = 15.0 * np.linspace(0.0, 1.0, 32) ** 1.5
    distances = np.linspace(10.0, 70.0, 41)
    shift = block_shift((depths, distances), ((2.3, 5.1, 20.2, 48.7, -0.1),))
    cells = [np.diff(np.r_[x[0], 0.5 * (x[1:] + x[:-1]), x[-1]]) for x in (depths, distances)]
    area = cells[0] @ shift @ cells[1]
    assert area == pytest.approx(-0.1 * 2.8 * 28.5)
    assert shift.min() == pytest.approx(-0.1)
    assert not block_shift((depths, distances), ()).any()


def test_blocks_that_the_picks_prefer_are_found():
    """An evidence that wants a layer about 4 km deep and no basin, on the second of two points."""

    def evidence(point, blocks):
        layers = [b for b in blocks if b[0] > 0.0]
        if len(layers) != 1 or len(blocks) != 1:
            return -20.0
        return -((layers[0][0] - 4.0) ** 2) / 0.5**2 - (6.0 if point == 0 else 0.0)

    found = sample_blocks(evidence, 2, EXTENT, 600, 40)
    tops = np.array([blocks[0][0] for _, blocks in found])
    assert np.mean(tops) == pytest.approx(4.0, abs=0.4)
    # the evidence is flattened by 2: a standard deviation of 0.5
    assert 0.2 < np.std(tops) < 0.9
    assert np.mean([number for number, _ in found]) > 0.8


def test_without_a_preference_blocks_are_those_of_the_prior():
    found = sample_blocks(lambda point, blocks: 0.0, 4, EXTENT, 3000, 400)
    kinds = [(len(b), b[0][0] == 0.0 if b else False) for _, b in found]
    for kind in ((0, False), (1, False), (1, True)):
        assert np.mean([k == kind for k in kinds]) == pytest.approx(0.25, abs=0.1)


def test_a_walk_samples_its_density():
    def density(u):
        return -0.5 * float(np.sum((u[:2] - [0.2, 0.9]) ** 2)) / 0.1**2

    seen = walk_in_cube(density, np.full(3, 0.5), 20000, np.random.default_rng(3))[2000:]
    # the second coordinate is cut at 1: a Gaussian cut one standard deviation above its middle
    assert seen.mean(axis=0) == pytest.approx([0.2046, 0.8712, 0.5], abs=0.012)
    assert seen[:, 0].std() == pytest.approx(0.094, abs=0.008)
