"""The five example forms of HASH v1.2 against its published output.

HASH draws random numbers, and its program compiled anew keeps 86 to 100 % of the letters of
the distributed output and turns its worst event by up to 27 degrees. The tolerances are
those of that comparison: rotation median 6 and 90th percentile 15 degrees, RMS within 3
degrees and probability within 10 points on average, 20 of 24 letters equal (19 for form 3),
none off by more than one.

Source: HASH v1.2 distribution (Hardebeck & Shearer), files example1.out to example5.out.
"""

from pathlib import Path

import numpy as np
import pytest

from quakeloom.config import load_configuration
from quakeloom.core import rotation_angle
from quakeloom.stages.mechanism import MECHANISM
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_stage_here
from quakeloom.stages.takeoff import TAKEOFF
from quakeloom.store import RunLayout, read_table

ROOT = Path(__file__).parents[2]

EXPLAINED: dict[int, dict[str, str]] = {
    1: {
        "3145744": "HASH v1.2 compiled anew turns this event by 20 degrees from its own listing "
        "and is 2 degrees from ours; the listing has two solutions (C and D, 54 and 26 %)",
    },
    3: {
        "3150490": "HASH v1.2 compiled anew turns this event by 26 degrees from its own listing "
        "and is 5 degrees from ours (all 24 events: median 1.9, at most 5.4 degrees)",
    },
}
"""Events that turn by more than 15 degrees from the published solution, with the reason.

Compiled anew: the distributed source and input files, gfortran 12, no change.
"""


@pytest.fixture(scope="module")
def results(shared_data, tmp_path_factory):
    """All five forms, computed by the stages of the workflow."""
    if not (shared_data / "northridge").is_dir():
        pytest.skip("real data: there is no folder northridge")
    folder = tmp_path_factory.mktemp("results")
    configuration = load_configuration(ROOT / "config" / "northridge.yaml")
    plan_configuration(configuration, folder)
    for name, settings in configuration.cases.items():
        layout = RunLayout(folder / name)
        for stage in (TAKEOFF, MECHANISM):
            if stage.runs(settings):
                run_stage_here(stage, settings, layout)
    return folder


def read_published(path: Path) -> dict[str, dict]:
    """Preferred mechanisms of a HASH output file: the first line of each event."""
    found: dict[str, dict] = {}
    for line in path.read_text().splitlines():
        words = line.split()
        # the mechanism follows the last -9 of the location part
        tail = line[line.rindex("-9") + 2 :].split()
        if words[0] in found:
            continue
        found[words[0]] = {
            "angles": [float(a) for a in tail[:3]],
            "rms": (float(tail[3]) + float(tail[4])) / 2,
            "polarities": int(tail[5]),
            "misfit": float(tail[6]),
            "quality": tail[7],
            "probability": float(tail[8]),
            "stdr": float(tail[9]),
            "ratios": int(tail[10]) if len(tail) > 10 and tail[10] != "*" else 0,
        }
    return found


def compare(results: Path, shared_data: Path, form: int) -> dict[str, np.ndarray]:
    published = read_published(shared_data / "northridge" / f"example{form}.out")
    run = RunLayout(results / "northridge" / f"example{form}")
    ours = {
        row["event_id"]: row
        for row in read_table(run.table("mechanisms"), "mechanisms").to_pylist()
    }
    assert len(ours) == 24
    assert set(published) <= set(ours)
    rows = []
    for event, theirs in published.items():
        row = ours[event]
        angles = [row["strike_deg"], row["dip_deg"], row["rake_deg"]]
        rms = (row["fault_plane_uncertainty_deg"] + row["auxiliary_plane_uncertainty_deg"]) / 2
        rows.append(
            {
                "event": event,
                "rotation": float(rotation_angle(angles, theirs["angles"])),
                "rms": rms - theirs["rms"],
                "probability": 100 * row["mechanism_probability"] - theirs["probability"],
                "letters": ord(row["quality"]) - ord(theirs["quality"]),
                "polarities": row["polarity_count"] - theirs["polarities"],
                "ratios": row["amplitude_ratio_count"] - theirs["ratios"],
                "misfit": 100 * row["polarity_misfit"] - theirs["misfit"],
                "stdr": 100 * row["station_distribution_ratio"] - theirs["stdr"],
            }
        )
    found = {key: np.array([r[key] for r in rows]) for key in rows[0]}
    absent = [row for event, row in ours.items() if event not in published]
    return found | {"unpublished_solved": np.array([r["status"] == "solved" for r in absent])}


@pytest.mark.parametrize("form", [1, 2, 3, 4, 5])
def test_mechanisms_agree_with_hash(results, shared_data, form):
    found = compare(results, shared_data, form)
    assert np.median(found["rotation"]) <= 6
    assert np.percentile(found["rotation"], 90) <= 15
    assert np.abs(found["rms"]).mean() <= 3
    assert np.abs(found["probability"]).mean() <= 10
    # of the 24; form 5 publishes 22, and an event counts as equal only if it is unsolved here too
    assert found["unpublished_solved"].sum() == 0
    equal = np.sum(found["letters"] == 0) + 24 - found["letters"].size
    assert equal >= (19 if form == 3 else 20)
    assert np.abs(found["letters"]).max() <= 1
    far = set(found["event"][found["rotation"] > 15].tolist())
    assert far == set(EXPLAINED.get(form, {})), "explain what turns by more than 15 degrees"


@pytest.mark.parametrize("form", [1, 2, 3, 4, 5])
def test_the_same_readings_are_used(results, shared_data, form):
    found = compare(results, shared_data, form)
    assert (found["polarities"] == 0).all()
    assert (found["ratios"] == 0).all()
