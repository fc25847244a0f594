"""Structure around Parkfield from hypoDD's example, beside the model published with it.

The data are not in the checkout; see config/structure-parkfield.yaml for which files to put where.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from quakeloom.formats import SimulFrame, read_simul_model
from quakeloom.location import Plane
from quakeloom.stages.every_stage import find_stage
from quakeloom.stages.frame.run_settings import load_runs
from quakeloom.stages.planning import plan_run
from quakeloom.stages.run_here import run_stage_here
from quakeloom.store import RunLayout, open_array, read_json

CONFIG = Path(__file__).parents[2] / "config" / "structure-parkfield.yaml"
DATA = Path(os.environ.get("QUAKELOOM_SHARED_DATA", "../shared/data")) / "parkfield-tomography"


@pytest.mark.long
@pytest.mark.skipif(
    not (DATA / "pkf05.pha.84_05.3D").exists() or not (DATA / "pkf3D_P.vel").exists(),
    reason="hypoDD example3 is not there; config/structure-parkfield.yaml says where to put it",
)
def test_residuals_fall_by_a_third_and_velocities_are_those_published(tmp_path):
    (settings,) = load_runs(CONFIG).cases.values()
    layout = RunLayout(tmp_path / settings.name)
    plan_run(settings, layout)
    run_stage_here(find_stage("structure"), settings, layout)
    facts = read_json(layout.root / "structure.json")
    assert facts["events_used"] > 500
    assert facts["rms_after_s"] < 0.65 * facts["rms_before_s"]
    group = layout.root / "structure.zarr"
    depth, north, east = (
        np.asarray(open_array(group, n)[...]) for n in ("depth_km", "north_km", "east_km")
    )
    mean, before, after = (
        np.asarray(open_array(group, f"structure_p_{n}")[...], float)
        for n in ("mean", "prior", "posterior")
    )
    asked = settings.structure
    plane = Plane(asked.origin_longitude_deg, asked.origin_latitude_deg, asked.azimuth_deg)
    place = plane.inverse(*np.meshgrid(north, east, indexing="ij"))
    # origin and rotation are those of hypoDD.inp: y along the fault, x to its north-east
    frame = SimulFrame(asked.origin_longitude_deg, asked.origin_latitude_deg, 139.2, "west")
    x, y = frame.model_position(*place)
    published = read_simul_model(DATA / "pkf3D_P.vel").velocity_at("P", depth[:, None, None], y, x)
    narrow = (after < 0.5 * before) & (depth[:, None, None] >= 0)
    assert narrow.sum() > 100
    assert np.corrcoef(np.log(mean[narrow]), np.log(published[narrow]))[0, 1] > 0.6
