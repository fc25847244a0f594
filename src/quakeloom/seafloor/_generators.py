"""Generators and the discriminator of SRGAN and ESRGAN, with the published sizes.

They are trained to look like sea floor, so the texture that they add is invented. No weights of
them come with quakeloom.
"""

from __future__ import annotations

from typing import Any

from quakeloom.seafloor._networks import known_convolution

SRGAN_BLOCKS, ESRGAN_BLOCKS = 16, 23
"""Residual blocks of SRGAN (Ledig et al. 2017) and blocks of ESRGAN (Wang et al. 2018)."""

_SHARE = 0.2
"""Share of a residual that ESRGAN adds (beta of Wang et al. 2018)."""

_LEAK = 0.2
"""Slope of LeakyReLU below zero, as published."""


def build_generator(torch: Any, name: str, blocks: int | None = None) -> Any:
    """Return a generator with random weights.

    Parameters
    ----------
    torch : module
    name : str
        ``srgan`` or ``esrgan``.
    blocks : int, optional
    """
    if name == "srgan":
        return _srgan(torch, blocks or SRGAN_BLOCKS)
    return _esrgan(torch, blocks or ESRGAN_BLOCKS)


def _srgan(torch: Any, blocks: int) -> Any:
    """SRResNet: 9 x 9 x 64, residual blocks with batch normalization, one pixel shuffle."""
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.PReLU(),
                nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64),
            )  # fmt: skip

        def forward(self, x: Any) -> Any:
            return x + self.layers(x)

    class Generator(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(1, 64, 9)
            self.slope = nn.PReLU()
            self.blocks = nn.Sequential(*(Block() for _ in range(blocks)))
            self.middle = nn.Sequential(
                nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64)
            )
            self.enlarge = nn.Sequential(
                nn.Conv2d(64, 256, 3, padding=1), nn.PixelShuffle(2), nn.PReLU()
            )
            self.last = nn.Conv2d(64, 1, 9, padding=4)

        def forward(self, x: Any, mask: Any) -> Any:
            y = self.slope(known_convolution(torch, self.first, x, mask))
            return self.last(self.enlarge(y + self.middle(self.blocks(y))))

    return Generator()


def _esrgan(torch: Any, blocks: int) -> Any:
    """RRDBNet: dense blocks of five convolutions with a growth of 32, three in each block."""
    nn = torch.nn

    class Dense(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(
                nn.Conv2d(64 + 32 * k, 32 if k < 4 else 64, 3, padding=1) for k in range(5)
            )

        def forward(self, x: Any) -> Any:
            seen = x
            for layer in self.layers[:-1]:
                new = nn.functional.leaky_relu(layer(seen), _LEAK)
                seen = torch.cat([seen, new], 1)
            return x + _SHARE * self.layers[-1](seen)

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.Sequential(Dense(), Dense(), Dense())

        def forward(self, x: Any) -> Any:
            return x + _SHARE * self.parts(x)

    class Generator(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(1, 64, 3)
            self.blocks = nn.Sequential(*(Block() for _ in range(blocks)))
            self.middle = nn.Conv2d(64, 64, 3, padding=1)
            self.finer = nn.Conv2d(64, 64, 3, padding=1)
            self.before = nn.Conv2d(64, 64, 3, padding=1)
            self.last = nn.Conv2d(64, 1, 3, padding=1)

        def forward(self, x: Any, mask: Any) -> Any:
            y = known_convolution(torch, self.first, x, mask)
            y = y + self.middle(self.blocks(y))
            y = y.repeat_interleave(2, 2).repeat_interleave(2, 3)
            y = nn.functional.leaky_relu(self.finer(y), _LEAK)
            return self.last(nn.functional.leaky_relu(self.before(y), _LEAK))

    return Generator()


def build_discriminator(torch: Any, side: int) -> Any:
    """Return SRGAN's discriminator for patches of ``side`` fine cells: a multiple of 16.

    Eight convolutions of 64 to 512 filters, every second with a stride of 2, then 1024 and 1.
    """
    nn = torch.nn
    layers: list[Any] = [nn.Conv2d(1, 64, 3, padding=1), nn.LeakyReLU(_LEAK)]
    last = 64
    for filters, stride in ((64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 2)):
        layers += [
            nn.Conv2d(last, filters, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(filters), nn.LeakyReLU(_LEAK),
        ]  # fmt: skip
        last = filters
    flat = 512 * (side // 16) ** 2
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(flat, 1024), nn.LeakyReLU(_LEAK), nn.Linear(1024, 1)
    )
