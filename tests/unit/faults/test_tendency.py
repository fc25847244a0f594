"""Slip tendency and predicted slip in known stress."""

import numpy as np
import pytest

from quakeloom.core import InputError, fault_vectors
from quakeloom.faults import critical_ratio, estimate_tendency, predicted_rake, slip_tendency

AXES = np.eye(3)


def test_critical_stress_at_friction_06():
    """S1/S3 is 3.1194 at friction 0.6."""
    assert critical_ratio(0.6) == pytest.approx(3.1194, abs=5e-5)


@pytest.mark.parametrize("friction", [0.4, 0.6, 0.85])
@pytest.mark.parametrize("ratio", [0.0, 0.4, 1.0])
def test_the_optimal_plane_has_tendency_one(friction, ratio):
    """The pole at 45 degrees + atan(mu)/2 from S1, in the S1-S3 plane, has 1; none has more."""
    angle = np.pi / 4 + np.arctan(friction) / 2
    optimum = [np.cos(angle), 0.0, np.sin(angle)]
    assert slip_tendency(optimum, AXES, ratio, friction) == pytest.approx(1.0, abs=1e-12)
    rng = np.random.default_rng(0)
    poles = rng.normal(size=(20_000, 3))
    poles /= np.linalg.norm(poles, axis=1)[:, None]
    assert slip_tendency(poles, AXES, np.full(20_000, ratio), friction).max() <= 1.0


def test_principal_planes_do_not_slip():
    """A pole along S1, S2 or S3 feels no shear."""
    np.testing.assert_allclose(
        slip_tendency(np.eye(3), np.stack([AXES] * 3), np.full(3, 0.3)), 0.0, atol=1e-15
    )


@pytest.mark.parametrize(("ratio", "axis"), [(1.0, 2), (0.0, 0)])
def test_axisymmetric_stress_does_not_see_turns_about_its_axis(ratio, axis):
    """S1 = S2 (ratio 1): turning about S3 changes nothing; S2 = S3 (ratio 0): about S1."""
    pole = np.array([0.5, 0.6, np.sqrt(1 - 0.61)])
    others = [k for k in range(3) if k != axis]
    values = []
    for turn in np.radians([0.0, 33.0, 120.0]):
        turned = pole.copy()
        a, b = pole[others]
        turned[others] = [a * np.cos(turn) - b * np.sin(turn), a * np.sin(turn) + b * np.cos(turn)]
        values.append(slip_tendency(turned, AXES, ratio))
    np.testing.assert_allclose(values, values[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("stress", "strike", "dip", "rake"),
    [
        # east-west compression, vertical extension: thrust on a plane dipping east
        (np.diag([0.0, -1.0, 1.0]), 0.0, 30.0, 90.0),
        # vertical compression, east-west extension: normal
        (np.diag([0.0, 1.0, -1.0]), 0.0, 60.0, -90.0),
        # compression north-east, extension north-west: right-lateral on a north-south fault
        (np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), 0.0, 90.0, 180.0),
    ],
)
def test_predicted_slip_has_the_sense_of_the_stress(stress, strike, dip, rake):
    """Thrust, normal and strike-slip faults move as Anderson says."""
    assert predicted_rake(strike, dip, stress) == pytest.approx(rake, abs=1e-9)


def test_predicted_slip_is_the_slip_that_made_the_stress():
    """A stress shaped like a moment tensor drives the slip of that mechanism."""
    strike, dip, rake = 40.0, 55.0, -30.0
    normal, slip = fault_vectors(strike, dip, rake)
    tensor = np.outer(normal, slip) + np.outer(slip, normal)
    assert predicted_rake(strike, dip, tensor) == pytest.approx(rake, abs=1e-9)


def test_uncertain_stress_and_friction_widen_the_tendency():
    """Without scatter only friction is left; with scatter the range is wider and holds it."""
    tensor = np.diag([-1.0, 0.2, 0.8])
    rng = np.random.default_rng(0)
    noise = 0.2 * rng.normal(size=(1, 500, 3, 3))
    draws = tensor + noise + np.swapaxes(noise, -1, -2)
    sure = estimate_tendency([30.0], [80.0], tensor[None], np.stack([[tensor] * 5]), [0.0], seed=1)
    wide = estimate_tendency([30.0], [80.0], tensor[None], draws, [0.0], [5.0], seed=1)
    one = estimate_tendency([30.0], [80.0], tensor[None], draws, frictions=[0.6])
    assert sure.tendency_std[0] < wide.tendency_std[0]
    assert np.ptp(sure.tendency_range) < np.ptp(wide.tendency_range)
    low, high = sure.tendency_by_friction[0]
    assert low < sure.tendency[0] < high
    assert sure.predicted_rake_std_deg[0] == pytest.approx(0.0, abs=1e-9)
    assert wide.rake_misfit_deg[0] == pytest.approx(abs(wide.predicted_rake_deg[0]), abs=1e-9)
    assert np.isnan(one.rake_misfit_deg[0])
    assert np.ptp(one.tendency_by_friction) == 0.0


def test_faults_outside_the_field_have_no_tendency():
    """Unknown stress gives NaN, not a number."""
    result = estimate_tendency([30.0], [80.0], np.full((1, 3, 3), np.nan),
                               np.full((1, 4, 3, 3), np.nan))  # fmt: skip
    assert np.isnan(result.tendency).all()
    assert np.isnan(result.predicted_rake_deg).all()


def test_negative_friction_is_refused():
    """Friction is positive."""
    with pytest.raises(InputError, match="Friction"):
        estimate_tendency([0.0], [45.0], np.eye(3)[None], np.eye(3)[None, None], frictions=[-0.1])
