"""How events are located."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quakeloom.core import InputError
from quakeloom.location._likelihoods import EDT, EDT_ORIGIN, GAUSSIAN, STUDENT_T, ErrorModel

LIKELIHOODS = {"gaussian": GAUSSIAN, "student_t": STUDENT_T, "edt": EDT, "edt_ot": EDT_ORIGIN}
"""Likelihoods by the words of the settings."""


@dataclass(frozen=True)
class LocationOptions:
    """Likelihood, prior and resolution.

    Attributes
    ----------
    likelihood : {"gaussian", "student_t", "edt", "edt_ot"}
        Gaussian, with the origin time integrated out exactly; Student's t, whose origin time is
        integrated by Laplace's method; or equal differential times (Font et al. 2004), which
        need no origin time; ``edt_ot`` also asks that the origin times which picks tell agree,
        as NonLinLoc's EDT_OT_WT.
    freedom : float
        Degrees of freedom of Student's t.
    station_error_s : float
        Standard deviation (tau) of station effects that no model explains; its square is added
        to the variance of every pick.
    time_error_fraction, time_error_minimum_s, time_error_maximum_s : float
        Error of travel times as a share of them, between two bounds, added likewise. Taken at
        the first location, not at every node.
    minimum_depth_km, maximum_depth_km : float
        The prior is uniform in the volume between them.
    radius_km : float
        Half the width of the volume, around the station of the first arrival.
    maximum_distance_km : float
        Stations farther than this from that of the first arrival are not used.
    depth_prior_km, depth_prior_error_km : float
        A Gaussian prior of the depth; none where the error is 0.
    epicenter_prior_error_km : float
        A Gaussian prior around a given epicenter; none where 0.
    resolution : float
        Spacing of nodes in standard deviations of one model's posterior, horizontally; depth has
        0.55 of it.
    maximum_nodes : int
        The grid is left coarser where it would need more.
    minimum_picks : int
        Fewer give the status ``too_few_picks``.
    smooth_models : bool
        Smooth a sample of ten or more models: members are moved along the scatter of all.
    lateral_spread : float
        Standard deviation of the logarithm of velocity sideways, which flat models do not have;
        only with ``smooth_models``.
    lateral_km : float
        Distance over which that is alike.
    minimum_models : float
        Weights of ten or more members are tempered so that at least so many count; 0: never.
    compare : bool
        Also locate with the Gaussian approximation of the ensemble and with the mean model.
    """

    likelihood: Literal["gaussian", "student_t", "edt", "edt_ot"] = "gaussian"
    freedom: float = 4.0
    station_error_s: float = 0.0
    time_error_fraction: float = 0.0
    time_error_minimum_s: float = 0.0
    time_error_maximum_s: float = 10.0
    minimum_depth_km: float = -1.0
    maximum_depth_km: float = 60.0
    radius_km: float = 150.0
    maximum_distance_km: float = 1000.0
    depth_prior_km: float = 10.0
    depth_prior_error_km: float = 0.0
    epicenter_prior_error_km: float = 0.0
    resolution: float = 0.9
    maximum_nodes: int = 12_000
    minimum_picks: int = 4
    smooth_models: bool = False
    lateral_spread: float = 0.0
    lateral_km: float = 20.0
    minimum_models: float = 0.0
    compare: bool = False

    def __post_init__(self) -> None:
        if self.likelihood not in LIKELIHOODS:
            raise InputError(
                f"The likelihood '{self.likelihood}' is not known, so nothing can be located; "
                f"write one of {', '.join(LIKELIHOODS)}."
            )
        if not self.minimum_depth_km < self.maximum_depth_km:
            raise InputError(
                f"Depths from {self.minimum_depth_km} to {self.maximum_depth_km} km are no range, "
                "so nothing can be located; give the smaller first."
            )

    @property
    def error_model(self) -> ErrorModel:
        """Likelihood and degrees of freedom as the compiled loops need them."""
        return ErrorModel(LIKELIHOODS[self.likelihood], float(self.freedom))
