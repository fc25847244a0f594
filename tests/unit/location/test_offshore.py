"""Events beside a network: honest ranges need the ensemble."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def offshore():
    """The experiment of benchmarks/offshore.py."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("offshore", BENCHMARKS / "offshore.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


def test_ranges_of_the_ensemble_cover_the_truth_and_those_of_one_model_do_not(offshore):
    """Depth ranges over sections of many models are honest, those of the mean model are not."""
    found = offshore.experiment(members=50, earths=6)
    ensemble = offshore.summarize(found["ensemble"])
    single = offshore.summarize(found["mean model"])
    # 30 events in 6 sections: the standard error of a coverage of 95 % is 4 % for independent
    # events, and up to 9 % since those of a section share its velocities.
    assert ensemble["coverage_95"] >= 0.8
    assert single["coverage_95"] < 0.6
    assert ensemble["coverage_68"] > single["coverage_68"]
    assert ensemble["error_km"] < single["error_km"]
