"""Convolutional networks for first motions, odd by construction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.polarity._windows import SAMPLES, normalize_windows

_BATCH = 256
"""Windows that torch reads at a time; bounds memory."""


@dataclass(frozen=True)
class Architecture:
    """Layers of a network: (channels, kernel) of convolutions, each halved; then one hidden."""

    convolutions: tuple[tuple[int, int], ...]
    hidden: int


ARCHITECTURES = {
    "lean": Architecture(((24, 11), (32, 7), (48, 5)), 64),
    "ross": Architecture(((32, 21), (64, 15), (128, 11)), 512),
}
"""``ross`` has the convolutions of Ross et al. (2018); ``lean`` needs a tenth of the work."""


def count_operations(architecture: str) -> int:
    """Return multiplications and additions (as one) of reading a window."""
    layers = ARCHITECTURES[architecture]
    length, channels, total = SAMPLES, 2, 0
    for out, kernel in layers.convolutions:
        total += length * channels * kernel * out
        length, channels = length // 2, out
    total += length * channels * layers.hidden + layers.hidden
    return 2 * total


def parameter_shapes(architecture: str) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a network's parameters."""
    layers = ARCHITECTURES[architecture]
    length, channels = SAMPLES, 2
    shapes: dict[str, tuple[int, ...]] = {}
    for i, (out, kernel) in enumerate(layers.convolutions):
        shapes[f"conv{i}.weight"] = (out, channels, kernel)
        shapes[f"conv{i}.bias"] = (out,)
        length, channels = length // 2, out
    shapes["hidden.weight"] = (layers.hidden, length * channels)
    shapes["hidden.bias"] = (layers.hidden,)
    shapes["out.weight"] = (1, layers.hidden)
    return shapes


def half_forward(parameters: Any, x: Any, drop: float = 0.0) -> Any:
    """Return ``g(x)``, one number per window, with torch."""
    from torch.nn import functional

    i = 0
    while f"conv{i}.weight" in parameters:
        weight = parameters[f"conv{i}.weight"]
        x = functional.conv1d(x, weight, parameters[f"conv{i}.bias"], padding=weight.shape[2] // 2)
        x = functional.max_pool1d(functional.relu(x), 2)
        i += 1
    x = x.flatten(1)
    if drop:
        x = functional.dropout(x, drop)
    x = functional.relu(
        functional.linear(x, parameters["hidden.weight"], parameters["hidden.bias"])
    )
    return functional.linear(x, parameters["out.weight"])[:, 0]


@dataclass(frozen=True)
class PolarityNetwork:
    """A network whose log odds are ``f(x) = (g(x) - g(-x)) / T``.

    Turning the record upside down exchanges the two terms, so ``f(-x) = -f(x)`` exactly and
    the probabilities of up and down change places.

    Attributes
    ----------
    architecture : str
    parameters : dict of ndarray of float32
    temperature : float
        Found by calibration.
    """

    architecture: str
    parameters: dict[str, NDArray[np.float32]]
    temperature: float = 1.0

    def log_odds(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the log odds that the first motion is up.

        Parameters
        ----------
        windows : ndarray of float32, shape (windows, 150)
        """
        import torch

        parameters = {name: torch.from_numpy(v) for name, v in self.parameters.items()}
        out = np.empty(len(windows), np.float32)
        batch = np.zeros((_BATCH, 2, SAMPLES), np.float32)
        with torch.inference_mode():
            for start in range(0, len(windows), _BATCH):
                stop = min(start + _BATCH, len(windows))
                # Always a full batch: kernels, and so rounding, may depend on its size.
                batch[:] = 0.0
                batch[: stop - start] = normalize_windows(windows[start:stop])
                x = torch.from_numpy(batch)
                odds = half_forward(parameters, x) - half_forward(parameters, -x)
                out[start:stop] = odds[: stop - start].numpy()
        return out / np.float32(self.temperature)

    def probability_up(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability that the first motion is up; 0.5 is "cannot tell"."""
        odds = self.log_odds(windows).astype(np.float64)
        return (0.5 + 0.5 * np.tanh(0.5 * odds)).astype(np.float32)
