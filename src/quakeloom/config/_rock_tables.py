"""Settings that all stages have that read tables of rock analyses."""

from __future__ import annotations

from pydantic import Field, model_validator

from quakeloom.config._fields import OwnData, setting


class RockTable(OwnData):
    """A table of rock analyses, below `data`."""

    table: str = setting(
        "",
        "CSV with a row per sample; oxides in wt% and elements in ppm where the header does not "
        "say another unit; `<0.1` is below a detection limit.",
    )
    elements: list[str] = setting(
        list, "Oxides, elements and ratios to use, as the table is read; empty: all that can be."
    )
    total_range_wt: tuple[float, float] = Field(
        (80.0, 105.0),
        description="Sums of the oxides that a row may have where it has five or more with SiO2; "
        "other rows are put aside.",
        json_schema_extra={"unit": "wt%"},
    )

    @model_validator(mode="after")
    def _table_or_simulation(self) -> RockTable:
        simulated = getattr(self, "simulation", None) is not None
        if simulated == bool(self.table):
            raise ValueError("give `table`, or `simulation` for rocks of known truth: one of both")
        if self.total_range_wt[0] >= self.total_range_wt[1]:
            raise ValueError("total_range_wt must ascend")
        return self
