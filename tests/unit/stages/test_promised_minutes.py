"""Jobs promise how long they may take, from what their stage costs."""

import pytest

from quakeloom.config import parse_settings
from quakeloom.stages.every_stage import find_stage
from quakeloom.stages.frame.planned_rows import PlannedRows
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import START_MINUTES
from quakeloom.stages.frame.verbs import promise_stage
from quakeloom.store import RunLayout, open_item


def _minutes(stage: str, events: int, polarities: int, **mechanism) -> int:
    settings = parse_settings(
        {
            "name": "x",
            "simulation": {"preset": "region"},
            "takeoff": {"models": ["generic_crust"]},
            "waveforms": {"picker": "classical"}
            if stage in ("window", "pick", "polarity")
            else None,
            "mechanism": mechanism,
        },
        "test",
    )
    rows = [PlannedRows("p", events, polarities, 30, "")]
    run = PlannedRun(settings, RunLayout("nowhere"), open_item("nowhere"), rows=rows)
    return promise_stage(find_stage(stage), run).minutes["p"]


@pytest.mark.parametrize("stage", ["window", "pick", "polarity", "mechanism"])
def test_a_small_partition_may_compile_its_kernels(stage):
    """Ten events cost hardly more than the start."""
    assert START_MINUTES < _minutes(stage, 10, 140) < 2 * START_MINUTES


@pytest.mark.parametrize(
    ("changes", "least"),
    [({"trials": 500}, 4.0), ({"use_amplitudes": True}, 4.0), ({"direction_step_deg": 0}, 5.0)],
)
def test_dearer_searches_may_take_longer(changes, least):
    """What costs more of the search gets more time, beyond the start."""
    signs = {"use_amplitudes": False}
    plain = _minutes("mechanism", 100_000, 1_400_000, **signs) - START_MINUTES
    dear = _minutes("mechanism", 100_000, 1_400_000, **{**signs, **changes}) - START_MINUTES
    assert dear > least * plain


def test_a_quarter_of_the_national_catalog_has_several_times_what_it_took():
    """8,700 events with 14 polarities took 13 s (measured); they get over ten minutes."""
    assert _minutes("mechanism", 8700, 121_800) >= 11
