"""The report page of a refraction line: an ensemble of velocity sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.plots import (
    SectionGrid,
    plot_ensemble_bands,
    plot_residual_histogram,
    plot_travel_time_fits,
    plot_velocity_sections,
)
from quakeloom.report._blocks import Code, Gallery, Grid, Section, Text, page_picture, picture
from quakeloom.report._page import report_environment
from quakeloom.report._phrases import DASH, number, percent, whole
from quakeloom.tomography import informed_nodes


@dataclass(frozen=True)
class ComparedEnsemble:
    """Another ensemble of the same line.

    Attributes
    ----------
    name : str
    figures : dict
        What the table shows.
    difference, ratio : ndarray, (depth, distance)
        Difference of the means over the pooled standard deviation, and ratio of the standard
        deviations, ours less or over theirs; NaN where no ray passes.
    """

    name: str
    figures: dict[str, Any]
    difference: NDArray[np.float64]
    ratio: NDArray[np.float64]


@dataclass(frozen=True)
class LineResults:
    """What the page of a line is made from.

    Attributes
    ----------
    name, description : str
    summary : dict
        ``tomography.json``.
    sections : mapping of str to ndarray
        Variables of ``sections.nc``, with ``depth``, ``distance`` and ``ground_depth``.
    members : ndarray, (member, depth, distance)
        Some members, NaN above the ground.
    fits : pyarrow.Table
        ``travel_time_fits``.
    rejects : pyarrow.Table
    mask_above : (float, float or None)
        Standard deviation over the prior's, and in km/s, above which sections are blank.
    isovelocities_km_s : sequence of float
    published : ndarray or None
        Published section at the nodes.
    settings : dict
    compared : list of ComparedEnsemble
    more_sections : list of Section
        Of stages outside the package.
    """

    name: str
    description: str
    summary: dict[str, Any]
    sections: dict[str, NDArray[np.float64]]
    members: NDArray[np.float64]
    fits: pa.Table
    rejects: pa.Table
    mask_above: tuple[float, float | None]
    isovelocities_km_s: list[float]
    published: NDArray[np.float64] | None
    settings: dict[str, Any]
    compared: list[ComparedEnsemble] = field(default_factory=list)
    more_sections: list[Section] = field(default_factory=list)


def build_line_report(results: LineResults) -> str:
    """Return the report of a line as one HTML page that needs nothing else."""
    makers = (
        _summary_section,
        _velocity_section,
        _member_section,
        _information_section,
        _depth_section,
        _fit_section,
        _agreement_section,
        _reject_section,
        _provenance_section,
    )
    made = [make(results) for make in makers]
    sections = [s for s in (*made[:-2], *results.more_sections, *made[-2:]) if s.blocks]
    return (
        report_environment()
        .get_template("page.html")
        .render(
            name=results.name,
            description=results.description,
            title=str(results.settings.get("report", {}).get("title") or results.name),
            subject="velocity ensemble",
            eyebrow="Refraction tomography report",
            synthetic=False,
            span="",
            sections=sections,
            version=__version__,
            revision="",
        )
    )


def _summary_section(results: LineResults) -> Section:
    s = results.summary
    rows = [
        ("Sampler", s["sampler"]),
        ("Members", whole(s["members"])),
        ("Picks used", whole(s["picks"])),
        ("Picks put aside", whole(s["rejects"])),
        ("Chi-square per datum, mean of the members", number(s["chi_square_per_datum"], 2)),
        ("Chi-square per datum, most probable model", number(s["chi_square_of_most_probable"], 2)),
        ("Directions that the data inform", f"{s['informed_directions']} of {s['modes']}"),
        ("Effective sample size", _or_dash(s["effective_sample_size"], 1)),
        ("Variance over the posterior's (1 is right)", _or_dash(s["spread_ratio"], 2)),
        ("Correction steps accepted", _percent(s.get("correction_accepted"))),
        ("Members converged", percent(s["converged"])),
        ("Seconds per member", number(s["seconds_per_member"], 2)),
        (
            "Processor seconds per member",
            _or_dash(s.get("processor_seconds_per_member"), 2),
        ),
    ]
    prior = s["prior"]
    deep, along = (f"{1000 * v:.3g} m" if v < 0.1 else f"{v:.3g} km" for v in prior["lengths_km"])
    rows.append(("Correlation lengths of the prior, in depth and along", f"{deep} and {along}"))
    if prior["tried"]:
        rows.append(("Priors compared by evidence", whole(prior["tried"])))
    if "compared" in s:
        c = s["compared"]
        rows += [
            (
                "Mean less published model, by ray length",
                f"{c['mean_difference_km_s']:+.2f} km/s, rms {c['rms_difference_km_s']:.2f}",
            ),
            (
                "Nodes within two standard deviations of the published model",
                percent(c["share_within_two_deviations"]),
            ),
        ]
    section = Section("summary", "Summary")
    section.add(*(Text(words, "warning") for words in s.get("warnings", [])))
    return section.add(Grid(("", ""), rows, numeric=(False, True)))


def _velocity_section(results: LineResults) -> Section:
    v = results.sections
    mean, spread = v["mean"], v["standard_deviation"]
    ratio, limit = results.mask_above
    known = informed_nodes(spread, v["prior_standard_deviation"], ratio, limit)
    masked = np.where(known, mean, np.nan)
    title = f"Mean, where known to {ratio:g} of the prior's deviation"
    if limit is not None:
        title += f" and below {limit:g} km/s"
    panels = {title: masked}
    if results.published is not None:
        shown = np.where(np.isfinite(masked), results.published, np.nan)
        panels["Published model, same area"] = shown
    grid = SectionGrid(v["depth"], v["distance"], v["ground_depth"], _shots(results))
    section = Section("velocity", "Velocity")
    section.add(
        page_picture(
            partial(plot_velocity_sections, grid, panels),
            "Mean velocity below the line.",
            "Mean of the ensemble; triangles are shots. Blank where the picks say next to nothing: "
            "what stands there is the prior, which is no finding.",
            "wide",
        ),
        page_picture(
            partial(
                plot_velocity_sections,
                grid,
                {"Standard deviation": spread},
                "Standard deviation (km/s)",
                "lajolla",
                (0.0, float(np.nanpercentile(spread, 99))),
            ),
            "Standard deviation of the velocity below the line.",
            "Where no ray goes it is the prior's: what velocity is known to without these picks. "
            "Layers slower than what lies above them turn no ray: they are not in the mean, and "
            "thick ones may lie outside of this range.",
            "wide",
        ),
    )
    return section


def _rock_grid(sections: Mapping[str, NDArray[np.float64]]) -> SectionGrid:
    """Where the sections of a line lie, with the ground."""
    return SectionGrid(sections["depth"], sections["distance"], sections["ground_depth"])


def _member_section(results: LineResults) -> Section:
    v = results.sections
    panels = {f"Member {k}": m for k, m in enumerate(results.members)}
    section = Section("members", "Members")
    return section.add(
        page_picture(
            partial(plot_velocity_sections, _rock_grid(v), panels, columns=2),
            "Some members of the ensemble.",
            "Each member fits the picks about as well as the others; where they differ, the data "
            "do not decide.",
            "wide",
        )
    )


def _information_section(results: LineResults) -> Section:
    v = results.sections
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.minimum(v["standard_deviation"] / v["prior_standard_deviation"], 1.5)
        rays = np.log10(np.where(v["ray_coverage"] > 1e-7, v["ray_coverage"], np.nan))
    grid = _rock_grid(v)
    section = Section("information", "What the data add")
    section.add(
        page_picture(
            partial(
                plot_velocity_sections,
                grid,
                {"Standard deviation over the prior's": ratio},
                "Ratio",
                "batlowW",
                (0.0, 1.1),
            ),
            "Posterior over prior standard deviation.",
            "Near 1 the picks have said nothing; near 0 they decide.",
            "wide",
        ),
        page_picture(
            partial(
                plot_velocity_sections,
                grid,
                {"Ray coverage": rays},
                "log10 of ray length (km)",
                "davos",
            ),
            "Ray coverage.",
            "Mean length of rays near every node, over all picks.",
            "wide",
        ),
    )
    for name in (n for n in v if n.startswith("probability_above_")):
        value = name.removeprefix("probability_above_").replace("_", ".")
        section.add(
            page_picture(
                partial(
                    plot_velocity_sections,
                    grid,
                    {f"Probability that the velocity exceeds {value} km/s": v[name]},
                    "Probability",
                    "vik",
                    (0.0, 1.0),
                ),
                f"Probability of more than {value} km/s.",
                "",
                "wide",
            )
        )
    return section


def _depth_section(results: LineResults) -> Section:
    section = Section("depths", "Depths of iso-velocities")
    v = results.sections
    factor, unit = (1000.0, "m") if np.ptp(v["distance"]) < 2.0 else (1.0, "km")
    bands = []
    for value in results.isovelocities_km_s:
        name = f"depth_of_{value:g}".replace(".", "_")
        if name in v and np.isfinite(v[name]).any():
            low, middle, high = (factor * v[name + end] for end in ("_lower", "", "_upper"))
            bands.append((f"{value:g} km/s", low, middle, high))
    if bands:
        section.add(
            page_picture(
                partial(
                    plot_ensemble_bands,
                    factor * v["distance"],
                    bands,
                    f"Distance ({unit})",
                    f"Depth ({unit})",
                    unit,
                ),
                "Depths of iso-velocities with their ranges.",
                "Median and 95 % range over the members that reach the velocity.",
                "wide",
            )
        )
    return section


def _fit_section(results: LineResults) -> Section:
    f = {n: results.fits.column(n).to_numpy() for n in results.fits.column_names
         if n not in ("phase", "source_file")}  # fmt: skip
    offset = f["receiver_distance_km"] - f["shot_distance_km"]
    longest = float(np.abs(offset).max(initial=0.0))
    speed = float(np.median(np.abs(offset[np.abs(offset) > 0.5 * longest])
                            / f["travel_time_s"][np.abs(offset) > 0.5 * longest]))  # fmt: skip
    residual = (f["travel_time_s"] - f["predicted_time_s"]) / f["time_error_s"]
    section = Section("fits", "Travel times")
    return section.add(
        page_picture(
            partial(
                plot_travel_time_fits,
                offset,
                f["travel_time_s"],
                f["predicted_time_s"],
                float(f"{speed:.1g}"),
            ),
            "Picked and predicted travel times.",
            "",
            "wide",
        ),
        Gallery(
            [
                picture(
                    plot_residual_histogram(residual),
                    "Histogram of normalized residuals.",
                    "Residuals of the mean prediction over the standard errors of the picks.",
                )
            ]
        ),
    )


def _agreement_section(results: LineResults) -> Section:
    section = Section("agreement", "Agreement of the samplers")
    if not results.compared:
        return section
    own = results.summary
    rows = [
        (
            "this run",
            own["sampler"],
            number(own["chi_square_per_datum"], 2),
            _or_dash(own["effective_sample_size"], 0),
            DASH,
            DASH,
        )
    ]
    for c in results.compared:
        f = c.figures
        rows.append(
            (
                c.name,
                f["sampler"],
                number(f["chi_square_per_datum"], 2),
                _or_dash(f["effective_sample_size"], 0),
                f"{f['mean_difference_rms']:.2f} ({f['mean_difference_expected']:.2f})",
                f"{f['spread_ratio_median']:.2f} ({f['spread_ratio_5_percent']:.2f} to "
                f"{f['spread_ratio_95_percent']:.2f})",
            )
        )
    heads = (
        "Ensemble", "Sampler", "Chi-square", "Effective members",
        "Difference of means (expected)", "Ratio of standard deviations (5 to 95 %)",
    )  # fmt: skip
    section.add(
        Text(
            "Where rays pass. Differences of the means are root mean squares in standard "
            "deviations; in parentheses what two independent ensembles of the same posterior "
            "would show because they have few members. Ratios are ours over theirs."
        ),
        Grid(heads, rows, numeric=(False, False, True, True, True, True)),
    )
    v = results.sections
    for c in results.compared:
        section.add(
            page_picture(
                partial(
                    plot_velocity_sections,
                    _rock_grid(v),
                    {f"Difference of the means, this run less '{c.name}'": c.difference},
                    "Standard deviations",
                    "vik",
                    (-1.0, 1.0),
                ),
                f"Difference of the mean sections from those of '{c.name}'.",
                "",
                "wide",
            )
        )
    return section


def _reject_section(results: LineResults) -> Section:
    section = Section("rejects", "Rejects")
    if not results.rejects.num_rows:
        return section
    reasons: dict[str, int] = {}
    for text in results.rejects.column("reason").to_pylist():
        key = text.split(":")[0]
        reasons[key] = reasons.get(key, 0) + 1
    rows = sorted(reasons.items(), key=lambda i: -i[1])[:30]
    return section.add(Grid(("Reason", "Picks"), rows, numeric=(False, True)))


def _provenance_section(results: LineResults) -> Section:
    import yaml

    section = Section("settings", "Settings")
    return section.add(
        Text("Every setting of this run; with the same picks and seed they give the same members."),
        Code("Settings", yaml.safe_dump(results.settings, sort_keys=False)),
    )


def _shots(results: LineResults) -> NDArray[np.float64]:
    shots = np.column_stack(
        [results.fits.column(n).to_numpy() for n in ("shot_distance_km", "shot_depth_km")]
    )
    return np.unique(shots, axis=0)


def _percent(value: float | None) -> str:
    return DASH if value is None else percent(value)


def _or_dash(value: float | None, digits: int) -> str:
    return DASH if value is None else number(value, digits)
