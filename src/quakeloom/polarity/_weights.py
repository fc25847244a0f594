"""Weights of polarity networks in plain arrays (``.npz``), never pickled."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.polarity._network import ARCHITECTURES, PolarityNetwork, parameter_shapes
from quakeloom.polarity._polarcap import load_polarcap
from quakeloom.polarity._windows import PICK_SAMPLE, SAMPLES, SAMPLING_RATE_HZ


class PolarityReader(Protocol):
    """Anything that reads polarities.

    Attributes
    ----------
    name : str
    sampling_rate_hz : float
    samples, pick_sample : int
        Length of a window, and where the pick is.
    """

    name: str
    sampling_rate_hz: float
    samples: int
    pick_sample: int

    def read(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability that the first motion is up, shape (windows,)."""
        ...


class _NetworkReader:
    """A network as a :class:`PolarityReader`."""

    sampling_rate_hz = SAMPLING_RATE_HZ
    samples = SAMPLES
    pick_sample = PICK_SAMPLE

    def __init__(self, network: PolarityNetwork, name: str) -> None:
        self.network = network
        self.name = name

    def read(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability that the first motion is up."""
        return self.network.probability_up(windows)


def save_polarity_network(network: PolarityNetwork, file: Path) -> None:
    """Write a network."""
    np.savez(
        file,
        **network.parameters,
        architecture=np.array(network.architecture),
        temperature=np.array(network.temperature),
    )


def load_polarity_network(file: Path) -> PolarityReader:
    """Read a network that :func:`save_polarity_network` wrote, or PolarCAP's (``.pt``).

    Raises
    ------
    InputError
        If the file is not there, or holds no such network.
    """
    if file.suffix == ".pt":
        return load_polarcap(file)
    try:
        with np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise InputError(
            f"No weights of a polarity network could be read from {file} ({error}). No polarity "
            "was read; give the file that `quakeloom train polarity` wrote."
        ) from error
    architecture = str(arrays.pop("architecture", ""))
    temperature = float(arrays.pop("temperature", np.array(1.0)))
    wanted = parameter_shapes(architecture) if architecture in ARCHITECTURES else {}
    found = {name: array.shape for name, array in arrays.items()}
    if not wanted or found != wanted:
        raise InputError(
            f"{file} holds no polarity network of quakeloom (architecture '{architecture}', "
            f"{len(found)} arrays). No polarity was read; give the file that `quakeloom train "
            "polarity` wrote."
        )
    parameters = {name: np.ascontiguousarray(a, np.float32) for name, a in arrays.items()}
    return _NetworkReader(PolarityNetwork(architecture, parameters, temperature), file.stem)
