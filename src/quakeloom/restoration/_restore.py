"""One field, by the exact way where it has no holes, else by iteration; with edges by sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError
from quakeloom.inference import (
    ROUGHNESS,
    EdgeField,
    GridFit,
    MaskedField,
    Roughness,
    as_masked_field,
    best_grid_fit,
    best_masked_fit,
    edges_on_nodes,
    posterior_deviation,
    posterior_mean,
    restore_masked_field,
    restore_with_edges,
)

Floats = NDArray[np.float64]

_EQUAL = 1e-9
"""Relative spread up to which given errors count as all alike."""


@dataclass(frozen=True)
class RestoreOptions:
    """What a restoration assumes.

    Attributes
    ----------
    prior : str
        ``auto`` lets evidence choose between ``membrane`` (first differences), ``plate`` (second)
        and ``matern`` (a finite correlation length).
    edges : bool
        Keep edges by line processes; differences are first ones then.
    noise_deviation : float or None
        Standard deviation of the noise; found where absent.
    weights : sequence of float or None
        Strength of differences along every axis.
    draws : int
        Draws for standard deviations of fields with holes, and for edges.
    """

    prior: Literal["auto", "membrane", "plate", "matern"] = "auto"
    edges: bool = False
    noise_deviation: float | None = None
    weights: Sequence[float] | None = None
    draws: int = 64


@dataclass(frozen=True)
class Restoration:
    """A restored field.

    Attributes
    ----------
    mean, deviation : ndarray
        Posterior mean and standard deviation at every node, in holes too.
    edge_probability : ndarray or None
        Largest probability of an edge beside the node, where edges were kept.
    fit : GridFit
        Prior, noise and smoothness; of the field without edges.
    evidences : dict of str to float
        Log evidence of every prior that was tried.
    noise_deviation : float
        Of the noise, with edges if they were kept; NaN where every datum has its own.
    missing : int
        Nodes without data.
    edges : EdgeField or None
    doubts : tuple of str
        Why the figures cannot be wholly believed; empty if they can.
    """

    mean: Floats
    deviation: Floats
    edge_probability: Floats | None
    fit: GridFit
    evidences: dict[str, float]
    noise_deviation: float
    missing: int
    edges: EdgeField | None = None
    doubts: tuple[str, ...] = field(default=())


def restore_field(
    values: ArrayLike,
    stream: np.random.Generator,
    options: RestoreOptions | None = None,
    deviations: ArrayLike | None = None,
) -> Restoration:
    """Restore a field with noise and holes.

    A complete field with noise of one size is diagonal in cosine transforms, so that evidence,
    mean and standard deviation are exact. Holes, and errors of each datum's own, are solved by
    conjugate gradients. The standard deviation is that at the best noise and smoothness; for
    fields of hundreds of values and more what these leave open themselves is small beside it.

    Parameters
    ----------
    values : array_like, of any shape
        NaN in holes.
    stream : numpy.random.Generator
        For fields with holes, and edges.
    options : RestoreOptions, optional
    deviations : array_like, optional
        Standard deviation of every datum; data without a positive one are holes.

    Returns
    -------
    Restoration

    Raises
    ------
    InputError
        If the field is constant, has fewer than four values or an infinite one.
    """
    asked = options or RestoreOptions()
    y = np.asarray(values, dtype=np.float64)
    if np.isinf(y).any():
        raise InputError(
            f"{int(np.isinf(y).sum())} of {y.size} values of the field are infinite, which no "
            "noise explains. Nothing was restored; leave them out (NaN), or correct them."
        )
    known, given = asked.noise_deviation, deviations
    if given is not None:
        s = np.broadcast_to(np.asarray(given, dtype=np.float64), y.shape)
        good = np.isfinite(y) & np.isfinite(s) & (s > 0)
        if good.all() and np.ptp(s) <= _EQUAL * float(s.max()):
            known, given = float(s.flat[0]), None
    elif known is not None and not np.isfinite(y).all():
        given = np.full(y.shape, known)
    choices: Sequence[Roughness] = ROUGHNESS if asked.prior == "auto" else (asked.prior,)
    if asked.edges:
        choices = ("membrane",)
    holes = as_masked_field(y, given)
    missing = int((~holes.seen).sum())
    if given is None and not missing:
        fit, evidences = best_grid_fit(y, choices, known, asked.weights)
    else:
        fit, evidences = best_masked_fit(holes, stream, choices, given is not None, asked.weights)
    if asked.edges:
        relative = holes if given is not None or known is None else as_masked_field(y, np.full(
            y.shape, known))  # fmt: skip
        has_noise = given is not None or known is not None
        return _with_edges(relative, fit, evidences, stream, (asked.draws, has_noise))
    if given is None and not missing:
        mean, deviation = posterior_mean(y, fit), posterior_deviation(y.shape, fit)
    else:
        mean, deviation = restore_masked_field(holes, fit, stream, asked.draws)
    noise = fit.noise_deviation if given is None else _common(given)
    doubts = tuple(d for d in (fit.doubt,) if d)
    return Restoration(mean, deviation, None, fit, evidences, noise, missing, None, doubts)


def _common(deviations: ArrayLike) -> float:
    s = np.asarray(deviations, dtype=np.float64)
    return float(s.flat[0]) if np.ptp(s[np.isfinite(s)]) == 0 else float("nan")


def _with_edges(
    holes: MaskedField,
    fit: GridFit,
    evidences: dict[str, float],
    stream: np.random.Generator,
    how: tuple[int, bool],
) -> Restoration:
    draws, known = how
    if known and fit.noise_precision != 1.0:  # the errors are in the precisions of the data
        from dataclasses import replace

        fit = replace(fit, noise_precision=1.0)
    found = restore_with_edges(holes, fit, stream, draws, known)
    doubts = [fit.doubt] if fit.doubt else []
    if found.settled > 1.5:  # halves of 60 independent draws differ by 0.26, rarely by 0.7
        doubts.append("the two halves of the draws of the edges differ: take more draws")
    noise = float(found.noise_precision**-0.5)
    if known:
        noise = _common(1.0 / np.sqrt(holes.relative[holes.seen]))
    return Restoration(
        found.mean, found.deviation, edges_on_nodes(found.edges, holes.values.shape), fit,
        evidences, noise, int((~holes.seen).sum()), found, tuple(doubts),
    )  # fmt: skip
