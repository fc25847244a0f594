"""One face for everything that reads first motions: networks and the classical reading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.formats import read_network_weights
from quakeloom.polarity import PolarityReader, build_polarity_reader, read_first_pulse
from quakeloom.stages.weights.pickers import CLASSICAL, OWN_POLARITY, own_weights
from quakeloom.store import digest_input, is_input

BATCH = 4096
"""Windows that a network reads together; chosen here: some MB."""


@dataclass(frozen=True)
class Reader:
    """Reads first motions in windows around P.

    Attributes
    ----------
    name : str
    sampling_rate_hz : float
    samples, pick_sample : int
        Length of a window, and where the pick is in it.
    network : object or None
        A polarity network; None reads classically.
    """

    name: str
    sampling_rate_hz: float
    samples: int
    pick_sample: int
    network: PolarityReader | None = None

    def read_polarities(
        self, windows: NDArray[np.float32]
    ) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        """Return signs (+1 up, -1 down, 0 cannot tell) and probabilities of up.

        Parameters
        ----------
        windows : ndarray of float32, shape (n, samples)
        """
        if not len(windows):
            return np.zeros(0, np.int8), np.zeros(0)
        if self.network is None:
            return read_first_pulse(windows, self.pick_sample, self.sampling_rate_hz)
        up = np.concatenate(
            [
                np.asarray(self.network.read(windows[i : i + BATCH]), dtype=np.float64)
                for i in range(0, len(windows), BATCH)
            ]
        )
        sign = np.sign(np.round(up - 0.5, 12)).astype(np.int8)
        return sign, up


def find_polarity_weights(weights: str = "best") -> Path | None:
    """Return the file that a choice of weights means; None where there is none."""
    file = own_weights(OWN_POLARITY) if weights in ("best", "own") else Path(weights)
    return file if is_input(file) else None


def reader_digest(weights: str) -> str:
    """Return the digest of the weights that a setting means now, for plan files."""
    file = find_polarity_weights(weights)
    return f"{file.name}:{digest_input(file)}" if file is not None else CLASSICAL


def open_reader(weights: str = "best") -> Reader:
    """Load a reader: ``best`` (our network, else classical), ``own``, ``classical``, a file.

    Raises
    ------
    InputError
        If the weights are not there; the message names file and folder.
    """
    classical = Reader(CLASSICAL, 100.0, 200, 100)
    own = own_weights(OWN_POLARITY)
    if weights == CLASSICAL or (weights == "best" and not is_input(own)):
        return classical
    file = own if weights in ("best", "own") else Path(weights)
    if not is_input(file):
        raise InputError(
            f"There are no polarity weights '{file.name}' in {file.parent.absolute()}. Nothing "
            "was read; give a file, train them with `quakeloom train polarity`, or write "
            "`--weights classical`."
        )
    name = file.stem if file.suffix != ".npz" else f"quakeloom-{file.stem}"
    network = build_polarity_reader(read_network_weights(file), name)
    return Reader(
        network.name, network.sampling_rate_hz, network.samples, network.pick_sample, network
    )
