"""PhaseNet: published weights (SeisBench state dicts) with the padding they were trained with.

The authors' weights were trained on 3000 samples with TensorFlow's SAME padding, which depends
on the length of the input; a forward that pads as for 3001 samples gives P picks 25 ms late.
Weights that were trained with SeisBench want its padding, and 3001 samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.networks import find_device
from quakeloom.picking._pick_errors import WIDE_TARGETS
from quakeloom.picking._unet import (
    DEPTH,
    NORMS,
    STRIDE,
    CompiledUNet,
    fold_layers,
    same_padding,
)

PADDINGS = ("trained", "seisbench")
"""How strided convolutions are padded; see :class:`PhaseNetConventions`."""

_SEISBENCH_PADDING = ((3, 3), (2, 3), (1, 3), (2, 3))
"""Samples before and after, of the four strided convolutions, in SeisBench's PhaseNet."""

_EPSILON = 1e-3
"""Added to the variance in batch normalization, as in SeisBench's PhaseNet."""

_BATCH = 256
"""Windows that torch reads at a time; bounds memory."""


@dataclass(frozen=True)
class PhaseNetConventions:
    """What weights of PhaseNet expect of windows, as they were trained.

    Attributes
    ----------
    components, phases : str
        Order of the input and of the output channels, as in the weights' description.
    sampling_rate_hz : float
    samples : int
        Length of the windows: 3000 as the authors trained, 3001 as SeisBench does.
    padding : str
        ``trained``: as TensorFlow pads this length. ``seisbench``: as SeisBench does.
    norm : str
        ``living``: by the standard deviation, and multiplied by 3/n where n components are
        alive, as the authors' reader does. ``std``, ``peak``: as in SeisBench.
    """

    components: str = "ENZ"
    phases: str = "NPS"
    sampling_rate_hz: float = 100.0
    samples: int = 3000
    padding: str = "trained"
    norm: str = "living"


class PhaseNetPicker:
    """P and S probabilities by PhaseNet (Zhu & Beroza 2019) from a SeisBench state dict.

    Every window is demeaned and normalized per component; a dead component stays zero. Do
    not feed filtered or tapered windows: the weights saw raw ones. On a CPU the network runs
    compiled, without torch; a window gives the same bits whatever is read with it. On a
    graphics processor torch runs it.

    Parameters
    ----------
    state : mapping of str to tensor or array
        State dict of ``seisbench.models.PhaseNet``.
    name : str
        Name for tables and reports, such as ``phasenet-original``.
    conventions : PhaseNetConventions, optional
        Those of the authors by default.
    device : str
        ``cpu``, ``cuda``, ``torch`` (torch on the CPU), or ``auto``.

    Attributes
    ----------
    errors : tuple of PickErrors
        Standard errors of P and S; by default those of wide targets.

    Raises
    ------
    InputError
        If a padding or normalization is not known.

    References
    ----------
    Zhu, W., Beroza, G. C. (2019), Geophys. J. Int. 216, 261-273, doi:10.1093/gji/ggy423.
    """

    def __init__(
        self,
        state: Mapping[str, Any],
        name: str,
        conventions: PhaseNetConventions | None = None,
        device: str = "auto",
    ) -> None:
        wanted = conventions or PhaseNetConventions()
        if wanted.padding not in PADDINGS or wanted.norm not in NORMS:
            raise InputError(
                f"The weights '{name}' want padding '{wanted.padding}' and normalization "
                f"'{wanted.norm}', which are not known ({', '.join(PADDINGS)}; "
                f"{', '.join(NORMS)}). Nothing was picked; name those that they were trained with."
            )
        self.name = name
        self.components = wanted.components
        self.sampling_rate_hz = wanted.sampling_rate_hz
        self.samples = wanted.samples
        self.norm = wanted.norm
        self.errors = WIDE_TARGETS
        if sorted(wanted.phases) != list("NPS") or sorted(wanted.components) != list("ENZ"):
            raise InputError(
                f"The weights '{name}' are for phases {wanted.phases!r} and components "
                f"{wanted.components!r}, not N, P, S and E, N, Z. Nothing was picked; correct the "
                "description beside the weights."
            )
        if not 0.0 < wanted.sampling_rate_hz < math.inf:
            raise InputError(
                f"The weights '{name}' are for {wanted.sampling_rate_hz:g} samples a second. "
                "Nothing was picked; correct the description beside the weights."
            )
        self._channels = [wanted.phases.index("P"), wanted.phases.index("S")]
        by_seisbench = wanted.padding == "seisbench"
        self._padding = _SEISBENCH_PADDING if by_seisbench else _same_paddings(wanted.samples)
        try:
            self._layers = fold_layers(state, _EPSILON)
        except ValueError as error:
            raise InputError(
                f"The weights '{name}' are of no PhaseNet that can be used: {error}. Nothing was "
                "picked; give weights that `quakeloom train picker` wrote, or SeisBench's."
            ) from None
        self._device = find_device() if device == "auto" else device
        self._network: CompiledUNet | None = None
        self._tensors: dict[str, Any] = {}

    @property
    def operations(self) -> int:
        """Multiply-adds of reading a window."""
        return self._compiled().operations

    def probabilities(self, windows: NDArray[np.float32], blind: int = 0) -> NDArray[np.float32]:
        """Return the probabilities of P and S at every sample.

        Parameters
        ----------
        windows : ndarray of float32, shape (n, 3, samples)
            Raw ground motion, any unit; components in the order of ``components``.
        blind : int
            Samples at each end that are not needed.

        Returns
        -------
        ndarray of float32, shape (n, 2, samples)
            Probability of P, of S. A window without a living component gives zeros.
        """
        if self._device == "cpu":
            found = self._compiled().probabilities(windows, self.norm, self._channels, blind)
        else:
            found = self._with_torch(windows)
        dead = ~np.any(windows, axis=(1, 2))
        if dead.any():
            found[dead] = 0.0
        return found

    def _compiled(self) -> CompiledUNet:
        if self._network is None:
            self._network = CompiledUNet(self._layers, self.samples, self._padding)
        return self._network

    def _with_torch(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        import torch

        device = "cpu" if self._device == "torch" else self._device
        if not self._tensors:
            self._tensors = {
                layer: tuple(torch.from_numpy(v).float().to(device) for v in values)
                for layer, values in self._layers.items()
            }
        # picks must not depend on the machine more than rounding makes them
        torch.backends.cudnn.allow_tf32 = False
        found = np.empty((len(windows), 2, windows.shape[2]), np.float32)
        with torch.inference_mode():
            for first in range(0, len(windows), _BATCH):
                batch = normalize_windows(windows[first : first + _BATCH], self.norm)
                tensor = torch.from_numpy(batch).to(device)
                out = _forward(torch, tensor, self._tensors, self._padding)
                found[first : first + _BATCH] = out[:, self._channels].cpu().numpy()
        return found


def _same_paddings(samples: int) -> tuple[tuple[int, int], ...]:
    paddings = []
    for _ in range(DEPTH - 1):
        paddings.append(same_padding(samples))
        samples = -(-samples // STRIDE)
    return tuple(paddings)


def normalize_windows(windows: NDArray[np.float32], norm: str = "living") -> NDArray[np.float32]:
    """Demean and normalize every component of windows.

    Parameters
    ----------
    windows : ndarray of float32, shape (n, 3, samples)
    norm : str
        See :class:`PhaseNetConventions`.

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
    size = np.abs(wide).max(axis=2, keepdims=True) if norm == "peak" else std
    factor = np.where(alive, 1.0, 0.0) / np.where(alive, size, 1.0)
    if norm == "living":
        factor = factor * 3.0 / np.maximum(alive.sum(axis=1, keepdims=True), 1)
    return (wide * factor).astype(np.float32)


def _forward(torch: Any, x: Any, layers: Mapping[str, tuple[Any, Any]], padding: Any) -> Any:
    """Run the U-Net on a tensor of shape (n, channels, samples)."""
    conv, pad = torch.nn.functional.conv1d, torch.nn.functional.pad
    half = layers["inc"][0].shape[2] // 2
    x = conv(x, *layers["inc"], padding=half).relu_()
    skips = []
    for i in range(DEPTH):
        x = conv(x, *layers[f"same{i}"], padding=half).relu_()
        if i < DEPTH - 1:
            skips.append(x)
            x = conv(pad(x, padding[i]), *layers[f"down{i}"], stride=STRIDE).relu_()
    for i, skip in enumerate(reversed(skips)):
        x = torch.nn.functional.conv_transpose1d(x, *layers[f"up{i}"], stride=STRIDE)[:, :, 1:-2]
        offset = (x.shape[2] - skip.shape[2]) // 2
        x = torch.cat([skip, x[:, :, offset : offset + skip.shape[2]].relu()], dim=1)
        x = conv(x, *layers[f"merge{i}"], padding=half).relu_()
    return torch.softmax(conv(x, *layers["out"]), dim=1)
