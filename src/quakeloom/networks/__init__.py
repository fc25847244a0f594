"""Small convolutional networks on one core of a CPU, near the speed that the core has.

Floor 3. Everything a network of one-dimensional convolutions does is one kind of sum: rows of
an array, each shifted by so much, times weights. :class:`Taps` says which, and
:func:`apply_taps` sums them in blocks that stay in the registers of the processor. Many
windows lie side by side in one array with zeros between (:class:`Lane`), so that a window
gives the same bits whatever lies beside it. Training and graphics processors are for torch.
"""

from quakeloom.networks._device import find_device
from quakeloom.networks._lanes import Lane, take_phases, zero_gaps
from quakeloom.networks._taps import (
    Stretch,
    Taps,
    apply_taps,
    convolution_taps,
    join_phases,
    strided_taps,
    transposed_taps,
)
from quakeloom.networks._tiles import SPAN

__all__ = [
    "SPAN",
    "Lane",
    "Stretch",
    "Taps",
    "apply_taps",
    "convolution_taps",
    "find_device",
    "join_phases",
    "strided_taps",
    "take_phases",
    "transposed_taps",
    "zero_gaps",
]
