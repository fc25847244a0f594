"""What the numbers of a paper are computed from: finished runs, and published files."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import IncompleteError, InputError
from quakeloom.formats import read_source
from quakeloom.schema import TABLES
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.store import RunLayout, find_input, read_columns, read_json, read_table

_Made = TypeVar("_Made")
"""What several numbers share."""


@dataclass(frozen=True)
class PaperResults:
    """Finished runs and the folder with published files.

    Attributes
    ----------
    data : str
        Folder of the paper's data.
    runs : mapping of str to RunLayout
        Every case of every run that was computed: ``NAME`` or ``NAME/CASE``.
    """

    data: str
    runs: Mapping[str, RunLayout] = field(default_factory=dict)
    _made: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def layout(self, run: str) -> RunLayout:
        """Return the layout of a run; of the only one if none is named.

        Raises
        ------
        InputError
            If the paper has no such run.
        """
        if not run and len(self.runs) == 1:
            return next(iter(self.runs.values()))
        if run not in self.runs:
            near = difflib.get_close_matches(run, self.runs, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise InputError(
                f"The paper has no run '{run}'.{hint} Nothing was compared; it has "
                f"{', '.join(self.runs) or 'none'}."
            )
        return self.runs[run]

    def settings(self, run: str) -> Settings:
        """Return the settings of a run as they were planned."""
        return read_settings(self.layout(run))

    def table(self, run: str, name: str) -> pd.DataFrame:
        """Return a table of a run.

        Raises
        ------
        IncompleteError
            If the run has not made it.
        """
        item = self.layout(run).table(name)
        if not item.exists():
            raise IncompleteError(
                f"The run {self.layout(run).root} has no table '{name}', which a number of the "
                "paper needs. Run the paper again."
            )
        columns = None if name in TABLES else read_columns(item)

        def read() -> pd.DataFrame:
            return pd.DataFrame(read_table(item, name, columns).to_pandas())

        return self.once(("table", run, name), read)

    def column(self, rows: pd.DataFrame, name: str) -> NDArray[np.float64]:
        """Return a column of numbers.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        if name not in rows.columns or not pd.api.types.is_numeric_dtype(rows[name]):
            numbers = rows.select_dtypes("number").columns
            near = difflib.get_close_matches(name, numbers, n=1)
            hint = f"Did you mean '{near[0]}'? " if near else ""
            raise InputError(
                f"A number of the paper asks for '{name}', which is no column of numbers. {hint}"
                f"Nothing was computed; there are {', '.join(numbers)}."
            )
        return np.asarray(rows[name], dtype=np.float64)

    def facts(self, run: str, file: str) -> dict[str, Any]:
        """Return a JSON file of a run."""
        return dict(read_json(self.layout(run).root / file))

    def path(self, name: str) -> Any:
        """Return a published file.

        Raises
        ------
        InputError
            If it is not there.
        """
        found = find_input(self.data, name)
        if found is None:
            raise InputError(
                f"There is no file '{name}' in '{self.data}', which a number of the paper is held "
                "against. Nothing was compared."
            )
        return found

    def events(self, name: str) -> pd.DataFrame:
        """Return the events of a published file in any format of locations."""

        def read() -> pd.DataFrame:
            return pd.DataFrame(read_source(self.path(name)).events.to_pandas())

        return self.once(("events", name), read)

    def once(self, key: Any, make: Callable[[], _Made]) -> _Made:
        """Return what several numbers share, made at the first of them."""
        if key not in self._made:
            self._made[key] = make()
        made: _Made = self._made[key]
        return made
