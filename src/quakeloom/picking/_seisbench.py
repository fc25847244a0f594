"""Any picking network of SeisBench behind the protocol of :class:`Picker`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError

_BATCH = 32
"""Windows that are read at a time; bounds memory."""

_POINT_SAMPLES, _POINT_STEP, _POINT_BATCH = 3000, 10, 512
"""Of a network that judges the middle of a short window: samples of the window that it is moved
along, by so many samples (a tenth of a second, as SeisBench does), so many places together."""

_POINT_PHASES = "PSN"
"""What the outputs of GPD are, where its description does not say."""


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
        self.components = str(network.component_order)
        self.sampling_rate_hz = float(network.sampling_rate)
        self._is_point = network.output_type == "point"
        self.samples = max(int(network.in_samples), _POINT_SAMPLES if self._is_point else 0)
        self._channels = self._find_channels(model)
        self._try(model)

    def _find_channels(self, model: str) -> list[int | None]:
        """Return where P and S are among what the network gives; None for one that is not."""
        labels = self._network.labels
        if labels is None and self._is_point:
            labels = _POINT_PHASES
        found = [labels.index(p) if p in labels else None for p in "PS"] if _is_list(labels) else []
        if not any(k is not None for k in found):
            raise InputError(
                f"SeisBench's {model} gives no P and no S, so the weights '{self.name}' pick "
                "nothing. Nothing was picked; take those of a phase picker."
            )
        return found

    def _try(self, model: str) -> None:
        """Refuse a network that does not give a number for every sample of a window of Z, N, E."""
        shape = (1, len(self.components), self.samples)
        reason = f"it takes the components {self.components}"
        if sorted(self.components) == sorted("ZNE"):
            random = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
            try:
                found = self.probabilities(random)
                if found.shape == (1, 2, self.samples):
                    return
                reason = f"it gives an array of {found.shape}"
            except Exception as error:  # what another package does within is not ours
                reason = f"{type(error).__name__}: {str(error)[:120]}"
        raise InputError(
            f"SeisBench's {model} is no picker that reads the records of one station "
            f"({reason}). Nothing was picked with '{self.name}'; take another network."
        )

    def probabilities(self, windows: NDArray[np.float32], blind: int = 0) -> NDArray[np.float32]:
        """Return probabilities of P and S; see :class:`Picker`.

        A network that judges one sample of a short window (GPD) is moved along by
        :data:`_POINT_STEP` samples, and what lies between is interpolated.
        """
        found = np.zeros((len(windows), 2, windows.shape[2]), np.float32)
        for first in range(0, len(windows), _BATCH):
            part = np.ascontiguousarray(windows[first : first + _BATCH])
            out = self._slide(part) if self._is_point else self._run(part)
            for k, channel in enumerate(self._channels):
                if channel is not None:
                    found[first : first + _BATCH, k] = out[channel]
        found[~np.any(windows, axis=(1, 2))] = 0.0
        return np.nan_to_num(found)

    def _run(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return what the network gives, output by output."""
        import torch

        with torch.inference_mode():
            ready = self._network.annotate_batch_pre(torch.from_numpy(windows).clone(), {})
            out = self._network(ready[0] if isinstance(ready, tuple) else ready)
            parts = list(out) if isinstance(out, tuple) else list(out.unbind(1))
            return [np.asarray(p.numpy(), np.float32) for p in parts]

    def _slide(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return the outputs of a network that judges one sample, at every sample."""
        length, samples = int(self._network.in_samples), windows.shape[2]
        cut = np.lib.stride_tricks.sliding_window_view(windows, length, axis=2)[:, :, ::_POINT_STEP]
        at = np.arange(cut.shape[2]) * _POINT_STEP + int(self._network.pred_sample)
        rows = np.ascontiguousarray(np.moveaxis(cut, 2, 1)).reshape(-1, windows.shape[1], length)
        out = np.concatenate(
            [
                np.stack(self._run(rows[i : i + _POINT_BATCH]))
                for i in range(0, len(rows), _POINT_BATCH)
            ],
            axis=1,
        )
        values = out.reshape(len(out), len(windows), -1)
        every = np.arange(samples)
        # nothing is known before the first and behind the last
        return [
            np.stack([np.interp(every, at, row, left=0.0, right=0.0) for row in output]).astype(
                np.float32
            )
            for output in values
        ]


def _is_list(labels: Any) -> bool:
    return labels is not None and not callable(labels)
