"""Numbers of papers on mechanisms: letters, rotations, what readings were used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from quakeloom.core import InputError, rotation_angle
from quakeloom.formats import read_mechanisms
from quakeloom.stages.papers.results import PaperResults
from quakeloom.store import open_item, read_table

_ANGLES = ("strike_deg", "dip_deg", "rake_deg")
"""Columns of a mechanism."""

STATISTICS: dict[str, Callable[[Any], Any]] = {
    "median": np.median,
    "mean": np.mean,
    "largest": np.max,
    "90th percentile": lambda values: np.percentile(values, 90),
}
"""What may be said of many differences."""


def count_rows(
    results: PaperResults, table: str, run: str = "", where: Mapping[str, Any] | None = None
) -> float:
    """Count the rows of a table, of those alone that have the given values.

    Parameters
    ----------
    results : PaperResults
    table, run : str
    where : mapping, optional
        Values of columns; a list stands for any of its values, ``not zero`` for any but 0.
    """
    return float(_chosen(results.table(run, table), where).sum())


def share_of_rows(
    results: PaperResults, table: str, where: Mapping[str, Any], run: str = ""
) -> float:
    """Return the share of the rows of a table that have the given values."""
    rows = results.table(run, table)
    return float(_chosen(rows, where).mean()) if len(rows) else float("nan")


def rows_per_event(
    results: PaperResults, table: str, run: str = "", where: Mapping[str, Any] | None = None
) -> float:
    """Return the number of rows of a table for every event of the run."""
    events = len(results.table(run, "events"))
    return count_rows(results, table, run, where) / events if events else float("nan")


def same_letters(results: PaperResults, published: str, run: str = "") -> float:
    """Count events with the published letter; one that neither solves counts as the same."""
    joined = _beside_published(results, published, run)
    return float((joined["quality"] == joined["quality_theirs"]).sum() + _both_unsolved(
        results, published, run
    ))  # fmt: skip


def letter_count(results: PaperResults, letter: str, run: str = "") -> float:
    """Count the mechanisms with a letter."""
    return count_rows(results, "mechanisms", run, {"quality": letter})


def rotation_to_published(
    results: PaperResults, published: str, statistic: str = "median", run: str = ""
) -> float:
    """Return a statistic of the rotations between our mechanisms and published ones, degrees."""
    return float(find_statistic(statistic)(_beside_published(results, published, run)["rotation"]))


def share_within(results: PaperResults, published: str, degrees: float, run: str = "") -> float:
    """Return the share of mechanisms that turn by less than so many degrees."""
    return float((_beside_published(results, published, run)["rotation"] < degrees).mean())


def rotation_of_event(results: PaperResults, published: str, event: str, run: str = "") -> float:
    """Return the rotation of one event between our mechanism and the published one, degrees."""
    joined = _beside_published(results, published, run)
    rotation = joined[joined["event_id"] == event]["rotation"].to_numpy(float)
    if not len(rotation):
        raise InputError(
            f"Event '{event}' is not both in {published} and among our mechanisms. Nothing was "
            "compared; name another event."
        )
    return float(rotation[0])


def difference_to_published(
    results: PaperResults, published: str, column: str, run: str = ""
) -> float:
    """Return the mean absolute difference of a column of the mechanisms.

    ``plane_uncertainty_deg`` is the mean of the uncertainties of both planes.
    """
    joined = _beside_published(results, published, run)
    ours = results.column(joined, column)
    return float(np.abs(ours - results.column(joined, f"{column}_theirs")).mean())


def same_counts(
    results: PaperResults, published: str, column: str = "polarity_count", run: str = ""
) -> float:
    """Count events with the same number of readings as published ones."""
    joined = _beside_published(results, published, run)
    ours = results.column(joined, column)
    return float((ours == results.column(joined, f"{column}_theirs")).sum())


def rotation_to_truth(
    results: PaperResults,
    letters: str = "",
    statistic: str = "median",
    run: str = "",
) -> float:
    """Return a statistic of the rotations of solved mechanisms from the simulated truth, degrees.

    ``letters``: those that count, such as ``ABC``; all if empty.
    """
    ours, truth = results.table(run, "mechanisms"), results.table(run, "truth")
    joined = ours.merge(truth, on="event_id", suffixes=("", "_true"))
    kept = joined["quality"].isin(list(letters)) if letters else joined["status"] == "solved"
    joined = joined[kept]
    if not len(joined):
        return float("nan")
    rotation = rotation_angle(
        joined[list(_ANGLES)].to_numpy(), joined[[f"{a}_true" for a in _ANGLES]].to_numpy()
    )
    return float(find_statistic(statistic)(rotation))


def reading_accuracy(results: PaperResults, run: str = "", probability: float = 0.5) -> float:
    """Return the share of first motions read as they are on the simulated records.

    Readings whose larger probability is below ``probability`` do not count.
    """
    read = results.table(run, "polarities")
    truth = _reference(results, run)
    joined = read.merge(truth, on=["event_id", "network", "station"], suffixes=("", "_true"))
    certain = np.maximum(joined["probability_up"], 1.0 - joined["probability_up"])
    joined = joined[(certain >= probability) & (joined["polarity_true"] != 0)]
    joined = joined[joined["polarity"] != 0]
    if not len(joined):
        return float("nan")
    return float((joined["polarity"] == joined["polarity_true"]).mean())


def _reference(results: PaperResults, run: str) -> pd.DataFrame:
    """First motions as they are on the simulated records."""

    def read() -> pd.DataFrame:
        folder = open_item(results.facts(run, "ingest/simulation.json")["folder"])
        file = folder / "reference_arrivals.parquet"
        table = pd.DataFrame(read_table(file, "reference_arrivals").to_pandas())
        keys = ["event_id", "network", "station"]
        return table.loc[table["polarity"] != 0, [*keys, "polarity"]].drop_duplicates(keys)

    return results.once(("reference", run), read)


def _chosen(rows: pd.DataFrame, where: Mapping[str, Any] | None) -> Any:
    chosen = np.ones(len(rows), dtype=bool)
    for column, value in (where or {}).items():
        if column not in rows.columns:
            raise InputError(
                f"A number of the paper asks for the column '{column}', and the table has "
                f"{', '.join(rows.columns)}. Nothing was counted; correct `where`."
            )
        if value == "not zero":
            chosen &= (rows[column] != 0).to_numpy()
        else:
            chosen &= rows[column].isin(value if isinstance(value, list) else [value]).to_numpy()
    return chosen


def find_statistic(name: str) -> Callable[[Any], Any]:
    """Return a function of many values by its name.

    Raises
    ------
    InputError
        If there is none; the message lists them.
    """
    if name not in STATISTICS:
        raise InputError(
            f"There is no statistic '{name}'. Nothing was computed; write one of "
            f"{', '.join(STATISTICS)}."
        )
    return STATISTICS[name]


def _beside_published(results: PaperResults, published: str, run: str) -> pd.DataFrame:
    """Our mechanisms beside those of a file, by event, with the rotation between them."""

    def join() -> pd.DataFrame:
        theirs = _with_mean_uncertainty(read_mechanisms(results.path(published)).to_pandas())
        ours = _with_mean_uncertainty(results.table(run, "mechanisms"))
        joined = pd.DataFrame(ours.merge(theirs, on="event_id", suffixes=("", "_theirs")))
        if not len(joined):
            raise InputError(
                f"No event of {published} is among our mechanisms. Nothing was compared; is it "
                "the output for these events?"
            )
        joined["rotation"] = rotation_angle(
            joined[list(_ANGLES)].to_numpy(), joined[[f"{a}_theirs" for a in _ANGLES]].to_numpy()
        )
        return pd.DataFrame(joined[np.isfinite(joined["rotation"])])

    return results.once(("mechanisms", published, run), join)


def _both_unsolved(results: PaperResults, published: str, run: str) -> int:
    theirs = read_mechanisms(results.path(published)).to_pandas()
    solved = set(theirs[np.isfinite(theirs["strike_deg"])]["event_id"])
    ours = results.table(run, "mechanisms")
    return int(((ours["status"] != "solved") & ~ours["event_id"].isin(solved)).sum())


def _with_mean_uncertainty(rows: pd.DataFrame) -> pd.DataFrame:
    planes = rows["fault_plane_uncertainty_deg"] + rows["auxiliary_plane_uncertainty_deg"]
    return rows.assign(plane_uncertainty_deg=planes / 2)


NUMBERS = {
    f.__name__: f
    for f in (
        count_rows, difference_to_published, letter_count, reading_accuracy, rotation_of_event,
        rotation_to_published, rotation_to_truth, rows_per_event, same_counts, same_letters,
        share_of_rows, share_within,
    )
}  # fmt: skip
"""Functions by the name that a paper's file calls them by."""
