"""Numbers of others: Okada's table and program, AlTar's linear example, Parkfield in 25 models.

Data that do not come with quakeloom are looked for below ``QUAKELOOM_FETCHED_DATA``, else
``QUAKELOOM_SHARED_DATA``, in folders ``altar-patch9`` (green.txt, data.txt and cd.txt of
models/linear/examples/patch-9 of AlTar) and ``parkfield-gps`` (Houlie_et_al_2014.txt).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from quakeloom.inference import mix_models, total_variance
from quakeloom.slip import (
    FaultPlane,
    HyperPoint,
    SlipPrior,
    divide_plane,
    gaussian_data,
    rectangle_displacements,
    slip_correlation,
    solve_member,
)


def fetched(*names: str) -> Path:
    """Return a file of the data that are fetched, or skip."""
    for variable in ("QUAKELOOM_FETCHED_DATA", "QUAKELOOM_SHARED_DATA"):
        place = Path(os.environ.get(variable, "../shared/data"), *names)
        if place.is_file():
            return place
    pytest.skip(f"{'/'.join(names)} is not below QUAKELOOM_FETCHED_DATA")


def displaced(dip, poisson, length, width, top, x, y):
    """Displacements along Okada's axes: x along strike, y to the left, from the lower corner."""
    across = width * np.cos(np.radians(dip))
    box = [length / 2, across, top, 90.0, dip, length, width]
    return rectangle_displacements([box], [[x, y]], poisson, tensile=True)[0, :, 0]


def test_okadas_table():
    """Okada (1985), Table 2, case 2: printed with four digits."""
    found = displaced(70.0, 0.25, 3.0, 2.0, 4.0 - 2.0 * np.sin(np.radians(70.0)), 2.0, 3.0)
    printed = [[-8.689e-3, -4.298e-3, -2.747e-3], [-4.682e-3, -3.527e-2, -3.564e-2],
               [-2.660e-4, 1.056e-2, 3.214e-3]]  # fmt: skip
    assert np.allclose(found, printed, rtol=0.0, atol=5e-6)
    assert np.allclose(found[:, 0], np.array(printed)[:, 0], rtol=0.0, atol=5e-7)


def test_okadas_strains():
    """The same table: du_x/dx, here by central differences, which are good to seven digits."""
    step, top = 1e-4, 4.0 - 2.0 * np.sin(np.radians(70.0))
    ahead, behind = (displaced(70.0, 0.25, 3.0, 2.0, top, 2.0 + s, 3.0) for s in (step, -step))
    found = (ahead - behind)[:, 0] / (2 * step)
    assert np.allclose(found, [-1.220e-3, -8.867e-3, -5.655e-4], rtol=0.0, atol=6e-7)


DC3D = (
    ((70.0, 0.25, 3.0, 2.0, 2.120614758428183, 2.0, 3.0),
     (-0.008689165004256427, -0.004297582189741522, -0.002747405827638917,
      -0.004682348762835381, -0.03526726796871815, -0.035638557673268484,
      -0.0002659960096443245, 0.010564074876983076, 0.003214193114220998)),
    ((35.0, 0.2, 12.5, 6.5, 1.25, -7.5, 3.25),
     (0.03951994391230415, 0.014586648312038299, -0.011779484491116595,
      -0.01513440493523699, 0.0012225298023551857, -0.008515687275278098,
      -0.002846211818341139, 0.0002496399289538681, 0.01039240016816445)),
    ((90.0, 0.3, 8.0, 4.0, 0.5, 5.0, -2.5),
     (0.14216916730153822, -0.026570611530029868, 0.010590005572571802,
      0.018834564639661093, -0.20789195574967523, 0.1774126142252853,
      0.013190521454110912, -0.30417494811498624, 0.15829564028017076)),
    ((12.0, 0.25, 20.0, 9.0, 7.0, 15.0, -11.0),
     (0.01978019264803152, -0.021217513126630356, 0.010624808094526206,
      -0.016431203322786032, 0.08607862253861105, -0.044458193668219986,
      0.016024871509330657, -0.07697839151941571, 0.04398724409466043)),
    ((60.0, 0.28, 5.0, 5.0, 0.0, 4.0, 6.0),
     (-0.04919715877983166, -0.03970905062852631, 0.0016572184310909947,
      -0.02507156249364423, -0.14204601923290405, -0.034508198102487925,
      0.01693218937756298, 0.12860078953579546, 0.010429466552649314)),
)  # fmt: skip
"""Dip, Poisson's ratio, length, width, top, x, y, and what Okada's program DC3D gives there:
the Fortran of okada-wrapper 24.6.15, whose arguments and results are single precision, compiled
with double precision throughout (``-freal-4-real-8``)."""


@pytest.mark.parametrize(("case", "printed"), DC3D)
def test_okadas_program(case, printed):
    """The closed formula and his program are one function: they agree to rounding."""
    assert np.abs(displaced(*case) - np.reshape(printed, (3, 3))).max() < 1e-12


def test_altar_patch_9():
    """A linear Gaussian problem has one posterior and one evidence, whoever computes them.

    The numbers follow from the files with the prior N(0, 0.5^2) of AlTar's example; printed with
    four digits.
    """
    green = np.loadtxt(fetched("altar-patch9", "green.txt")).reshape(108, 18)
    values = np.loadtxt(fetched("altar-patch9", "data.txt"))
    covariance = np.loadtxt(fetched("altar-patch9", "cd.txt"))
    prior = SlipPrior(np.zeros(18), [0.25 * np.eye(18)], [HyperPoint()], np.zeros(1))
    found = solve_member(green, gaussian_data(values, covariance), prior)
    mean = (0.1644, 0.1684, 0.1834, 0.1740, 0.1705, 0.1749, 0.1833, 0.1699, 0.1669,
            0.9967, 0.9867, 0.9796, 0.8530, 1.0217, 0.9903, 0.9976, 0.9853, 0.9784)  # fmt: skip
    spread = (0.0347, 0.1385, 0.0763, 0.0242, 0.1478, 0.0504, 0.0347, 0.1385, 0.0763,
              0.0578, 0.0845, 0.1271, 0.3042, 0.1400, 0.1895, 0.0578, 0.0845, 0.1271)  # fmt: skip
    assert found.log_evidence[0] == pytest.approx(413.60014, abs=1e-5)
    assert np.allclose(found.mean[0], mean, rtol=0.0, atol=6e-5)
    assert np.allclose(np.sqrt(found.variance[0]), spread, rtol=0.0, atol=6e-5)


def test_parkfield_in_25_models():
    """Five strikes by five offsets, on a sphere of 6371 km around 120.45 W, 35.895 N.

    Tolerances are those of the digits that the reference computation gives.
    """
    rows = [r.split() for r in fetched("parkfield-gps", "Houlie_et_al_2014.txt").open()][1:]
    lon, lat, east, north = (np.array([float(r[k]) for r in rows]) for k in (2, 3, 4, 5))
    km = 111.19493
    points = np.column_stack([
        (lon - (360.0 - 120.45)) * km * np.cos(np.radians(35.895)), (lat - 35.895) * km
    ])  # fmt: skip
    data = gaussian_data(np.r_[east, north] / 100.0, 0.005**2 * np.eye(28))
    found = {}
    for strike in (136, 138, 140, 142, 144):
        for offset in (-2, -1, 0, 1, 2):
            patches = divide_plane(FaultPlane(0, 0, strike, 90, 48, 0, 16, offset), 12, 4)
            left = rectangle_displacements(patches.rectangles, points)[:, 0]
            green = -np.concatenate([left[:, :, 0], left[:, :, 1]], axis=1).T
            likeness = slip_correlation(patches.along_km, patches.down_km, (6.0, 3.0))
            prior = SlipPrior(np.full(48, 0.1), [0.04 * likeness], [HyperPoint()], np.zeros(1))
            moment = 30e9 * patches.area_km2[None] * 1e6
            found[strike, offset] = solve_member(green, data, prior, moment), green
    evidence = {k: float(m.log_evidence[0]) for k, (m, _) in found.items()}
    assert evidence[140, 0] == pytest.approx(89.8077, abs=1e-3)
    assert float(found[140, 0][0].sum_mean[0, 0]) == pytest.approx(2.0750e18, rel=1e-3)
    assert np.sqrt(found[140, 0][0].sum_variance[0, 0]) == pytest.approx(5.0817e17, rel=1e-3)
    for key, value in ((142, 89.811), (144, 88.328), (138, 87.533)):
        assert evidence[key, 0] == pytest.approx(value, abs=1e-3)
    assert evidence[142, 1] == pytest.approx(80.392, abs=1e-3)
    mixture = mix_models(list(evidence.values()))
    assert mixture.effective_number == pytest.approx(2.634, abs=1e-3)
    assert mixture.log_mean_evidence == pytest.approx(87.43663, abs=1e-4)
    means = np.array([m.sum_mean[0] for m, _ in found.values()])
    within, between = total_variance(
        mixture.weights, means, np.array([m.sum_variance[0] for m, _ in found.values()])
    )
    assert float((mixture.weights @ means)[0]) == pytest.approx(2.10215e18, rel=1e-3)
    assert np.sqrt(within + between)[0] == pytest.approx(5.1118e17, rel=1e-3)
    assert np.sqrt(within)[0] == pytest.approx(5.1006e17, rel=1e-3)
    best, green = found[142, 0]
    assert np.sqrt(np.mean((data.values - green @ best.mean[0]) ** 2)) == pytest.approx(
        0.0045, abs=5e-5
    )
    assert best.mean[0].min() == pytest.approx(-0.083, abs=5e-4)
    assert best.mean[0].max() == pytest.approx(0.451, abs=5e-4)
