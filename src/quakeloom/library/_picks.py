"""P and S picks of streams and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure

from quakeloom import picking
from quakeloom.formats import Trace
from quakeloom.library._results import Result, count, nothing_to_plot
from quakeloom.library._streams import stream_traces, waveform_path
from quakeloom.picking import PickOptions
from quakeloom.plots import PickedTrace, plot_picked_traces
from quakeloom.schema import time_values
from quakeloom.signal import component_of
from quakeloom.stages.weights.pickers import open_picker
from quakeloom.stages.without_a_run.pick_folder import FolderPicks, pick_folder, pick_traces

_WORDS = {"phasenet": "phasenet/original"}
"""Short names of published weights."""

_DRAWN = 24
"""Stations that a figure shows at most."""


class Picks(Result):
    """Picked P and S arrivals: registered ``picks``, by time.

    Attributes
    ----------
    picker : str
        Name of the weights.
    counts : dict of str to int
        Files, P, S, and what was put aside.
    """

    def __init__(self, found: FolderPicks, traces: list[Trace]) -> None:
        super().__init__(found.picks, found.rejects)
        self.picker = found.picker
        self.counts = found.counts
        self._traces = traces

    def plot(self) -> Figure:
        """Return the picked traces by the time of P, verticals, with P and S marked.

        Raises
        ------
        InputError
            If the picks were made from files, whose samples are not kept, or there are none.
        """
        rows = _sorted_picks(self._table)
        first = rows[0][3] if rows else 0
        drawn = [_picked(t, rows, first) for t in self._traces if component_of(t.channel) == "Z"]
        known = sorted((d for d in drawn if d is not None), key=lambda d: min(d.marks_s.values()))
        if not known:
            raise nothing_to_plot(
                "the picks", "Pick a stream in memory that holds verticals; samples of files are "
                "not kept."
            )  # fmt: skip
        when = str(np.datetime64(first, "ns"))[:23].replace("T", " ")
        return plot_picked_traces(known[:_DRAWN], f"Time after {when} (s)")

    def _words(self) -> list[str]:
        stations = len(set(self._table.column("station").to_pylist()))
        return [
            f"Picks: {self.counts['P']:,} P and {self.counts['S']:,} S at "
            f"{count(stations, 'station')}, by {self.picker}"
        ]


class Picker:
    """Picks P and S with a network or classically.

    Examples
    --------
    >>> picker = ql.Picker.load("own")
    >>> picker.pick(stream).table
    """

    def __init__(self, picker: picking.Picker) -> None:
        self._picker = picker

    @classmethod
    def load(cls, weights: str | Path = "best") -> Picker:
        """Load a picker.

        Parameters
        ----------
        weights : str or Path
            ``own``: quakeloom's network. ``phasenet``: PhaseNet with its authors' weights, from
            SeisBench's cache. ``MODEL/NAME`` of that cache, such as ``eqtransformer/original``.
            ``classical``: STA/LTA and AIC. ``best``: the first there is of PhaseNet, ``own``,
            ``classical``. Else the path of a file of weights.

        Raises
        ------
        InputError
            If there are no such weights; the message names the file and the folder.
        """
        text = str(weights)
        return cls(open_picker(_WORDS.get(text, text)))

    @property
    def name(self) -> str:
        """Name of the weights."""
        return self._picker.name

    def pick(
        self,
        waveforms: Any,
        p_threshold: float = 0.3,
        s_threshold: float = 0.3,
        one_s_per_p: bool = True,
        one_per_station: bool = True,
        event_id: str = "",
    ) -> Picks:
        """Pick P and S, as ``quakeloom pick`` does.

        Parameters
        ----------
        waveforms : obspy.Stream, obspy.Trace, str or Path
            A stream, or a file, a folder or a tree of files. Neither filtered nor normalized;
            never through a filter without phase, which moves onsets.
        p_threshold, s_threshold : float
            Minimum probabilities, between 0 and 1.
        one_s_per_p : bool
            Keep no more S picks than there are P picks that they could belong to.
        one_per_station : bool
            Of picks of one phase that several instruments of a station give within half a second
            keep one; the others go to ``rejects``.
        event_id : str
            Event that the waveforms are of, where there is one: it is said of every pick, so that
            the picks can be located.

        Returns
        -------
        Picks

        Raises
        ------
        InputError
            If there are no waveforms.
        SettingsError
            If a threshold is no probability.
        """
        options = PickOptions(
            p_threshold=p_threshold, s_threshold=s_threshold, one_s_per_p=one_s_per_p
        )
        path = waveform_path(waveforms)
        if path is not None:
            found = pick_folder(path, self._picker, options, one_per_station=one_per_station)
            traces = []
        else:
            traces = stream_traces(waveforms)
            found = pick_traces(traces, self._picker, options, one_per_station)
        if event_id:
            found.picks = _of_event(found.picks, event_id)
        return Picks(found, traces)

    def __repr__(self) -> str:
        seconds = self._picker.samples / self._picker.sampling_rate_hz
        return (
            f"Picker {self.name}: windows of {seconds:g} s at "
            f"{self._picker.sampling_rate_hz:g} Hz, components {self._picker.components}"
        )


def _of_event(picks: pa.Table, event_id: str) -> pa.Table:
    index = picks.schema.get_field_index("event_id")
    ids = pa.array([event_id] * picks.num_rows, pa.string())
    return picks.set_column(index, picks.schema.field(index), ids)


def _sorted_picks(picks: pa.Table) -> list[tuple[str, str, str, int]]:
    columns = [picks.column(n).to_pylist() for n in ("network", "station", "phase")]
    times = time_values(picks.column("time")).astype(np.int64).tolist()
    return sorted(zip(*columns, times, strict=True), key=lambda r: r[3])


def _picked(trace: Trace, rows: list[tuple[str, str, str, int]], first: int) -> PickedTrace | None:
    """A trace with its first P and S, or None where it has none."""
    marks: dict[str, float] = {}
    for network, station, phase, time in rows:
        if (network, station) == (trace.network, trace.station) and trace.start <= time < trace.end:
            marks.setdefault(phase, (time - first) * 1e-9)
    if not marks:
        return None
    label = f"{trace.network}.{trace.station}".strip(".")
    start = (trace.start - first) * 1e-9
    return PickedTrace(label, trace.samples, trace.sampling_rate_hz, start, marks)
