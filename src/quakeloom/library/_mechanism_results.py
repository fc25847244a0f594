"""What a search for mechanisms gives: tables, acceptable sets, beachballs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import InputError
from quakeloom.library._frames import frame_of
from quakeloom.library._maps import draw_mechanism_map, take_columns
from quakeloom.library._results import Result, count, nothing_to_plot
from quakeloom.mechanism import MechanismGrid, mechanism_grid
from quakeloom.plots import FocalSphere, plot_focal_sphere, plot_focal_spheres
from quakeloom.report import reading_weights
from quakeloom.stages.frame.used_of import count_reasons

_ANGLES = ("strike_deg", "dip_deg", "rake_deg")
"""Angles of a nodal plane."""

_SPHERES = 12
"""Focal spheres that a figure shows at most."""


@dataclass(frozen=True)
class SolvedEvents:
    """Registered tables of a search, and the weights of all acceptable mechanisms.

    Attributes
    ----------
    events, polarities, mechanisms, solutions : pyarrow.Table
    acceptance : ndarray of uint8, shape (events, mechanisms)
    """

    events: pa.Table
    polarities: pa.Table
    mechanisms: pa.Table
    solutions: pa.Table
    acceptance: NDArray[np.uint8]


class Mechanisms(Result):
    """Focal mechanisms: registered ``mechanisms``, one row per event, solved or not.

    Attributes
    ----------
    acceptance : ndarray of uint8, shape (events, mechanisms)
        Weight of every mechanism of the grid: 255 where every trial accepts it, 0 where none.
    settings : Settings
        What the search was done with.
    """

    def __init__(
        self, found: SolvedEvents, stations: pa.Table, rejects: pa.Table, settings: Settings
    ) -> None:
        super().__init__(found.mechanisms, rejects)
        self._found = found
        self._stations = stations
        self.acceptance = found.acceptance
        self.settings = settings

    @property
    def solutions(self) -> pd.DataFrame:
        """All solutions of every event, the preferred one first: registered ``solutions``."""
        return frame_of(self._found.solutions)

    @property
    def readings(self) -> pd.DataFrame:
        """The first motions with what became of them: registered ``polarities``.

        ``use`` says whether a reading was used, or why not; ``predicted_up`` is the probability of
        up that the mechanism without it gives.
        """
        return frame_of(self._found.polarities)

    @property
    def grid(self) -> MechanismGrid:
        """The mechanisms that were tried: columns of ``acceptance``."""
        return mechanism_grid(self.settings.mechanism.grid_step_deg)

    def acceptable(self, event_id: str | None = None) -> pd.DataFrame:
        """Return the acceptable mechanisms of an event with their weights, heaviest first.

        Parameters
        ----------
        event_id : str, optional
            The only event if not given.

        Returns
        -------
        DataFrame
            ``strike_deg``, ``dip_deg``, ``rake_deg`` and ``weight``, the share of trials that
            accept it.
        """
        weights = self.acceptance[self._row(event_id)]
        used = np.flatnonzero(weights)
        used = used[np.argsort(-weights[used].astype(int), kind="stable")]
        angles = {n: getattr(self.grid, n)[used] for n in _ANGLES}
        return pd.DataFrame({**angles, "weight": weights[used] / 255.0})

    def plot(self, event_id: str | None = None) -> Figure:
        """Return the focal sphere of an event; without one, a map, or the spheres of all.

        Spheres are lower hemispheres, equal area: filled symbols up, open ones down, red rings
        contradict; thin arcs are acceptable planes.
        """
        if event_id is not None or len(self) == 1:
            return plot_focal_sphere(self._sphere(self._row(event_id)), width_in=3.2)
        table = self._table
        solved = np.isfinite(table.column("strike_deg").to_numpy())
        if (np.isfinite(table.column("longitude").to_numpy()) & solved).sum() > 1:
            figure = draw_mechanism_map(table)
            if figure is not None:
                return figure
        rows = np.flatnonzero(solved)[:_SPHERES]
        if not rows.size:
            raise nothing_to_plot("the mechanisms", "No event is solved; see the column `reason`.")
        ids = table.column("event_id").to_pylist()
        quality = table.column("quality").to_pylist()
        titles = [f"{ids[i]}, {quality[i]}" for i in rows]
        return plot_focal_spheres([self._sphere(int(i)) for i in rows], titles)

    def _words(self) -> list[str]:
        return [*(self._words_of_one() if len(self) == 1 else self._words_of_all()), *self._left()]

    def _left(self) -> list[str]:
        """Say how many readings were not used, and why: 0 and 1 in place of -1 and 1, say."""
        use = self._found.polarities.column("use")
        reasons = count_reasons(use, ["used"])
        left = sum(n for _, n in reasons)
        if not left:
            return []
        why = ", ".join(f"{reason} {n:,}" for reason, n in reasons)
        return [f"not used: {left:,} of {count(len(use), 'first motion')} ({why})"]

    def _words_of_all(self) -> list[str]:
        status = self._table.column("status").to_pylist()
        quality = [
            q
            for q, s in zip(self._table.column("quality").to_pylist(), status, strict=True)
            if s == "solved"
        ]
        letters = ", ".join(f"{quality.count(q)} {q}" for q in sorted(set(quality)))
        words = f"Mechanisms: {len(quality):,} of {count(len(self), 'event')} solved"
        return [f"{words} ({letters})" if letters else words]

    def _words_of_one(self) -> list[str]:
        row = self._table.to_pylist()[0]
        if row["status"] != "solved":
            return [f"Mechanism of {row['event_id']}: {row['status']}, {row['reason']}"]
        spread = np.hypot(
            row["fault_plane_uncertainty_deg"], row["auxiliary_plane_uncertainty_deg"]
        ) / np.sqrt(2.0)
        return [
            f"Mechanism of {row['event_id']}: strike {row['strike_deg']:.0f}, dip "
            f"{row['dip_deg']:.0f}, rake {row['rake_deg']:.0f} degrees, +-{spread:.0f}; quality "
            f"{row['quality']}, {row['polarity_count']} polarities, "
            f"{100 * row['polarity_misfit']:.0f} % misfit"
        ]

    def _row(self, event_id: str | None) -> int:
        ids = self._table.column("event_id").to_pylist()
        if event_id is None and len(ids) == 1:
            return 0
        if event_id not in ids:
            known = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
            raise InputError(
                f"There is no event '{event_id}' among {count(len(ids), 'mechanism')}, so nothing "
                f"can be said of it. Give one of {known}."
            )
        return int(ids.index(event_id))

    def _sphere(self, row: int) -> FocalSphere:
        event = self._table.column("event_id")[row].as_py()
        readings = _of_event(self._found.polarities, event)
        used = pc.equal(readings.column("use"), "used")
        if pc.any(used).as_py():
            readings = readings.filter(used)
        others = _of_event(self._found.solutions, event)
        others = others.filter(pc.greater(others.column("solution"), 0))
        weights = self.acceptance[row]
        accepted = np.flatnonzero(weights)
        strike, dip, rake = (self._table.column(n)[row].as_py() for n in _ANGLES)
        return FocalSphere(
            **take_columns(readings, "azimuth_deg", "takeoff_deg", "polarity"),
            weight=reading_weights(readings),
            mechanism=(strike, dip, rake),
            others=[(s["strike_deg"], s["dip_deg"], s["rake_deg"]) for s in others.to_pylist()],
            accepted=np.stack([getattr(self.grid, n)[accepted] for n in _ANGLES], axis=-1),
            accepted_weight=weights[accepted],
        )


def _of_event(table: pa.Table, event_id: str) -> pa.Table:
    return table.filter(pc.equal(table.column("event_id"), event_id))
