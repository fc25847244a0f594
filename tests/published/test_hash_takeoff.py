"""Take-off angles of HASH v1.2 itself.

The numbers were printed by MK_TABLE and GET_TTS of HASH v1.2 (Hardebeck & Shearer 2002;
vel_subs.f as distributed with hashpy), compiled with gfortran. HASH counts from straight up.
"""

import numpy as np
import pytest

from quakeloom.core import LayeredModel
from quakeloom.travel import lookup, stack_tables, trace_table

# MK_TABLE, depth km, distance km, degrees from up; angles are printed to 1e-6, and single
# precision in the choice of rays moves some by a ray spacing (0.03 degrees at worst).
TABLE_TOLERANCE = 0.03
DEPTHS = np.arange(0.0, 40.0, 3.0)

MODELS = {
    "moho": ([0, 4, 20, 32, 32, 60], [5.5, 6.0, 6.6, 6.9, 7.8, 8.1]),
    "channel": ([0, 4, 10, 14, 20, 32, 60], [5.5, 6.0, 6.3, 5.8, 6.6, 6.9, 8.1]),
}
PRINTED = {
    "moho": {
        0: [91.479500, 102.607338, 114.107910, 120.155342, 135.313904],
        12: [9.915756, 63.343090, 90.344917, 106.794846, 126.402031],
        33: [4.207767, 38.822399, 86.266762, 92.584831, 95.710251],
    },
    "channel": {
        3: [34.969398, 94.000763, 105.527931, 111.168457, 119.750504],
        12: [9.511435, 59.051880, 73.801300, 114.315933, 117.762146],
        24: [5.187549, 43.976521, 79.963470, 96.606613, 114.553223],
    },
}
NORTHRIDGE = {
    "north": [27.605803, 96.897682, 119.730881, 17.822552, 92.988525, 102.069267],
    "vb1": [29.052908, 100.792175, 122.156380, 18.587126, 102.153389, 104.945084],
    "socal": [26.269468, 85.290436, 93.907768, 15.922659, 75.300888, 90.925995],
}


@pytest.mark.parametrize("name", MODELS)
def test_tables_equal_those_of_HASH(name):
    model = LayeredModel(name, *(np.array(a, dtype=float) for a in MODELS[name]))
    table = trace_table(model, law="hash")
    columns = [1, 10, 30, 65, 100]
    for depth, printed in PRINTED[name].items():
        row = 180.0 - table.takeoff_deg[int(np.searchsorted(DEPTHS, depth))]
        assert row[columns] == pytest.approx(printed, abs=TABLE_TOLERANCE)


@pytest.mark.parametrize("name", NORTHRIDGE)
def test_tables_of_the_northridge_models_equal_those_of_HASH(name, shared_data):
    z, v = np.loadtxt(shared_data / "northridge" / f"vz.{name}").T[:2]
    table = trace_table(LayeredModel(name, z, v), law="hash")
    found = 180.0 - table.takeoff_deg[np.ix_([3, 5], [2, 20, 50])]
    assert found.ravel() == pytest.approx(NORTHRIDGE[name], abs=TABLE_TOLERANCE)


def test_lookup_interpolates_and_extrapolates_as_HASH_does():
    """GET_TTS, the moho model: also beyond 200 km, and below 2 km by extrapolation."""
    model = LayeredModel("moho", *(np.array(a, dtype=float) for a in MODELS["moho"]))
    stack = stack_tables([trace_table(model, law="hash")])
    printed = np.array(
        [
            [14.620000, 7.543400, 28.899534],
            [34.019989, 158.411392, 93.397949],
            [14.419983, 69.279388, 90.953850],
            [33.820007, 220.147400, 96.395607],
            [14.219971, 131.015381, 120.149002],
            [33.619995, 41.883362, 68.474068],
            [14.020020, 192.751404, 125.435738],
        ]
    )
    takeoff, _ = lookup(stack, 0, printed[:, 0], printed[:, 1])
    assert 180.0 - takeoff == pytest.approx(printed[:, 2], abs=TABLE_TOLERANCE)
    near, _ = lookup(stack, 0, 12.0, [1.0, 2.0, 4.0])
    assert near[0] == pytest.approx(1.5 * near[1] - 0.5 * near[2])
    assert np.isnan(lookup(stack, 0, 39.5, 10.0)[0])
