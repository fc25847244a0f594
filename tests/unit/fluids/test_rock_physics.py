"""Rock physics: limits, bounds, closed forms, and numbers computed elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from rock_tables import NARUKO, naruko_candidates, read_rows, water

from quakeloom.core import InputError
from quakeloom.fluids import (
    ELASTIC_MODELS,
    Material,
    aqueous_fluid,
    brine_conductivity,
    find_elastic_model,
    hashin_shtrikman,
    melt_conductivity,
    mix_lower,
    mix_spheroids,
    mix_tubes,
    mix_upper,
    read_lithologies,
    rock_velocities,
    silicate_melt,
    spheroid_factors,
)

SOLID, WATER = Material(75.0, 40.0, 2950.0), Material(2.5, 0.0, 620.0)
POROSITY, RATIOS = np.array([0.0437]), np.array([0.01, 0.1, 0.871])


def test_spheres_and_pennies_have_their_closed_forms():
    p, q = spheroid_factors(60.0, 35.0, 2.0, 0.0, [1.0, 1e-3])
    assert (p[0], q[0]) == pytest.approx((2.19178, 1.95122), abs=1e-5)
    sphere = (60 + 4 / 3 * 35) / (2 + 4 / 3 * 35)
    assert p[0] == pytest.approx(sphere, rel=1e-5)
    assert p[1] == pytest.approx(28.966, abs=1e-3)
    penny = 60 / (2 + np.pi * 1e-3 * 35 * (3 * 60 + 35) / (3 * 60 + 4 * 35))
    assert p[1] == pytest.approx(penny, rel=2e-3)


def test_the_self_consistent_scheme_gives_the_numbers_computed_elsewhere():
    bulk, shear = find_elastic_model("self_consistent")(SOLID, WATER, POROSITY, RATIOS)
    vp, vs = rock_velocities("self_consistent", SOLID, WATER, POROSITY, RATIOS)
    assert bulk[0] == pytest.approx([38.185, 56.502, 67.778], abs=6e-4)
    assert shear[0] == pytest.approx([13.471, 32.886, 36.607], abs=6e-4)
    assert vp[0] == pytest.approx([4.4399, 5.9358, 6.3980], abs=6e-5)
    assert vs[0] == pytest.approx([2.1748, 3.3980, 3.5851], abs=6e-5)
    assert SOLID.velocities == pytest.approx((6.5957, 3.6823), abs=6e-5)


@pytest.mark.parametrize("model", ELASTIC_MODELS)
def test_models_lie_within_the_bounds_and_end_at_the_solid(model):
    phi = np.array([0.0, 1e-4, 0.003, 0.05, 0.2])
    bulk, shear = find_elastic_model(model)(SOLID, WATER, phi, np.array([0.05, 0.3, 1.0]))
    low_k, high_k, low_g, high_g = (b[:, None] for b in hashin_shtrikman(SOLID, WATER, phi))
    held = np.isfinite(bulk)
    assert held[:4, 1:].all()
    for value, low, high in ((bulk, low_k, high_k), (shear, low_g, high_g)):
        above, below = value >= low * (1 - 1e-6), value <= high * (1 + 1e-6)
        if model == "equilibrium":
            # of first order in porosity: linear, so that it may cross a curved bound
            above, below = above[:3], below[:3]
            assert (above & below)[held[:3]].all()
        else:
            assert (above & below)[held].all()
    assert bulk[0] == pytest.approx(SOLID.bulk_gpa)
    assert shear[0] == pytest.approx(SOLID.shear_gpa)


def test_a_complex_step_gives_the_derivative_of_the_factors():
    h = 1e-30
    for a in (0.01, 0.3, 0.9):
        exact = spheroid_factors(60.0, 35.0, 2.0, 0.0, a + 1j * h)
        step = 1e-6 * a
        up, down = (spheroid_factors(60.0, 35.0, 2.0, 0.0, a + s * step) for s in (1, -1))
        for e, u, d in zip(exact, up, down, strict=True):
            assert np.imag(e) / h == pytest.approx((u - d) / (2 * step), rel=1e-6)


def test_a_fluid_of_no_stiffness_leaves_gassmann_dry():
    empty = Material(0.0, 0.0, 0.0)
    dry = find_elastic_model("differential")(SOLID, empty, POROSITY, RATIOS)
    filled = find_elastic_model("gassmann")(SOLID, empty, POROSITY, RATIOS)
    assert filled[0] == pytest.approx(dry[0])
    assert filled[1] == pytest.approx(dry[1])


def test_dry_cracks_lower_and_wet_cracks_raise_the_ratio_of_velocities():
    before = np.divide(*SOLID.velocities)
    for fluid, sign in ((Material(0.0, 0.0, 1.0), -1), (WATER, 1)):
        vp, vs = rock_velocities("differential", SOLID, fluid, [0.003], [0.003])
        assert sign * (vp[0, 0] / vs[0, 0] - before) > 0.01


def test_water_and_brine_at_naruko():
    density, bulk = water().at(*NARUKO)
    assert density == pytest.approx(705.12, rel=1e-5)
    assert bulk == pytest.approx(1.9305, rel=1e-4)
    assert brine_conductivity(NARUKO[0], 5.0, 705.12) == pytest.approx(20.937, abs=1e-3)
    for rho, sigma in ((550, 11.52), (600, 14.31), (620, 15.50), (650, 17.35), (700, 20.60)):
        assert brine_conductivity(NARUKO[0], 5.0, rho) == pytest.approx(sigma, abs=6e-3)
    assert aqueous_fluid(water(), *NARUKO, 5.0).material.density_kg_m3 == pytest.approx(
        1.03 * 705.12, rel=1e-4
    )


def test_the_pole_of_wet_basalt_is_refused():
    with pytest.raises(InputError, match=r"pole at 1146\.8 K"):
        melt_conductivity(1101.7, 0.545, 5.0, 50.5)
    assert 1.0 < melt_conductivity(1473.0, 1.0, 2.0, 50.5)[0] < 20.0
    melt = silicate_melt("basalt", 1101.7, 0.545, 5.0)
    assert np.isnan(melt.conductivity_s_m)
    assert "pole" in melt.note
    assert 2000 < melt.material.density_kg_m3 < 2900


def test_mixing_laws_at_naruko_are_ordered():
    # computed elsewhere: brine of 15 and of 20.937 S/m, rock of 1e-3 S/m, porosity 4.37 %
    assert mix_upper(0.0437, 1e-3, 15.0) == pytest.approx(0.444, abs=1e-3)
    assert mix_spheroids(0.0437, 1e-3, 15.0, 0.0115) == pytest.approx(0.175, abs=1e-3)
    assert mix_lower(0.0437, 1e-3, 15.0) == pytest.approx(0.0011, abs=1e-4)
    assert mix_upper(0.0437, 1e-3, 20.937) == pytest.approx(0.620, abs=1e-3)
    assert mix_tubes(0.0437, 0.0, 20.937) == pytest.approx(0.305, abs=1e-3)
    assert mix_spheroids(0.0, 1e-3, 15.0, 0.1) == pytest.approx(1e-3)


def test_there_are_156_candidates_and_their_solids_are_stable():
    candidates = naruko_candidates()
    assert len(candidates) == 156
    for c in candidates:
        vp, vs = c.solid.velocities
        assert 5.0 < vp < 8.5
        assert 1.6 < vp / vs < 2.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"K_GPa": ["-5"]}, "is no rock"),
        ({"rho": ["2.65"]}, "kg/m3"),
        ({"G_GPa": ["soft"]}, "is no rock"),
        ({"rho": None}, "no column rho"),
    ],
)
def test_a_row_that_is_no_rock_is_refused_by_name(change, said):
    columns = {k: v[:1] for k, v in read_rows("lithologies.csv").items()}
    for name, value in change.items():
        if value is None:
            columns.pop(name)
        else:
            columns[name] = value
    with pytest.raises(InputError, match=said):
        read_lithologies(columns, "mine.csv")
