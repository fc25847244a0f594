"""Gains and losses of altered rocks, in the report."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.plots import IsoconPoints, plot_gains, plot_isocon, plot_mass_ratios
from quakeloom.report._blocks import Gallery, Grid, Section, Text, page_picture, picture
from quakeloom.report._left_out import left_out_blocks
from quakeloom.report._phrases import count, verb
from quakeloom.store import RunLayout, read_table

_DIAGRAMS = 4
"""Isocon diagrams that are drawn; chosen here."""

_ROWS = 60
"""Rows of tables that are shown; chosen here, the files have all."""


def isocon_section(settings: Settings, layout: RunLayout) -> Section:
    """Return the mass changes of altered rocks, which elements are immobile, gains and losses."""
    section = Section("isocon", "Gains and losses of altered rocks")
    if not layout.table("isocon_samples").exists():
        return section
    samples, elements, gains = (
        read_table(layout.table(n), n)
        for n in ("isocon_samples", "isocon_elements", "isocon_gains")
    )
    simulated = settings.isocon is not None and settings.isocon.simulation is not None
    still = [r["element"] for r in elements.to_pylist() if r["immobile_probability"] > 0.5]
    section.add(Text(_lead(samples.num_rows, elements.num_rows, still), "lead"))
    if simulated:
        section.add(Text(_truth_sentence(samples, gains), "note"))
    section.add(*_diagrams(samples, elements, gains))
    section.add(_mass_picture(samples), _sample_grid(samples))
    section.add(_gain_picture(samples, elements, gains), _element_grid(elements))
    return section.add(*left_out_blocks(layout, "isocon"))


def _lead(samples: int, elements: int, still: list[str]) -> str:
    return (
        f"{count(samples, 'altered rock')} beside {verb(samples, 'its', 'their')} protolith, "
        f"{count(elements, 'element')}. No element was chosen as immobile: "
        f"{', '.join(still) or 'none'} {verb(len(still), 'is', 'are')} found immobile, more likely "
        "than not, in all of them."
    )


def _truth_sentence(samples: pa.Table, gains: pa.Table) -> str:
    def held(table: pa.Table, name: str) -> tuple[int, int]:
        low, true, high = (
            table[c].to_numpy() for c in (f"{name}_low", f"true_{name}", f"{name}_high")
        )
        known = np.isfinite(low) & np.isfinite(true)
        # gains of immobile elements are exactly 0, as is the truth
        inside = (low[known] - 1e-9 <= true[known]) & (true[known] <= high[known] + 1e-9)
        return int(inside.sum()), int(known.sum())

    masses, changes = held(samples, "mass_ratio"), held(gains, "relative_gain")
    return (
        "The rocks are synthetic. The 95 % ranges hold the truth of "
        f"{masses[0]} of {masses[1]} mass ratios and of {changes[0]} of {changes[1]} gains."
    )


def _by_element(gains: pa.Table, sample: str, column: str) -> dict[str, float]:
    rows = gains.filter(np.array(gains["sample"].to_pylist(), object) == sample)
    return dict(zip(rows["element"].to_pylist(), rows[column].to_pylist(), strict=True))


def _diagrams(samples: pa.Table, elements: pa.Table, gains: pa.Table) -> list[Any]:
    names = elements["element"].to_pylist()
    pictures = []
    for row in samples.slice(0, _DIAGRAMS).to_pylist():
        own = _by_element(gains, row["sample"], "concentration")
        points = IsoconPoints(
            names,
            elements["protolith_concentration"].to_numpy(),
            [own.get(n, np.nan) for n in names],
            elements["immobile_probability"].to_numpy(),
            (row["mass_ratio_low"], row["mass_ratio"], row["mass_ratio_high"]),
        )
        pictures.append(picture(plot_isocon(points), f"Isocon diagram of {row['sample']}.",
                                row["sample"]))  # fmt: skip
    caption = (
        "Isocon diagrams (Grant, 1986): elements neither gained nor lost lie on the line. "
        "Band: 95 % range."
    )
    return [Gallery(pictures, caption)] if pictures else []


def _mass_picture(samples: pa.Table) -> Any:
    draw = partial(
        plot_mass_ratios,
        samples["sample"].to_pylist(),
        np.array(
            [samples[c].to_numpy() for c in ("mass_ratio_low", "mass_ratio", "mass_ratio_high")]
        ),
        samples["sparse_mass_ratio"].to_numpy(),
        samples["true_mass_ratio"].to_numpy(),
    )
    return page_picture(draw, "Mass ratios with ranges.", "Mass of altered rock over that of its "
                        "protolith: above 1 mass was gained.")  # fmt: skip


def _sample_grid(samples: pa.Table) -> Grid:
    return Grid(
        ("Sample", "Mass ratio", "95 % range", "Sparse", "95 % of bootstraps", "Elements",
         "Below limits", "Status"),
        [
            (
                r["sample"], f"{r['mass_ratio']:.3f}",
                f"{r['mass_ratio_low']:.3f} to {r['mass_ratio_high']:.3f}",
                f"{r['sparse_mass_ratio']:.3f}",
                f"{r['bootstrap_low']:.3f} to {r['bootstrap_high']:.3f}",
                str(r["element_count"]), str(r["censored_count"]),
                " ".join(w for w in (r["isocon_status"], r["reason"]) if w),
            )
            for r in samples.slice(0, _ROWS).to_pylist()
        ],
        "The range is that of the posterior of immobile and mobile elements; bootstraps draw "
        "elements and samples of the protolith.",
        (False, True, True, True, True, True, True, False),
    )  # fmt: skip


def _gain_picture(samples: pa.Table, elements: pa.Table, gains: pa.Table) -> Any:
    names, rocks = elements["element"].to_pylist(), samples["sample"].to_pylist()
    place = {(s, e): k for k, (s, e) in enumerate(
        zip(gains["sample"].to_pylist(), gains["element"].to_pylist(), strict=True)
    )}  # fmt: skip
    at = np.array([[place[s, e] for s in rocks] for e in names])
    middle, low, high = (
        gains[c].to_numpy()[at]
        for c in ("relative_gain", "relative_gain_low", "relative_gain_high")
    )
    order = np.argsort(-np.nan_to_num(np.nanmedian(middle, axis=1)), kind="stable")
    draw = partial(
        plot_gains, [names[k] for k in order], rocks, middle[order],
        ((low > 0) | (high < 0))[order],
    )  # fmt: skip
    return page_picture(
        draw, "Gains and losses of elements.",
        "Gains (red) and losses (blue) relative to the mass in the protolith. A dot: the 95 % "
        "range has 0 in it. White without a dot: missing.",
    )  # fmt: skip


def _element_grid(elements: pa.Table) -> Grid:
    return Grid(
        ("Element", "Immobile with probability", "On the isocon in bootstraps",
         "Distance in noise", "Protolith"),
        [
            (
                r["element"], f"{r['immobile_probability']:.2f}",
                f"{100 * r['bootstrap_immobile_share']:.0f} %", f"{r['isocon_deviation']:.1f}",
                f"{r['protolith_concentration']:.3g} {r['concentration_unit']} "
                f"± {100 * r['protolith_log_error']:.0f} %",
            )
            for r in elements.slice(0, _ROWS).to_pylist()
        ],
        "Elements, the most likely immobile first.",
        (False, True, True, True, True),
    )  # fmt: skip
