"""StationXML with responses: seismometers of second order and digitizers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_NORMAL_HZ = 5.0
"""Frequency at which sensitivities are stated, Hz: in the band of local earthquakes."""


@dataclass(frozen=True)
class InstrumentedStation:
    """A station with three components of one seismometer.

    Attributes
    ----------
    network, station, location_code : str
    channels : tuple of str
        Codes of the components; the last letter Z, N or E says which.
    longitude, latitude : float
    elevation_m : float
    sampling_rate_hz : float
    natural_frequency_hz, damping : float
        Of the seismometer, the damping as a share of the critical one.
    counts_per_m_s : float
        Where the response is flat.
    """

    network: str
    station: str
    location_code: str
    channels: tuple[str, ...]
    longitude: float
    latitude: float
    elevation_m: float
    sampling_rate_hz: float
    natural_frequency_hz: float
    damping: float
    counts_per_m_s: float


def write_stationxml(path: Path, stations: Sequence[InstrumentedStation], created: str) -> None:
    """Write stations with the responses of their channels.

    The response to ground velocity is ``C s^2 / (s^2 + 2 h w0 s + w0^2)``, C counts for 1 m/s.

    Parameters
    ----------
    path : Path
    stations : sequence of InstrumentedStation
    created : str
        Moment that the file states, so that equal stations give equal bytes; channels are
        open from then on.
    """
    from obspy import UTCDateTime
    from obspy.core.inventory import Channel, Inventory, Network, Site, Station

    start = UTCDateTime(created)
    networks: dict[str, list[Station]] = {}
    for s in stations:
        channels = [
            Channel(
                code, s.location_code, s.latitude, s.longitude, s.elevation_m, 0.0,
                azimuth={"Z": 0.0, "N": 0.0, "E": 90.0}[code[-1]],
                dip=-90.0 if code[-1] == "Z" else 0.0,
                sample_rate=s.sampling_rate_hz, start_date=start, response=_response(s),
            )
            for code in s.channels
        ]  # fmt: skip
        networks.setdefault(s.network, []).append(
            Station(
                s.station,
                s.latitude,
                s.longitude,
                s.elevation_m,
                channels=channels,
                site=Site(s.station),
                start_date=start,
                creation_date=start,
            )
        )
    inventory = Inventory(
        networks=[Network(code, stations=own) for code, own in networks.items()],
        source="quakeloom", created=start,
    )  # fmt: skip
    inventory.write(str(path), format="STATIONXML")


def _response(station: InstrumentedStation) -> object:
    from obspy.core.inventory import (
        CoefficientsTypeResponseStage,
        InstrumentSensitivity,
        PolesZerosResponseStage,
        Response,
    )

    natural, damping = 2.0 * math.pi * station.natural_frequency_hz, station.damping
    turn = natural * math.sqrt(1.0 - damping**2)
    poles = [complex(-damping * natural, turn), complex(-damping * natural, -turn)]
    s = 2j * math.pi * _NORMAL_HZ
    size = abs(s**2 / ((s - poles[0]) * (s - poles[1])))
    sensitivity = station.counts_per_m_s * size
    sensor = PolesZerosResponseStage(
        1, sensitivity, _NORMAL_HZ, "M/S", "V", "LAPLACE (RADIANS/SECOND)", _NORMAL_HZ,
        [0j, 0j], poles, normalization_factor=1.0 / size,
    )  # fmt: skip
    digitizer = CoefficientsTypeResponseStage(
        2, 1.0, _NORMAL_HZ, "V", "COUNTS", "DIGITAL", numerator=[], denominator=[],
        decimation_input_sample_rate=station.sampling_rate_hz, decimation_factor=1,
        decimation_offset=0, decimation_delay=0.0, decimation_correction=0.0,
    )  # fmt: skip
    return Response(
        instrument_sensitivity=InstrumentSensitivity(sensitivity, _NORMAL_HZ, "M/S", "COUNTS"),
        response_stages=[sensor, digitizer],
    )
