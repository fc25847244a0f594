"""The report of a run: one HTML page that a person reads, and catalogs compared.

Floor 6. :func:`write_report` collects what a run made and writes its page;
:func:`build_report` turns tables into a page without outside files;
:func:`compare_catalogs` gives the numbers behind its comparisons.
"""

from quakeloom.report._analysis_page import build_analysis_report, write_analysis_report
from quakeloom.report._bathymetry_section import bathymetry_section
from quakeloom.report._blocks import Section, Text
from quakeloom.report._calibration_section import describe_verdicts
from quakeloom.report._class_section import class_section
from quakeloom.report._collecting import write_catalog_report, write_report
from quakeloom.report._collecting_line import write_line_report
from quakeloom.report._collecting_region import write_regional_report
from quakeloom.report._comparison import AngleStatistics, CatalogComparison, compare_catalogs
from quakeloom.report._discriminate_section import discriminate_section
from quakeloom.report._event_sections import reading_weights
from quakeloom.report._fault_section import fault_section
from quakeloom.report._fluid_sections import fluids_section, rockphysics_section
from quakeloom.report._found_events_section import (
    FoundTruth,
    compare_with_truth,
    found_events_section,
)
from quakeloom.report._isocon_section import isocon_section
from quakeloom.report._line_page import ComparedEnsemble, LineResults, build_line_report
from quakeloom.report._magnitude_section import magnitude_section
from quakeloom.report._melting_section import melting_section
from quakeloom.report._merge_section import merge_section
from quakeloom.report._page import build_report
from quakeloom.report._paper_page import (
    PaperResult,
    agreement_sentence,
    agreement_word,
    build_paper_page,
    measured_words,
    papers_markdown,
    value_words,
    within_words,
)
from quakeloom.report._regional_page import RegionalResults, build_regional_report
from quakeloom.report._restore_section import restore_section
from quakeloom.report._results import ComparedCatalog, RunResults
from quakeloom.report._slip_section import slip_section
from quakeloom.report._sounding_section import sounding_section
from quakeloom.report._spectra_section import spectra_section
from quakeloom.report._stress_comparison import compare_stress_maps
from quakeloom.report._structure_section import structure_section
from quakeloom.report._version_page import build_version_page

__all__ = [
    "AngleStatistics",
    "CatalogComparison",
    "ComparedCatalog",
    "ComparedEnsemble",
    "FoundTruth",
    "LineResults",
    "PaperResult",
    "RegionalResults",
    "RunResults",
    "Section",
    "Text",
    "agreement_sentence",
    "agreement_word",
    "bathymetry_section",
    "build_analysis_report",
    "build_line_report",
    "build_paper_page",
    "build_regional_report",
    "build_report",
    "build_version_page",
    "class_section",
    "compare_catalogs",
    "compare_stress_maps",
    "compare_with_truth",
    "describe_verdicts",
    "discriminate_section",
    "fault_section",
    "fluids_section",
    "found_events_section",
    "isocon_section",
    "magnitude_section",
    "measured_words",
    "melting_section",
    "merge_section",
    "papers_markdown",
    "reading_weights",
    "restore_section",
    "rockphysics_section",
    "slip_section",
    "sounding_section",
    "spectra_section",
    "structure_section",
    "value_words",
    "within_words",
    "write_analysis_report",
    "write_catalog_report",
    "write_line_report",
    "write_regional_report",
    "write_report",
]
