"""Readers of first motions from the weights of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.networks import find_device
from quakeloom.polarity._compiled import CompiledNetwork
from quakeloom.polarity._network import (
    ARCHITECTURES,
    PolarityNetwork,
    half_forward,
    parameter_shapes,
)
from quakeloom.polarity._polarcap import PolarCapReader
from quakeloom.polarity._windows import (
    PICK_SAMPLE,
    SAMPLES,
    SAMPLING_RATE_HZ,
    normalize_windows,
)

_BATCH = 16384
"""Windows that a graphics processor reads at a time: enough to keep it busy, some 20 MB."""


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
        self._compiled: CompiledNetwork | None = None
        self._tensors: dict[str, Any] = {}

    def read(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability that the first motion is up."""
        network = self.network
        device = find_device()
        odds = self._compiled_odds(windows) if device == "cpu" else self._on_device(windows, device)
        steep = (odds / np.float32(network.temperature)).astype(np.float64)
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * steep), np.float32)

    def _compiled_odds(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the log odds before calibration, without torch."""
        if self._compiled is None:
            self._compiled = CompiledNetwork(self.network.parameters)
        return self._compiled.log_odds(windows)

    def _on_device(self, windows: NDArray[np.float32], device: str) -> NDArray[np.float32]:
        """Return the log odds before calibration with torch, in large batches."""
        import torch

        if not self._tensors:
            self._tensors = {
                name: torch.from_numpy(v).to(device) for name, v in self.network.parameters.items()
            }
        # readings must not depend on the machine more than rounding makes them
        torch.backends.cudnn.allow_tf32 = False
        found = np.empty(len(windows), np.float32)
        with torch.inference_mode():
            for first in range(0, len(windows), _BATCH):
                x = torch.from_numpy(normalize_windows(windows[first : first + _BATCH])).to(device)
                odds = half_forward(self._tensors, x) - half_forward(self._tensors, -x)
                found[first : first + _BATCH] = odds.cpu().numpy()
        return found


def pack_polarity_network(network: PolarityNetwork) -> dict[str, NDArray[Any]]:
    """Return a network as plain arrays, for a file."""
    return {
        **network.parameters,
        "architecture": np.array(network.architecture),
        "temperature": np.array(network.temperature),
    }


def build_polarity_reader(state: Mapping[str, Any], name: str) -> PolarityReader:
    """Return a reader with weights of :func:`pack_polarity_network`, or of PolarCAP.

    Raises
    ------
    InputError
        If the arrays are of neither.
    """
    if "bn1.weight" in state:
        return PolarCapReader(state, name)
    arrays = {key: np.asarray(value) for key, value in state.items()}
    architecture = str(arrays.pop("architecture", ""))
    try:
        temperature = float(arrays.pop("temperature", np.array(1.0)))
    except (TypeError, ValueError):
        temperature = np.nan  # refused below
    wanted = parameter_shapes(architecture) if architecture in ARCHITECTURES else {}
    found = {key: array.shape for key, array in arrays.items()}
    if not wanted or found != wanted:
        raise InputError(
            f"The weights '{name}' are of no polarity network of quakeloom (architecture "
            f"'{architecture}', {len(found)} arrays), nor of PolarCAP. No polarity was read; give "
            "the file that `quakeloom train polarity` wrote."
        )
    for key, array in {**arrays, "temperature": np.array(temperature)}.items():
        if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise InputError(
                f"The weights '{name}' hold no finite numbers in '{key}'. No polarity was read; "
                "give the file that `quakeloom train polarity` wrote."
            )
    if temperature <= 0.0:
        raise InputError(
            f"The weights '{name}' have a temperature of {temperature:g}, which must be above 0. "
            "No polarity was read; give the file that `quakeloom train polarity` wrote."
        )
    parameters = {key: np.ascontiguousarray(a, np.float32) for key, a in arrays.items()}
    network = PolarityNetwork(architecture, parameters, temperature)
    return _NetworkReader(network, name)
