"""Variables that all tables of rock analyses have, and how what was put aside is told."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

LIST = (
    Variable("sample", "string", "", "Name of the sample of rock."),
    Variable("element", "string", "", "Oxide, element or ratio of isotopes, such as SiO2."),
    Variable("concentration_unit", "string", "", "Unit of the concentrations: wt%, ppm, 1."),
    Variable("table_column", "string", "", "Column of the table; empty for a whole row.", "empty"),
)
"""The variables."""

LEFT_OUT = ("source_file", "source_line", "sample", "table_column", "text", "reason")
"""Columns of tables of what was put aside."""


def left_out_table(stage: str) -> TableSpec:
    """Return the table of what a stage put aside of its analyses."""
    return TableSpec(
        f"{stage}_left_out",
        f"Cells, rows and columns of the analyses that stage `{stage}` put aside, with the reason.",
        LEFT_OUT,
    )
