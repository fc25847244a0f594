"""The mechanism catalog of a run as arrays, with the counts that every section needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.report._columns import mechanism_column, number_column, text_column
from quakeloom.report._results import RunResults
from quakeloom.schema import QUALITIES

SOLVED_LETTERS = ("A", "B", "C", "D")
"""Quality letters of events with a mechanism, the best first."""

UCHIDE_2022 = {"A": 4_255, "B": 60_582, "C": 151_691, "D": 419_928, "undefined": 23_876}
"""Events per rank of the catalog of Japan by Uchide et al. (2022), 660,332 in all."""


@dataclass(frozen=True)
class MechanismCatalog:
    """Columns of the ``mechanisms`` table, one element per event.

    ``quality`` is empty where the table has no letter; ``solved`` marks finite angles.
    """

    event_id: NDArray[np.object_]
    status: NDArray[np.object_]
    quality: NDArray[np.object_]
    angles: NDArray[np.float64]
    solved: NDArray[np.bool_]
    columns: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.event_id)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.columns[name]

    @classmethod
    def read(cls, results: RunResults) -> MechanismCatalog:
        """Return the catalog of a run; places come from ``events`` where they are missing."""
        table = results.table("mechanisms")
        names = [
            "longitude",
            "latitude",
            "depth_km",
            "magnitude",
            "fault_plane_uncertainty_deg",
            "auxiliary_plane_uncertainty_deg",
            "mechanism_probability",
            "polarity_count",
            "polarity_misfit",
            "station_distribution_ratio",
            "azimuthal_gap_deg",
            "takeoff_gap_deg",
            "amplitude_ratio_count",
            "amplitude_ratio_misfit",
            "solution_count",
            "acceptable_count",
        ]
        columns = {n: number_column(table, n) for n in names}
        angles = mechanism_column(table)
        letters = text_column(table, "quality")
        known = set(QUALITIES)
        letters = np.array([q if q in known else "" for q in letters], dtype=object)
        return cls(
            text_column(table, "event_id"),
            text_column(table, "status"),
            letters,
            angles,
            np.asarray(np.isfinite(angles).all(axis=1)),
            columns,
        )

    def letter_counts(self) -> dict[str, int]:
        """Return events per letter A to F and ``none`` for those without a letter."""
        found = Counter(self.quality.tolist())
        counts = {q: found.get(q, 0) for q in QUALITIES}
        counts["none"] = found.get("", 0)
        return counts

    def status_counts(self) -> dict[str, int]:
        """Return events per status, the most frequent first."""
        return dict(Counter(self.status.tolist()).most_common())

    @property
    def mean_uncertainty_deg(self) -> NDArray[np.float64]:
        """Mean of both plane uncertainties, the one that the letters use."""
        return (self["fault_plane_uncertainty_deg"] + self["auxiliary_plane_uncertainty_deg"]) / 2.0

    @property
    def multiple(self) -> NDArray[np.bool_]:
        """Events with more than one solution."""
        return np.nan_to_num(self["solution_count"]) > 1


def find_setting(settings: Any, names: tuple[str, ...], default: Any) -> Any:
    """Return the first of several keys found anywhere in nested settings."""
    for name in names:
        found = _search(settings, name)
        if found is not None:
            return found
    return default


def _search(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        if node.get(name) is not None and not isinstance(node[name], dict):
            return node[name]
        for value in node.values():
            found = _search(value, name)
            if found is not None:
                return found
    return None
