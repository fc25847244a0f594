"""First motions of P at given picks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure

from quakeloom.formats import Trace
from quakeloom.library._frames import take_rows
from quakeloom.library._results import Result, nothing_to_plot
from quakeloom.library._streams import stream_traces, waveform_path
from quakeloom.plots import FirstMotion, plot_first_motions
from quakeloom.stages.weights.polarity_readers import Reader, open_reader
from quakeloom.stages.without_a_run.polarity_folder import (
    FirstMotionWindow,
    FolderPolarities,
    cut_traces,
    read_folder,
    read_traces,
)

_AROUND_S = (0.4, 0.6)
"""Seconds before and after a pick that a figure shows."""

_DRAWN = 24
"""First motions that a figure shows at most."""


class Polarities(Result):
    """First motions of P: registered ``polarities``, one row per P pick.

    ``probability_up`` is the probability that the ground first moved up. Where nothing could be
    read, ``polarity`` is 0 and ``rejects`` says why.

    Attributes
    ----------
    reader : str
        Name of the weights.
    counts : dict of str to int
        Picks, up, down, unknown.
    """

    def __init__(self, found: FolderPolarities, reader: str, traces: list[Trace]) -> None:
        super().__init__(found.polarities, found.rejects)
        self.reader = reader
        self.counts = found.counts
        self._traces = traces

    def plot(self) -> Figure:
        """Return the verticals around the picks with what was read of them.

        Raises
        ------
        InputError
            If they were read from files, whose samples are not kept, or none has a sign.
        """
        cut = cut_traces(self._traces, self._table, 1.0) if self._traces else []
        if not cut:
            raise nothing_to_plot(
                "the first motions", "Read a stream in memory with clear first motions; samples "
                "of files are not kept."
            )  # fmt: skip
        probability = self._table.column("probability_up").to_numpy()
        return plot_first_motions([_motion(c, probability[c.row]) for c in cut[:_DRAWN]])

    def _words(self) -> list[str]:
        c = self.counts
        return [
            f"Polarities: {c['up']:,} up, {c['down']:,} down, {c['unknown']:,} not known, of "
            f"{c['picks']:,} P picks, by {self.reader}"
        ]


class PolarityReader:
    """Reads whether the first motion of P is up or down, with a probability.

    Examples
    --------
    >>> reader = ql.PolarityReader.load("own")
    >>> reader.read(stream, picks).table
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @classmethod
    def load(cls, weights: str | Path = "best") -> PolarityReader:
        """Load a reader.

        Parameters
        ----------
        weights : str or Path
            ``own``: quakeloom's network. ``classical``: the first pulse above the noise.
            ``best``: ``own`` where its weights are present, else ``classical``. Else the path of
            a file of weights.

        Raises
        ------
        InputError
            If the weights are not there; the message names file and folder.
        """
        return cls(open_reader(str(weights)))

    @property
    def name(self) -> str:
        """Name of the weights."""
        return self._reader.name

    def read(self, waveforms: Any, picks: Any) -> Polarities:
        """Read the first motion at every P pick, as ``quakeloom polarity`` does.

        The vertical of the pick's station is read: of the instrument that the pick names, else
        of the one with the highest sampling rate, seismometers before accelerometers.

        Parameters
        ----------
        waveforms : obspy.Stream, obspy.Trace, str or Path
            A stream, or a file, a folder or a tree of files. Not filtered without phase, which
            moves energy before the onset.
        picks : Picks, DataFrame, Catalog or table
            With ``station``, ``phase`` and ``time``; ``event_id``, ``network``, ``channel`` where
            they are known.

        Returns
        -------
        Polarities

        Raises
        ------
        InputError
            If there are no waveforms, or no P pick.
        FormatError
            If a column is missing.
        """
        rows, aside = take_rows(picks, "picks", optional=("event_id",))
        path = waveform_path(waveforms)
        if path is not None:
            found, traces = read_folder(path, rows, self._reader), []
        else:
            traces = stream_traces(waveforms)
            found = read_traces(traces, rows, self._reader)
        found.rejects = pa.concat_tables([aside, found.rejects])
        return Polarities(found, self.name, traces)

    def __repr__(self) -> str:
        seconds = self._reader.samples / self._reader.sampling_rate_hz
        return (
            f"PolarityReader {self.name}: {seconds:g} s of the vertical at "
            f"{self._reader.sampling_rate_hz:g} Hz"
        )


def _motion(cut: FirstMotionWindow, up: float) -> FirstMotion:
    before, after = (round(s * cut.rate_hz) for s in _AROUND_S)
    samples = cut.samples[cut.pick - before : cut.pick + after]
    sure = float(np.maximum(up, 1.0 - up))
    return FirstMotion(cut.label, samples, cut.rate_hz, before, cut.given, 0, sure)
