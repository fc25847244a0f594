"""Bad picks are named and put aside, or refused with the remedy."""

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.tomography import TravelTimePicks, check_picks, make_line_grid


def grid(water=None):
    ground = [[0, 1.0], [50, 2.0], [100, 1.0]]
    return make_line_grid((0, 100), (0, 30), (0.5, 1.0), ground, water)


def on_ground(*distances):
    return np.array([[np.nan, x] for x in distances])


def picks(**changes):
    """Three good picks of one shot at 10 km; changes replace whole columns."""
    values = {
        "shots_km": np.array([[np.nan, 10.0]] * 3),
        "receivers_km": np.array([[np.nan, 30.0], [np.nan, 50.0], [np.nan, 70.0]]),
        "times_s": np.array([4.0, 7.5, 11.0]),
        "errors_s": np.full(3, 0.05),
        "phases": np.array(["P", "P", "P"]),
    }
    return TravelTimePicks(**(values | changes))


def test_good_picks_pass_and_are_set_on_the_ground():
    used, rows, aside = check_picks(picks(), grid())
    assert aside == {}
    assert rows.tolist() == [0, 1, 2]
    np.testing.assert_allclose(used.receivers_km[:, 0], [1.6, 2.0, 1.6])


@pytest.mark.parametrize(
    ("changes", "row", "message"),
    [
        ({"times_s": np.array([4.0, 3.0, 11.0])}, 1, "earlier than physically possible"),
        ({"times_s": np.array([4.0, np.nan, 11.0])}, 1, "no travel time"),
        ({"errors_s": np.array([0.05, 0.0, 0.05])}, 1, "time error of zero"),
        ({"errors_s": np.array([0.05, 0.05, np.nan])}, 2, "no time error"),
        (
            {"receivers_km": np.array([[-1.0, 30.0], [2.0, 50.0], [1.6, 70.0]])},
            0,
            "receiver at 1 km elevation lies 2600 m above the ground",
        ),
        (
            {"shots_km": np.array([[np.nan, 10.0], [np.nan, 10.0], [np.nan, 120.0]])},
            2,
            "shot at 120 km lies outside the section",
        ),
        (
            {"receivers_km": np.array([[np.nan, 30.0], [40.0, 50.0], [np.nan, 70.0]])},
            1,
            "below the section",
        ),
        ({"receivers_km": on_ground(30.0, 30.0, 70.0)}, 1, "doubled"),
        ({"receivers_km": on_ground(10.0, 50.0, 70.0)}, 0, "same place"),
    ],
)  # fmt: skip
def test_bad_picks_are_put_aside_with_the_reason(changes, row, message):
    import re

    used, rows, aside = check_picks(picks(**changes), grid())
    assert list(aside) == [row]
    assert re.search(message, aside[row])
    assert len(used) == 2
    assert row not in rows


def test_errors_may_be_given_for_picks_without():
    used, _, aside = check_picks(
        picks(errors_s=np.array([np.nan, 0.0, 0.05])), grid(), error_s=0.1, relative_error=0.01
    )
    assert aside == {}
    np.testing.assert_allclose(used.errors_s, np.hypot([0.1, 0.1, 0.05], [0.04, 0.075, 0.11]))


def test_receivers_in_the_water_are_fine_where_there_is_water():
    depth = np.array([[0.2, 30.0], [0.5, 50.0], [0.0, 70.0]])
    used, _, aside = check_picks(picks(receivers_km=depth), grid(water=0.0))
    assert aside == {}
    np.testing.assert_allclose(used.receivers_km, depth)
    with pytest.raises(InputError, match="3: receiver lies above the ground"):
        check_picks(picks(receivers_km=depth), grid())


def test_positions_less_than_a_node_above_the_ground_are_moved_onto_it():
    depth = np.array([[1.3, 30.0], [1.9, 50.0], [1.4, 70.0]])
    used, _, aside = check_picks(picks(receivers_km=depth), grid())
    assert aside == {}
    np.testing.assert_allclose(used.receivers_km[:, 0], [1.6, 2.0, 1.6])


def test_only_first_arrivals_are_used():
    changed = picks(
        receivers_km=np.array([[np.nan, 30.0], [np.nan, 30.0], [np.nan, 31.0]]),
        times_s=np.array([4.0, 4.8, 5.0]),
        phases=np.array(["Pg", "PmP", "Pn"]),
    )
    _, rows, aside = check_picks(changed, grid(), ("Pg", "Pn"), moveout_velocity_km_s=5.5)
    assert rows.tolist() == [0]
    assert "none of the first arrivals" in aside[1]
    # Pg one kilometer away would be here 0.82 s before the pick of Pn
    assert "no first arrival: row 0, 1 km away" in aside[2]
    _, rows, aside = check_picks(changed, grid())
    assert "earlier" in aside[1]


def test_nothing_left_is_refused_with_the_counts():
    with pytest.raises(
        InputError, match=r"None of the 3 picks can be used.*3: has no time error.*--error"
    ):
        check_picks(picks(errors_s=np.full(3, np.nan)), grid())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((0, 100), (2, 30), (0.5, 1.0), [[0, 1.0]]), "above the section's top"),
        (((0, 100), (0, 30), (0.5, 1.0), [[0, 29.9]]), "bottom"),
        (((0, 1), (0, 30), (0.5, 1.0)), "fewer than three nodes"),
        (((0, 100), (0, 30), (0.5, -1.0)), "impossible"),
    ],
)
def test_impossible_sections_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        make_line_grid(*arguments)
