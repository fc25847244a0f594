"""Structure from earthquakes, in the report."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.plots import SectionGrid, plot_velocity_sections
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._phrases import count
from quakeloom.store import RunLayout, open_array, read_json, read_table

Floats = NDArray[np.float64]

_NARROW = 0.7
"""Share of the prior's standard deviation above which a section is left blank: there the model is
what was thought beforehand. Chosen here."""

_ROWS = 15
"""Events that were not used and are listed; chosen here."""


def structure_section(settings: Settings, layout: RunLayout) -> Section:
    """Return how well the models fit, what the rounds chose, and sections of the volume."""
    section = Section("structure", "Structure from earthquakes")
    marker = layout.root / "structure.json"
    if not marker.exists():
        return section
    facts = read_json(marker)
    fall = 100.0 * (1.0 - facts["rms_after_s"] / facts["rms_before_s"])
    section.add(
        Text(
            f"{count(facts['events_used'], 'event')} of {facts['events']} with "
            f"{count(facts['picks_used'], 'pick')} at {count(facts['stations'], 'station')}: "
            f"residuals fall from {facts['rms_before_s']:.3f} to {facts['rms_after_s']:.3f} s "
            f"(rms), by {fall:.0f} %.",
            "lead",
        ),
        Grid(
            ["Round", "lengths", "spread", "P noise", "S noise", "wrong picks", "rms (s)",
             "chi-square", "step", "determined"],
            [
                [r["round"], f"{r['length_factor']:g}", f"{r['spread_factor']:.2f}",
                 f"{r['noise_p']:.2f}", f"{r['noise_s']:.2f}",
                 f"{100 * r['contamination']:.1f} %", f"{r['rms_s']:.3f}",
                 f"{r['chi_square']:.2f}", f"{r['step']:g}", f"{r['determined']:.0f}"]
                for r in facts["rounds"]
            ],
            "Lengths and spread of the field, and errors of picks, over the stated ones; lengths "
            "and spread are those of least ABIC. Determined: how many unknowns the data decide.",
            [True] * 10,
        ),
    )  # fmt: skip
    section.add(*_pictures(layout), _left_out(layout))
    return section


def _pictures(layout: RunLayout) -> list[Any]:
    """Draw sections across the grid's north, through the middle of what is known best."""
    group = layout.root / "structure.zarr"
    names = ("p_start", "p_mean", "p_prior", "p_posterior", "ratio_prior", "ratio_posterior")
    v: dict[str, Floats] = {
        n: np.asarray(open_array(group, f"structure_{n}")[...], float) for n in names
    }
    depth, north, east = (
        np.asarray(open_array(group, n)[...]) for n in ("depth_km", "north_km", "east_km")
    )
    v["s_mean"] = np.asarray(open_array(group, "structure_s_mean")[...], float)
    share = v["p_posterior"] / v["p_prior"]
    at = int(np.argmin(share.mean(axis=(0, 2))))
    unknown = share[:, at] > _NARROW
    grid = SectionGrid(depth, east)
    place = f"{north[at]:g} km north of the origin, against the distance to the grid's east"

    def draw(where: SectionGrid, fields: dict[str, Floats], *label: Any) -> partial[Any]:
        return partial(plot_velocity_sections, where, fields, *label)

    drawn = (
        (draw(grid, {"Starting model": v["p_start"][:, at], "Mean model": v["p_mean"][:, at],
                     "Mean model where the data decide": np.where(unknown, np.nan,
                                                                  v["p_mean"][:, at])}),
         "P velocity: starting model, mean, and mean where the data decide.",
         f"A section {place}. Blank: the standard deviation is more than {_NARROW:g} of the "
         "prior's."),
        (draw(grid, {"Vp/Vs of the mean model": v["p_mean"][:, at] / v["s_mean"][:, at]}, "Vp/Vs"),
         "Vp/Vs of the mean model.", ""),
        (draw(grid, {"Standard deviation of ln Vp": v["p_posterior"][:, at],
                     "The same of ln(Vp/Vs)": v["ratio_posterior"][:, at]},
              "Standard deviation", "lajolla"),
         "Standard deviations of the posterior.", ""),
        (draw(grid, {"ln Vp": share[:, at],
                     "ln(Vp/Vs)": (v["ratio_posterior"] / v["ratio_prior"])[:, at]},
              "Posterior over prior", "lajolla", (0.0, 1.0)),
         "Standard deviation of the posterior over that of the prior.",
         "What the data decide: 1 is nothing. It tells resolution at every node, for the actual "
         "noise, where a checkerboard shows one pattern."),
    )  # fmt: skip
    return [page_picture(figure, alt, caption) for figure, alt, caption in drawn]


def _left_out(layout: RunLayout) -> Grid | None:
    """Say which events were not used, and why."""
    table = read_table(layout.table("structure_events"), "structure_events")
    rows = [r for r in table.to_pylist() if r["structure_status"] != "used"]
    if not rows:
        return None
    shown = [[r["event_id"], r["structure_status"], r["reason"]] for r in rows[:_ROWS]]
    more = "" if len(rows) <= _ROWS else f"{len(rows)} in all; see structure_events.parquet."
    return Grid(["Event not used", "status", "reason"], shown, more)
