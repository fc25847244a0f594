"""Whether there is a graphics processor to run networks on."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def find_device() -> str:
    """Return ``cuda`` if torch can use a graphics processor here, else ``cpu``.

    Torch is imported only where the driver is present; ``CUDA_VISIBLE_DEVICES=`` (empty)
    keeps networks on the CPU.
    """
    if not Path("/dev/nvidiactl").exists():
        return "cpu"
    try:
        import torch
    except ImportError:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "cpu"
