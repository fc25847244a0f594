"""The sea floor: finer grids with calibrated ranges, and soundings that are judged.

Floor 4. Depths are meters, positive down, as means of square cells. Grids are made finer by
methods of one protocol, from cubic interpolation to networks; each result has the block means of
its input and says how far it can be trusted. Training needs torch, and so do the networks.
"""

from quakeloom.seafloor._features import STEP, Features, describe_grid, interpolate_base
from quakeloom.seafloor._gridding import GriddedSoundings, grid_soundings
from quakeloom.seafloor._linear_methods import (
    interpolate_kriging,
    interpolate_spline,
    kriging_weights,
    spline_weights,
    variogram_exponent,
)
from quakeloom.seafloor._networks import (
    GENERATIVE,
    NETWORKS,
    build_network,
    count_parameters,
    pack_network,
    unpack_network,
)
from quakeloom.seafloor._passes import (
    HALO_CELLS,
    FineGrid,
    average_cells,
    inconsistency,
    make_finer,
)
from quakeloom.seafloor._resampling import (
    back_project,
    coarsen,
    cubic_weights,
    fill_holes,
    interpolate_bicubic,
    project_consistent,
    repeat_cells,
)
from quakeloom.seafloor._restoring import (
    PLAIN,
    NetworkEnsemble,
    PlainMethod,
    Restoration,
    Restorer,
    is_generative,
    load_ensemble,
    restore_plainly,
)
from quakeloom.seafloor._scores import (
    pool_scores,
    power_ratio,
    power_spectrum,
    rugged_cells,
    score_grid,
    slope_of,
)
from quakeloom.seafloor._sounding_yardsticks import flag_by_hypotheses, flag_by_median
from quakeloom.seafloor._soundings import (
    REASONS,
    CleaningOptions,
    JudgedSoundings,
    judge_soundings,
    log_odds,
    sort_soundings,
)
from quakeloom.seafloor._surveys import KINDS, SimulatedSurvey, score_flags, simulate_survey
from quakeloom.seafloor._terrain import (
    FORMS,
    Terrain,
    add_ship_noise,
    blend_tracks,
    simulate_terrain,
)
from quakeloom.seafloor._training import (
    SeafloorTraining,
    TrainingGrids,
    consistent_loss,
    draw_holes,
    prepare_grids,
    train_network,
)
from quakeloom.seafloor._uncertainty import (
    LEVELS,
    RangeCalibration,
    calibrate_ranges,
    follow_scales,
    half_widths,
    hole_class,
    invented_share,
    share_held,
)

__all__ = [
    "FORMS",
    "GENERATIVE",
    "HALO_CELLS",
    "KINDS",
    "LEVELS",
    "NETWORKS",
    "PLAIN",
    "REASONS",
    "STEP",
    "CleaningOptions",
    "Features",
    "FineGrid",
    "GriddedSoundings",
    "JudgedSoundings",
    "NetworkEnsemble",
    "PlainMethod",
    "RangeCalibration",
    "Restoration",
    "Restorer",
    "SeafloorTraining",
    "SimulatedSurvey",
    "Terrain",
    "TrainingGrids",
    "add_ship_noise",
    "average_cells",
    "back_project",
    "blend_tracks",
    "build_network",
    "calibrate_ranges",
    "coarsen",
    "consistent_loss",
    "count_parameters",
    "cubic_weights",
    "describe_grid",
    "draw_holes",
    "fill_holes",
    "flag_by_hypotheses",
    "flag_by_median",
    "follow_scales",
    "grid_soundings",
    "half_widths",
    "hole_class",
    "inconsistency",
    "interpolate_base",
    "interpolate_bicubic",
    "interpolate_kriging",
    "interpolate_spline",
    "invented_share",
    "is_generative",
    "judge_soundings",
    "kriging_weights",
    "load_ensemble",
    "log_odds",
    "make_finer",
    "pack_network",
    "pool_scores",
    "power_ratio",
    "power_spectrum",
    "prepare_grids",
    "project_consistent",
    "repeat_cells",
    "restore_plainly",
    "rugged_cells",
    "score_flags",
    "score_grid",
    "share_held",
    "simulate_survey",
    "simulate_terrain",
    "slope_of",
    "sort_soundings",
    "spline_weights",
    "train_network",
    "unpack_network",
    "variogram_exponent",
]
