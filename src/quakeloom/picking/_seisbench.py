"""Any picking network of SeisBench behind the protocol of :class:`Picker`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError

_BATCH = 32
"""Windows that are read at a time; bounds memory."""


class SeisBenchPicker:
    """P and S probabilities by a network of SeisBench (EQTransformer, GPD-like nets, ...).

    SeisBench is imported when the first window is read, which takes seconds.

    Parameters
    ----------
    model : str
        Name of a class of ``seisbench.models``, in any case.
    state : mapping
        Its state dict.
    description : mapping
        The JSON beside the weights: ``model_args``, ``default_args``.
    name : str
        Name for tables and reports.
    """

    def __init__(
        self, model: str, state: Mapping[str, Any], description: Mapping[str, Any], name: str
    ) -> None:
        import seisbench.models as models

        # modules have the names of classes in lower case
        names = {n.lower(): n for n in dir(models) if isinstance(getattr(models, n), type)}
        if model.lower() not in names:
            raise InputError(
                f"SeisBench has no model '{model}', which the weights '{name}' are for. Nothing "
                "was picked; name the folder as SeisBench does, such as phasenet."
            )
        network = getattr(models, names[model.lower()])(**description.get("model_args", {}))
        network.load_state_dict(state)
        network.eval()
        self._network = network
        self.name = name
        self.components = network.component_order
        self.sampling_rate_hz = float(network.sampling_rate)
        self.samples = int(network.in_samples)
        labels = list(network.labels)
        self._channels = [labels.index("P"), labels.index("S")]

    def probabilities(self, windows: NDArray[np.float32], blind: int = 0) -> NDArray[np.float32]:
        """Return probabilities of P and S; see :class:`Picker`."""
        import torch

        found = np.zeros((len(windows), 2, windows.shape[2]), np.float32)
        with torch.inference_mode():
            for first in range(0, len(windows), _BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(windows[first : first + _BATCH]))
                ready = self._network.annotate_batch_pre(batch.clone(), {})
                out = self._network(ready)
                parts = list(out) if isinstance(out, tuple) else list(out.unbind(1))
                for k, channel in enumerate(self._channels):
                    found[first : first + _BATCH, k] = parts[channel].numpy()
        found[~np.any(windows, axis=(1, 2))] = 0.0
        return np.nan_to_num(found)
