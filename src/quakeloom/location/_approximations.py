"""The Gaussian approximation of an ensemble: mean travel times and their covariance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from quakeloom.location._ensemble import Ensemble
from quakeloom.location._interpolation import Floats, all_times
from quakeloom.location._locate import (
    Location,
    depth_prior,
)
from quakeloom.location._options import LocationOptions


def locate_gaussian(
    ensemble: Ensemble,
    location: Location,
    options: LocationOptions,
    epicenter: ArrayLike | None = None,
) -> tuple[Floats, Floats] | None:
    """Locate with the covariance of model predictions instead of the members themselves.

    ``d ~ N(t0 + g, C_d + C_p(x))`` with the members' mean times ``g`` and covariance

        C_p(x) = 1/(K-1) sum_k (g_k - g)(g_k - g)^T,

    the origin time integrated out, on the nodes of the located posterior, which are wide enough
    where the ensemble is. Fast, and right as long as prediction errors are Gaussian; where it
    differs from the mixture of members, they are not, or members are too few.

    Returns
    -------
    mean : ndarray, shape (3,)
        Depth, north, east.
    covariance : ndarray, shape (3, 3)
        None if it cannot be computed (a single member).

    References
    ----------
    Agata et al. (2021), GJI 225, 1195-1214.
    """
    members = ensemble.times.member_count
    if members < 2:
        return None
    picks, grid = location.picks, location.posterior.grid
    weight = np.exp(ensemble.log_weight)
    times = np.empty((picks.time_s.size, members))
    log_density = np.empty(grid.nodes.shape[0])
    ones = np.ones(picks.time_s.size)
    for n, node in enumerate(grid.nodes):
        all_times(ensemble.times.arrays, node[None, :], picks.receivers, times)
        if picks.delay_s is not None:
            times += picks.delay_s
        mean = times @ weight
        offset = (times - mean[:, None]) * np.sqrt(weight * members / (members - 1.0))
        root = np.linalg.cholesky(np.diag(picks.variance) + offset @ offset.T)
        residual = np.linalg.solve(root, picks.time_s - mean)
        unit = np.linalg.solve(root, ones)
        total = unit @ unit
        log_density[n] = (
            -0.5 * (residual @ residual - (unit @ residual) ** 2 / total)
            - 0.5 * np.log(total)
            - np.log(np.diag(root)).sum()
        )
    log_density += depth_prior(options, epicenter)(grid.nodes)
    mass = np.exp(log_density - log_density.max()) * grid.share
    mass /= mass.sum()
    center = mass @ grid.nodes
    offset = grid.nodes - center
    return center, (offset * mass[:, None]).T @ offset
