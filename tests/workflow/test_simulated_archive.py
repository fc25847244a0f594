"""From simulated seismograms to first motions with the networks that come with quakeloom."""

import numpy as np
import pytest
import yaml

from quakeloom.config import load_configuration
from quakeloom.stages import pick, polarity, takeoff, window
from quakeloom.stages.planning import plan_configuration
from quakeloom.store import RunLayout, read_json, read_table


@pytest.mark.parametrize("picker", ["own", "classical"])
def test_first_motions_are_those_that_were_simulated(tmp_path, picker):
    """The pickers order components differently; the vertical is read either way."""
    pytest.importorskip("torch", reason="networks need torch")
    config = tmp_path / "run.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "name": "simulated",
                "simulation": {"preset": "region", "events": 6, "mean_polarities": 30},
                "waveforms": {"picker": picker, "polarity": "own"},
                "takeoff": {"models": ["generic_crust"]},
                "partition": {"calendar": "all"},
            }
        )
    )
    configuration = load_configuration(config)
    plan_configuration(configuration, tmp_path)
    (settings,) = configuration.cases.values()
    layout = RunLayout(tmp_path / "simulated")
    takeoff.part(settings, layout)
    for stage in (window, pick, polarity):
        stage.init(settings, layout)
        stage.part(settings, layout, "all")
    read = read_table(layout.part("polarity", "all") / "polarities.parquet", "polarities")
    folder = read_json(layout.ingest / "simulation.json")["folder"]
    given = read_table(f"{folder}/polarities.parquet", "polarities").to_pandas()
    both = read.to_pandas().merge(given, on=["event_id", "station"], suffixes=("", "_simulated"))
    assert len(both) > 0.8 * len(given)
    sure = np.abs(both["probability_up"] - 0.5) > 0.45
    # 8 % of the simulated readings are wrong by intention
    assert (both["polarity"] == both["polarity_simulated"])[sure].mean() > 0.85
