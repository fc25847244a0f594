"""What radiates waves on simulated days: earthquakes, blasts, tremor, teleseisms.

Everything that begins on a UTC date is drawn from streams of that date, so a day has the same
sources whatever days are simulated with it; what began the day before may reach into it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import plane_angles, random_stream, string_keys
from quakeloom.simulate._coastline import KM_PER_DEGREE
from quakeloom.simulate._day_options import DayOptions
from quakeloom.simulate._fault_planes import draw_planes, slip_directions, tilt_planes
from quakeloom.simulate._options import SimulationOptions
from quakeloom.simulate._stress_field import stress_tensor_at

Floats = NDArray[np.float64]

DAY_S = 86_400.0
"""Seconds of a day."""

_DEPTH_KM = (2.0, 17.0)
"""Depths of earthquakes, km; chosen here, the seismogenic crust."""

_TREMOR_DEPTH_KM = (28.0, 36.0)
"""Depths of tremor and low-frequency earthquakes, km, at a plate boundary or the Moho."""

_BLAST_DEPTH_KM = 0.05
"""Depth of blasts, km; chosen here: at the floor of a quarry."""

_TELESEISM_DEPTH_KM = 33.0
"""Depth of teleseisms, km: the normal depth of global tables."""

_TELESEISM_DEG = (30.0, 90.0)
"""Epicentral distances of teleseisms: P is a simple arrival there."""

_QUARRIES = 2
"""Quarries of the region; chosen here."""

_SHARED_TILT_DEG = 8.0
"""Standard deviation of the tilt of faults of a sequence from its own, degrees; chosen here."""

_OMORI_C_H = 1.0
"""Constant c of Omori's law (p = 1), hours; chosen here so that the first hour has many."""

_BATH = 1.0
"""Largest aftershocks are so much smaller than the mainshock: Bath's law."""


@dataclass(frozen=True)
class DaySources:
    """Sources of waves, one row each, by origin time.

    Attributes
    ----------
    event_id : ndarray of str
        ``simYYYYMMDD`` with a letter of the class and a number.
    source_class : ndarray of str
        Of :data:`quakeloom.schema.SOURCE_CLASSES`.
    origin_ns : ndarray of int64
        UTC, nanoseconds from 1970, in whole milliseconds.
    longitude, latitude, depth_km, magnitude : ndarray
        Local magnitude (of teleseisms a moment magnitude).
    normal, slip : ndarray, shape (sources, 3)
        Fault normal and slip, axes north, east, down; NaN where the source is no fault.
    """

    event_id: NDArray[Any]
    source_class: NDArray[Any]
    origin_ns: NDArray[np.int64]
    longitude: Floats
    latitude: Floats
    depth_km: Floats
    magnitude: Floats
    normal: Floats
    slip: Floats

    @property
    def count(self) -> int:
        """Number of sources."""
        return int(self.origin_ns.size)

    def take(self, index: Any) -> DaySources:
        """Return some of the sources."""
        return DaySources(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def mechanisms(self) -> tuple[Floats, Floats, Floats]:
        """Return strike, dip and rake in degrees, NaN where the source is no fault."""
        angles = np.full((3, self.count), np.nan)
        fault = np.isfinite(self.normal[:, 0])
        if fault.any():
            angles[:, fault] = plane_angles(self.normal[fault], self.slip[fault])
        return angles[0], angles[1], angles[2]


@dataclass(frozen=True)
class Region:
    """Where local sources lie: a disc about the middle of the network.

    Attributes
    ----------
    longitude, latitude : float
        Middle, degrees.
    radius_km : float
    """

    longitude: float
    latitude: float
    radius_km: float

    def place(self, u: Floats) -> tuple[Floats, Floats]:
        """Return longitudes and latitudes, evenly over the disc; ``u`` has shape (n, 2)."""
        r, turn = self.radius_km * np.sqrt(u[:, 0]), 2.0 * np.pi * u[:, 1]
        return self.offset(r * np.cos(turn), r * np.sin(turn))

    def offset(self, north_km: Floats, east_km: Floats) -> tuple[Floats, Floats]:
        """Return longitudes and latitudes of places so far from the middle."""
        lat = self.latitude + north_km / KM_PER_DEGREE
        lon = self.longitude + east_km / (KM_PER_DEGREE * np.cos(np.radians(self.latitude)))
        return np.round(lon, 6), np.round(lat, 6)


def sources_of_date(
    options: DayOptions, earth: SimulationOptions, region: Region, seed: int, date: str
) -> DaySources:
    """Draw the sources that begin on a UTC date, or belong to a sequence that does.

    Parameters
    ----------
    options : DayOptions
    earth : SimulationOptions
        The stress that faults slip in.
    region : Region
    seed : int
        Root seed of the run.
    date : str
        ``YYYY-MM-DD``.

    Returns
    -------
    DaySources
        By origin time; those of sequences may lie on the next date.
    """
    return _draw_sources(options, earth, region, seed, date)


@lru_cache(maxsize=8)
def _draw_sources(
    options: DayOptions, earth: SimulationOptions, region: Region, seed: int, date: str
) -> DaySources:
    maker = _Maker(options, earth, region, seed, date)
    maker.add_background()
    maker.add_swarms()
    maker.add_sequences()
    maker.add_tremor()
    maker.add_blasts()
    maker.add_teleseisms()
    return maker.finish()


class _Maker:
    """Collects the sources of a date, class by class, each from a stream of its own."""

    def __init__(
        self,
        options: DayOptions,
        earth: SimulationOptions,
        region: Region,
        seed: int,
        date: str,
    ) -> None:
        self.options, self.earth, self.region = options, earth, region
        self.seed, self.date = seed, date
        self.rows: list[DaySources] = []

    def stream(self, what: str) -> np.random.Generator:
        """Return the stream of this date for one class."""
        return random_stream(self.seed, "day sources", what, self.date)

    def add_background(self) -> None:
        """Earthquakes evenly over the region and the day."""
        random = self.stream("background")
        n = int(random.poisson(self.options.background))
        u = random.random((n, 5))
        lon, lat = self.region.place(u[:, :2])
        depth = _DEPTH_KM[0] + (_DEPTH_KM[1] - _DEPTH_KM[0]) * u[:, 2]
        magnitude = self.magnitudes(u[:, 3], self.options.greatest_magnitude)
        self.add("b", "earthquake", DAY_S * u[:, 4], (lon, lat, depth), magnitude)

    def add_swarms(self) -> None:
        """Swarms: many small earthquakes within a kilometer and some hours."""
        random = self.stream("swarms")
        for k in range(_number(random, self.options.swarms)):
            middle, plane, start = self.begin_sequence(random, f"swarm {k}", "swarm_hour")
            n = self.options.swarm_events
            time = self.options.sequence_hours * 3600.0 * random.random((n, 2)).mean(axis=1)
            place = self.around(middle, 0.8 * random.standard_normal((n, 3)))
            magnitude = self.magnitudes(random.random(n), self.options.greatest_magnitude - 1.0)
            self.add(f"s{k}", "swarm", start + time, place, magnitude, plane)

    def add_sequences(self) -> None:
        """Mainshocks with aftershocks by Omori's law."""
        random = self.stream("sequences")
        for k in range(_number(random, self.options.sequences)):
            middle, plane, start = self.begin_sequence(random, f"sequence {k}", "sequence_hour")
            length, rate = self.options.sequence_hours, 60.0 * self.options.aftershocks_per_minute
            n = int(random.poisson(rate * _OMORI_C_H * np.log1p(length / _OMORI_C_H)))
            u = random.random(n)
            time = 3600.0 * _OMORI_C_H * np.expm1(u * np.log1p(length / _OMORI_C_H))
            # a mainshock of magnitude 4 breaks about a kilometer, ten times the moment twice that
            radius = 10.0 ** (0.5 * (self.options.mainshock_magnitude - 4.0))
            place = self.around(middle, 1.5 * radius * random.standard_normal((n, 3)))
            magnitude = self.magnitudes(random.random(n), self.options.mainshock_magnitude - _BATH)
            first = np.array([self.options.mainshock_magnitude])
            self.add(
                f"a{k}", "aftershock", start + np.append(0.0, time),
                tuple(np.append(m, p) for m, p in zip(middle, place, strict=True)),
                np.append(first, magnitude), plane,
            )  # fmt: skip

    def add_tremor(self) -> None:
        """Bursts of tremor and single low-frequency earthquakes, from one patch a day."""
        random = self.stream("tremor")
        middle = self.region.place(random.random((1, 2)))
        for letter, name, low, high in (
            ("t", "tremor", 0.6, 1.5),
            ("l", "low_frequency", 0.4, 1.2),
        ):
            n = int(random.poisson(self.options.tremor))
            u = random.random((n, 3))
            offset = 3.0 * random.standard_normal((n, 2))
            lat = middle[1] + offset[:, 0] / KM_PER_DEGREE
            lon = middle[0] + offset[:, 1] / KM_PER_DEGREE
            depth = _TREMOR_DEPTH_KM[0] + (_TREMOR_DEPTH_KM[1] - _TREMOR_DEPTH_KM[0]) * u[:, 0]
            magnitude = np.round(low + (high - low) * u[:, 1], 2)
            # tremor comes in episodes: all of a day within six hours
            begin = random.random() * DAY_S
            time = np.mod(begin + 21_600.0 * u[:, 2], DAY_S)
            self.add(letter, name, time, (lon, lat, depth), magnitude)

    def add_blasts(self) -> None:
        """Blasts of the region's quarries in the hours of work, in local solar time."""
        random = self.stream("blasts")
        sites = self.region.place(
            random_stream(self.seed, "day sources", "quarries").random((_QUARRIES, 2))
        )
        n = int(random.poisson(self.options.blasts))
        which = random.integers(0, _QUARRIES, n)
        offset = 0.2 * random.standard_normal((n, 2))
        lat = sites[1][which] + offset[:, 0] / KM_PER_DEGREE
        lon = sites[0][which] + offset[:, 1] / KM_PER_DEGREE
        local = 8.0 + 9.0 * random.random(n)
        time = np.mod(local - self.region.longitude / 15.0, 24.0) * 3600.0
        magnitude = np.round(0.8 + 1.2 * random.random(n), 2)
        self.add("q", "blast", time, (lon, lat, np.full(n, _BLAST_DEPTH_KM)), magnitude)

    def add_teleseisms(self) -> None:
        """Large earthquakes far away, in any direction."""
        random = self.stream("teleseisms")
        n = _number(random, self.options.teleseisms)
        u = random.random((n, 4))
        distance = np.radians(_TELESEISM_DEG[0] + (_TELESEISM_DEG[1] - _TELESEISM_DEG[0]) * u[:, 0])
        azimuth = 2.0 * np.pi * u[:, 1]
        here = np.radians(self.region.latitude)
        lat = np.arcsin(
            np.sin(here) * np.cos(distance) + np.cos(here) * np.sin(distance) * np.cos(azimuth)
        )
        lon = np.radians(self.region.longitude) + np.arctan2(
            np.sin(azimuth) * np.sin(distance) * np.cos(here),
            np.cos(distance) - np.sin(here) * np.sin(lat),
        )
        lon_deg = (np.degrees(lon) + 180.0) % 360.0 - 180.0
        magnitude = np.round(6.0 + 1.8 * u[:, 2] ** 2, 2)
        depth = np.full(n, _TELESEISM_DEPTH_KM)
        self.add("e", "teleseism", DAY_S * u[:, 3], (lon_deg, np.degrees(lat), depth), magnitude)

    def begin_sequence(
        self, random: np.random.Generator, name: str, hour: str
    ) -> tuple[tuple[Floats, Floats, Floats], Floats, float]:
        """Draw place, fault and start of a sequence."""
        lon, lat = self.region.place(random.random((1, 2)) * [0.5, 1.0])
        depth = np.array([5.0 + 7.0 * random.random()])
        fixed = getattr(self.options, hour)
        start = DAY_S * random.random() if fixed is None else 3600.0 * fixed
        key = string_keys([f"day {name} {self.date}"], self.seed)
        earth = self.earth
        stress = stress_tensor_at(lon, lat, earth)
        plane = draw_planes(
            key, stress, earth.friction, earth.friction_scatter, earth.instability_width, 0
        )
        return (lon, lat, depth), plane, start

    def around(
        self, middle: tuple[Floats, Floats, Floats], offset: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Return places so many km from the middle of a sequence."""
        lat = middle[1] + offset[:, 0] / KM_PER_DEGREE
        lon = middle[0] + offset[:, 1] / (KM_PER_DEGREE * np.cos(np.radians(lat)))
        depth = np.clip(middle[2] + 0.7 * offset[:, 2], *_DEPTH_KM)
        return lon, lat, depth

    def magnitudes(self, u: Floats, greatest: float) -> Floats:
        """Truncated Gutenberg-Richter magnitudes, to two digits."""
        low, b = self.options.smallest_magnitude, self.options.b_value
        high = max(greatest, low + 0.1)
        exact = low - np.log10(1.0 - u * (1.0 - 10.0 ** (-b * (high - low)))) / b
        return np.asarray(np.round(exact, 2))

    def add(
        self,
        letter: str,
        name: str,
        time_s: Floats,
        place: tuple[Floats, ...],
        magnitude: Floats,
        plane: Floats | None = None,
    ) -> None:
        """Add sources of a class; faults slip as the stress has it."""
        n = time_s.size
        stamp = self.date.replace("-", "")
        ids = np.array([f"sim{stamp}{letter}{i:04d}" for i in range(n)], dtype=object)
        midnight = np.datetime64(self.date, "ns").astype(np.int64)
        origin = midnight + np.round(time_s * 1e3).astype(np.int64) * 1_000_000
        normal, slip = np.full((n, 3), np.nan), np.full((n, 3), np.nan)
        if n and name not in ("blast", "teleseism"):
            normal, slip = self.mechanisms(ids, (place[0], place[1]), plane)
        self.rows.append(
            DaySources(
                ids,
                np.array([name] * n, dtype=object),
                origin,
                np.round(place[0], 6),
                np.round(place[1], 6),
                np.round(place[2], 3),
                magnitude,
                normal,
                slip,
            )
        )

    def mechanisms(
        self, ids: NDArray[Any], place: tuple[Floats, Floats], plane: Floats | None
    ) -> tuple[Floats, Floats]:
        """Draw normals and slips of faults near failure, or near the fault of a sequence."""
        earth = self.earth
        keys = string_keys(ids, self.seed)
        stress = stress_tensor_at(*place, earth)
        random = np.stack(
            [random_stream(self.seed, "day mechanism", i).standard_normal(4) for i in ids]
        )
        if plane is None:
            normal = draw_planes(
                keys, stress, earth.friction, earth.friction_scatter, earth.instability_width, 0
            )
        else:
            normal = tilt_planes(
                np.repeat(plane, len(ids), axis=0), random[:, :3], _SHARED_TILT_DEG
            )
        return normal, slip_directions(stress, normal, random[:, 3], earth.rake_scatter_deg)

    def finish(self) -> DaySources:
        """Return all sources by time, equal times by identifier."""
        joined = DaySources(
            *(np.concatenate([getattr(r, f.name) for r in self.rows]) for f in fields(DaySources))
        )
        order = np.lexsort((joined.event_id.astype(str), joined.origin_ns))
        return joined.take(order)


def _number(random: np.random.Generator, mean: float) -> int:
    """Return the whole part of a number, and one more with the probability of the rest."""
    return int(mean) + int(random.random() < mean % 1.0)
