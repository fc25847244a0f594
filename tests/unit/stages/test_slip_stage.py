"""Stage ``slip``: displacements in, tables of slip and models out."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.config import parse_settings
from quakeloom.core import InputError, SettingsError
from quakeloom.stages.slip.inversion import find_slip

FAULT = {
    "longitude": 10, "latitude": 40, "strike_deg": 30, "dip_deg": 40, "length_km": 20,
    "depth_range_km": [1, 9], "patches": [4, 2],
}  # fmt: skip


def run(tmp_path, text=None, **slip):
    direction = {} if "rake_range_deg" in slip else {"rake_deg": 90}
    own = {"fault": FAULT, **direction, "prior": {"lengths_km": [5, 5]}, **slip}
    if text is None:
        own = {"simulation": {"sites": 12, "reach_km": 30, "error_m": 0.001}, **own}
    else:
        (tmp_path / "sites.csv").write_text(text)
        own = {"files": [{"path": "sites.csv"}], **own}
    settings = parse_settings({"name": "x", "data": str(tmp_path), "slip": own})
    return find_slip(settings, settings.slip)


def sites(seed=1, count=8, spread=0.2):
    random = np.random.default_rng(seed)
    lines = ["site,lon,lat,east_mm,north_mm,up_mm,sigma_east_mm,sigma_north_mm,sigma_up_mm"]
    for k in range(count):
        lon, lat = 10 + random.uniform(-spread, spread), 40 + random.uniform(-spread, spread)
        lines.append(f"S{k},{lon:.4f},{lat:.4f},{k},{-k},1,2,2,5")
    return "\n".join(lines) + "\n"


def test_a_simulated_slip_is_found_and_its_truth_stands_beside(tmp_path):
    models = {"draws": 30, "rounds": 1, "dip_std_deg": 3, "depth_std_km": 0.5, "poisson_std": 0.02}
    found = run(tmp_path, models=models)
    patches = found.tables["slip_patches"].to_pydict()
    true, low, high = (np.array(patches[n]) for n in ("true_slip_m", "slip_low_m", "slip_high_m"))
    assert np.isfinite(true).all()
    assert ((low <= true) & (true <= high)).sum() >= 6
    assert (np.array(patches["slip_std_m"]) >= patches["slip_within_std_m"]).all()
    weights = np.array(found.tables["slip_models"].to_pydict()["model_weight"])
    assert weights.sum() == pytest.approx(1.0)
    assert found.figures["effective_models"] == pytest.approx(1 / np.sum(weights**2))
    mixture = found.figures["mixture"]
    assert mixture["moment_low_nm"] < mixture["moment_nm"] < mixture["moment_high_nm"]
    again = run(tmp_path, models=models)
    assert all(again.tables[n].equals(t) for n, t in found.tables.items())


def test_more_models_leave_the_first_ones_as_they_were(tmp_path):
    few, many = (
        run(tmp_path, models={"draws": n, "rounds": 0, "dip_std_deg": 3})
        .tables["slip_models"]
        .to_pandas()
        for n in (5, 9)
    )
    assert (few["model_dip_deg"] == many["model_dip_deg"][:5]).all()
    assert np.array_equal(few["log_evidence"], many["log_evidence"][:5])


def test_rounds_draw_models_where_the_data_want_them(tmp_path):
    spread = {"draws": 40, "dip_std_deg": 5, "depth_std_km": 1.0}
    plain, again = (run(tmp_path, models={**spread, "rounds": n}) for n in (0, 2))
    assert (plain.figures["models"], again.figures["models"]) == (40, 120)
    assert again.figures["effective_models"] > 2 * plain.figures["effective_models"]
    dips = [t.tables["slip_models"].to_pandas()["model_dip_deg"][:40] for t in (plain, again)]
    assert (dips[0] == dips[1]).all()


def test_lists_of_models_are_combined(tmp_path):
    models = {"strikes_deg": [25, 30], "offsets_km": [-1, 0, 1], "poisson_ratios": [0.2, 0.3]}
    table = run(tmp_path, sites(), models=models).tables["slip_models"].to_pandas()
    assert len(table) == 12
    assert sorted(set(table["model_offset_km"])) == [-1, 0, 1]


def test_bad_rows_stay_with_their_reason(tmp_path):
    text = sites() + "BAD,10,40,nan,1,1,2,2,5\nFAR,10,140,1,1,1,2,2,5\n"
    table = run(tmp_path, text).tables["displacements"].to_pandas()
    assert len(table) == 30
    left = table[table["displacement_status"] != "used"]
    assert set(left["site"]) == {"BAD", "FAR"}
    assert left["reason"].str.len().min() > 0
    assert left["predicted_m"].isna().all()


def test_displacements_without_errors_are_refused_unless_the_settings_give_one(tmp_path):
    text = "site,lon,lat,east_mm,north_mm\nA,10,40,1,2\nB,10.1,40,1,2\n"
    with pytest.raises(InputError, match="no error, so nothing says how well"):
        run(tmp_path, text)
    given = [{"path": "sites.csv", "error_m": 0.002}]
    table = run(tmp_path, text, files=given).tables["displacements"].to_pandas()
    assert (table["displacement_error_m"] == 0.002).all()


def test_too_few_displacements_are_refused(tmp_path):
    with pytest.raises(InputError, match="fewer than three"):
        run(tmp_path, "lon,lat,east_m,sigma_east_m\n10,40,0.1,0.01\n10,40,nan,0.01\n")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fault": {**FAULT, "depth_range_km": [-2, 5]}}, "above the ground"),
        ({"fault": {**FAULT, "depth_range_km": [5, 5]}}, "the second is deeper"),
        ({"fault": {**FAULT, "patches": [0, 2]}}, "patches are"),
        ({"prior": {"spread_factors": []}}, "spread_factors"),
        ({"prior": {"lengths_km": [0, 1]}}, "lengths_km"),
        ({"files": [{"path": "a"}]}, "give one of the two"),
        ({"rake_range_deg": [0, 200]}, "less than 180"),
        ({"rake_range_deg": [0, 90], "rake_deg": 90}, "give one of"),
        ({"positive": True, "draws": 10}, "give 100 or more"),
    ],
)
def test_impossible_settings_are_refused(tmp_path, change, words):
    with pytest.raises(SettingsError, match=words):
        run(tmp_path, **change)


def test_a_common_part_of_the_noise_widens_the_moment(tmp_path):
    free = run(tmp_path, sites())
    shared = run(tmp_path, sites(), files=[{"path": "sites.csv", "common_share": 0.9}])
    a, b = (f.figures["mixture"]["moment_std_nm"] for f in (free, shared))
    assert a != b


@pytest.mark.parametrize("way", [{"positive": True}, {"rake_range_deg": [60, 150]}])
def test_slip_that_is_nowhere_backward(tmp_path, way):
    prior = {"lengths_km": [5, 5], "mean_m": 0.2, "standard_deviation_m": 0.3}
    models = {"draws": 20, "rounds": 0, "dip_std_deg": 2}
    found = run(tmp_path, prior=prior, models=models, **way)
    patches = found.tables["slip_patches"].to_pandas()
    assert patches["slip_low_m"].min() >= 0.0
    inside = (patches["true_slip_m"] >= patches["slip_low_m"]) & (
        patches["true_slip_m"] <= patches["slip_high_m"]
    )
    assert inside.sum() >= 6
    assert patches["rake_deg"].between(60 - 1e-9, 150 + 1e-9).all()
    assert patches["gaussian_slip_m"].isna().all()
    weights = found.tables["slip_models"].to_pandas()["model_weight"]
    assert weights.sum() == pytest.approx(1.0)
    low, high = (found.figures["mixture"][f"moment_{n}_nm"] for n in ("low", "high"))
    assert 0.8 * low < found.figures["true_moment_nm"] < 1.2 * high
    assert found.figures["mixture"]["potency_m3"][1] > 0.0


def test_sites_on_one_side_are_told(tmp_path):
    text = sites(spread=0.05).replace(",10.", ",10.6").replace(",9.", ",10.59")
    assert any("one side" in w for w in run(tmp_path, text).figures["warnings"])
