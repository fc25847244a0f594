"""Slip on faults from displacements of the surface, where medium and geometry are uncertain.

Floor 4. Arrays in, arrays out. :func:`rectangle_displacements` is the closed formula of a
homogeneous half-space; :func:`half_space_green` makes Green's functions of it, and any other
program may. :func:`solve_member` is the exact posterior in one model with its evidence,
:func:`invert_slip` the mixture over an ensemble, :func:`make_positive` the same where slip is
nowhere backward, :func:`gaussian_prediction` the Gaussian answer to compare with.
"""

from quakeloom.slip._calibration import TruthRanks, held_share, rank_truths
from quakeloom.slip._ensembles import (
    ModelSpread,
    SlipModel,
    combine_slip_models,
    draw_model,
    draw_slip_models,
    model_normals,
    model_of,
)
from quakeloom.slip._faults import FaultPlane, Patches, changed_plane, divide_plane
from quakeloom.slip._gaussian import (
    GaussianData,
    HyperPoint,
    MemberSlip,
    SlipPrior,
    draw_member,
    gaussian_data,
    solve_member,
)
from quakeloom.slip._green import Observed, half_space_green
from quakeloom.slip._multimodel import (
    GaussianPrediction,
    SlipMixture,
    draw_mixture,
    gaussian_prediction,
    invert_slip,
)
from quakeloom.slip._network_checks import azimuthal_gap, network_warnings
from quakeloom.slip._okada import rectangle_displacements
from quakeloom.slip._positive import (
    DrawnNumbers,
    PositiveSlip,
    centroids,
    describe_draws,
    make_positive,
    mean_rakes,
    posterior_moments,
    slip_amplitudes,
)
from quakeloom.slip._priors import slip_correlation
from quakeloom.slip._proposals import Proposal, fit_proposal, log_importance, prior_proposal
from quakeloom.slip._synthetic import simulate_displacements, simulate_sites, simulate_slip

__all__ = [
    "DrawnNumbers",
    "FaultPlane",
    "GaussianData",
    "GaussianPrediction",
    "HyperPoint",
    "MemberSlip",
    "ModelSpread",
    "Observed",
    "Patches",
    "PositiveSlip",
    "Proposal",
    "SlipMixture",
    "SlipModel",
    "SlipPrior",
    "TruthRanks",
    "azimuthal_gap",
    "centroids",
    "changed_plane",
    "combine_slip_models",
    "describe_draws",
    "divide_plane",
    "draw_member",
    "draw_mixture",
    "draw_model",
    "draw_slip_models",
    "fit_proposal",
    "gaussian_data",
    "gaussian_prediction",
    "half_space_green",
    "held_share",
    "invert_slip",
    "log_importance",
    "make_positive",
    "mean_rakes",
    "model_normals",
    "model_of",
    "network_warnings",
    "posterior_moments",
    "prior_proposal",
    "rank_truths",
    "rectangle_displacements",
    "simulate_displacements",
    "simulate_sites",
    "simulate_slip",
    "slip_amplitudes",
    "slip_correlation",
    "solve_member",
]
