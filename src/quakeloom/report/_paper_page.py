"""The page of a paper that was rerun: its numbers beside ours, and why they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from quakeloom import __version__
from quakeloom.config import Paper, Settings
from quakeloom.plots import plot_paper_agreement
from quakeloom.report._blocks import Grid, Heading, Picture, Section, Text, page_picture
from quakeloom.report._catalog import MechanismCatalog
from quakeloom.report._collecting import collect_catalog
from quakeloom.report._location_section import location_section
from quakeloom.report._map_section import map_section
from quakeloom.report._page import report_environment
from quakeloom.report._phrases import DASH, count, verb
from quakeloom.report._stress_sections import stress_section
from quakeloom.report._trench_section import trench_section
from quakeloom.stages.frame.chains import find_chain
from quakeloom.stages.papers.comparing import ComparedNumber
from quakeloom.stages.papers.trench import Trench
from quakeloom.store import RunLayout

_CATALOG_PAGE = "quakeloom.report:write_catalog_report"
"""Function that writes the report of runs whose figures are shown."""

_PICTURES = 2
"""Pictures that a run shows of each kind; its own report has all. Chosen here."""


@dataclass(frozen=True)
class PaperResult:
    """A paper with its compared numbers, for its page.

    Attributes
    ----------
    name : str
    paper : Paper
    numbers : sequence of ComparedNumber
    runs : sequence of (str, Settings, RunLayout)
        Every case of every run that was computed.
    missing : sequence of str
        A sentence for each file that is missing, so that a run was left out.
    trench : (Trench, rows), optional
        The earthquake at a trench, for its picture.
    """

    name: str
    paper: Paper
    numbers: Sequence[ComparedNumber]
    runs: Sequence[tuple[str, Settings, RunLayout]] = field(default_factory=tuple)
    missing: Sequence[str] = ()
    trench: tuple[Trench, dict[str, dict[str, float]]] | None = None


def build_paper_page(result: PaperResult) -> str:
    """Return the page of a paper, which needs no other file; links lead to reports of its runs."""
    sections = [
        trench_section(result.trench),
        _number_section(result),
        _why_section(result),
        _rerun_section(result),
        *(_figure_section(*run) for run in result.runs),
    ]
    return (
        report_environment()
        .get_template("page.html")
        .render(
            name=result.name,
            description=result.paper.paper.citation,
            title=result.paper.paper.title,
            subject="a paper rerun",
            eyebrow="A paper rerun",
            synthetic=result.paper.paper.synthetic,
            span="",
            sections=[s for s in sections if s.blocks],
            version=__version__,
            revision="",
        )
    )


def agreement_sentence(numbers: Sequence[ComparedNumber]) -> str:
    """Say how many numbers agree, and what of the others."""
    computed = [n for n in numbers if n.agrees is not None]
    agree = sum(bool(n.agrees) for n in computed)
    words = f"{agree} of {count(len(computed), 'number')} {verb(agree, 'agrees', 'agree')}"
    differ = len(computed) - agree
    if differ:
        silent = sum(n.is_unexplained for n in computed)
        one = "which is explained" if differ == 1 else "each is explained"
        why = f"{silent} without an explanation" if silent else one
        words += f"; {differ} {verb(differ, 'does', 'do')} not, {why}"
    left = len(numbers) - len(computed)
    if left:
        words += f"; {count(left, 'number')} not computed for want of data"
    return words + "."


def value_words(value: float | str | None, unit: str = "", uncertainty: float | None = None) -> str:
    """Return a published value as it is written, with uncertainty and unit."""
    if value is None:
        return DASH
    if isinstance(value, str):
        return value
    words = f"{value:,.10g}"
    if uncertainty is not None:
        words += f" ± {uncertainty:g}"
    return f"{words} {unit}".strip()


def measured_words(value: float | str | None, number: ComparedNumber) -> str:
    """Return one of our values with as many digits as its tolerance asks for."""
    if value is None or isinstance(value, str):
        return value or DASH
    if not np.isfinite(value):
        return DASH
    within, published = number.agrees_within, number.published
    if within > 0:
        # whole numbers are counts
        is_count = not isinstance(published, str) and value == round(value)
        is_count = is_count and published == round(float(published))
        places = 0 if is_count else max(0, 1 - int(np.floor(np.log10(within))))
        words = f"{value:,.{places}f}"
    else:
        words = f"{value:,.10g}"
    if not words.strip("-0.,"):
        words = words.lstrip("-")  # nothing is less than zero by nothing
    return f"{words} {number.unit}".strip()


def within_words(number: ComparedNumber) -> str:
    """Return the tolerance with its unit; a dash for texts."""
    if isinstance(number.published, str):
        return DASH
    return value_words(number.agrees_within, number.unit)


def agreement_word(number: ComparedNumber) -> str:
    """Return yes, no, or that it was not computed."""
    return "not computed" if number.agrees is None else "yes" if number.agrees else "no"


def _number_section(result: PaperResult) -> Section:
    section = Section("numbers", "The paper's numbers beside ours")
    section.add(Text(agreement_sentence(result.numbers), "lead"))
    rows = [
        (
            n.name,
            value_words(n.published, n.unit, n.uncertainty),
            measured_words(n.ours, n),
            measured_words(n.difference, n),
            within_words(n),
            Markup("<strong>no</strong>") if n.agrees is False else agreement_word(n),
        )
        for n in result.numbers
    ]
    section.add(
        Grid(
            ("Number", "Paper", "Ours", "Difference", "Agrees within", "Agrees"),
            rows,
            "Difference: ours minus the paper's. Also in numbers.csv and numbers.json beside this "
            "page.",
            (False, True, True, True, True, False),
        )
    )
    drawn = [n for n in result.numbers if n.difference is not None]
    draw = partial(
        plot_paper_agreement,
        [n.name for n in drawn],
        np.array([n.difference for n in drawn], dtype=float),
        np.array([n.agrees_within for n in drawn], dtype=float),
    )
    return section.add(
        page_picture(
            draw,
            "Difference of every number over what counts as agreement.",
            "Within the band a number agrees; what lies beyond three times that is drawn at the "
            "edge.",
        )
        if drawn
        else None
    )


def _why_section(result: PaperResult) -> Section:
    section = Section("why", "What differs, and why")
    for n in result.numbers:
        if n.agrees is not False:
            continue
        section.add(Heading(n.name))
        section.add(
            Text(_code(n.explanation))
            if n.explanation
            else Text("Nothing explains this yet.", "warning")
        )
    return section


def _rerun_section(result: PaperResult) -> Section:
    facts = result.paper.paper
    section = Section("rerun", "What was rerun")
    citation: Any = facts.citation
    if facts.doi:
        link = Markup('{} <a href="https://doi.org/{}">doi:{}</a>')
        citation = link.format(facts.citation, facts.doi, facts.doi)
    section.add(Text(citation), Text(_code(facts.rerun)))
    if facts.whole:
        section.add(Text(Markup("The whole set: <code>{}</code>").format(facts.whole)))
    if facts.absent:
        section.add(Text(_code(facts.absent), "note"))
    section.add(*(Text(f"{sentence}. It was left out.", "warning") for sentence in result.missing))
    if result.runs:
        section.add(
            Grid(
                ("Run", "What it is", "Report"),
                [(name, s.description, _link(s.name)) for name, s, _ in result.runs],
                "Runs are those of the command run, in the same folder of results.",
            )
        )
    section.add(
        Grid(
            ("Number", "Where it is published", "Why the tolerance"),
            [(n.name, n.where, n.because) for n in result.numbers],
            "Sources of the numbers, and reasons of the tolerances.",
        )
    )
    return section


def _code(text: str) -> Markup:
    """Return a text in which what stands between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)  # a backtick alone is a backtick
    words = (escape(p) if i % 2 == 0 else Markup("<code>{}</code>").format(p)
             for i, p in enumerate(parts))  # fmt: skip
    return Markup("").join(words)


def _link(name: str) -> Any:
    """Link to the report of a run, from the page in ``papers/NAME``."""
    return Markup('<a href="../../{}/report.html">{}</a>').format(name, f"{name}/report.html")


def _figure_section(name: str, settings: Settings, layout: RunLayout) -> Section:
    """Return maps, hypocenters and stress of a run that is a catalog."""
    section = Section("run-" + name.replace("/", "-"), f"Figures of {name}")
    if find_chain(settings).page != _CATALOG_PAGE:
        return section
    results = collect_catalog(settings, layout)
    catalog = MechanismCatalog.read(results)
    for made in (
        map_section(results, catalog), location_section(results), stress_section(results)
    ):  # fmt: skip
        section.add(*[b for b in made.blocks if isinstance(b, Picture)][:_PICTURES])
    return section


def papers_markdown(results: Sequence[PaperResult]) -> str:
    """Return a Markdown page with the numbers of all papers beside ours.

    Papers that were not run have their published numbers alone.
    """
    lines = list(_HEAD)
    for result in results:
        facts = result.paper.paper
        doi = f" [doi:{facts.doi}](https://doi.org/{facts.doi})" if facts.doi else ""
        lines += [
            f"## {facts.title}",
            "",
            f"`quakeloom paper {result.name}`. {facts.citation}{doi}",
        ]
        lines += ["", f"{'Synthetic events. ' if facts.synthetic else ''}{facts.rerun}"]
        if facts.whole:
            lines += ["", f"The whole set: `{facts.whole}`."]
        if facts.absent:
            lines += ["", facts.absent]
        lines += [
            "",
            "| number | paper | ours | agrees within | agrees | where |",
            "|---" * 6 + "|",
        ]
        for n in result.numbers:
            cells = (
                n.name, value_words(n.published, n.unit, n.uncertainty),
                measured_words(n.ours, n), within_words(n), agreement_word(n), n.where,
            )  # fmt: skip
            lines.append(f"| {' | '.join(c.replace('|', '/') for c in cells)} |")
        lines += [""]
        differing = [n for n in result.numbers if n.agrees is False]
        lines += [f"- **{n.name}**: {n.explanation}" for n in differing]
        lines += [""] if differing else []
    return "\n".join(lines).rstrip() + "\n"


_HEAD = (
    "# Papers rerun",
    "",
    "Published numbers beside ours, generated by `quakeloom paper --markdown` after every paper",
    "was run. Each paper is a file of `config/papers`; `quakeloom paper NAME` runs it and writes",
    "its page. A number that does not agree is shown with the reason.",
    "",
    "```sh",
    "quakeloom paper",
    "quakeloom paper hardebeck-shearer-2002",
    "```",
    "",
    "The first lists the papers, with the data that each needs and whether they are at hand. The",
    "exit code is 1 if a number does not agree and nothing explains it, 2 if data are missing.",
    "",
)
"""Beginning of the Markdown page."""

_COLUMNS = ("number", "paper", "ours", "agrees within", "agrees", "where")
"""Columns of its tables."""
