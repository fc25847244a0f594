"""Pickers from the weights that SeisBench keeps, by what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quakeloom.core import InputError
from quakeloom.picking._phasenet import PhaseNetConventions, PhaseNetPicker
from quakeloom.picking._picker import Picker
from quakeloom.picking._seisbench import SeisBenchPicker

_AUTHORS = "original"
"""Name that SeisBench gives to the weights of a network's authors."""


def build_seisbench_picker(
    state: Mapping[str, Any],
    description: Mapping[str, Any],
    name: str,
    model: str = "",
    folder: str = "",
) -> Picker:
    """Return a picker with weights in SeisBench's form.

    PhaseNet as it was published runs compiled, without SeisBench, which takes seconds to
    import; every other network needs it.

    Parameters
    ----------
    state : mapping of str to tensor
    description : mapping
        The JSON beside the weights, empty where there is none.
    name : str
        Of the weights: ``original`` are the authors'.
    model : str
        Name of the network; empty where it is not known.
    folder : str
        Name of the folder they lie in, which SeisBench names as the network.

    Raises
    ------
    InputError
        If SeisBench has no such network.
    """
    arguments = description.get("model_args", {})
    if not _is_phasenet(state, arguments):
        model = model or folder
        return SeisBenchPicker(model, state, description, f"{model}-{name}")
    # only the authors' own weights saw 3000 samples and their reader's normalization
    authors = name == _AUTHORS
    conventions = PhaseNetConventions(
        components=arguments.get("component_order", "ENZ"),
        phases=arguments.get("phases", "NPS"),
        sampling_rate_hz=_rate(arguments, name),
        samples=3000 if authors else 3001,
        padding="trained" if authors else "seisbench",
        norm="living" if authors else arguments.get("norm", "std"),
    )
    return PhaseNetPicker(state, f"{model or 'phasenet'}-{name}", conventions)


def _rate(arguments: Mapping[str, Any], name: str) -> float:
    """Return the sampling rate that a description says, 100 Hz where it says none."""
    said = arguments.get("sampling_rate") or 100.0
    try:
        return float(said)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"The description of the weights '{name}' has the sampling rate {str(said)[:40]!r}, "
            "which is no number. Nothing was picked; copy it from SeisBench's cache again."
        ) from None


def _is_phasenet(state: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    """Say whether weights are of PhaseNet as it was published, not of its descendants."""
    weight = state.get("inc.weight")
    return (
        weight is not None
        and "down_branch.0.0.weight" in state
        and tuple(weight.shape[1:]) == (3, 7)
        and not arguments.get("norm_detrend")
        and not arguments.get("norm_amp_per_comp")
    )
