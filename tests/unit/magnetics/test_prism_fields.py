"""The field of prisms: numbers of a peer, limits, sums, and what is refused."""

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.magnetics import check_survey, prism_field, total_field_matrix

CUBE = np.array([[-5.0, 5.0, -5.0, 5.0, -5.0, 5.0]])
UP = np.array([[0.0, 0.0, 1.0]])


@pytest.mark.parametrize(
    ("station", "field"),
    [
        ((0, 0, 20), (0, 0, 24.67855752)),
        ((15, 5, 12), (17.64775398, 5.78927402, 1.1537866)),
        ((0, 0, 200), (0, 0, 0.02499997)),
    ],
)
def test_a_cube_has_the_field_that_choclo_gives(station, field) -> None:
    """Values of choclo 0.3.2 to their digits, also above edges and the center."""
    found = prism_field(np.array([station], float), CUBE, UP)[0]
    np.testing.assert_allclose(found, field, atol=6e-9)


def test_eight_prisms_add_up_to_the_whole() -> None:
    """A body cut in eight has the field of the whole."""
    ends = ((-5.0, 0.0), (0.0, 5.0))
    parts = np.array([[*a, *b, *c] for a in ends for b in ends for c in ends])
    moment = np.array([[0.3, -0.8, 1.1]])
    stations = np.array([[7.0, 2.0, 9.0], [5.0, 5.0, 6.0], [-5.0, 0.0, 8.0], [9.0, 5.0, 0.0]])
    whole = prism_field(stations, CUBE, moment)
    summed = prism_field(stations, parts, np.repeat(moment, 8, axis=0))
    np.testing.assert_allclose(summed, whole, atol=1e-10 * np.abs(whole).max())


def test_the_anomaly_is_the_field_along_the_regional_field() -> None:
    """The matrix of anomalies is the field of the prism, projected, for any two directions."""
    stations = np.array([[12.0, -7.0, 15.0], [5.0, -5.0, 30.0]])
    along = np.array([np.cos(0.8) * np.sin(-0.1), np.cos(0.8) * np.cos(-0.1), -np.sin(0.8)])
    moment = np.array([np.cos(0.5) * np.sin(0.4), np.cos(0.5) * np.cos(0.4), -np.sin(0.5)])
    regional = (np.degrees(0.8), np.degrees(-0.1))
    direction = (np.degrees(0.5), np.degrees(0.4))
    matrix = total_field_matrix(stations, CUBE, regional, direction)
    expected = prism_field(stations, CUBE, moment[None]) @ along
    np.testing.assert_allclose(matrix[:, 0], expected, rtol=1e-12)


def test_a_missing_regional_field_is_refused() -> None:
    """Without the direction of the regional field there is no anomaly."""
    with pytest.raises(InputError, match="regional field is missing"):
        total_field_matrix(np.array([[0.0, 0.0, 20.0]]), CUBE, (np.nan, 0.0))


def test_a_prism_without_volume_is_refused() -> None:
    """A prism upside down is named."""
    with pytest.raises(InputError, match="Prism 0 has an upper bound"):
        prism_field(np.array([[0.0, 0.0, 20.0]]), CUBE[:, ::-1], UP)


def test_data_that_cannot_be_used_have_a_reason() -> None:
    """A missing value, a station below the ground and unknown ground are told apart."""
    stations = np.array([[0, 0, 100.0], [0, 0, 100.0], [0, 0, 40.0], [0, 0, 100.0]])
    anomaly = np.array([1.0, np.nan, 1.0, 1.0])
    ground = np.array([50.0, 50.0, 50.0, np.nan])
    reasons = check_survey(stations, anomaly, ground).tolist()
    assert reasons == ["", "missing value", "below topography", "no topography"]
    with pytest.raises(InputError, match="None of 4 data"):
        check_survey(stations, np.full(4, np.nan), ground)
