"""Files as a new user has them: QuakeML, StationXML, miniSEED and a velocity model; synthetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import obspy
from obspy.core import event as quakeml
from obspy.core.inventory import Channel, Inventory, Network, Site, Station

from quakeloom.core import fault_vectors, p_radiation, ray_vectors

PLACE = (138.5, 36.2)
"""Longitude and latitude of the events, degrees."""

DEPTH_KM = 8.0
"""Depth of the events."""

STATIONS = 24
"""Stations on three rings around the events."""

KM_PER_DEGREE = 111.2
"""Length of a degree of latitude."""

MODEL = "# depth km, P km/s\n0 5.5\n20 6.5\n40 7.8\n"
"""A velocity model in km and km/s."""


def station_places() -> list[tuple[str, float, float, float]]:
    """Code, longitude, latitude and azimuth from the events of every station."""
    found = []
    for k in range(STATIONS):
        azimuth, distance = 360.0 * k / STATIONS + 4.0, (6.0, 14.0, 30.0)[k % 3]
        north, east = np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))
        latitude = PLACE[1] + distance * north / KM_PER_DEGREE
        longitude = PLACE[0] + distance * east / (KM_PER_DEGREE * np.cos(np.radians(PLACE[1])))
        found.append((f"ST{k:02d}", longitude, latitude, azimuth))
    return found


def distance_km(k: int) -> float:
    """Distance of a station from the events."""
    return (6.0, 14.0, 30.0)[k % 3]


def first_motions() -> np.ndarray:
    """Signs of P of a normal fault at all stations, along straight rays."""
    azimuth = np.array([s[3] for s in station_places()])
    up = np.degrees(np.arctan2([distance_km(k) for k in range(STATIONS)], DEPTH_KM))
    return np.sign(p_radiation(*fault_vectors(30.0, 60.0, -90.0), ray_vectors(azimuth, 180 - up)))


def write_evening_files(folder: Path, events: int = 3) -> None:
    """Write a catalog, stations, a folder of waveforms, a model, and what lies about."""
    (folder / "waves").mkdir(parents=True)
    origins = [obspy.UTCDateTime(2021, 3, 4, 5, 10 * i) for i in range(events)]
    _write_stations(folder / "stations.xml")
    _write_events(folder / "events.xml", origins)
    _write_waveforms(folder / "waves", origins)
    (folder / "model.txt").write_text(MODEL)
    (folder / "notes.md").write_text("What I want to try tonight.\n")
    (folder / "._events.xml").write_bytes(b"\x00\x05\x16\x07")


def p_time_s(k: int) -> float:
    """Travel time of P to a station along a straight ray at 6 km/s."""
    return float(np.hypot(distance_km(k), DEPTH_KM) / 6.0)


def _write_stations(path: Path) -> None:
    start = obspy.UTCDateTime(2010, 1, 1)
    stations = []
    for code, longitude, latitude, _ in station_places():
        place = {"latitude": latitude, "longitude": longitude, "elevation": 300.0}
        channel = Channel(
            "HHZ", "", depth=0.0, azimuth=0.0, dip=-90.0, sample_rate=100.0, start_date=start,
            **place,
        )  # fmt: skip
        stations.append(
            Station(code, channels=[channel], site=Site("synthetic"), start_date=start, **place)
        )
    Inventory([Network("XX", stations=stations)], source="synthetic").write(
        str(path), format="STATIONXML"
    )


def _write_events(path: Path, origins: list[obspy.UTCDateTime]) -> None:
    signs = first_motions()
    catalog = quakeml.Catalog()
    for i, time in enumerate(origins):
        picks, arrivals = [], []
        for k, (code, _, _, azimuth) in enumerate(station_places()):
            pick = quakeml.Pick(
                time=time + p_time_s(k),
                waveform_id=quakeml.WaveformStreamID("XX", code, channel_code="HHZ"),
                phase_hint="P",
                # every third first motion is left for the waveforms
                polarity=None if k % 3 == 0 else ("positive" if signs[k] > 0 else "negative"),
            )
            picks.append(pick)
            arrivals.append(quakeml.Arrival(pick_id=pick.resource_id, phase="P", azimuth=azimuth))
        origin = quakeml.Origin(
            time=time, longitude=PLACE[0], latitude=PLACE[1], depth=1000 * DEPTH_KM,
            arrivals=arrivals,
        )  # fmt: skip
        catalog.append(
            quakeml.Event(
                resource_id=f"smi:local/synthetic{i}",
                event_type="earthquake",
                picks=picks,
                origins=[origin],
                preferred_origin_id=origin.resource_id,
                magnitudes=[quakeml.Magnitude(mag=2.0)],
            )
        )
    catalog.write(str(path), format="QUAKEML")


def _write_waveforms(folder: Path, origins: list[obspy.UTCDateTime]) -> None:
    """A pulse of P in noise on the vertical component of every station."""
    rng = np.random.default_rng(1)
    signs = first_motions()
    seconds = np.arange(4000) / 100.0 - 15.0
    for k, (code, *_) in enumerate(station_places()):
        stream = obspy.Stream()
        after = seconds - p_time_s(k)
        pulse = np.where(after > 0, np.sin(2 * np.pi * 4.0 * after) * np.exp(-after / 0.4), 0.0)
        for time in origins:
            data = 5000 * signs[k] * pulse + rng.normal(0, 20, seconds.size)
            header = {
                "network": "XX", "station": code, "channel": "HHZ", "sampling_rate": 100.0,
                "starttime": time - 15.0,
            }  # fmt: skip
            stream.append(obspy.Trace(np.round(data).astype(np.int32), header))
        stream.write(str(folder / f"XX.{code}.mseed"), format="MSEED")
