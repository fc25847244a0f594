"""The report page: all sections, set by the template."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import jinja2
import numpy as np

from quakeloom import __version__
from quakeloom.report._blocks import Section
from quakeloom.report._calibration_section import calibration_section
from quakeloom.report._catalog import MechanismCatalog
from quakeloom.report._catalog_sections import (
    distribution_section,
    quality_section,
    summary_section,
)
from quakeloom.report._columns import time_column
from quakeloom.report._comparison_sections import comparison_section, seed_section
from quakeloom.report._event_sections import (
    focal_sphere_section,
    reject_section,
    unsolved_section,
)
from quakeloom.report._event_table import event_section, file_section, use_section
from quakeloom.report._location_section import location_section
from quakeloom.report._map_section import map_section
from quakeloom.report._phrases import day
from quakeloom.report._provenance_sections import (
    cost_section,
    glossary_section,
    methods_section,
    provenance_section,
)
from quakeloom.report._repeater_section import repeater_section
from quakeloom.report._results import RunResults
from quakeloom.report._seismicity_section import seismicity_section
from quakeloom.report._station_sections import station_section
from quakeloom.report._stress_sections import stress_section, tendency_section
from quakeloom.report._threshold_section import threshold_section
from quakeloom.report._truth_sections import truth_section
from quakeloom.report._waveform_sections import waveform_section

_LOG = logging.getLogger(__name__)
"""Log of this module."""


def build_report(results: RunResults) -> str:
    """Return the report of a run as one HTML page that needs nothing else.

    Figures are embedded, styles are inline, no script, font or image is fetched; the search box
    above the table of events has the only line of script, and the table needs none. Every
    section that has nothing to show is left out; an empty catalog gives a short page that
    says so. The same results give the same page.

    Parameters
    ----------
    results : RunResults

    Returns
    -------
    str
        HTML text, UTF-8.
    """
    catalog = MechanismCatalog.read(results)
    makers: tuple[Callable[[], Section], ...] = (
        lambda: summary_section(results, catalog),
        lambda: quality_section(results, catalog),
        lambda: use_section(results),
        lambda: location_section(results),
        lambda: seismicity_section(results),
        lambda: map_section(results, catalog),
        lambda: focal_sphere_section(results, catalog),
        lambda: waveform_section(results),
        lambda: threshold_section(results),
        lambda: repeater_section(results),
        lambda: stress_section(results),
        lambda: tendency_section(results),
        lambda: distribution_section(results, catalog),
        lambda: truth_section(results, catalog),
        lambda: calibration_section(results),
        lambda: comparison_section(results),
        lambda: station_section(results, catalog),
        lambda: seed_section(results),
        lambda: unsolved_section(results, catalog),
        lambda: reject_section(results),
        lambda: event_section(results, catalog),
        lambda: file_section(results),
        lambda: cost_section(results),
        lambda: provenance_section(results),
        lambda: methods_section(results),
        glossary_section,
    )
    made = [make() for make in makers]
    before = next(i for i, s in enumerate(made) if s.anchor == "unsolved")
    sections = [s for s in (*made[:before], *results.sections, *made[before:]) if s.blocks]
    page = report_environment().get_template("page.html")
    html = page.render(
        name=results.name,
        description=results.description or _setting(results, "description"),
        title=_title(results),
        synthetic=results.has("truth"),
        span=_time_span(results),
        sections=sections,
        version=__version__,
        revision=str(results.provenance.get("git_revision", "")),
    )
    _LOG.info("report of '%s': %d sections, %.1f kB", results.name, len(sections), len(html) / 1e3)
    return html


def report_environment() -> jinja2.Environment:
    """Return the environment of the page's template."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quakeloom.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["longest_word"] = _longest_word
    return environment


def _longest_word(text: str) -> int:
    """Length of the longest part of a text that a browser does not break."""
    return max((len(word) for word in text.split()), default=0)


def _setting(results: RunResults, key: str) -> str:
    value: Any = results.settings.get(key) if results.settings else None
    return str(value) if value else ""


def _title(results: RunResults) -> str:
    section = results.settings.get("report") if results.settings else None
    title = section.get("title") if isinstance(section, dict) else ""
    return str(title or results.name)


def _time_span(results: RunResults) -> str:
    times = time_column(results.table("events"), "origin_time")
    times = times[~np.isnat(times)]
    if len(times) == 0:
        return ""
    first, last = day(times.min()), day(times.max())
    return first if first == last else f"{first} to {last}"
