"""Responses of instruments from StationXML, dataless SEED and what else ObsPy reads as such."""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._compressed import ByteStream

log = logging.getLogger(__name__)

_LOWEST_HZ = 0.01
"""Lowest frequency at which responses are evaluated; amplitudes are measured above."""

_POINTS = 300
"""Frequencies of a response, evenly over their logarithm: between them it is interpolated."""

_ANY_RATE_HZ = 100.0
"""Sampling rate where the file does not say it."""

_MOTION = {"M": -1, "M/S": 0, "M/S**2": 1, "M/S/S": 1, "M/S^2": 1, "M/(S**2)": 1}
"""Units of ground motion, and how many times velocity is differentiated for them."""

_OPEN_START, _OPEN_END = np.iinfo(np.int64).min + 1, np.iinfo(np.int64).max
"""Limits of open epochs, nanoseconds since 1970."""


@dataclass(frozen=True)
class ChannelResponse:
    """The response of a channel in one epoch.

    Attributes
    ----------
    network, station, location_code, channel : str
    start, end : int
        Nanoseconds since 1970.
    rate_hz : float
    frequency_hz : ndarray, shape (n,)
    velocity : ndarray of complex, shape (n,)
        Counts per m/s, for ``exp(+i omega t)``.
    is_flat : bool
        Only the overall sensitivity is known, which is taken for all frequencies.
    """

    network: str
    station: str
    location_code: str
    channel: str
    start: int
    end: int
    rate_hz: float
    frequency_hz: NDArray[np.float64] = field(repr=False)
    velocity: NDArray[np.complex128] = field(repr=False)
    is_flat: bool = False


def read_responses(
    path: Path, stations: Container[str] | None = None
) -> tuple[list[ChannelResponse], list[str]]:
    """Read the responses of a file.

    Parameters
    ----------
    path : Path
        StationXML, dataless SEED, RESP, SAC poles and zeros; plain or gzipped.
    stations : container of str, optional
        Codes of the stations that are wanted; evaluating all of a network takes minutes.

    Returns
    -------
    responses : list of ChannelResponse
    problems : list of str
        Of channels whose response cannot be used, in words.

    Raises
    ------
    FormatError
        If ObsPy cannot read it.
    """
    from obspy import read_inventory

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with ByteStream(path) as stream:
                inventory = read_inventory(io.BytesIO(stream.read()))
        except Exception as error:
            raise FormatError(
                f"'{path}' cannot be read as responses of instruments ({type(error).__name__}: "
                f"{str(error)[:120]}). No amplitudes follow from it; give StationXML, dataless "
                "SEED, RESP, or SAC poles and zeros."
            ) from error
        found: list[ChannelResponse] = []
        problems: list[str] = []
        for network in inventory:
            for station in network:
                if stations is not None and station.code not in stations:
                    continue
                for channel in station:
                    made = _response(network.code, station.code, channel)
                    if isinstance(made, str):
                        codes = (network.code, station.code, channel.location_code, channel.code)
                        problems.append(f"{'.'.join(codes)}: {made}")
                    else:
                        found.append(made)
    return found, problems


def _response(network: str, station: str, channel: Any) -> ChannelResponse | str:
    """Return the response of a channel, or why there is none."""
    response = channel.response
    if response is None:
        return "it has no response"
    rate = float(channel.sample_rate or 0.0) or _ANY_RATE_HZ
    frequency = np.geomspace(_LOWEST_HZ, max(0.5 * rate, 2.0 * _LOWEST_HZ), _POINTS)
    is_flat = False
    try:
        value = np.asarray(
            response.get_evalresp_response_for_frequencies(frequency, output="VEL"), complex
        )
        good = bool(np.all(np.isfinite(value)) and np.abs(value).max() > 0.0)
    except Exception as error:  # evalresp refuses for many reasons, in classes of its own
        log.debug("%s.%s.%s: %s", network, station, channel.code, error)
        good = False
    if not good:
        flat = _flat(response, frequency)
        if flat is None:
            return "its response has neither stages nor a sensitivity to ground motion"
        value, is_flat = flat, True
    return ChannelResponse(
        network, station, str(channel.location_code or "").strip(), channel.code,
        _nanoseconds(channel.start_date, _OPEN_START), _nanoseconds(channel.end_date, _OPEN_END),
        rate, frequency, value, is_flat,
    )  # fmt: skip


def _flat(response: Any, frequency: NDArray[np.float64]) -> NDArray[np.complex128] | None:
    """Return the response that the overall sensitivity alone says."""
    whole = response.instrument_sensitivity
    if whole is None or not whole.value or not math.isfinite(whole.value):
        return None
    order = _MOTION.get(str(whole.input_units or "").strip().upper())
    if order is None:
        return None
    return np.asarray(whole.value * (2j * np.pi * frequency) ** order, dtype=np.complex128)


def _nanoseconds(time: Any, default: int) -> int:
    return int(time.ns) if time is not None else int(default)
