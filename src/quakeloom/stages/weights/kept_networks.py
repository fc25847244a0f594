"""Networks that a process keeps: loaded once per worker, and the same on all of them."""

from __future__ import annotations

from dataclasses import dataclass

from quakeloom.core import ClusterError
from quakeloom.networks import find_device
from quakeloom.picking import Picker
from quakeloom.stages.weights.pickers import open_picker, picker_digest
from quakeloom.stages.weights.polarity_readers import Reader, open_reader, reader_digest


@dataclass(frozen=True)
class ChosenWeights:
    """Weights as a setting means them here, so that workers can tell whether theirs are the same.

    Attributes
    ----------
    setting : str
    digest : str
        Name and digest of their file.
    device : str
        What they run on; processors of different kinds round differently.
    """

    setting: str
    digest: str
    device: str


_PICKERS: dict[ChosenWeights, Picker] = {}
"""The last picker of this process."""

_READERS: dict[ChosenWeights, Reader] = {}
"""The last reader of first motions of this process."""


def choose_picker(setting: str) -> ChosenWeights:
    """Return which picker a setting means here."""
    return ChosenWeights(setting, picker_digest(setting), find_device())


def choose_reader(setting: str) -> ChosenWeights:
    """Return which reader of first motions a setting means here."""
    return ChosenWeights(setting, reader_digest(setting), find_device())


def kept_picker(chosen: ChosenWeights) -> Picker:
    """Load a picker, once per process.

    Raises
    ------
    ClusterError
        If the setting means other weights here, or networks run on another kind of processor.
    """
    if chosen not in _PICKERS:
        _refuse_others(chosen, choose_picker(chosen.setting))
        _PICKERS.clear()
        _PICKERS[chosen] = open_picker(chosen.setting)
    return _PICKERS[chosen]


def kept_reader(chosen: ChosenWeights) -> Reader:
    """Load a reader of first motions, once per process; errors as of :func:`kept_picker`."""
    if chosen not in _READERS:
        _refuse_others(chosen, choose_reader(chosen.setting))
        _READERS.clear()
        _READERS[chosen] = open_reader(chosen.setting)
    return _READERS[chosen]


def _refuse_others(wanted: ChosenWeights, here: ChosenWeights) -> None:
    if wanted.digest != here.digest:
        raise ClusterError(
            f"A Dask worker finds other weights for '{wanted.setting}' ({here.digest}) than this "
            f"command ({wanted.digest}). Nothing was kept; name a file that all nodes see, or "
            "set SEISBENCH_CACHE_ROOT to a folder that they share."
        )
    if wanted.device != here.device:
        raise ClusterError(
            f"A Dask worker runs networks on '{here.device}', this command on "
            f"'{wanted.device}', which rounds differently. Nothing was kept; use nodes of one "
            "kind, or set CUDA_VISIBLE_DEVICES= (empty) for the command and the workers."
        )
