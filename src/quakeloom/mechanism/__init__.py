"""Focal mechanisms from P polarities and S/P amplitude ratios.

The grid search of HASH (Hardebeck & Shearer 2002, 2003), complete, in bit-sliced form; and
beyond it: any number of trials without growth of the accepted set, polarities with
probabilities, the whole acceptable set with weights, leave-one-out predictions.

Science room: arrays in, arrays out, blocks of some hundred to thousand events at a time.
"""

from quakeloom.mechanism._amplitudes import sp_log_ratios
from quakeloom.mechanism._blocks import STATUSES, MechanismBlock, ObservationBlock
from quakeloom.mechanism._draws import (
    StatedAngles,
    draw_angle_errors,
    draw_depths_and_models,
    draw_epicenters,
)
from quakeloom.mechanism._find import acceptance_weights, find_mechanisms
from quakeloom.mechanism._grid import MechanismGrid, mechanism_grid
from quakeloom.mechanism._leave_one_out import leave_one_out
from quakeloom.mechanism._options import MechanismOptions
from quakeloom.mechanism._quality import polarity_misfit_stdr, rate_quality, ray_gaps
from quakeloom.mechanism._solve import MAXIMUM_READINGS
from quakeloom.mechanism._station_report import (
    ContradictionReport,
    count_contradictions,
    report_pick_kinds,
    report_stations,
)
from quakeloom.mechanism._thresholds import (
    PROBABILITIES,
    THRESHOLD,
    ThresholdPoint,
    ThresholdTrials,
    choose_threshold,
    summarize_trials,
)

__all__ = [
    "MAXIMUM_READINGS",
    "PROBABILITIES",
    "STATUSES",
    "THRESHOLD",
    "ContradictionReport",
    "MechanismBlock",
    "MechanismGrid",
    "MechanismOptions",
    "ObservationBlock",
    "StatedAngles",
    "ThresholdPoint",
    "ThresholdTrials",
    "acceptance_weights",
    "choose_threshold",
    "count_contradictions",
    "draw_angle_errors",
    "draw_depths_and_models",
    "draw_epicenters",
    "find_mechanisms",
    "leave_one_out",
    "mechanism_grid",
    "polarity_misfit_stdr",
    "rate_quality",
    "ray_gaps",
    "report_pick_kinds",
    "report_stations",
    "sp_log_ratios",
    "summarize_trials",
]
