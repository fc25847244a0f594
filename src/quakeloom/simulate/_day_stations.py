"""Stations of simulated days: where they stand, what they record with, how they amplify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import distance_azimuth
from quakeloom.simulate._counted_random import uniform_rows
from quakeloom.simulate._day_options import DayOptions
from quakeloom.simulate._day_sources import Region
from quakeloom.simulate._options import SimulationOptions, small_region
from quakeloom.simulate._stations import simulate_stations

Floats = NDArray[np.float64]

DAMPING = 0.7
"""Damping of all seismometers, share of the critical one."""

NATURAL_HZ = {0: 1.0, 3: 0.02}
"""Natural frequencies in Hz of the seismometers of a station's `instrument`: short-period and
broadband."""

_BROADBAND = 0.7
"""Share of broadband stations; chosen here."""

_COUNTS_PER_M_S = {0: 4.0e8, 3: 1.0e9}
"""Usual sensitivities of seismometer and digitizer, counts for 1 m/s; single stations differ."""

_LOWPASS_SHARE = 0.42
"""Corner of the anti-alias filter over the sampling rate."""

_MARGIN_KM = 15.0
"""Sources lie so far beyond the outermost station, km; chosen here."""


@dataclass(frozen=True)
class DayStations:
    """Stations and what only the simulation knows of them.

    Attributes
    ----------
    table : dict of arrays
        Columns of the table ``stations``, one row per station.
    keys : ndarray of uint64, shape (stations,)
        Random streams.
    amplitude_term : ndarray, shape (stations,)
        log10 of the factor on amplitudes; the correction of a local magnitude is its negative.
        Their mean is 0.
    instrument : ndarray of int
        Key of :data:`NATURAL_HZ`.
    counts_per_m_s : ndarray
        Sensitivity where the response is flat.
    noise_share : ndarray
        Between the low (0) and the high (1) noise model.
    lowpass_hz : float
        Corner of the anti-alias filter of all.
    """

    table: dict[str, Any]
    keys: NDArray[np.uint64]
    amplitude_term: Floats
    instrument: NDArray[np.int64]
    counts_per_m_s: Floats
    noise_share: Floats
    lowpass_hz: float

    @property
    def count(self) -> int:
        """Number of stations."""
        return int(self.keys.size)

    def name(self, station: int) -> str:
        """Return network and code of a station, with a dot."""
        return f"{self.table['network'][station]}.{self.table['station'][station]}"


def earth_of_days(options: DayOptions) -> SimulationOptions:
    """Return the region that simulated days lie in."""
    return small_region(station_spacing_km=options.station_spacing_km, extra_station_fraction=0.0)


def simulate_day_stations(options: DayOptions, seed: int) -> tuple[DayStations, Region]:
    """Place the stations of simulated days, and the disc that local sources lie in.

    Parameters
    ----------
    options : DayOptions
    seed : int
        Root seed of the run.

    Returns
    -------
    stations : DayStations
    region : Region
    """
    made = simulate_stations(earth_of_days(options), seed)
    lon, lat = made.stations["longitude"], made.stations["latitude"]
    middle = float(lon.mean()), float(lat.mean())
    away, _ = distance_azimuth(middle[0], middle[1], lon, lat)
    nearest = np.sort(np.argsort(away, kind="stable")[: options.stations])
    u = uniform_rows(made.keys[nearest], 0, 4)
    instrument = np.where(u[:, 0] < _BROADBAND, 3, 0)
    usual = np.array([_COUNTS_PER_M_S[int(i)] for i in instrument])
    term = -made.quietness[nearest]
    low, high = options.noise_share
    region = Region(
        float(lon[nearest].mean()), float(lat[nearest].mean()),
        float(np.max(away[nearest])) + _MARGIN_KM,
    )  # fmt: skip
    stations = DayStations(
        {n: c[nearest] for n, c in made.stations.items()},
        made.keys[nearest],
        np.round(term - term.mean(), 4),
        instrument,
        np.round(usual * (0.8 + 0.4 * u[:, 1]), -3),
        low + (high - low) * u[:, 2],
        _LOWPASS_SHARE * options.rate,
    )
    return stations, region
