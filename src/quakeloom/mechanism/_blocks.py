"""Blocks of events: what the search takes and what it gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.schema import VARIABLES

Floats = NDArray[np.float64]

STATUSES = VARIABLES["status"].values
"""What may become of an event; :attr:`MechanismBlock.status` holds the position here."""


@dataclass(frozen=True, eq=False)
class ObservationBlock:
    """Observations of some hundred to thousand events, ragged by event.

    Attributes
    ----------
    event_keys : uint64, shape (n_events,)
        See :func:`quakeloom.core.string_keys`; they key all random numbers.
    offsets : int64, shape (n_events + 1,)
        Observations of event ``i`` are ``offsets[i]:offsets[i + 1]``.
    azimuth_deg, takeoff_deg : float32, shape (n_trials, n_obs)
        Angles at the source per trial; row 0 is the reference. Take-off 0 is straight down;
        values beyond 0 to 180 are taken as such directions. NaN in row 0 takes the
        observation out, NaN in another row is replaced by row 0.
    polarity : int8, shape (n_obs,)
        +1 up, -1 down, 0 not known.
    impulsive : bool, shape (n_obs,)
    probability_up : float32, shape (n_obs,)
        Probability that the first motion is up; NaN where none is stated.
    sp_log_ratio : float32, shape (n_obs,)
        log10 S/P, station correction subtracted; NaN where there is none.
    station_keys : uint64, shape (n_obs,)
        Observations of an event are put in the order of these keys, so that the order of
        input does not matter.
    """

    event_keys: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    azimuth_deg: NDArray[np.float32]
    takeoff_deg: NDArray[np.float32]
    polarity: NDArray[np.int8]
    impulsive: NDArray[np.bool_]
    probability_up: NDArray[np.float32]
    sp_log_ratio: NDArray[np.float32]
    station_keys: NDArray[np.uint64]

    def __post_init__(self) -> None:
        """Check that the shapes agree; a mismatch is a defect of the caller."""
        count = len(self.polarity)
        shapes = {
            "azimuth_deg": self.azimuth_deg.shape[1:],
            "takeoff_deg": self.takeoff_deg.shape[1:],
            "impulsive": self.impulsive.shape,
            "probability_up": self.probability_up.shape,
            "sp_log_ratio": self.sp_log_ratio.shape,
            "station_keys": self.station_keys.shape,
        }
        wrong = [name for name, shape in shapes.items() if shape != (count,)]
        if self.azimuth_deg.shape != self.takeoff_deg.shape or len(self.azimuth_deg) < 1:
            wrong.append("trials")
        if len(self.offsets) != len(self.event_keys) + 1 or (
            self.offsets[0] != 0 or self.offsets[-1] != count or np.any(np.diff(self.offsets) < 0)
        ):
            wrong.append("offsets")
        if wrong:
            raise InputError(
                f"A block of {len(self.event_keys)} events with {count} observations has arrays "
                f"of other shapes ({', '.join(wrong)}); the block cannot be searched. Give one "
                "value per observation, and angles of shape (trials, observations)."
            )

    def in_order(self) -> ObservationBlock:
        """Return the block with arrays of the stated types, contiguous in memory.

        Compiled code is made anew for every other type or layout, which takes long.
        """
        kinds = {
            "event_keys": np.uint64, "offsets": np.int64, "azimuth_deg": np.float32,
            "takeoff_deg": np.float32, "polarity": np.int8, "impulsive": np.bool_,
            "probability_up": np.float32, "sp_log_ratio": np.float32, "station_keys": np.uint64,
        }  # fmt: skip
        arrays = {
            name: np.require(getattr(self, name), kind, ["C", "A", "W"])
            for name, kind in kinds.items()
        }
        return ObservationBlock(**arrays)

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return len(self.azimuth_deg)


@dataclass(frozen=True, eq=False)
class MechanismBlock:
    """Mechanisms of a block of events; one entry per event unless said otherwise.

    Attributes
    ----------
    status : int8
        Position in :data:`STATUSES`.
    strike_deg ... auxiliary_rake_deg : float64
        Preferred mechanism and its other nodal plane; NaN if not solved.
    fault_plane_uncertainty_deg, auxiliary_plane_uncertainty_deg : float64
    mechanism_probability, polarity_misfit, station_distribution_ratio : float64
    azimuthal_gap_deg, takeoff_gap_deg : float64
    polarity_count, amplitude_ratio_count, ignored_count : int32
        Used polarities and S/P ratios; observations without usable angles.
    amplitude_ratio_misfit : float64
    solution_count, acceptable_count : int32
    quality : str, one letter
    multiple : bool
    acceptance : uint8, shape (n_events, grid.count)
        255 for a mechanism that every trial accepts (or of greatest posterior weight);
        0 for never accepted.
    solution_offsets : int64, shape (n_events + 1,)
        Rows of the solutions of each event; the preferred one first.
    solutions : dict of str to ndarray
        Columns ``event`` (position), ``solution``, ``strike_deg``, ``dip_deg``, ``rake_deg``,
        uncertainties, probability, misfits and ``quality`` of every solution.
    """

    status: NDArray[np.int8]
    strike_deg: Floats
    dip_deg: Floats
    rake_deg: Floats
    auxiliary_strike_deg: Floats
    auxiliary_dip_deg: Floats
    auxiliary_rake_deg: Floats
    fault_plane_uncertainty_deg: Floats
    auxiliary_plane_uncertainty_deg: Floats
    mechanism_probability: Floats
    polarity_count: NDArray[np.int32]
    ignored_count: NDArray[np.int32]
    polarity_misfit: Floats
    station_distribution_ratio: Floats
    azimuthal_gap_deg: Floats
    takeoff_gap_deg: Floats
    amplitude_ratio_count: NDArray[np.int32]
    amplitude_ratio_misfit: Floats
    solution_count: NDArray[np.int32]
    acceptable_count: NDArray[np.int32]
    quality: NDArray[np.str_]
    multiple: NDArray[np.bool_]
    acceptance: NDArray[np.uint8]
    solution_offsets: NDArray[np.int64]
    solutions: dict[str, NDArray]
