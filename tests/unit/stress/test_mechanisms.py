"""What mechanisms and sets of mechanisms say about stress."""

import numpy as np
import pytest

from quakeloom.core import fault_vectors, quaternions, relative_quaternions
from quakeloom.stress import (
    acceptance_table,
    basis_change,
    design_rows,
    mechanism_statistics,
    stress_tensors,
    tensor_basis,
    weigh_acceptance,
)


def _random_angles(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 360, count), rng.uniform(0, 90, count), rng.uniform(-180, 180, count)


@pytest.mark.parametrize("basis", ["orthonormal", "satsi"])
def test_design_gives_the_shear_traction(basis):
    """G m is the part of sigma n in the plane, for any basis."""
    normal, _ = fault_vectors(*_random_angles(40))
    m = np.random.default_rng(1).normal(size=5)
    tensor = stress_tensors(m, basis)
    traction = normal @ tensor
    shear = traction - normal * np.sum(traction * normal, axis=1)[:, None]
    np.testing.assert_allclose(design_rows(normal, basis) @ m, shear, atol=1e-14)
    np.testing.assert_allclose(np.einsum("ni,nik->nk", normal, design_rows(normal, basis)), 0,
                               atol=1e-15)  # fmt: skip


def test_michaels_rows():
    """The satsi basis has the rows printed by Michael (1984), axes east, north, up."""
    normal, _ = fault_vectors(35.0, 60.0, 20.0)
    north, east, down = normal
    n1, n2, n3 = east, north, -down
    row_x = [n1 - n1**3 + n1 * n3**2, n2 - 2 * n1**2 * n2, n3 - 2 * n1**2 * n3,
             -n1 * n2**2 + n1 * n3**2, -2 * n1 * n2 * n3]  # fmt: skip
    row_z = [-n3 * n1**2 - n3 + n3**3, -2 * n1 * n2 * n3, n1 - 2 * n1 * n3**2,
             -n3 * n2**2 - n3 + n3**3, n2 - 2 * n2 * n3**2]  # fmt: skip
    rows = design_rows(normal, "satsi")
    np.testing.assert_allclose(rows[1], row_x, atol=1e-15)
    np.testing.assert_allclose(-rows[2], row_z, atol=1e-15)


def test_bases_span_the_same_tensors():
    """The change of basis keeps the tensor; the orthonormal basis is orthonormal."""
    m = np.random.default_rng(0).normal(size=5)
    np.testing.assert_allclose(
        stress_tensors(m, "satsi"), stress_tensors(basis_change("satsi") @ m), atol=1e-15
    )
    b = tensor_basis()
    np.testing.assert_allclose(np.einsum("kij,lij->kl", b, b), np.eye(5), atol=1e-15)


def test_the_slip_vector_is_the_same_for_both_planes():
    """b_k = s . B_k n does not change when normal and slip are swapped; G^T G does."""
    angles = _random_angles(30)
    given = mechanism_statistics(*angles, "given")
    other = mechanism_statistics(*angles, "auxiliary")
    both = mechanism_statistics(*angles, "both")
    np.testing.assert_allclose(given[:, 15:], other[:, 15:], atol=1e-13)
    np.testing.assert_allclose(both, 0.5 * (given + other), atol=1e-13)
    assert np.abs(given[:, :15] - other[:, :15]).max() > 0.1


def _grid():
    axes = np.meshgrid(
        np.arange(0.0, 360.0, 10.0), np.degrees(np.arccos(np.arange(0.05, 1.0, 0.1))),
        np.arange(-180.0, 180.0, 10.0), indexing="ij",
    )  # fmt: skip
    return [a.ravel() for a in axes]


def test_one_acceptable_mechanism_is_that_mechanism():
    """A set of one has coherence 1 and the statistics of the mechanism."""
    grid = _grid()
    table = acceptance_table(*grid)
    acceptance = np.zeros((2, len(grid[0])), dtype=np.uint8)
    acceptance[0, 1234] = 7
    statistics, coherence = weigh_acceptance(acceptance, table)
    exact = mechanism_statistics(*(g[1234] for g in grid))
    # the table is rounded to 2^-28
    np.testing.assert_allclose(statistics[0], exact[0], atol=2e-9)
    assert coherence[0] == pytest.approx(1.0, abs=1e-7)
    assert coherence[1] == 0.0


def test_an_unconstrained_event_is_silent():
    """All mechanisms alike acceptable: no direction, no weight."""
    grid = _grid()
    acceptance = np.full((1, len(grid[0])), 200, dtype=np.uint8)
    _, coherence = weigh_acceptance(acceptance, acceptance_table(*grid))
    assert coherence[0] < 1e-3


@pytest.mark.parametrize("angle", [20.0, 30.0, 45.0])
def test_coherence_falls_with_the_width_of_the_set(angle):
    """Rotations by a about random axes: ((1 + 2 cos a + 2 cos 2a)/5)^2."""
    rng = np.random.default_rng(0)
    grid = [g.astype(float) for g in _random_angles(200_000, seed=2)]
    # uniform over double couples, as random frames are
    grid[1] = np.degrees(np.arccos(rng.uniform(0, 1, grid[1].size)))
    center = quaternions(30.0, 60.0, 20.0)
    relative = np.abs(relative_quaternions(center, quaternions(*grid))).max(axis=1)
    turn = 2 * np.degrees(np.arccos(np.clip(relative, 0, 1)))
    inside = np.abs(turn - angle) < 0.5
    acceptance = (255 * inside).astype(np.uint8)[None]
    _, coherence = weigh_acceptance(acceptance, acceptance_table(*grid))
    a = np.radians(angle)
    expected = ((1 + 2 * np.cos(a) + 2 * np.cos(2 * a)) / 5) ** 2
    # some thousand mechanisms in the shell
    assert coherence[0] == pytest.approx(expected, abs=0.03)


def test_sums_do_not_depend_on_the_block():
    """Weights of 8 bits and a rounded table make the sums exact: equal bytes for any block."""
    grid = _grid()
    table = acceptance_table(*grid)
    rng = np.random.default_rng(5)
    acceptance = rng.integers(0, 256, (37, len(grid[0])), dtype=np.uint8)
    acceptance[rng.random(acceptance.shape) < 0.9] = 0
    one, w1 = weigh_acceptance(acceptance, table, block=37)
    two, w2 = weigh_acceptance(acceptance, table, block=5)
    assert one.tobytes() == two.tobytes()
    assert w1.tobytes() == w2.tobytes()
