"""Which data of an airborne survey can be used, and why the others cannot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]


def check_survey(stations: Floats, anomaly: Floats, ground: Floats) -> NDArray[np.str_]:
    """Return for each datum why it cannot be used; empty where it can.

    A station that is below the ground may lie inside a magnetized prism, where the closed forms
    are those of another field.

    Parameters
    ----------
    stations : ndarray, (station, 3)
        Easting, northing, upward, m.
    anomaly : ndarray, (station,)
        nT.
    ground : ndarray, (station,)
        Height of the topography below each station, upward, m.

    Returns
    -------
    ndarray of str, (station,)
        ``missing value``, ``no topography``, ``below topography`` or empty.

    Raises
    ------
    InputError
        No datum can be used.
    """
    missing = ~(np.isfinite(stations).all(axis=1) & np.isfinite(anomaly))
    unknown = ~np.isfinite(ground)
    below = ~missing & ~unknown & (stations[:, 2] <= ground)
    reasons = np.select(
        [missing, unknown, below], ["missing value", "no topography", "below topography"], ""
    )
    if not (reasons == "").any():
        raise InputError(
            f"None of {len(anomaly)} data of the survey can be used: {int(missing.sum())} have "
            f"missing values, {int(below.sum())} lie below the topography, the others have no "
            "topography. Nothing can be inverted. Check heights (m, upward) and their datum."
        )
    return reasons
