"""Continuous records made by hand, and the metadata of their instruments, for tests of `detect`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from quakeloom.formats import Trace, write_miniseed

RATE_HZ = 100.0
COUNTS_PER_M_S = 4e8


def ground(
    seconds: int, onsets: Sequence[float], seed: int = 1, lags: Sequence[float] = ()
) -> np.ndarray:
    """Three components (E, N, Z) with a P and an S, 4 s later, at every onset; counts at 100 Hz."""
    r = np.random.default_rng(seed)
    data = r.normal(0.0, 100.0, (3, seconds * 100))
    t = np.arange(800) / RATE_HZ
    for onset, lag in zip(onsets, lags or [4.0] * len(onsets), strict=True):
        for rows, late, size in (((2,), 0.0, 3000.0), ((0, 1), lag, 9000.0)):
            at = round((onset + late) * RATE_HZ)
            wave = size * np.exp(-t / 0.8) * np.sin(2 * np.pi * 7.0 * t)
            for k in rows:
                n = min(t.size, data.shape[1] - at)
                data[k, at : at + n] += wave[:n]
    return np.round(data).astype(np.int32)


def write_records(
    folder: Path,
    data: np.ndarray,
    start: int,
    cuts: Sequence[int] = (),
    station: str = "ABC",
    band: str = "HH",
) -> None:
    """Write components (E, N, Z) to miniSEED files that end at some samples."""
    edges = (0, *cuts, data.shape[1])
    folder.mkdir(exist_ok=True)
    for c, row in zip("ENZ", data, strict=True):
        for a, b in pairwise(edges):
            begin = start + a * 10_000_000
            name = folder / f"{station}.{band}{c}.{begin}.mseed"
            trace = Trace("XX", station, "", f"{band}{c}", begin, RATE_HZ, row[a:b], b - a, "")
            write_miniseed(name, [trace])


def write_inventory(
    path: Path,
    places: Sequence[tuple[str, float, float]] = (("ABC", 10.0, 45.0),),
    natural_hz: float = 0.01,
    is_flat: bool = False,
) -> None:
    """Write StationXML: pendulums of damping 0.7, 4e8 counts per m/s, 100 samples a second.

    Parameters
    ----------
    path : Path
    places : sequence of (str, float, float)
        Station, longitude, latitude.
    natural_hz : float
    is_flat : bool
        Only a sensitivity to acceleration is said.
    """
    from obspy import UTCDateTime
    from obspy.core.inventory import Channel, Inventory, Network, Response, Station
    from obspy.core.inventory.response import InstrumentSensitivity

    w = 2.0 * np.pi * natural_hz
    pole = complex(-0.7 * w, w * np.sqrt(1.0 - 0.49))
    response = Response.from_paz(
        [0j, 0j], [pole, pole.conjugate()], COUNTS_PER_M_S, stage_gain_frequency=10.0,
        input_units="M/S",
    )  # fmt: skip
    if is_flat:
        whole = InstrumentSensitivity(COUNTS_PER_M_S, 10.0, "M/S**2", "COUNTS")
        response = Response(instrument_sensitivity=whole)
    stations = []
    for code, longitude, latitude in places:
        channels = [
            Channel(
                f"HH{c}", "", latitude, longitude, 0.0, 0.0, sample_rate=RATE_HZ,
                response=response, azimuth=azimuth, dip=dip, start_date=UTCDateTime(2015, 1, 1),
            )
            for c, azimuth, dip in (("E", 90.0, 0.0), ("N", 0.0, 0.0), ("Z", 0.0, -90.0))
        ]  # fmt: skip
        stations.append(Station(code, latitude, longitude, 0.0, channels=channels))
    Inventory([Network("XX", stations=stations)], source="test").write(str(path), "STATIONXML")
