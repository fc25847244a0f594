"""Jobs promise how long they may take, from what their stage costs."""

import pytest

from quakeloom.config import parse_settings
from quakeloom.stages.frame.planned_rows import PlannedRows
from quakeloom.stages.frame.promised_minutes import START_MINUTES, promise_minutes


def _minutes(events: int, polarities: int, **mechanism) -> dict:
    settings = parse_settings(
        {
            "name": "x",
            "simulation": {"preset": "region"},
            "takeoff": {"models": ["generic_crust"]},
            "mechanism": mechanism,
        },
        "test",
    )
    found = promise_minutes(settings, [PlannedRows("p", events, polarities, 30, "")])
    return {stage: minutes["p"] for stage, minutes in found.items()}


def test_a_small_partition_may_compile_its_kernels():
    """Ten events cost hardly more than the start."""
    found = _minutes(10, 140)
    assert set(found) == {"window", "pick", "polarity", "locate", "mechanism"}
    assert all(START_MINUTES < minutes < 2 * START_MINUTES for minutes in found.values())


@pytest.mark.parametrize(
    ("changes", "least"),
    [({"trials": 500}, 4.0), ({"use_amplitudes": True}, 4.0), ({"direction_step_deg": 0}, 5.0)],
)
def test_dearer_searches_may_take_longer(changes, least):
    """What costs more of the search gets more time, beyond the start."""
    signs = {"use_amplitudes": False}
    plain = _minutes(100_000, 1_400_000, **signs)["mechanism"] - START_MINUTES
    dear = _minutes(100_000, 1_400_000, **{**signs, **changes})["mechanism"] - START_MINUTES
    assert dear > least * plain


def test_a_quarter_of_the_national_catalog_has_several_times_what_it_took():
    """8,700 events with 14 polarities took 13 s (measured); they get over ten minutes."""
    assert _minutes(8700, 121_800)["mechanism"] >= 11
