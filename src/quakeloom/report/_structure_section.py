"""Structure from earthquakes, in the report."""

from __future__ import annotations

from quakeloom.config import Settings
from quakeloom.report._blocks import Grid, Section, Text
from quakeloom.report._phrases import count
from quakeloom.store import RunLayout, read_json


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
    return section
