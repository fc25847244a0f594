"""PolarCAP's published network as a reader, to compare with (Chakraborty et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError

_QUIET = 26
"""First samples of a window, whose mean is removed; chosen here, 60 ms clear of the pick."""

_EPSILON = 1e-3
"""Added to the variance in batch normalization, as in PolarCAP's network."""

_BATCH = 256
"""Windows that torch reads at a time; bounds memory."""

_NEEDED = ("conv1.weight", "bn1.weight", "conv2.weight", "bn2.weight", "fc.weight")
"""Arrays by which a state dict is known to be PolarCAP's."""


class PolarCapReader:
    """PolarCAP's encoder: 0.64 s of the vertical, the pick in the middle.

    The record has the mean before the pick removed and is divided by its largest absolute
    value. Two convolutions, each halved, and one dense layer give the probabilities of down
    and up. It is not odd, and was not trained on wrong picks.

    References
    ----------
    Chakraborty, M. et al. (2022), PolarCAP - A deep learning approach for first motion
    polarity classification of earthquake waveforms, Artificial Intelligence in Geosciences 3,
    46-52, doi:10.1016/j.aiig.2022.08.001.
    """

    sampling_rate_hz = 100.0
    samples = 64
    pick_sample = 32

    def __init__(self, state: Mapping[str, Any], name: str) -> None:
        missing = [k for k in _NEEDED if not hasattr(state.get(k), "float")]
        if missing:
            raise InputError(
                f"The weights '{name}' are of no PolarCAP network ('{missing[0]}' is not in "
                "them). No polarity was read; give the state dict of PolarCAP."
            )
        self.name = name
        self._state = {key: value.float() for key, value in state.items()}

    def read(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability that the first motion is up.

        Parameters
        ----------
        windows : ndarray of float32, shape (windows, 64)
        """
        import torch

        data = np.asarray(windows, dtype=np.float64)
        data = data - data[:, :_QUIET].mean(axis=1, keepdims=True)
        data /= np.maximum(np.abs(data).max(axis=1, keepdims=True), 1e-30)
        up = np.empty(len(data), np.float32)
        with torch.inference_mode():
            for start in range(0, len(data), _BATCH):
                part = data[start : start + _BATCH].astype(np.float32)
                up[start : start + len(part)] = self._forward(torch, part)[:, 1].numpy()
        return up

    def _forward(self, torch: Any, part: NDArray[np.float32]) -> Any:
        state, functional = self._state, torch.nn.functional
        x = torch.from_numpy(part)[:, None, :]
        for k, padding in ((1, (15, 16)), (2, (7, 8))):
            x = functional.conv1d(
                functional.pad(x, padding), state[f"conv{k}.weight"], state[f"conv{k}.bias"]
            )
            x = functional.batch_norm(
                functional.relu(x), state[f"bn{k}.running_mean"], state[f"bn{k}.running_var"],
                state[f"bn{k}.weight"], state[f"bn{k}.bias"], eps=_EPSILON,
            )  # fmt: skip
            x = functional.max_pool1d(x, 2)
        x = functional.linear(x.flatten(1), state["fc.weight"], state["fc.bias"])
        return torch.softmax(x, dim=1)
