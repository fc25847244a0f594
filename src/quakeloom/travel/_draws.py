"""What a source of take-off angles offers to the focal mechanisms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import distance_azimuth
from quakeloom.travel._lookup import TableStack, lookup

Floats = NDArray[np.float64]


class TakeoffDraws(Protocol):
    """Rays from one event to its stations, one draw per trial.

    A trial is one guess at everything that is not known: the hypocenter and the velocity
    model. The caller draws the hypocenter and the number of the member of the ensemble
    (its keyed random stream stays the caller's); the source answers with the directions in
    which the rays leave. A 1-D stack counts models as members, a 3-D model has one member, an
    ensemble of 3-D models or of joint hypocenters and models as many as it has samples.

    Attributes
    ----------
    member_count : int
        Members are numbered from 0; trials may cycle through them.
    """

    @property
    def member_count(self) -> int:
        """The number of members."""
        ...

    def draw_takeoffs(
        self,
        member: ArrayLike,
        longitude: ArrayLike,
        latitude: ArrayLike,
        depth_km: ArrayLike,
        station_longitude: ArrayLike,
        station_latitude: ArrayLike,
        station_elevation_m: ArrayLike | None = None,
    ) -> tuple[Floats, Floats]:
        """Return azimuths and take-off angles of first arrivals.

        Parameters
        ----------
        member : array_like of int, shape (trials,)
        longitude, latitude, depth_km : array_like, shape (trials,)
            The hypocenter of each trial.
        station_longitude, station_latitude, station_elevation_m : array_like, shape (stations,)

        Returns
        -------
        azimuth_deg, takeoff_deg : ndarray, shape (trials, stations)
            NaN where there is no ray; such a reading is left out of that trial.
        """
        ...


@dataclass(frozen=True)
class LayeredTakeoffs:
    """The :class:`TakeoffDraws` of a stack of 1-D models.

    Attributes
    ----------
    stack : TableStack
    method : {"geodesic", "flat"}
        How distances and azimuths are computed, see :func:`quakeloom.core.distance_azimuth`.

    Notes
    -----
    Stations are at the receiver depth of the tables; their elevation is not used. For a
    source at 10 km, 30 km away, 1 km of elevation changes the angle by about 1.7 degrees,
    less than the error of the hypocenter.
    """

    stack: TableStack
    method: Literal["geodesic", "flat"] = "geodesic"

    @property
    def member_count(self) -> int:
        """The number of models."""
        return len(self.stack.model_names)

    def draw_takeoffs(
        self,
        member: ArrayLike,
        longitude: ArrayLike,
        latitude: ArrayLike,
        depth_km: ArrayLike,
        station_longitude: ArrayLike,
        station_latitude: ArrayLike,
        station_elevation_m: ArrayLike | None = None,
    ) -> tuple[Floats, Floats]:
        """Return azimuths and take-off angles, see :class:`TakeoffDraws`."""
        distance, azimuth = distance_azimuth(
            np.asarray(longitude)[:, None],
            np.asarray(latitude)[:, None],
            station_longitude,
            station_latitude,
            self.method,
        )
        takeoff, _ = lookup(
            self.stack, np.asarray(member)[:, None], np.asarray(depth_km)[:, None], distance
        )
        return azimuth, takeoff
