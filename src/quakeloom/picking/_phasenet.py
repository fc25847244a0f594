"""PhaseNet's U-Net, lean: published weights (SeisBench state dicts) with their trained padding.

The weights were trained on 3000 samples with TensorFlow's SAME padding, which depends on the
length of the input; a forward that pads as for 3001 samples gives P picks 25 ms late. Here the
padding follows the length. Batch normalization is folded into the convolutions once, when the
weights are loaded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DEPTH = 5
_STRIDE = 4
_EPSILON = 1e-3
_BATCH = 32


class PhaseNetPicker:
    """P and S probabilities by PhaseNet (Zhu & Beroza 2019) from a SeisBench state dict.

    Every window is demeaned and divided by its standard deviation per component; a dead
    component stays zero, and with n living components all are multiplied by 3/n, as the
    authors' reader does. Do not feed filtered or tapered windows: the weights saw raw ones.

    Parameters
    ----------
    state : mapping of str to tensor or array
        State dict of ``seisbench.models.PhaseNet``.
    name : str
        Name for tables and reports, such as ``phasenet-original``.
    components, phases : str
        Order of the input and of the output channels, as in the weights' description.
    sampling_rate_hz : float
    samples : int
        Length of the windows, 3000 as trained.

    References
    ----------
    Zhu, W., Beroza, G. C. (2019), Geophys. J. Int. 216, 261-273, doi:10.1093/gji/ggy423.
    """

    def __init__(
        self,
        state: Mapping[str, Any],
        name: str,
        components: str = "ENZ",
        phases: str = "NPS",
        sampling_rate_hz: float = 100.0,
        samples: int = 3000,
    ) -> None:
        self.name = name
        self.components = components
        self.sampling_rate_hz = sampling_rate_hz
        self.samples = samples
        self._channels = [phases.index("P"), phases.index("S")]
        self._layers = _fold_layers(state)

    def probabilities(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities of P and S at every sample.

        Parameters
        ----------
        windows : ndarray of float32, shape (n, 3, samples)
            Raw ground motion, any unit; components in the order of ``components``.

        Returns
        -------
        ndarray of float32, shape (n, 2, samples)
            Probability of P, of S. A window without a living component gives zeros.
        """
        import torch

        found = np.empty((len(windows), 2, windows.shape[2]), np.float32)
        with torch.inference_mode():
            for first in range(0, len(windows), _BATCH):
                batch = normalize_windows(windows[first : first + _BATCH])
                # a batch of one size gives the same arithmetic whatever else is read
                padded = np.zeros((_BATCH, *batch.shape[1:]), np.float32)
                padded[: len(batch)] = batch
                out = _forward(torch, torch.from_numpy(padded), self._layers)
                found[first : first + _BATCH] = out[: len(batch), self._channels].numpy()
        found[~np.any(windows, axis=(1, 2))] = 0.0
        return found


def normalize_windows(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Demean, divide by the standard deviation, and scale by 3/n for n living components.

    Parameters
    ----------
    windows : ndarray of float32, shape (n, 3, samples)

    Returns
    -------
    ndarray of float32, shape (n, 3, samples)
        Dead (constant) components are zero.
    """
    wide = windows.astype(np.float64)
    wide -= wide.mean(axis=2, keepdims=True)
    std = wide.std(axis=2, keepdims=True)
    scale = np.abs(windows).max(axis=2, keepdims=True)
    alive = std > 1e-9 * scale
    living = alive.sum(axis=1, keepdims=True)
    factor = np.where(alive, 3.0 / np.maximum(living, 1), 0.0) / np.where(alive, std, 1.0)
    return (wide * factor).astype(np.float32)


def _fold_layers(state: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Fold every batch normalization into the convolution before it."""
    import torch

    values = {k: torch.as_tensor(np.asarray(v)).double() for k, v in state.items()}

    def fold(conv: str, norm: str, transposed: bool = False) -> tuple[Any, Any]:
        weight = values[f"{conv}.weight"]
        bias = values.get(f"{conv}.bias", torch.zeros(1, dtype=torch.float64))
        gain = values[f"{norm}.weight"] / torch.sqrt(values[f"{norm}.running_var"] + _EPSILON)
        shape = (1, -1, 1) if transposed else (-1, 1, 1)
        shift = values[f"{norm}.bias"] + (bias - values[f"{norm}.running_mean"]) * gain
        return (weight * gain.reshape(shape)).float().contiguous(), shift.float().contiguous()

    layers = {"inc": fold("inc", "in_bn")}
    for i in range(_DEPTH):
        layers[f"same{i}"] = fold(f"down_branch.{i}.0", f"down_branch.{i}.1")
        if i < _DEPTH - 1:
            layers[f"down{i}"] = fold(f"down_branch.{i}.2", f"down_branch.{i}.3")
            layers[f"up{i}"] = fold(f"up_branch.{i}.0", f"up_branch.{i}.1", transposed=True)
            layers[f"merge{i}"] = fold(f"up_branch.{i}.2", f"up_branch.{i}.3")
    layers["out"] = values["out.weight"].float(), values["out.bias"].float()
    return {
        name: _by_phase(weight, bias) if name.startswith("up") else (weight.unsqueeze(2), bias)
        for name, (weight, bias) in layers.items()
    }


def _forward(torch: Any, x: Any, layers: Mapping[str, tuple[Any, Any]]) -> Any:
    """Run the U-Net on a tensor of shape (n, channels, samples).

    Convolutions are two-dimensional with one row, which oneDNN does faster.
    """
    conv, pad = torch.nn.functional.conv2d, torch.nn.functional.pad
    half = (0, layers["inc"][0].shape[3] // 2)
    x = conv(x.unsqueeze(2), *layers["inc"], padding=half).relu_()
    skips = []
    for i in range(_DEPTH):
        x = conv(x, *layers[f"same{i}"], padding=half).relu_()
        if i < _DEPTH - 1:
            skips.append(x)
            wide = pad(x, same_padding(x.shape[3]))
            x = conv(wide, *layers[f"down{i}"], stride=(1, _STRIDE)).relu_()
    for i, skip in enumerate(reversed(skips)):
        x = _upsample(pad, conv, x, *layers[f"up{i}"])[:, :, :, 1:-2]
        offset = (x.shape[3] - skip.shape[3]) // 2
        x = torch.cat([skip, x[:, :, :, offset : offset + skip.shape[3]].relu()], dim=1)
        x = conv(x, *layers[f"merge{i}"], padding=half).relu_()
    return torch.softmax(conv(x, *layers["out"]), dim=1).squeeze(2)


def _upsample(pad: Any, conv: Any, x: Any, weight: Any, bias: Any) -> Any:
    """Transposed convolution of stride 4 as one convolution for each of its four phases."""
    y = conv(pad(x, (1, 1)), weight, bias)
    n, channels, samples = y.shape[0], y.shape[1] // _STRIDE, y.shape[3]
    y = y.reshape(n, channels, _STRIDE, samples).transpose(2, 3)
    return y.reshape(n, channels, 1, _STRIDE * samples)[..., : _STRIDE * (samples - 1) + 3]


def _by_phase(weight: Any, bias: Any) -> tuple[Any, Any]:
    """Sort the taps of a transposed convolution (in, out, 7) by the phase they fall on."""
    size_in, size_out, kernel = weight.shape
    taps = weight.new_zeros(size_out, _STRIDE, size_in, 1, 2)
    for r in range(_STRIDE):
        taps[:, r, :, 0, 1] = weight[:, :, r].T
        if r + _STRIDE < kernel:
            taps[:, r, :, 0, 0] = weight[:, :, r + _STRIDE].T
    return taps.reshape(size_out * _STRIDE, size_in, 1, 2), bias.repeat_interleave(_STRIDE)


def same_padding(samples: int, kernel: int = 7, stride: int = _STRIDE) -> tuple[int, int]:
    """Return the padding of a strided convolution as trained (TensorFlow's SAME)."""
    total = max((math.ceil(samples / stride) - 1) * stride + kernel - samples, 0)
    return total // 2, total - total // 2
