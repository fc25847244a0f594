"""Which picker a setting means: ours, SeisBench's by name or file, or the classical one."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from quakeloom.core import InputError
from quakeloom.formats import (
    find_seisbench_weights,
    list_seisbench_weights,
    read_network_weights,
    read_seisbench_description,
    seisbench_folder,
)
from quakeloom.picking import ClassicalPicker, Picker, build_own_picker, build_seisbench_picker
from quakeloom.store import digest_input, find_resource, is_input

CLASSICAL = "classical"
"""Name of what picks and reads first motions without a network."""

OWN_PICKER, OWN_POLARITY = "picker.npz", "polarity.npz"
"""Our own weights in resources/weights."""

_BEST = ("original", "instance", "stead", "scedc")
"""SeisBench's weights of PhaseNet that ``best`` looks for, in this order, before ours."""


def own_weights(name: str) -> Path:
    """Return where a file of our own weights is, or would be."""
    try:
        return find_resource("weights") / name
    except InputError:
        return Path("resources") / "weights" / name


def open_picker(weights: str = "best", own: Path | None = None) -> Picker:
    """Load a picker.

    Parameters
    ----------
    weights : str
        ``best``: SeisBench's PhaseNet if it is in the cache, else our own network, else the
        classical picker. ``classical``. ``own``: our network. ``MODEL/NAME`` such as
        ``phasenet/original`` or ``eqtransformer/original``: from SeisBench's cache. Else the
        path of a file: one of ours, or a SeisBench state dict (``NAME.pt.v1`` or ``NAME.pt``
        with its ``.json`` beside it).
    own : Path, optional
        File of our own weights, if not the one in resources/weights.

    Raises
    ------
    InputError
        If there are no such weights; the message names the file and the folder.
    """
    file = find_picker_weights(weights, own)
    if file is None:
        return ClassicalPicker()
    state, description = read_network_weights(file), read_seisbench_description(file)
    name = file.name.split(".")[0]
    model = "" if weights == "best" or is_input(Path(weights)) else weights.partition("/")[0]
    if file.suffix == ".npz" or (not model and description is None and "inc.weight" not in state):
        return build_own_picker(state, f"quakeloom-{file.stem}")
    return build_seisbench_picker(
        state, description or {}, name, model.lower(), folder=file.parent.name
    )


def find_picker_weights(weights: str = "best", own: Path | None = None) -> Path | None:
    """Return the file that a choice of weights means; None for the classical picker.

    See :func:`open_picker` for the choices and errors.
    """
    own = own or own_weights(OWN_PICKER)
    if weights == CLASSICAL:
        return None
    if weights == "best":
        # files of SeisBench are read by torch; ours are plain arrays
        names = _BEST if find_spec("torch") is not None else ()
        found = [f for f in (find_seisbench_weights("phasenet", n) for n in names) if f]
        return found[0] if found else own if is_input(own) else None
    if weights == "own":
        if not is_input(own):
            raise InputError(
                f"quakeloom's own picking weights are not present (looked for {own}). Nothing "
                "was picked; train them with `quakeloom train picker`, or write "
                "`--weights classical`."
            )
        return own
    path = Path(weights)
    if is_input(path):
        return path
    model, slash, name = weights.partition("/")
    if not slash or not name or "/" in name or path.suffix in (".npz", ".pt", ".pth", ".v1"):
        raise InputError(
            f"There is no file '{path.name}' with picking weights in {path.parent.absolute()}. "
            "Nothing was picked; give a file, MODEL/NAME of SeisBench's cache such as "
            "phasenet/original, best, own or classical."
        )
    file = find_seisbench_weights(model.lower(), name)
    if file is None:
        raise InputError(
            f"The weights '{weights}' are not in SeisBench's cache: there is no file "
            f"{name}.pt.v* in {seisbench_folder(model.lower())}. Nothing was picked; copy the "
            "weights there, set SEISBENCH_CACHE_ROOT to a folder that has them, or write "
            "`--weights classical`."
        )
    return file


def list_picker_weights() -> list[str]:
    """Return the weights in SeisBench's cache that can be named as ``MODEL/NAME``."""
    return list_seisbench_weights()


def picker_digest(weights: str) -> str:
    """Return the digest of the weights that a setting means now, for plan files."""
    file = find_picker_weights(weights)
    return f"{file.name}:{digest_input(file)}" if file is not None else CLASSICAL
