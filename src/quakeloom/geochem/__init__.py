"""Rock analyses: gains and losses, sources, processes and settings, each with its uncertainty.

Floor 4. Arrays in, arrays out. :func:`analyze_isocon` finds mass changes without choosing immobile
elements; logarithms of ratios are those of :func:`isometric_log_ratio`.
"""

from quakeloom.geochem._compositions import (
    centered_log_ratio,
    close_composition,
    composition_of,
    helmert_basis,
    isometric_log_ratio,
    replace_censored,
)
from quakeloom.geochem._discriminate import (
    DiscriminateOptions,
    DiscriminateResult,
    Score,
    analyze_classes,
    make_features,
)
from quakeloom.geochem._discriminate_truth import SettingsTruth, simulate_settings
from quakeloom.geochem._isocon import (
    IsoconData,
    compare_with_protolith,
    element_deviation,
    sparse_isocon,
)
from quakeloom.geochem._isocon_analysis import (
    LARGEST_R_HAT,
    IsoconOptions,
    IsoconResult,
    analyze_isocon,
)
from quakeloom.geochem._isocon_posterior import IsoconPosterior, sample_isocon
from quakeloom.geochem._isocon_truth import IsoconRecipe, IsoconTruth, simulate_isocon
from quakeloom.geochem._melting import DEPLETED_MANTLE, Mantle, MeltModel, log_enrichment
from quakeloom.geochem._melting_analysis import MeltingResult, analyze_melting
from quakeloom.geochem._melting_posterior import (
    MeltingData,
    MeltingProblem,
    melting_log_evidence,
)
from quakeloom.geochem._melting_truth import MeltingRecipe, MeltingTruth, simulate_melting
from quakeloom.geochem._processes import (
    ProcessOptions,
    ProcessResult,
    analyze_processes,
    complete_compositions,
    count_components,
    trace_process,
)

__all__ = [
    "DEPLETED_MANTLE",
    "LARGEST_R_HAT",
    "DiscriminateOptions",
    "DiscriminateResult",
    "IsoconData",
    "IsoconOptions",
    "IsoconPosterior",
    "IsoconRecipe",
    "IsoconResult",
    "IsoconTruth",
    "Mantle",
    "MeltModel",
    "MeltingData",
    "MeltingProblem",
    "MeltingRecipe",
    "MeltingResult",
    "MeltingTruth",
    "ProcessOptions",
    "ProcessResult",
    "Score",
    "SettingsTruth",
    "analyze_classes",
    "analyze_isocon",
    "analyze_melting",
    "analyze_processes",
    "centered_log_ratio",
    "close_composition",
    "compare_with_protolith",
    "complete_compositions",
    "composition_of",
    "count_components",
    "element_deviation",
    "helmert_basis",
    "isometric_log_ratio",
    "log_enrichment",
    "make_features",
    "melting_log_evidence",
    "replace_censored",
    "sample_isocon",
    "simulate_isocon",
    "simulate_melting",
    "simulate_settings",
    "sparse_isocon",
    "trace_process",
]
