"""Synthetic catalogs whose truth is known, to try things on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from quakeloom.core import InputError
from quakeloom.library._catalogs import TABLES, Catalog
from quakeloom.library._frames import frame_of
from quakeloom.library._settings import SEED, settings_of
from quakeloom.schema import empty_table
from quakeloom.stages.simulate.verbs import ARCHIVE, write_simulation
from quakeloom.store import Item, open_folder, read_bytes, read_table

if TYPE_CHECKING:
    import obspy


class SimulatedCatalog(Catalog):
    """A catalog of the synthetic Earth, with the truth behind it.

    Attributes
    ----------
    truth : DataFrame
        True strike, dip and rake of every event.
    arrivals : DataFrame
        With waveforms: P and S as they truly are in the records, and the first motions.
    """

    truth: pd.DataFrame
    arrivals: pd.DataFrame
    _records: dict[str, bytes]

    def stream(self, event_id: str) -> obspy.Stream:
        """Return the records of an event: channels HHZ, HHN, HHE in counts.

        Raises
        ------
        InputError
            If the event has no records.
        """
        import io

        import obspy

        if event_id not in self._records:
            raise InputError(
                f"There are no records of event '{event_id}'. Simulate with waveforms=True, and "
                "give an event_id of .events."
            )
        return obspy.read(io.BytesIO(self._records[event_id]), format="MSEED")


def simulate_catalog(
    events: int = 20,
    *,
    waveforms: bool = False,
    model: str = "generic_crust",
    seed: int = SEED,
    **settings: Any,
) -> SimulatedCatalog:
    """Simulate earthquakes of a small region with first motions, and records if wanted.

    Faults near failure slip along the shear stress of a smooth field; stations read the first
    motions that the radiation sends them, some of them wrong. The same as a run with the group
    ``simulation`` reads.

    Parameters
    ----------
    events : int
    waveforms : bool
        Make three-component records, too: some ten milliseconds each.
    model : str
        Velocity model in which rays are traced.
    seed : int
        Root of the random streams.
    **settings
        Settings of the group ``simulation``, such as ``mean_polarities``,
        ``polarity_error_rate`` and ``preset``.

    Returns
    -------
    SimulatedCatalog

    Raises
    ------
    SettingsError
        If a keyword is unknown or wrong.
    InputError
        If there is no such velocity model.
    """
    checked = settings_of(
        "simulate_catalog", ("simulation",), {**settings, "events": events}, seed=seed,
        sources=[], takeoff={"models": [model]}, **({"waveforms": {}} if waveforms else {}),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        root = open_folder(Path(folder))
        write_simulation(checked, root)
        found = {n: _table(root, n) for n in (*TABLES, "truth", "reference_arrivals")}
        records = {
            f.stem: read_bytes(f) for f in (root / ARCHIVE).children() if f.name.endswith(".mseed")
        }
    tables = {n: found[n] for n in TABLES}
    made = SimulatedCatalog.__new__(SimulatedCatalog)
    made._take(tables, empty_table("rejects"))
    made.truth = frame_of(found["truth"])
    made.arrivals = frame_of(found["reference_arrivals"])
    made._records = records
    return made


def _table(folder: Item, name: str) -> pa.Table:
    file = folder / f"{name}.parquet"
    return read_table(file, name) if file.exists() else empty_table(name)
