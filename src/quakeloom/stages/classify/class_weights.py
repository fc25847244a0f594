"""Which weights tell classes of events: those that come with quakeloom, or a file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from quakeloom.classification import ClassModel, build_class_model
from quakeloom.core import InputError
from quakeloom.formats import read_network_weights
from quakeloom.stages.weights.pickers import own_weights
from quakeloom.store import digest_input, is_input

OWN_CLASSES = "classes.npz"
"""Our own weights in resources/weights."""


def find_class_weights(setting: str) -> Path:
    """Return the file that a setting means.

    Raises
    ------
    InputError
        If it is not there.
    """
    file = own_weights(OWN_CLASSES) if setting == "own" else Path(setting)
    if not is_input(file):
        raise InputError(
            f"There are no weights '{file.name}' for classes of events in "
            f"{file.parent.absolute()}. Nothing was classified; write `weights: own`, or train "
            "them with `quakeloom train classes`."
        )
    return file


def weights_digest(setting: str) -> str:
    """Return the digest of the weights that a setting means now, for plan files."""
    file = find_class_weights(setting)
    return f"{file.name}:{digest_input(file)}"


def open_class_model(setting: str) -> ClassModel:
    """Load the weights that tell classes of events.

    Raises
    ------
    InputError
        If there are none, or they are of something else.
    """
    return _load(setting, weights_digest(setting))


@lru_cache(maxsize=2)
def _load(setting: str, digest: str) -> ClassModel:
    file = find_class_weights(setting)
    return build_class_model(read_network_weights(file), file.name)
