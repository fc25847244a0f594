"""Smooth porosity: known fields are found, holes are filled, members carry their own errors."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from rock_tables import naruko_candidates
from scipy.fft import idctn

from quakeloom.core import InputError
from quakeloom.fluids import PoreGrid, map_porosity, rock_velocities, tabulate_candidates
from quakeloom.inference import penalty_eigenvalues

SHAPE = (10, 12)
ERRORS = np.array([[0.05**2, 0.5 * 0.05**2], [0.5 * 0.05**2, 0.05**2]])
COVARIANCE = np.broadcast_to(ERRORS[:, :, None, None], (2, 2, *SHAPE))
RANGES = ((1e-3, 0.1), (5e-3, 0.5))


@cache
def peridotite():
    (found,) = (c for c in naruko_candidates() if c.lithology == "lherzolite" and c.fluid == "melt")
    return found


@cache
def tables():
    grid = PoreGrid.make(*RANGES, (1e-4, 1.0), (40, 30, 2))
    return [tabulate_candidates([peridotite()], grid, "self_consistent", "spheroids")]


def simulated(seed):
    """Porosity and aspect ratio, smooth in coordinates without bounds, and noisy velocities."""
    rng = np.random.default_rng(seed)
    truth = []
    for (low, high), smoothness in zip(RANGES, (6.0, 15.0), strict=True):
        with np.errstate(divide="ignore"):
            spectrum = rng.standard_normal(SHAPE) / np.sqrt(
                smoothness * penalty_eigenvalues(SHAPE, "membrane")
            )
        spectrum.flat[0] = 0.0
        share = 1.0 / (1.0 + np.exp(-idctn(spectrum, norm="ortho")))
        truth.append(low * (high / low) ** share)
    c, data = peridotite(), np.empty((2, *SHAPE))
    for i in np.ndindex(SHAPE):
        made = rock_velocities("self_consistent", c.solid, c.pore, [truth[0][i]], [truth[1][i]])
        data[:, *i] = [v[0, 0] for v in made]
    noise = np.einsum("ij,jkl->ikl", np.linalg.cholesky(ERRORS), rng.standard_normal(data.shape))
    return truth, data + noise, rng


def test_ranges_of_smooth_fields_hold_the_truth():
    held = []
    for seed in range(3):
        (porosity, ratio), data, rng = simulated(seed)
        found = map_porosity(tables(), np.zeros(SHAPE, int), [data], COVARIANCE, rng)
        held += [
            np.mean((r[1] <= t) & (t <= r[2]))
            for r, t in ((found.porosity, porosity), (found.ratio, ratio))
        ]
        assert found.misfit < 1.5
        error = np.std(np.log(found.porosity[0] / porosity))
        assert error < 0.8 * np.std(np.log(porosity))
    assert 0.88 < np.mean(held) < 0.99


def test_a_hole_is_filled_with_a_wider_range_and_members_add_theirs():
    _, data, rng = simulated(5)
    data[:, 4:7, 4:7] = np.nan
    where = np.zeros(SHAPE, int)
    one = map_porosity(tables(), where, [data], COVARIANCE, rng)
    width = np.log(one.porosity[2] / one.porosity[1])
    assert width[5, 5] > 1.3 * np.median(width)
    assert (one.deviations[1] == 0).all()
    moved = [data + s * 0.1 for s in (-1.0, 0.0, 1.0)]
    three = map_porosity(tables(), where, moved, COVARIANCE, rng)
    assert np.median(three.deviations[1]) > 0.1


def test_a_map_without_data_is_refused():
    with pytest.raises(InputError, match="0 velocities"):
        map_porosity(
            tables(), np.zeros(SHAPE, int), [np.full((2, *SHAPE), np.nan)], COVARIANCE,
            np.random.default_rng(0),
        )  # fmt: skip
