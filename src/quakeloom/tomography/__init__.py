"""Ensemble tomography: velocity structure as an ensemble of models.

Floor 4. A :class:`RefractionProblem` joins a section (:func:`make_line_grid`), a Gaussian prior
on the velocity function (:func:`make_velocity_prior`) and checked picks
(:func:`check_picks`); :func:`sample_ensemble` draws members with one of :data:`SAMPLERS`, and
the summaries say what they have in common. :func:`line_verification` and
:func:`synthetic_line` are problems with known answers.
"""

from quakeloom.tomography._blocks import (
    Blocks,
    Extent,
    block_shift,
    blocks_at,
    sample_blocks,
)
from quakeloom.tomography._later_arrivals import find_later_arrivals
from quakeloom.tomography._line_grid import LineGrid, make_line_grid
from quakeloom.tomography._line_priors import (
    PriorChoice,
    choose_prior,
    reference_at_nodes,
    velocity_scatter,
)
from quakeloom.tomography._offset_curves import OffsetCurve, fit_offset_curve, turning_velocities
from quakeloom.tomography._pick_checks import check_picks
from quakeloom.tomography._refraction import (
    Kernel,
    RefractionProblem,
    VelocityCorrelation,
    VelocityPrior,
    make_velocity_prior,
)
from quakeloom.tomography._regional import (
    RegionalPrior,
    draw_regional_member,
    make_regional_prior,
)
from quakeloom.tomography._samplers import (
    SAMPLERS,
    EnsembleMembers,
    PreparedPosterior,
    SamplerOptions,
    point_of_member,
    prepare_mixture,
    prepare_posterior,
    sample_ensemble,
)
from quakeloom.tomography._summaries import (
    SectionSummary,
    exceedance_probability,
    informed_nodes,
    isovelocity_depths,
    spread_reduction,
    summarize_sections,
)
from quakeloom.tomography._synthetic import (
    LineSurvey,
    LineVerification,
    SyntheticLine,
    line_verification,
    long_line,
    synthetic_line,
    synthetic_prior,
)
from quakeloom.tomography._travel_time_networks import (
    NetworkOptions,
    NetworkScores,
    TravelTimeNetworks,
)
from quakeloom.tomography._travel_time_picks import TravelTimePicks
from quakeloom.tomography._weighed_priors import (
    PriorPoint,
    PriorShape,
    WeighedPriors,
    carrier_nodes,
    prior_at_point,
    weigh_priors,
)

__all__ = [
    "SAMPLERS",
    "Blocks",
    "EnsembleMembers",
    "Extent",
    "Kernel",
    "LineGrid",
    "LineSurvey",
    "LineVerification",
    "NetworkOptions",
    "NetworkScores",
    "OffsetCurve",
    "PreparedPosterior",
    "PriorChoice",
    "PriorPoint",
    "PriorShape",
    "RefractionProblem",
    "RegionalPrior",
    "SamplerOptions",
    "SectionSummary",
    "SyntheticLine",
    "TravelTimeNetworks",
    "TravelTimePicks",
    "VelocityCorrelation",
    "VelocityPrior",
    "WeighedPriors",
    "block_shift",
    "blocks_at",
    "carrier_nodes",
    "check_picks",
    "choose_prior",
    "draw_regional_member",
    "exceedance_probability",
    "find_later_arrivals",
    "fit_offset_curve",
    "informed_nodes",
    "isovelocity_depths",
    "line_verification",
    "long_line",
    "make_line_grid",
    "make_regional_prior",
    "make_velocity_prior",
    "point_of_member",
    "prepare_mixture",
    "prepare_posterior",
    "prior_at_point",
    "reference_at_nodes",
    "sample_blocks",
    "sample_ensemble",
    "spread_reduction",
    "summarize_sections",
    "synthetic_line",
    "synthetic_prior",
    "turning_velocities",
    "velocity_scatter",
    "weigh_priors",
]
