"""Spectra of the Corinth earthquakes beside SourceSpec's.

SourceSpec 1.8 with the configuration that comes with the data, S waves of 2010-01-20 08:10: Mw
2.806 +- 0.274 (weighted mean of 15 stations; plain mean 2.723, median 2.848), moment 2.014e13 N m,
corner 4.76 Hz (-1.40, +1.98), stress drop 0.398 MPa (-0.296, +1.154).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quakeloom.config import load_configuration
from quakeloom.stages.frame.chains import run_stages
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_stage_here
from quakeloom.store import RunLayout, read_table

ROOT = Path(__file__).parents[2]

MW, CORNER, LOW, HIGH = 2.806, 4.76, 3.36, 6.74
STRESS_LOW, STRESS_HIGH = 0.102, 1.552


@pytest.mark.long
def test_moment_and_corner_are_those_of_sourcespec(shared_data, monkeypatch, tmp_path):
    monkeypatch.setenv("QUAKELOOM_SHARED_DATA", str(shared_data))
    configuration = load_configuration(ROOT / "config" / "spectra-corinth.yaml")
    plan_configuration(configuration, tmp_path)
    (settings,) = configuration.cases.values()
    layout = RunLayout(tmp_path / settings.name)
    for stage in run_stages(settings):
        if stage.name in ("takeoff", "window", "pick", "spectra"):
            run_stage_here(stage, settings, layout)
    rows = read_table(layout.table("source_spectra"), "source_spectra").to_pylist()
    by_event = {r["event_id"]: r for r in rows}
    # SourceSpec takes the hypocenter file of the first event for none; here it has a moment
    assert by_event["2010.01.18-17.03.51"]["source_status"] == "measured"
    found = by_event["2010.01.20-08.10.27"]
    # the tolerances that the two programs were held to beforehand
    assert found["moment_magnitude"] == pytest.approx(MW, abs=0.15)
    assert abs(np.log(found["corner_hz"] / CORNER)) < 0.3
    assert found["corner_low_hz"] < HIGH
    assert found["corner_high_hz"] > LOW
    assert found["stress_drop_low_mpa"] < STRESS_HIGH
    assert found["stress_drop_high_mpa"] > STRESS_LOW
    assert found["spectrum_count"] >= 10
