"""Fields whose truth is known: rough, smooth, with edges; with noise and holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]
Kind = Literal["rough", "smooth", "blocks"]


@dataclass(frozen=True)
class SimulatedField:
    """A simulated field.

    Attributes
    ----------
    truth : ndarray
    data : ndarray
        With noise; NaN in holes.
    """

    truth: Floats
    data: Floats


def simulate_field(
    kind: Kind,
    shape: Sequence[int],
    noise_deviation: float,
    stream: np.random.Generator,
    missing_share: float = 0.0,
) -> SimulatedField:
    """Simulate a field of unit variance with white noise and holes.

    Parameters
    ----------
    kind : str
        ``rough`` is a draw of the prior of first differences, ``smooth`` one of a Matern field
        with a correlation length of a tenth of the longest side, ``blocks`` has pieces of constant
        value with edges between them.
    shape : sequence of int
    noise_deviation : float
        In standard deviations of the field.
    stream : numpy.random.Generator
    missing_share : float
        Part of the nodes without data: half of them one by one, half in one block.

    Returns
    -------
    SimulatedField
    """
    size = tuple(int(n) for n in shape)
    if len(size) < 1 or np.prod(size, dtype=float) < 4:
        raise InputError(
            f"A field of {' x '.join(map(str, size))} nodes cannot be simulated; give four or more."
        )
    truth = _blocks(size, stream) if kind == "blocks" else _gaussian(kind, size, stream)
    truth = (truth - truth.mean()) / truth.std()
    data = truth + noise_deviation * stream.standard_normal(size)
    if missing_share > 0:
        data[stream.random(size) < 0.5 * missing_share] = np.nan
        side = [round(n * (0.5 * missing_share) ** (1.0 / len(size))) for n in size]
        start = [int(stream.integers(0, n - s + 1)) for n, s in zip(size, side, strict=True)]
        data[tuple(slice(a, a + s) for a, s in zip(start, side, strict=True))] = np.nan
    return SimulatedField(truth, data)


def _gaussian(kind: Kind, shape: tuple[int, ...], stream: np.random.Generator) -> Floats:
    from scipy.fft import idctn

    from quakeloom.inference import penalty_eigenvalues

    if kind == "rough":
        penalty = penalty_eigenvalues(shape, "membrane")
    else:
        # a Matern field of order 2 is correlated over sqrt(8 nu) / kappa, nu about 1
        penalty = penalty_eigenvalues(shape, "matern", np.sqrt(8.0) / (0.1 * max(shape)))
    with np.errstate(divide="ignore"):
        spectrum = stream.standard_normal(shape) / np.sqrt(penalty)
    spectrum.flat[0] = 0.0
    return np.asarray(idctn(spectrum, norm="ortho"))


def _blocks(shape: tuple[int, ...], stream: np.random.Generator) -> Floats:
    """Cells around random centers, each of one value: a mosaic with straight edges."""
    count = 8
    centers = stream.random((count, len(shape))) * np.array(shape)
    levels = stream.permutation(np.linspace(-1.0, 1.0, count))
    places = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij", sparse=True)
    nearest, found = np.full(shape, np.inf), np.zeros(shape)
    for center, level in zip(centers, levels, strict=True):
        distance = sum((p - c) ** 2 for p, c in zip(places, center, strict=True))
        closer = distance < nearest
        nearest[closer] = np.broadcast_to(distance, shape)[closer]
        found[closer] = level
    return found
