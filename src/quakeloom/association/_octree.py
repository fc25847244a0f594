"""Candidates of PyOcto behind the protocol of proposers; an optional extra."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.association._score import World
from quakeloom.association._stack import Found
from quakeloom.association._times import Floats, Ints
from quakeloom.core import InputError

_MISSING = (
    "PyOcto is not installed, so it cannot propose candidates. Install it by `pip install pyproj "
    "pandas` and `pip install --no-deps pyocto==0.2.2` (without dependencies, since it asks for "
    "numpy < 2 and does not need it), or choose `stack`, which needs nothing."
)
"""What is said where PyOcto is missing."""


def open_pyocto() -> Any:
    """Import PyOcto.

    Raises
    ------
    InputError
        With the commands that install it, if it is missing.
    """
    try:
        import pyocto  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise InputError(_MISSING) from None
    return pyocto


class OctreeProposer:
    """Candidates by PyOcto with loose counts; the account is that of all proposers.

    Parameters
    ----------
    tolerance_s, match_s : float
        PyOcto's tolerances of travel times and of picks.
    counts : (int, int)
        Least picks, and stations with P and S.

    References
    ----------
    Muenchmeyer (2024), Seismica 3(1).
    """

    def __init__(
        self, tolerance_s: float = 1.5, match_s: float = 1.5, counts: tuple[int, int] = (6, 2)
    ) -> None:
        self._octo = open_pyocto()
        self._tolerance, self._match, self._counts = tolerance_s, match_s, counts

    def __call__(self, world: World, taken: Ints, span_s: tuple[float, float]) -> Found:
        """Propose candidates."""
        events, _ = self.associate(world, taken)
        inside = (events[:, 0] >= span_s[0]) & (events[:, 0] < span_s[1])
        events = events[inside]
        size = np.full(len(events), world.detection.log_half.size // 3, np.int64)
        return Found(events[:, 1:].copy(), events[:, 0].copy(), np.zeros(len(events)), size)

    def associate(self, world: World, taken: Ints) -> tuple[Floats, Ints]:
        """Run PyOcto on the picks that are not taken.

        Returns
        -------
        events : ndarray, shape (events, 4)
            Origin time, depth, north, east.
        event : ndarray of int, shape (picks,)
            Number of the event of every row, -1 for none.
        """
        import pandas as pd

        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "times"
            _write_table(world, table)
            model = self._octo.VelocityModel1D(
                str(table), self._tolerance, association_cutoff_distance=world.reach_km,
                surface_p_velocity=6.0, surface_s_velocity=3.5,
            )  # fmt: skip
            box = world.box
            octo = self._octo.OctoAssociator(
                xlim=tuple(box[2]), ylim=tuple(box[1]), zlim=tuple(box[0]), time_before=300.0,
                velocity_model=model, n_picks=self._counts[0], n_p_picks=2, n_s_picks=2,
                n_p_and_s_picks=self._counts[1], pick_match_tolerance=self._match, n_threads=1,
            )  # fmt: skip
            place = world.stations.place
            names = [f"s{k}" for k in range(len(place))]
            stations = pd.DataFrame(
                {"id": names, "x": place[:, 2], "y": place[:, 1], "z": place[:, 0]}
            )
            free = np.flatnonzero(taken == 0)
            free = free[np.argsort(world.rows.time_s[free], kind="stable")]
            slot = world.rows.slot[free]
            picks = pd.DataFrame({
                "station": np.array(names)[slot // 2], "phase": np.array(["P", "S"])[slot % 2],
                "time": world.rows.time_s[free],
            })  # fmt: skip
            found, assigned = octo.associate(picks, stations)
        event = np.full(world.rows.time_s.size, -1, np.int64)
        if not len(found):
            return np.zeros((0, 4)), event
        order = {number: k for k, number in enumerate(found["idx"])}
        event[free[assigned["pick_idx"].to_numpy()]] = [order[n] for n in assigned["event_idx"]]
        return found[["time", "z", "y", "x"]].to_numpy(float), event


def _write_table(world: World, path: Path) -> None:
    """Write PyOcto's travel times: counts and step, then P and S by distance and depth."""
    tables = world.tables
    first = max(0, round(-tables.top_km / tables.step_km))
    times = tables.time_s[:, :, :, first:]
    level = int(np.median(world.stations.level))
    with path.open("wb") as stream:
        np.array(times.shape[2:], "<i4").tofile(stream)
        np.array([tables.step_km], "<f8").tofile(stream)
        for phase in range(2):
            np.ascontiguousarray(times[phase, level], "<f8").tofile(stream)
