"""The networks: published sizes, one patch overfitted, holes, weights that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from quakeloom.core import InputError  # noqa: E402
from quakeloom.seafloor import (  # noqa: E402
    SeafloorTraining,
    build_network,
    coarsen,
    consistent_loss,
    count_parameters,
    load_ensemble,
    pack_network,
    prepare_grids,
    simulate_terrain,
    train_network,
    unpack_network,
)

SMALL = ("srcnn", "fsrcnn", "espcn")


@pytest.mark.parametrize(
    ("name", "weights"),
    [("srcnn", 5184 + 2048 + 800), ("fsrcnn", 12464), ("espcn", 1600 + 18432 + 1152)],
)
def test_parameter_counts_are_the_published_ones(name, weights):
    """SRCNN 9-1-5 (Dong et al. 2014), FSRCNN(56,12,4) (2016), ESPCN for factor 2 (Shi 2016)."""
    found = count_parameters(build_network(name))
    assert found["weights"] == weights
    assert weights + found["others"] < 100_000


@pytest.mark.parametrize("name", SMALL)
def test_one_patch_can_be_overfitted(name):
    """What the spline lacks on one patch is learned by heart: the loss falls to a tenth."""
    torch.set_num_threads(1)
    z = simulate_terrain((32, 32), 50.0, 1, "patch", ("hills",)).depth_m
    g = prepare_grids([z], 1, holes=0.0, noise=0.0)
    parts = [torch.from_numpy(a[0])[None, None] for a in (g.detail, g.mask, g.size, g.lacking)]
    network = build_network(name, 1)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(250):
        loss = consistent_loss(torch, network, *parts)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_training_lowers_the_loss_and_follows_from_its_seed():
    torch.set_num_threads(1)
    truths = [simulate_terrain((64, 64), 50.0, 1, f"t{k}", ("hills",)).depth_m for k in range(3)]
    grids = prepare_grids(truths, 1)
    losses, states = [], []
    training = SeafloorTraining(steps=60, batch=4, patch=16)
    for _ in range(2):
        state = train_network("espcn", grids, training, 1, lambda v: losses.append(v["loss"]))
        states.append(state)
    assert np.mean(losses[8:10]) < np.mean(losses[:2])
    assert all(np.array_equal(states[0][k], states[1][k]) for k in states[0])


@pytest.mark.parametrize("name", SMALL)
def test_whatever_stands_in_a_hole_does_not_enter_the_first_layer(name):
    network = unpack_network(name, pack_network(build_network(name, 3)))
    detail = torch.randn(1, 1, 16, 16)
    mask = torch.ones(1, 1, 16, 16)
    mask[:, :, 5:8, 5:9] = 0
    other = detail.clone()
    other[:, :, 5:8, 5:9] = 100.0
    with torch.inference_mode():
        if name == "srcnn":  # its cubic enlargement comes first
            detail, other = detail * mask, other * mask
        a, b = network(detail, mask), network(other, mask)
    torch.testing.assert_close(a, b)


def test_generators_have_the_published_sizes_and_no_weights_come_with_them():
    """ESRGAN: 16.7 million for 23 blocks; SRGAN's generator for one enlargement 1.37 million."""
    millions = {
        n: sum(count_parameters(build_network(n)).values()) / 1e6 for n in ("srgan", "esrgan")
    }
    assert millions["srgan"] == pytest.approx(1.38, abs=0.01)
    assert millions["esrgan"] == pytest.approx(16.7, abs=0.1)
    small = build_network("esrgan", blocks=1).eval()
    with torch.inference_mode():
        assert small(torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)).shape == (1, 1, 16, 16)


def test_an_ensemble_agrees_with_its_input_and_tells_its_spread():
    states = [("espcn", pack_network(build_network("espcn", k))) for k in range(3)]
    coarse = coarsen(simulate_terrain((64, 64), 50.0, 1, "e").depth_m, 2)
    coarse[8:10, 8:10] = np.nan
    found = load_ensemble("ensemble", states).restore(coarse)
    known = np.isfinite(coarse)
    np.testing.assert_allclose(coarsen(found.depth, 2)[known], coarse[known], atol=1e-6)
    assert found.spread.max() > 0


def test_no_weights_and_wrong_weights_are_refused():
    with pytest.raises(InputError, match="an untrained network invents ground"):
        load_ensemble("srgan", [])
    with pytest.raises(InputError, match="of no network 'fsrcnn'"):
        unpack_network("fsrcnn", pack_network(build_network("espcn")))
    with pytest.raises(InputError, match="There is no network 'vdsr'"):
        build_network("vdsr")
