"""Degrees of melting and the source of basalts, in the report."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.plots import plot_melt_fractions, plot_source
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._left_out import left_out_blocks
from quakeloom.report._phrases import count
from quakeloom.store import RunLayout, read_table

_ROWS = 60
"""Rows of tables that are shown; chosen here, the files have all."""

_TOGETHER = 0.9
"""Correlation of source and degree above which their errors are said to go together; chosen
here."""


def melting_section(settings: Settings, layout: RunLayout) -> Section:
    """Return degrees of melting, the source and how it melts."""
    section = Section("melting", "Degrees of melting and source of basalts")
    if not layout.table("melting_samples").exists():
        return section
    samples, source, models = (
        read_table(layout.table(n), n)
        for n in ("melting_samples", "melting_source", "melting_models")
    )
    section.add(Text(_lead(samples, models), "lead"))
    if settings.melting is not None and settings.melting.simulation is not None:
        section.add(Text(_truth_sentence(samples, source), "note"))
    tied = [r["element"] for r in source.to_pylist() if abs(r["melting_trade_off"]) > _TOGETHER]
    if tied:
        section.add(
            Text(
                f"Errors of the source of {', '.join(tied)} and of the degrees of melting go "
                "together: their ratio is known better than either.",
                "note",
            )
        )
    section.add(_model_grid(models), _fraction_picture(samples), _sample_grid(samples))
    section.add(_source_picture(settings, source), _source_grid(source))
    return section.add(*left_out_blocks(layout, "melting"))


def _lead(samples: pa.Table, models: pa.Table) -> str:
    middle = 100.0 * samples["melt_fraction"].to_numpy()
    best = max(models.to_pylist(), key=lambda m: m["model_probability"])
    chance = ""
    if models.num_rows > 1:
        chance = f" ({100 * best['model_probability']:.0f} % beside the other)"
    return (
        f"{count(samples.num_rows, 'basalt')} of one source, melted to {middle.min():.1f} to "
        f"{middle.max():.1f} %. Melting is {best['melting_model']}{chance}."
    )


def _truth_sentence(samples: pa.Table, source: pa.Table) -> str:
    def held(table: pa.Table, low: str, true: str, high: str) -> tuple[int, int]:
        a, t, b = (table[c].to_numpy() for c in (low, true, high))
        return int(((a <= t) & (t <= b)).sum()), len(t)

    one = held(samples, "melt_fraction_low", "true_melt_fraction", "melt_fraction_high")
    two = held(source, "source_low", "true_source", "source_high")
    return (
        f"The basalts are synthetic. The 95 % ranges hold the truth of {one[0]} of {one[1]} "
        f"degrees of melting and of {two[0]} of {two[1]} concentrations in the source."
    )


def _model_grid(models: pa.Table) -> Grid:
    return Grid(
        ("Melting", "Logarithm of evidence", "Probability", "Why not to rely on it"),
        [
            (
                r["melting_model"],
                f"{r['log_evidence']:.1f} ± {r['log_evidence_error']:.1f}",
                f"{r['model_probability']:.3f}",
                r["reason"],
            )
            for r in models.to_pylist()
        ],
        "Ways of melting, weighed by their evidence. Draws of both are mixed by these.",
        (False, True, True, False),
    )


def _fraction_picture(samples: pa.Table) -> Any:
    names = ("melt_fraction_low", "melt_fraction", "melt_fraction_high")
    draw = partial(
        plot_melt_fractions,
        samples["sample"].to_pylist(),
        np.array([samples[c].to_numpy() for c in names]),
        samples["true_melt_fraction"].to_numpy(),
    )
    return page_picture(draw, "Degrees of melting with ranges.", "Degrees of melting of basalts.")


def _sample_grid(samples: pa.Table) -> Grid:
    return Grid(
        ("Basalt", "Degree of melting", "95 % range", "Elements", "An element wholly in the melt",
         "Status"),
        [
            (
                r["sample"], f"{100 * r['melt_fraction']:.1f} %",
                f"{100 * r['melt_fraction_low']:.1f} to {100 * r['melt_fraction_high']:.1f} %",
                str(r["element_count"]), f"{100 * r['exhausted_probability']:.0f} %",
                " ".join(w for w in (r["melting_status"], r["reason"]) if w),
            )
            for r in samples.slice(0, _ROWS).to_pylist()
        ],
        "Basalts.",
        (False, True, True, True, True, False),
    )  # fmt: skip


def _source_picture(settings: Settings, source: pa.Table) -> Any:
    scatter = 0.0 if settings.melting is None else settings.melting.source_scatter
    before = source["source_before"].to_numpy()
    spread = np.exp(1.96 * scatter)
    draw = partial(
        plot_source,
        source["element"].to_pylist(),
        np.array([source[c].to_numpy() for c in ("source_low", "source_concentration",
                                                 "source_high")]),
        np.array([before / spread, before, before * spread]),
        source["true_source"].to_numpy(),
    )  # fmt: skip
    return page_picture(
        draw, "Composition of the source with ranges.",
        "The source over the mantle that was supposed. Where the range is as wide as that "
        "beforehand, the basalts say nothing of it.",
    )  # fmt: skip


def _source_grid(source: pa.Table) -> Grid:
    return Grid(
        ("Element", "Source", "95 % range", "Supposed", "D", "P", "Tied to the degrees"),
        [
            (
                r["element"], f"{r['source_concentration']:.3g} {r['concentration_unit']}",
                f"{r['source_low']:.3g} to {r['source_high']:.3g}", f"{r['source_before']:.3g}",
                f"{r['bulk_coefficient']:.3g}", f"{r['melting_coefficient']:.3g}",
                f"{r['melting_trade_off']:.2f}",
            )
            for r in source.slice(0, _ROWS).to_pylist()
        ],
        "The source. D and P: partition coefficients of the whole and of what melts. Last: "
        "correlation of the logarithms of source and mean degree of melting.",
        (False, True, True, True, True, True, True),
    )  # fmt: skip
