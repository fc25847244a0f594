"""The grid of double couples that is searched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError, plane_angles

MAXIMUM_CHUNKS = 10_560
"""Words of 64 bits that one row of predicted signs may take (a grid of 2 degrees)."""

_ROOT_HALF = np.sqrt(0.5)
"""Length of the projection of normal and slip on the T and P axes, 45 degrees from both."""


@dataclass(frozen=True, eq=False)
class MechanismGrid:
    """Double couples on a regular grid.

    Normals lie on rings of constant angle from the vertical (hemisphere), slips are turned
    about each normal in equal steps over 180 degrees; together that is a quarter of all
    rotations, which is all double couples. The order is that of Hardebeck & Shearer (2002):
    ring, azimuth on the ring, turn of the slip. Mechanisms with vertical planes occur twice
    (the grid of HASH has both normals); ``weights`` make up for that.

    Attributes
    ----------
    step_deg : float
        Spacing of rings and of slips.
    normals, slips : ndarray of float64, shape (count, 3)
        North, east, down. The normals of this grid point down.
    quaternions : ndarray of float64, shape (count, 4)
        T-P-B frames, scalar first (see :func:`quakeloom.core.quaternions`).
    strike_deg, dip_deg, rake_deg : ndarray of float64, shape (count,)
    weights : ndarray of float64, shape (count,)
        Share of all orientations that a mechanism stands for, mean 1.
    plane_frames : ndarray of float64, shape (3, 3, planes)
        Per distinct normal the vectors normal, first slip, slip at 90 degrees.
    slips_per_plane : int
    bits : int
        Slips held in one 64-bit word of a row of signs (all of a plane, or an equal part).
    """

    step_deg: float
    normals: NDArray[np.float64]
    slips: NDArray[np.float64]
    quaternions: NDArray[np.float64]
    strike_deg: NDArray[np.float64]
    dip_deg: NDArray[np.float64]
    rake_deg: NDArray[np.float64]
    weights: NDArray[np.float64]
    plane_frames: NDArray[np.float64]
    slips_per_plane: int
    bits: int

    @property
    def count(self) -> int:
        """Number of mechanisms."""
        return len(self.normals)

    @property
    def planes(self) -> int:
        """Number of distinct normals."""
        return int(self.plane_frames.shape[2])

    @property
    def chunks(self) -> int:
        """Number of words of a row of predicted signs."""
        return self.count // self.bits


@lru_cache(maxsize=4)
def mechanism_grid(step_deg: float = 5.0) -> MechanismGrid:
    """Return the grid with a spacing in degrees.

    10, 7, 5, 3 and 2 degrees give 4,032, 10,426, 31,032, 141,180 and 472,410 mechanisms.

    Parameters
    ----------
    step_deg : float
        From 2 to 30 degrees.

    Raises
    ------
    SettingsError
        If the spacing is outside these bounds.

    References
    ----------
    Hardebeck, J. L. and P. M. Shearer (2002), BSSA 92, 2264-2276.
    """
    if not 2.0 <= step_deg <= 30.0:
        raise SettingsError(
            f"The grid step of mechanisms is {step_deg:g} degrees; a row of predicted signs "
            "holds grids from 2 to 30 degrees only. Choose a step in these bounds (5 is usual)."
        )
    frames = []
    areas = []
    half = np.radians(step_deg) / 2.0
    for ring in range(int(90.1 / step_deg) + 1):
        polar = np.radians(ring * step_deg)
        around = int(np.floor(360.0 / step_deg * np.sin(polar) + 0.5))
        azimuths = np.radians(np.arange(around) * 360.0 / around) if around else np.zeros(1)
        upper, lower = max(polar - half, 0.0), min(polar + half, np.pi / 2)
        areas += [(np.cos(upper) - np.cos(lower)) / len(azimuths)] * len(azimuths)
        for azimuth in azimuths:
            ct, st, ca, sa = np.cos(polar), np.sin(polar), np.cos(azimuth), np.sin(azimuth)
            frames.append([(st * ca, st * sa, ct), (ct * ca, ct * sa, -st), (-sa, ca, 0.0)])
    plane_frames = np.array(frames)
    slips_per_plane = int(179.9 / step_deg) + 1
    turn = np.radians(np.arange(slips_per_plane) * step_deg)[None, :, None]
    normals = np.repeat(plane_frames[:, 0], slips_per_plane, axis=0)
    slips = plane_frames[:, 1, None] * np.cos(turn) + plane_frames[:, 2, None] * np.sin(turn)
    slips = slips.reshape(-1, 3)
    strike, dip, rake = plane_angles(normals, slips)
    parts = -(-slips_per_plane // 62)
    while slips_per_plane % parts:
        parts += 1
    return MechanismGrid(
        step_deg=float(step_deg),
        normals=normals,
        slips=slips,
        quaternions=_frame_quaternions(normals, slips),
        strike_deg=strike,
        dip_deg=dip,
        rake_deg=rake,
        weights=np.repeat(np.array(areas) / np.mean(areas), slips_per_plane),
        plane_frames=np.ascontiguousarray(plane_frames.transpose(1, 2, 0)),
        slips_per_plane=slips_per_plane,
        bits=slips_per_plane // parts,
    )


def _frame_quaternions(
    normals: NDArray[np.float64], slips: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Quaternions of T-P-B frames built from these very normals and slips.

    Made from the vectors, not from strike, dip and rake, so that the plane that a
    quaternion calls the fault is the plane whose normal stands in the grid.
    """
    from scipy.spatial.transform import Rotation

    t = (normals + slips) * _ROOT_HALF
    p = (normals - slips) * _ROOT_HALF
    frames = np.stack([t, p, np.cross(t, p)], axis=-1)
    return np.roll(Rotation.from_matrix(frames).as_quat(), 1, axis=-1)
