"""Weights of networks: plain arrays (``.npz``), PyTorch state dicts, SeisBench's cache."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import BrokenArchiveError, InputError, read_array_archive


def read_network_weights(file: Path) -> dict[str, Any]:
    """Read the weights of a network, by name.

    Parameters
    ----------
    file : Path
        ``.npz``: plain arrays, as ours are. Anything else: a PyTorch state dict of tensors,
        which needs torch; nothing in it is executed.

    Returns
    -------
    dict
        Arrays, or tensors.

    Raises
    ------
    InputError
        If the file is not there, cannot be read, or torch is missing.
    """
    if file.suffix == ".npz":
        try:
            return dict(read_array_archive(file))
        except (OSError, BrokenArchiveError) as error:
            raise InputError(
                f"No weights of a network could be read from {file} ({error}). Nothing was read "
                "with it; give a file that `quakeloom train` wrote."
            ) from error
    try:
        import torch
    except ImportError:
        raise InputError(
            f"The weights '{file}' need torch, which is not installed. Nothing was read with "
            "them; install `quakeloom[networks]`, or write `--weights classical`."
        ) from None
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"'{file}' holds no weights that can be read ({type(error).__name__}: "
            f"{str(error)[:120]}). Nothing was read with it; give a file that `quakeloom train` "
            "wrote, or a state dict such as SeisBench's NAME.pt.v1."
        ) from error
    if not isinstance(state, dict):
        raise InputError(
            f"'{file}' holds no weights but a {type(state).__name__}. Nothing was read with it; "
            "give a state dict."
        )
    return state


def write_network_weights(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write weights as plain arrays, never pickled; the same arrays give the same bytes."""
    np.savez(file, allow_pickle=False, **dict(arrays))


def read_seisbench_description(file: Path) -> dict[str, Any] | None:
    """Return the JSON that SeisBench keeps beside weights, or None where there is none.

    Raises
    ------
    InputError
        If it is no JSON, or none of the form of SeisBench's.
    """
    beside = file.with_name(file.name.replace(".pt", ".json"))
    if beside == file or not beside.is_file():
        return None
    try:
        said = json.loads(beside.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"'{beside}', which describes the weights '{file.name}', is no JSON ({error}). Nothing "
            "was read with them; copy it from SeisBench's cache again."
        ) from None
    if not isinstance(said, dict) or not isinstance(said.get("model_args") or {}, dict):
        raise InputError(
            f"'{beside}' does not describe the weights '{file.name}' as SeisBench does. Nothing "
            "was read with them; copy it from SeisBench's cache again."
        )
    return {**said, "model_args": said.get("model_args") or {}}


def seisbench_folder(model: str) -> Path:
    """Return where SeisBench keeps a model: ``SEISBENCH_CACHE_ROOT``, else ``~/.seisbench``."""
    named = os.environ.get("SEISBENCH_CACHE_ROOT")
    try:
        root = Path(named) if named else Path.home() / ".seisbench"
    except RuntimeError:  # the user has no home
        root = Path(".seisbench")
    return root / "models" / "v3" / model


def list_seisbench_weights() -> list[str]:
    """Return all weights in SeisBench's cache as ``model/name``, sorted."""
    files = seisbench_folder("").glob("*/*.pt*")
    names = {f"{f.parent.name}/{f.name.partition('.pt')[0]}" for f in files}
    return sorted(names)


def find_seisbench_weights(model: str, name: str) -> Path | None:
    """Return the newest state dict of a model in SeisBench's cache, if there is one."""
    files = [f for f in seisbench_folder(model).glob(f"{name}.pt*") if f.suffix != ".partial"]
    return max(files, key=lambda f: (len(f.name), f.name)) if files else None
