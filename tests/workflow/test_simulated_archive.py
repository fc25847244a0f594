"""From simulated seismograms to first motions with the networks that come with quakeloom."""

import numpy as np
import pytest
import yaml

from quakeloom.config import load_configuration
from quakeloom.report._collecting_waveforms import collect_waveforms
from quakeloom.stages.pick import verbs as pick
from quakeloom.stages.planning import plan_configuration, read_settings
from quakeloom.stages.polarity import verbs as polarity
from quakeloom.stages.takeoff import verbs as takeoff
from quakeloom.stages.window import verbs as window
from quakeloom.store import RunLayout, open_item, read_json, read_table


def read_first_motions(results, picker, events):
    """Run the stages from windows to polarities in this process."""
    results.mkdir(exist_ok=True)
    config = results / "run.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "name": "simulated",
                "simulation": {"preset": "region", "events": events, "mean_polarities": 30},
                "waveforms": {"picker": picker, "polarity": "own"},
                "takeoff": {"models": ["generic_crust"]},
                "partition": {"calendar": "all"},
            }
        )
    )
    configuration = load_configuration(config)
    plan_configuration(configuration, results)
    (settings,) = configuration.cases.values()
    layout = RunLayout(results / "simulated")
    takeoff.part(settings, layout)
    for stage in (window, pick, polarity):
        stage.init(settings, layout)
        stage.part(settings, layout, "all")
    return layout


@pytest.mark.parametrize("picker", ["own", "classical"])
def test_first_motions_are_those_that_were_simulated(tmp_path, picker):
    """The pickers order components differently; the vertical is read either way."""
    pytest.importorskip("torch", reason="networks need torch")
    layout = read_first_motions(tmp_path, picker, 6)
    read = read_table(layout.part("polarity", "all") / "polarities.parquet", "polarities")
    folder = read_json(layout.ingest / "simulation.json")["folder"]
    true = read_table(
        open_item(folder) / "reference_arrivals.parquet", "reference_arrivals"
    ).to_pandas()
    true_rows = len(true)
    true = true[true["phase"] == "P"]
    both = read.to_pandas().merge(true, on=["event_id", "station"], suffixes=("", "_true"))
    assert len(both) > 0.8 * len(true)
    late = (both["arrival_time"] - both["time"]).dt.total_seconds()
    assert abs(late.median()) < 0.03
    sure = np.abs(both["probability_up"] - 0.5) > 0.45
    assert (both["polarity"] == both["polarity_true"])[sure].mean() > 0.96

    # what the report judges readings by, and draws of them
    facts = collect_waveforms(read_settings(layout), layout)
    assert facts["authority"] == "simulated truth"
    assert facts["reference"].num_rows == true_rows
    samples, rate, at = facts["excerpt"](facts["readings"].to_pandas().iloc[0].to_dict())
    assert (samples.size, rate, at) == (70, 100.0, 35)
    assert np.abs(samples[at:]).max() > np.abs(samples[: at - 5]).max()


def test_where_the_results_lie_does_not_change_a_byte(tmp_path):
    layouts = [read_first_motions(tmp_path / name, "classical", 2) for name in ("here", "there")]
    for stage, table in (("window", "windows"), ("pick", "picks"), ("polarity", "polarities")):
        first, second = (
            (x.part(stage, "all") / f"{table}.parquet").local.read_bytes() for x in layouts
        )
        assert first == second, table
