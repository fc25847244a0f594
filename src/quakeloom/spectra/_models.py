"""Models of sources: the shape of a spectrum, its level, and what a corner means as a stress."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SHAPES = (("brune", 2.0, 1.0), ("boatwright", 4.0, 2.0))
"""Names of the shapes ``(1 + (f/fc)^n)^(-1/g)`` with n and g: Brune (1970), Boatwright (1980)."""

RUPTURES: dict[str, dict[str, float]] = {
    "brune": {"S": 0.3724, "P": 0.3724},
    "madariaga": {"S": 0.21, "P": 0.32},
    "kaneko_shearer": {"S": 0.26, "P": 0.38},
}
"""Radius of a rupture times corner over the S velocity, by model and phase: Brune (1970), who has
none of P, for which that of S is taken; Madariaga (1976) and Kaneko & Shearer (2015), circular
ruptures at 0.9 of the S velocity."""

RADIATION = {"P": 0.52, "S": 0.62}
"""Mean radiation of a double couple over the sphere (Boore & Boatwright 1984)."""

FREE_SURFACE = 2.0
"""Waves that come up steeply are doubled at the surface."""

_NORMAL_KM, _FAR_POWER = 100.0, 0.5
"""Spreading is ``1/r`` to this distance and the power beyond (Boatwright et al. 2002)."""


@dataclass(frozen=True)
class Medium:
    """What levels and stresses are computed with.

    Attributes
    ----------
    vp, vs : float
        At the source and below the station, m/s.
    density : float
        kg/m^3.
    error : float
        Standard error of ln velocity; density goes with its third power root. It is common to all
        readings of an event.
    """

    vp: float = 6050.0
    vs: float = 3360.0
    density: float = 2700.0
    error: float = 0.05

    def velocity(self, phase: str) -> float:
        """Return the velocity of a phase, m/s."""
        return self.vp if phase == "P" else self.vs

    @property
    def moment_error(self) -> float:
        """Standard error of ln moment that all readings share: ``rho c^3``."""
        return self.error * (3.0 + 1.0 / 3.0)

    @property
    def stress_error(self) -> float:
        """Standard error of ln stress drop from the medium: ``rho c^3 / beta^3``, density alone."""
        return self.error / 3.0


def spreading_km(distance_km: ArrayLike) -> Floats:
    """Return the spreading of body waves as a distance in km: r, and slower beyond 100 km."""
    r = np.asarray(distance_km, dtype=np.float64)
    far = _NORMAL_KM * (np.maximum(r, _NORMAL_KM) / _NORMAL_KM) ** _FAR_POWER
    return np.where(r <= _NORMAL_KM, r, far)


def log_moment_factor(phase: str, distance_km: ArrayLike, medium: Medium) -> Floats:
    """Return what takes ln of a displacement spectrum (m s) to ln moment (N m).

    ``M0 = Omega 4 pi rho c^3 G(r) / (F R)`` with the density rho, velocity c, spreading G, the
    free surface F = 2 and the mean radiation R.

    Parameters
    ----------
    phase : {"P", "S"}
    distance_km : array_like
        Hypocentral.
    medium : Medium

    Returns
    -------
    ndarray

    References
    ----------
    Boatwright, J. (1980), Bull. Seismol. Soc. Am. 70, 1-28.
    """
    c = medium.velocity(phase)
    constant = 4.0 * np.pi * medium.density * c**3 / (FREE_SURFACE * RADIATION[phase])
    return np.asarray(np.log(constant) + np.log(1000.0 * spreading_km(distance_km)))


def log_shape(frequency_hz: ArrayLike, corner_hz: ArrayLike, shape: int = 0) -> Floats:
    """Return ln of the shape of a displacement spectrum, 0 far below the corner.

    Parameters
    ----------
    frequency_hz, corner_hz : array_like
        Broadcast against each other.
    shape : int
        Row of :data:`SHAPES`.
    """
    _, n, g = SHAPES[shape]
    ratio = np.asarray(frequency_hz, np.float64) / np.asarray(corner_hz, np.float64)
    return np.asarray(-np.log1p(ratio**n) / g)


def moment_magnitude(log_moment: ArrayLike) -> Floats:
    """Return Mw of ln moment (N m): ``(2/3) (log10 M0 - 9.1)``."""
    return np.asarray((np.asarray(log_moment, np.float64) / np.log(10.0) - 9.1) * 2.0 / 3.0)


def log_moment_of(magnitude: ArrayLike) -> Floats:
    """Return ln moment (N m) of Mw."""
    return np.asarray((1.5 * np.asarray(magnitude, np.float64) + 9.1) * np.log(10.0))


def log_stress_factor(rupture: str, phase: str, medium: Medium) -> float:
    """Return what takes ``ln M0 + 3 ln fc`` to ln stress drop (Pa).

    ``7/16 M0 / a^3`` with the radius ``a = k beta / fc`` of a circular rupture (Eshelby 1957).

    Parameters
    ----------
    rupture : str
        Key of :data:`RUPTURES`.
    phase : {"P", "S"}
        Of which the corner is.
    medium : Medium
    """
    k = RUPTURES[rupture][phase]
    return float(np.log(7.0 / 16.0) - 3.0 * np.log(k * medium.vs))


def source_radius_m(rupture: str, phase: str, medium: Medium, corner_hz: ArrayLike) -> Floats:
    """Return the radius of a circular rupture, m."""
    k = RUPTURES[rupture][phase] * medium.vs
    return np.asarray(k / np.asarray(corner_hz, np.float64))
