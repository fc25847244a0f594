"""From features of stations to the probabilities of classes of events.

Two small networks, one after the other: the first says how likely each class makes the record of a
station, the second puts the stations of an event and its depth together. Both are trained with
equal shares of all classes, so what they say is a likelihood; shares that a network of stations
expects are put in afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.classification._classes import CLASSES
from quakeloom.classification._features import FEATURES
from quakeloom.core import InputError

Floats = NDArray[np.float64]
Layers = tuple[tuple[Floats, Floats], ...]
"""Weights and offsets of the layers of a network."""

_CLIP = 4.0
"""Features beyond so many standard deviations of the training are taken for these."""

_LEAST_LOG = -8.0
"""Logarithms of a station's probabilities are not less: no station decides alone."""

_DEPTH_KM = 2.0
"""Unit of depths, km."""

_DEEPEST_KM = 5.0
"""Deeper events are taken for this deep, km: it tells blasts, which are at the surface. Ordinary
earthquakes are as deep as tremor where plates sink: it must not tell these apart. Chosen here."""

GROUPS = {
    "spectrum of S": ("S spectrum",),
    "spectrum of P": ("P spectrum",),
    "S over P": ("S over P",),
    "signal over noise": ("S over noise", "P over noise"),
    "coda": ("coda",),
    "what comes later": ("late over noise",),
    "what came before": ("just before", "peak of the spectrum of noise"),
    "onsets": ("onset",),
    "vertical over horizontal": ("vertical over horizontal",),
    "envelope": ("envelope",),
    "lines and flaws": ("peak of the spectrum", "jump", "one component", "step", "constant"),
}
"""Groups of features that a reason names, by how the names of the features begin; `S-P` and what
was picked belong to none."""


@dataclass(frozen=True)
class ClassModel:
    """Weights that tell classes of events apart.

    Attributes
    ----------
    center, scale : ndarray, shape (features,)
        Of the training; what is missing is taken for the center.
    flagged : ndarray of int
        Features of which the network is told whether they are missing.
    station, event : tuple of (ndarray, ndarray)
        Layers of both networks.
    temperature : float
        The logits of events are divided by it; chosen on events that were left out.
    """

    center: Floats
    scale: Floats
    flagged: NDArray[np.int64]
    station: Layers
    event: Layers
    temperature: float

    def station_logs(self, features: Floats) -> Floats:
        """Return logarithms of the probabilities of classes, at equal shares, of every record.

        Parameters
        ----------
        features : ndarray, shape (records, features)
            NaN where not known; a row of NaN says nothing, so all classes are equal.

        Returns
        -------
        ndarray, shape (records, classes)
        """
        given = station_inputs(features, self.center, self.scale, self.flagged)
        logs = log_softmax(run_layers(self.station, given))
        logs[~np.isfinite(features).any(axis=1)] = -np.log(len(CLASSES))
        return np.asarray(np.maximum(logs, _LEAST_LOG))

    def event_logs(self, inputs: Floats) -> Floats:
        """Return logarithms of the likelihoods of classes, but for a constant, of every event.

        Parameters
        ----------
        inputs : ndarray
            As of :func:`event_inputs`.
        """
        return log_softmax(run_layers(self.event, inputs) / self.temperature)


def station_inputs(
    features: Floats, center: Floats, scale: Floats, flagged: NDArray[np.int64]
) -> Floats:
    """Return what the network of stations sees: features in units of their scatter, and flags."""
    known = np.isfinite(features)
    units = np.where(known, (features - center) / scale, 0.0)
    return np.concatenate([np.clip(units, -_CLIP, _CLIP), ~known[:, flagged]], axis=1)


@dataclass(frozen=True)
class EventStations:
    """Which records belong to which event.

    Attributes
    ----------
    event : ndarray of int, shape (records,)
        Row of the event.
    has_s : ndarray of bool, shape (records,)
    depth_km : ndarray, shape (events,)
        NaN where not known.
    """

    event: NDArray[np.int64]
    has_s: NDArray[np.bool_]
    depth_km: Floats

    @property
    def count(self) -> int:
        """Number of events."""
        return int(self.depth_km.size)


def event_inputs(logs: Floats, stations: EventStations) -> Floats:
    """Return what the network of events sees.

    The mean of the stations' logarithms, the same times the root of their number (what is
    independent grows so), their scatter; the number, the share with S, and the depth.

    Parameters
    ----------
    logs : ndarray, shape (records, classes)
        As of :meth:`ClassModel.station_logs`.
    stations : EventStations

    Returns
    -------
    ndarray, shape (events, 3 * classes + 4)
    """
    n = np.bincount(stations.event, minlength=stations.count).astype(float)
    some = np.maximum(n, 1.0)
    mean, square = (
        np.stack([np.bincount(stations.event, v, stations.count) / some for v in values.T], axis=1)
        for values in (logs, logs**2)
    )
    scatter = np.sqrt(np.maximum(square - mean**2, 0.0))
    with_s = np.bincount(stations.event, stations.has_s, stations.count) / some
    known = np.isfinite(stations.depth_km)
    depth = np.where(known, np.clip(stations.depth_km, 0.0, _DEEPEST_KM), 0.0) / _DEPTH_KM
    return np.concatenate(
        [mean / 4.0, mean * np.sqrt(some)[:, None] / 10.0, scatter / 4.0,
         np.stack([np.log(some), with_s, depth, known], axis=1)], axis=1,
    )  # fmt: skip


def class_probabilities(logs: Floats, shares: Mapping[str, float]) -> Floats:
    """Return probabilities of classes whose shares among all events are known (Bayes' rule).

    Parameters
    ----------
    logs : ndarray, shape (events, classes)
        Logarithms of likelihoods.
    shares : mapping of str to float
        Of every class; they are taken in proportion.

    Returns
    -------
    ndarray, shape (events, classes)
        Each row sums to 1.
    """
    prior = np.array([shares[c] for c in CLASSES], dtype=float)
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(log_softmax(logs + np.log(prior / prior.sum()))))


def name_reasons(
    model: ClassModel, features: Floats, stations: EventStations, chosen: NDArray[np.int64]
) -> list[str]:
    """Say of every event what speaks most for its class, and what against it.

    Each group of features is left out in turn (taken for that of the mean training record);
    what lowers the logarithm of the class's odds most speaks for it.

    Parameters
    ----------
    model : ClassModel
    features : ndarray, shape (records, features)
    stations : EventStations
    chosen : ndarray of int, shape (events,)
        Class of each event.
    """
    rows = np.arange(stations.count)

    def odds(changed: Floats, depth: Floats) -> Floats:
        own = EventStations(stations.event, stations.has_s, depth)
        logs = model.event_logs(event_inputs(model.station_logs(changed), own))[rows, chosen]
        return np.asarray(logs - np.log1p(-np.minimum(np.exp(logs), 1.0 - 1e-12)))

    whole = odds(features, stations.depth_km)
    effects = {}
    for name, begins in GROUPS.items():
        own = np.array([f.startswith(begins) for f in FEATURES])
        changed = np.where(own & np.isfinite(features), model.center, features)
        effects[name] = whole - odds(changed, stations.depth_km)
    effects["depth"] = whole - odds(features, np.full(stations.count, np.nan))
    names = list(effects)
    table = np.stack([effects[n] for n in names], axis=1)
    said = []
    for row in table:
        for_it = [names[k] for k in np.argsort(-row, kind="stable")[:2] if row[k] > 0.5]
        against = [names[k] for k in np.argsort(row, kind="stable")[:1] if row[k] < -0.5]
        words = f"for it: {', '.join(for_it)}" if for_it else "nothing single speaks for it"
        said.append(words + (f"; against it: {against[0]}" if against else ""))
    return said


def run_layers(layers: Layers, given: Floats) -> Floats:
    """Return the output of layers with hyperbolic tangents between."""
    values = given
    for k, (weights, offset) in enumerate(layers):
        values = values @ weights + offset
        if k < len(layers) - 1:
            values = np.tanh(values)
    return values


def log_softmax(values: Floats) -> Floats:
    """Return logarithms of probabilities of logits."""
    top = values - values.max(axis=1, keepdims=True)
    return np.asarray(top - np.log(np.exp(top).sum(axis=1, keepdims=True)))


def pack_class_model(model: ClassModel) -> dict[str, Any]:
    """Return a model as arrays by name."""
    packed: dict[str, Any] = {
        "center": model.center, "scale": model.scale, "flagged": model.flagged,
        "temperature": np.array(model.temperature), "classes": np.array(CLASSES),
        "features": np.array(FEATURES),
    }  # fmt: skip
    for name in ("station", "event"):
        for k, (weights, offset) in enumerate(getattr(model, name)):
            packed[f"{name}.{k}.weights"], packed[f"{name}.{k}.offset"] = weights, offset
    return packed


def build_class_model(arrays: Mapping[str, Any], name: str) -> ClassModel:
    """Make a model of the arrays that :func:`pack_class_model` gave.

    Raises
    ------
    InputError
        If they are of other weights, or of features or classes that are no longer there.
    """
    try:
        if (
            tuple(map(str, arrays["classes"])) != CLASSES
            or tuple(map(str, arrays["features"])) != FEATURES
        ):
            raise InputError(
                f"The weights '{name}' are for other features or classes than this version of "
                "quakeloom has. Nothing was classified; train them again with "
                "`quakeloom train classes`."
            )
        layers = [
            tuple(
                (
                    np.asarray(arrays[f"{part}.{k}.weights"]),
                    np.asarray(arrays[f"{part}.{k}.offset"]),
                )
                for k in range(sum(n.startswith(f"{part}.") for n in arrays) // 2)
            )
            for part in ("station", "event")
        ]
        return ClassModel(
            np.asarray(arrays["center"]), np.asarray(arrays["scale"]),
            np.asarray(arrays["flagged"], np.int64), layers[0], layers[1],
            float(arrays["temperature"]),
        )  # fmt: skip
    except KeyError as error:
        raise InputError(
            f"The weights '{name}' tell no classes of events: they have no {error}. Nothing was "
            "classified; give a file that `quakeloom train classes` wrote."
        ) from None
