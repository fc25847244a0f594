"""Find and load the weights of a picker: ours, SeisBench's by name or file, or classical.

SeisBench takes seconds to import; PhaseNet runs without it, other networks need it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from quakeloom.core import InputError
from quakeloom.picking._classical import ClassicalPicker
from quakeloom.picking._phasenet import PhaseNetPicker
from quakeloom.picking._picker import Picker
from quakeloom.picking._seisbench import SeisBenchPicker

CLASSICAL = "classical"
_BEST = ("phasenet/original", "phasenet/instance", "phasenet/stead", "phasenet/scedc")
"""SeisBench weights that ``best`` looks for, in this order, before ours."""


def seisbench_cache() -> Path:
    """Return SeisBench's cache folder: ``SEISBENCH_CACHE_ROOT``, else ``~/.seisbench``."""
    named = os.environ.get("SEISBENCH_CACHE_ROOT")
    return Path(named) if named else Path.home() / ".seisbench"


def load_picker(weights: str = "best", own: Path | None = None) -> Picker:
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
        File of our own weights.

    Returns
    -------
    Picker

    Raises
    ------
    InputError
        If there are no such weights; the message names the file and the folder.
    """
    file = find_weights(weights, own)
    if file is None:
        return ClassicalPicker()
    if own is not None and file == own:
        return _load_own(file)
    model = weights.partition("/")[0].lower() if not Path(weights).is_file() else ""
    return _load_file(file, "" if model == "best" else model)


def find_weights(weights: str = "best", own: Path | None = None) -> Path | None:
    """Return the file that a choice of weights means; None for the classical picker.

    See :func:`load_picker` for the choices and errors.
    """
    if weights == CLASSICAL:
        return None
    if weights == "best":
        return _find_best(own)
    if weights == "own":
        if own is None or not own.is_file():
            raise InputError(
                f"quakeloom's own picking weights are not present (looked for {own}). Nothing "
                "was picked; train them with `quakeloom train picker`, or write "
                "`--weights classical`."
            )
        return own
    path = Path(weights)
    if path.is_file():
        return path
    model, slash, name = weights.partition("/")
    if not slash or not name or "/" in name or path.suffix in (".pt", ".pth", ".v1"):
        raise InputError(
            f"There is no file '{path.name}' with picking weights in {path.parent.resolve()}. "
            "Nothing was picked; give a file, MODEL/NAME of SeisBench's cache such as "
            "phasenet/original, best, own or classical."
        )
    file = _cached_file(model.lower(), name)
    if file is None:
        folder = seisbench_cache() / "models" / "v3" / model.lower()
        raise InputError(
            f"The weights '{weights}' are not in SeisBench's cache: there is no file "
            f"{name}.pt.v* in {folder}. Nothing was picked; copy the weights there, set "
            "SEISBENCH_CACHE_ROOT to a folder that has them, or write `--weights classical`."
        )
    return file


def _find_best(own: Path | None) -> Path | None:
    # files of SeisBench are read by torch; ours are plain arrays
    for weights in _BEST if _has_torch() else ():
        model, _, name = weights.partition("/")
        file = _cached_file(model, name)
        if file is not None:
            return file
    return own if own is not None and own.is_file() else None


def _has_torch() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None


def _cached_file(model: str, name: str) -> Path | None:
    """Return the newest cached state dict of a model, if there is one."""
    folder = seisbench_cache() / "models" / "v3" / model
    files = [f for f in folder.glob(f"{name}.pt*") if not f.name.endswith(".partial")]
    return max(files, key=lambda f: (len(f.name), f.name)) if files else None


def _load_file(file: Path, model: str = "") -> Picker:
    if file.suffix == ".npz":
        return _load_own(file)
    state = _read_state(file)
    description = _read_description(file)
    arguments = description.get("model_args", {})
    if isinstance(state, dict) and _is_phasenet(state, arguments):
        # only the authors' own weights saw 3000 samples and their reader's normalization
        authors = file.name.split(".")[0] == "original"
        return PhaseNetPicker(
            state,
            _name(file, model or "phasenet"),
            components=arguments.get("component_order", "ENZ"),
            phases=arguments.get("phases", "NPS"),
            sampling_rate_hz=float(arguments.get("sampling_rate") or 100.0),
            samples=3000 if authors else 3001,
            padding="trained" if authors else "seisbench",
            norm="living" if authors else arguments.get("norm", "std"),
        )
    if model or description.get("model_args") is not None:
        return SeisBenchPicker(
            model or file.parent.name, state, description, _name(file, model or file.parent.name)
        )
    return _load_own(file)


def _is_phasenet(state: dict[str, Any], arguments: dict[str, Any]) -> bool:
    """Say whether weights are of PhaseNet as it was published, not of its descendants."""
    weight = state.get("inc.weight")
    return (
        weight is not None
        and "down_branch.0.0.weight" in state
        and tuple(weight.shape[1:]) == (3, 7)
        and not arguments.get("norm_detrend")
        and not arguments.get("norm_amp_per_comp")
    )


def _load_own(file: Path) -> Picker:
    try:
        from quakeloom.picking._phase_network import load_phase_network
    except ImportError as error:
        raise InputError(
            f"The weights '{file}' are neither a SeisBench state dict nor can quakeloom's own "
            f"network be loaded ({error}). Nothing was picked; give other weights."
        ) from error
    picker: Picker = load_phase_network(file)
    return picker


def _name(file: Path, model: str) -> str:
    return f"{model}-{file.name.split('.')[0]}"


def _read_state(file: Path) -> Any:
    try:
        import torch
    except ImportError:
        raise InputError(
            f"The weights '{file}' need torch, which is not installed. Nothing was picked; "
            "install `quakeloom[networks]`, or write `--weights classical`."
        ) from None
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"'{file}' holds no weights that can be read ({type(error).__name__}: "
            f"{str(error)[:120]}). Nothing was picked; give a state dict, such as SeisBench's "
            "NAME.pt.v1."
        ) from error


def _read_description(file: Path) -> dict[str, Any]:
    beside = file.with_name(file.name.replace(".pt", ".json"))
    if beside != file and beside.is_file():
        return dict(json.loads(beside.read_text(encoding="utf-8")))
    return {}
