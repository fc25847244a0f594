"""Figures from arrays: beachballs, focal spheres, maps, distributions, run costs.

Floor 3. Arrays in, matplotlib figures out; nothing here opens a file or keeps a global
state (no pyplot). Sizes are inches on paper, colors come from one palette, and the same
input gives the same bytes.
"""

from quakeloom.plots._abic_curve import plot_abic_curve
from quakeloom.plots._beachballs import (
    Beachballs,
    double_couple_beachballs,
    moment_tensor_beachballs,
)
from quakeloom.plots._change_maps import ChangedPoints, plot_changes_map
from quakeloom.plots._distributions import (
    CalibrationBins,
    plot_calibration,
    plot_cumulative_angles,
    plot_letter_matrix,
    plot_quality_bar,
    plot_stacked_histogram,
)
from quakeloom.plots._event_classes import local_hours, plot_event_classes
from quakeloom.plots._fault_tendency import FaultTendencies, plot_fault_tendency
from quakeloom.plots._fields import FieldAxes, FieldPanel, plot_fields
from quakeloom.plots._first_motions import (
    FirstMotion,
    plot_first_motions,
    plot_pick_residuals,
)
from quakeloom.plots._focal_spheres import (
    FocalSphere,
    choose_by_weight,
    draw_focal_sphere,
    plot_focal_sphere,
    plot_focal_spheres,
)
from quakeloom.plots._found_events import plot_events_over_time, plot_recall
from quakeloom.plots._found_planes import FoundPlanes, plot_found_planes, plot_plane_sections
from quakeloom.plots._hypocenters import plot_hypocenters, plot_location_quality
from quakeloom.plots._isocon_figures import (
    IsoconPoints,
    plot_gains,
    plot_isocon,
    plot_mass_ratios,
)
from quakeloom.plots._magnitudes import (
    FrequencyMagnitude,
    plot_frequency_magnitude,
    plot_magnitude_terms,
    plot_magnitude_time,
    plot_true_magnitudes,
)
from quakeloom.plots._map_frame import MapFrame, draw_map_frame, frame_points
from quakeloom.plots._maps import MapPoints, plot_mechanism_map, plot_network_map
from quakeloom.plots._melting_figures import plot_melt_fractions, plot_source
from quakeloom.plots._paper_agreement import plot_paper_agreement
from quakeloom.plots._picked_traces import PickedTrace, plot_picked_traces
from quakeloom.plots._reading_accuracy import (
    AccuracyGroups,
    PrecisionRecall,
    plot_precision_recall,
    plot_reading_accuracy,
)
from quakeloom.plots._run_costs import plot_growth, plot_rule_costs
from quakeloom.plots._seafloor import (
    plot_depth_profile,
    plot_depth_spectra,
    plot_difference_panels,
    plot_relief_panels,
    shade_relief,
)
from quakeloom.plots._sections import (
    SectionGrid,
    plot_ensemble_bands,
    plot_residual_histogram,
    plot_travel_time_fits,
    plot_velocity_sections,
)
from quakeloom.plots._seismicity import StressAxes, main_azimuth, plot_seismicity
from quakeloom.plots._shares_held import plot_shares_held
from quakeloom.plots._slip_maps import (
    SiteDisplacements,
    SlipPanel,
    plot_displacements,
    plot_model_weights,
    plot_slip_panels,
)
from quakeloom.plots._source_spectra import (
    EventSpectraShown,
    plot_catalog_magnitude,
    plot_event_spectra,
    plot_stress_drops,
)
from quakeloom.plots._sphere import plane_arcs, project_rays, project_vectors
from quakeloom.plots._stations import (
    binomial_interval,
    plot_contradiction_rates,
    plot_station_timeline,
)
from quakeloom.plots._stress_coverage import plot_stress_coverage
from quakeloom.plots._stress_maps import (
    REGIME_COLORS,
    ShmaxNodes,
    plot_regime_map,
    plot_shmax_map,
)
from quakeloom.plots._stress_nodes import NodeStress, mohr_points, plot_stress_nodes
from quakeloom.plots._style import (
    COLUMN_WIDTH_IN,
    PAGE_WIDTH_IN,
    PHONE_WIDTH_IN,
    QUALITY_COLORS,
    STYLE,
    figure_to_png,
    figure_to_svg,
    new_figure,
    quality_colors,
    styled,
)
from quakeloom.plots._subset_figures import plot_indicators, plot_state_density
from quakeloom.plots._symbols import (
    BeachballStyle,
    draw_beachballs,
    place_symbols,
    thin_symbols,
)
from quakeloom.plots._takeoff_curves import plot_takeoff_curves
from quakeloom.plots._threshold_curve import plot_threshold_curve
from quakeloom.plots._trench_figures import TrenchPanel, plot_trench

__all__ = [
    "COLUMN_WIDTH_IN",
    "PAGE_WIDTH_IN",
    "PHONE_WIDTH_IN",
    "QUALITY_COLORS",
    "REGIME_COLORS",
    "STYLE",
    "AccuracyGroups",
    "BeachballStyle",
    "Beachballs",
    "CalibrationBins",
    "ChangedPoints",
    "EventSpectraShown",
    "FaultTendencies",
    "FieldAxes",
    "FieldPanel",
    "FirstMotion",
    "FocalSphere",
    "FoundPlanes",
    "FrequencyMagnitude",
    "IsoconPoints",
    "MapFrame",
    "MapPoints",
    "NodeStress",
    "PickedTrace",
    "PrecisionRecall",
    "SectionGrid",
    "ShmaxNodes",
    "SiteDisplacements",
    "SlipPanel",
    "StressAxes",
    "TrenchPanel",
    "binomial_interval",
    "choose_by_weight",
    "double_couple_beachballs",
    "draw_beachballs",
    "draw_focal_sphere",
    "draw_map_frame",
    "figure_to_png",
    "figure_to_svg",
    "frame_points",
    "local_hours",
    "main_azimuth",
    "mohr_points",
    "moment_tensor_beachballs",
    "new_figure",
    "place_symbols",
    "plane_arcs",
    "plot_abic_curve",
    "plot_calibration",
    "plot_catalog_magnitude",
    "plot_changes_map",
    "plot_contradiction_rates",
    "plot_cumulative_angles",
    "plot_depth_profile",
    "plot_depth_spectra",
    "plot_difference_panels",
    "plot_displacements",
    "plot_ensemble_bands",
    "plot_event_classes",
    "plot_event_spectra",
    "plot_events_over_time",
    "plot_fault_tendency",
    "plot_fields",
    "plot_first_motions",
    "plot_focal_sphere",
    "plot_focal_spheres",
    "plot_found_planes",
    "plot_frequency_magnitude",
    "plot_gains",
    "plot_growth",
    "plot_hypocenters",
    "plot_indicators",
    "plot_isocon",
    "plot_letter_matrix",
    "plot_location_quality",
    "plot_magnitude_terms",
    "plot_magnitude_time",
    "plot_mass_ratios",
    "plot_mechanism_map",
    "plot_melt_fractions",
    "plot_model_weights",
    "plot_network_map",
    "plot_paper_agreement",
    "plot_pick_residuals",
    "plot_picked_traces",
    "plot_plane_sections",
    "plot_precision_recall",
    "plot_quality_bar",
    "plot_reading_accuracy",
    "plot_recall",
    "plot_regime_map",
    "plot_relief_panels",
    "plot_residual_histogram",
    "plot_rule_costs",
    "plot_seismicity",
    "plot_shares_held",
    "plot_shmax_map",
    "plot_slip_panels",
    "plot_source",
    "plot_stacked_histogram",
    "plot_state_density",
    "plot_station_timeline",
    "plot_stress_coverage",
    "plot_stress_drops",
    "plot_stress_nodes",
    "plot_takeoff_curves",
    "plot_threshold_curve",
    "plot_travel_time_fits",
    "plot_trench",
    "plot_true_magnitudes",
    "plot_velocity_sections",
    "project_rays",
    "project_vectors",
    "quality_colors",
    "shade_relief",
    "styled",
    "thin_symbols",
]
