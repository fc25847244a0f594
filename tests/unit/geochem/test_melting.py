"""Melting of the mantle: formulas, the ridge of what cannot be parted, evidence, ranges."""

from dataclasses import replace

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.geochem import (
    DEPLETED_MANTLE,
    MeltingData,
    MeltingProblem,
    MeltingRecipe,
    analyze_melting,
    log_enrichment,
    melting_log_evidence,
    simulate_melting,
)
from quakeloom.inference import ExchangeOptions, exchange_replicas

SHORT = ExchangeOptions(chains=4, rounds=3, draws=400, longer=1)


def data_of(truth, noise, model="fractional"):
    mantle = np.array([DEPLETED_MANTLE[n] for n in truth.names])
    return MeltingData(
        np.log(truth.values), np.full(truth.values.shape, noise), mantle[:, 1], mantle[:, 2],
        np.log(mantle[:, 0]), np.full(len(mantle), 0.5), (0.005, 0.25), model,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fraction", "bulk", "melting", "batch", "fractional"),
    [
        (0.1, 0.01, 0.03, 9.345794, 9.999931),
        (0.1, 0.3, 0.2, 2.631579, 2.917544),
        (0.05, 0.001, 0.001, 19.627085, 20.0),
        (0.2, 2.0, 1.5, 0.526316, 0.513414),
    ],
)
def test_melts_have_the_concentrations_of_shaw(fraction, bulk, melting, batch, fractional):
    for model, known in (("batch", batch), ("fractional", fractional)):
        value, _ = log_enrichment(np.array(fraction), np.array([bulk]), np.array([melting]), model)
        assert np.exp(value[0]) == pytest.approx(known, abs=2e-6)


def test_what_is_wholly_in_the_melt_is_diluted_and_told():
    value, gone = log_enrichment(
        np.array([0.05, 0.2]), np.array([0.01]), np.array([0.1]), "fractional"
    )
    assert gone[:, 0].tolist() == [False, True]
    assert np.exp(value[1, 0]) == pytest.approx(5.0)


@pytest.mark.parametrize("melting", ["batch", "fractional"])
def test_melting_step_by_step_is_what_the_formulas_say(melting):
    """The simulator takes the melt of each small step from the solid, by mass balance."""
    recipe = MeltingRecipe(
        samples=4, elements=25, melting=melting, noise=1e-12, scatter=0.0, missing_share=0.0
    )
    truth = simulate_melting(recipe, np.random.default_rng(0))
    mantle = np.array([DEPLETED_MANTLE[n] for n in truth.names])
    value, _ = log_enrichment(truth.fraction, mantle[:, 1], mantle[:, 2], melting)
    # steps of a hundred-thousandth of melt are coarse beside the smallest coefficients
    np.testing.assert_allclose(np.log(truth.values / truth.source), value, atol=0.002)


def test_of_incompatible_elements_only_the_ratio_of_source_and_degree_is_known():
    """Along the ridge the likelihood is flat where the source may be anything."""
    rng = np.random.default_rng(1)
    logs = rng.standard_normal((3, 4))
    tiny, wide = np.full(4, 1e-9), np.full(4, 1e4)
    data = MeltingData(
        logs, np.full((3, 4), 0.05), tiny, tiny, np.zeros(4), wide, (0.005, 0.25), "batch"
    )
    problem = MeltingProblem(data)
    cells = np.array([30, 40, 60])[None] + np.arange(0, 60, 10)[:, None]
    value = problem.collapsed(cells, np.full(6, 5), np.ones(6))
    value = value - problem.log_cell[cells].sum(axis=1)
    np.testing.assert_allclose(value, value[0], atol=1e-6)
    # with compatible elements it is not
    data = replace(data, bulk=np.array([1e-9, 1e-9, 0.1, 1.0]), melting=np.full(4, 0.1))
    value = MeltingProblem(data).collapsed(cells, np.full(6, 5), np.ones(6))
    assert np.ptp(value) > 1.0


def test_evidence_by_exchange_is_that_of_a_sum_over_all_cells():
    recipe = MeltingRecipe(samples=1, elements=5, missing_share=0.0)
    truth = simulate_melting(recipe, np.random.default_rng(2))
    problem = MeltingProblem(data_of(truth, 0.05))
    options = ExchangeOptions(draws=6000)
    found = [exchange_replicas(problem, np.random.default_rng(k), options) for k in (0, 1)]
    assert [f.reason for f in found] == ["", ""]
    mean = np.mean([f.log_evidence for f in found])
    assert mean == pytest.approx(melting_log_evidence(problem), abs=0.05)


def test_ranges_hold_and_the_way_of_melting_is_told():
    """Synthetic basalts by mass balance; a longer run of this is a benchmark."""
    held, chance = [], []
    for seed in range(3):
        recipe = MeltingRecipe(samples=6, elements=12, source_scatter=0.5, noise=0.03)
        truth = simulate_melting(recipe, np.random.default_rng([4, seed]))
        result = analyze_melting(
            data_of(truth, 0.03), ("batch", "fractional"), SHORT, np.random.default_rng(seed)
        )
        low, _, high = result.fraction
        held += [(low <= truth.fraction) & (truth.fraction <= high)]
        low, _, high = result.source
        held += [(low <= truth.source) & (truth.source <= high)]
        chance.append(result.models[1][3])
    assert 0.85 < np.mean(np.concatenate(held)) <= 1.0
    assert np.mean(chance) > 0.9


def test_a_basalt_with_one_element_is_refused():
    truth = simulate_melting(MeltingRecipe(samples=3, elements=4), np.random.default_rng(5))
    data = data_of(truth, 0.05)
    data.logs[1, 1:] = np.nan
    with pytest.raises(InputError, match="fewer than 2 of the 4 elements"):
        analyze_melting(data, ("batch",), SHORT, np.random.default_rng(0))
