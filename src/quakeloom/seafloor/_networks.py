"""Five published networks for finer grids, as torch modules behind one protocol.

Each takes the detail of a coarse grid with its mask, ``(batch, 1, rows, columns)``, and returns
what is to be added to the cubic interpolation, on a grid twice as fine. Numbers of filters and
kernels are the published ones, for one channel. Holes enter by a first convolution that looks at
known cells alone (Liu et al. 2018), which takes no further parameters.

References: SRCNN, Dong et al. (2014); FSRCNN, Dong et al. (2016); ESPCN, Shi et al. (2016);
SRGAN, Ledig et al. (2017); ESRGAN, Wang et al. (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError, SettingsError
from quakeloom.seafloor._resampling import cubic_weights

NETWORKS = ("srcnn", "fsrcnn", "espcn", "srgan", "esrgan")
"""Names of the networks."""

GENERATIVE = ("srgan", "esrgan")
"""Those that are trained to look real: their texture is invented."""

_FIRST_OUTPUT = 0.1
"""Factor on the first weights of the last layer; chosen here: training starts near the cubic
interpolation."""


def import_torch() -> Any:
    """Return torch.

    Raises
    ------
    SettingsError
        If it is not installed.
    """
    try:
        import torch
    except ImportError:
        raise SettingsError(
            "Networks of the sea floor need torch, which is not installed. Nothing was computed; "
            "install `quakeloom[networks]`, or take a method without a network, such as "
            "`cubic_back_projection`."
        ) from None
    return torch


def build_network(name: str, seed: int = 0, blocks: int | None = None) -> Any:
    """Return a network with random weights.

    Parameters
    ----------
    name : str
        One of :data:`NETWORKS`; of ``srgan`` and ``esrgan`` it is the generator.
    seed : int
        Of its first weights.
    blocks : int, optional
        Residual blocks of a generator: 16 and 23 as published.

    Raises
    ------
    InputError
        If there is no such network.
    """
    if name not in NETWORKS:
        raise InputError(
            f"There is no network '{name}' for the sea floor. Nothing was built; there are "
            f"{', '.join(NETWORKS)}."
        )
    torch = import_torch()
    torch.manual_seed(seed)
    if name in GENERATIVE:
        from quakeloom.seafloor._generators import build_generator

        return build_generator(torch, name, blocks)
    network = _BUILDERS[name](torch)
    with torch.no_grad():
        network.last.weight.mul_(_FIRST_OUTPUT)
    return network


def count_parameters(network: Any) -> dict[str, int]:
    """Return how many weights and other parameters (biases, slopes, norms) a network has."""
    total = sum(p.numel() for p in network.parameters())
    weights = sum(p.numel() for p in network.parameters() if p.dim() > 1)
    return {"weights": int(weights), "others": int(total - weights)}


def pack_network(network: Any) -> dict[str, NDArray[np.float32]]:
    """Return the state of a network as plain arrays, by name."""
    return {
        k: v.detach().cpu().numpy().astype(np.float32)
        for k, v in network.state_dict().items()
        if v.is_floating_point()
    }


def unpack_network(name: str, state: Mapping[str, NDArray[Any]], blocks: int | None = None) -> Any:
    """Return a network with given weights, ready to be used.

    Raises
    ------
    InputError
        If the arrays are not of such a network.
    """
    torch = import_torch()
    network = build_network(name, blocks=blocks)
    own = network.state_dict()
    wrong = [
        k
        for k, v in own.items()
        if v.is_floating_point() and (k not in state or tuple(state[k].shape) != tuple(v.shape))
    ]
    if wrong:
        raise InputError(
            f"The weights are of no network '{name}' ('{wrong[0]}' is missing or has another "
            "shape). Nothing was computed; give a file that `quakeloom train seafloor` wrote."
        )
    network.load_state_dict(
        {k: torch.from_numpy(np.array(state[k], np.float32)) for k in own if k in state},
        strict=False,
    )
    return network.eval()


def known_convolution(torch: Any, layer: Any, x: Any, mask: Any) -> Any:
    """Convolve known cells alone: the sum is scaled up by what is missing below the kernel."""
    pad = layer.kernel_size[0] // 2
    conv = torch.nn.functional.conv2d
    size = layer.kernel_size[0] * layer.kernel_size[1]
    ones = torch.ones(1, 1, *layer.kernel_size, dtype=x.dtype, device=x.device)
    seen = conv(mask, ones, padding=pad)
    out = conv(x * mask, layer.weight, padding=pad) * (size / seen.clamp(min=1.0))
    return out + layer.bias.view(1, -1, 1, 1)


def cubic_layer(torch: Any) -> Callable[[Any], Any]:
    """Return a function that makes a batch twice as fine by Keys' cubic kernel."""
    w = cubic_weights(2)
    kernel = torch.tensor(np.einsum("ia,jb->ijab", w, w).reshape(4, 1, 5, 5), dtype=torch.float32)

    def enlarge(x: Any) -> Any:
        wide = torch.nn.functional.pad(x, (2, 2, 2, 2), mode="replicate")
        out = torch.nn.functional.conv2d(wide, kernel.to(x.device))
        return torch.nn.functional.pixel_shuffle(out, 2)

    return enlarge


def _srcnn(torch: Any) -> Any:
    nn, enlarge = torch.nn, cubic_layer(torch)

    class Network(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(1, 64, 9)
            self.middle = nn.Conv2d(64, 32, 1)
            self.last = nn.Conv2d(32, 1, 5, padding=2)

        def forward(self, x: Any, mask: Any) -> Any:
            fine_mask = mask.repeat_interleave(2, 2).repeat_interleave(2, 3)
            y = torch.relu(known_convolution(torch, self.first, enlarge(x), fine_mask))
            return self.last(torch.relu(self.middle(y)))

    return Network()


def _fsrcnn(torch: Any) -> Any:
    nn = torch.nn

    class Network(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(1, 56, 5)
            layers: list[Any] = [nn.PReLU(56), nn.Conv2d(56, 12, 1), nn.PReLU(12)]
            for _ in range(4):
                layers += [nn.Conv2d(12, 12, 3, padding=1), nn.PReLU(12)]
            self.middle = nn.Sequential(*layers, nn.Conv2d(12, 56, 1), nn.PReLU(56))
            self.last = nn.ConvTranspose2d(56, 1, 9, stride=2, padding=4, output_padding=1)

        def forward(self, x: Any, mask: Any) -> Any:
            return self.last(self.middle(known_convolution(torch, self.first, x, mask)))

    return Network()


def _espcn(torch: Any) -> Any:
    nn = torch.nn

    class Network(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(1, 64, 5)
            self.middle = nn.Conv2d(64, 32, 3, padding=1)
            self.last = nn.Conv2d(32, 4, 3, padding=1)

        def forward(self, x: Any, mask: Any) -> Any:
            y = torch.tanh(known_convolution(torch, self.first, x, mask))
            return nn.functional.pixel_shuffle(self.last(torch.tanh(self.middle(y))), 2)

    return Network()


_BUILDERS = {"srcnn": _srcnn, "fsrcnn": _fsrcnn, "espcn": _espcn}
"""The functions that build the small networks."""
