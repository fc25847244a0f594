"""Mass ratios, immobile elements, gains and losses of altered rocks, with their ranges."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.geochem._isocon import (
    IsoconData,
    Scale,
    compare_with_protolith,
    element_deviation,
    sparse_isocon,
)
from quakeloom.geochem._isocon_posterior import IsoconPosterior, sample_isocon
from quakeloom.inference import diagnose_chains

Floats = NDArray[np.float64]
Triple = tuple[Floats, Floats, Floats]

_QUANTILES = (0.025, 0.5, 0.975)
"""Ends of the 95 % ranges, and the median."""

_LEAST_ELEMENTS = 4
"""Elements that protolith and altered rock must have in common; chosen here: with fewer, no
majority of immobile ones can be told."""

_ON_THE_LINE = 2.0
"""Root mean square distance from the isocon, in standard deviations of the noise, within which an
element counts as on it in a bootstrap; chosen here."""

LARGEST_R_HAT = 1.05
"""R-hat above which a range is doubtful: 1.01 is usual for publication, 1.1 was before
(Vehtari et al., 2021); between them, as the ranges are rounded to two digits."""

_LONGER = 3
"""How often chains that disagree are run again, twice as long each time."""


@dataclass(frozen=True)
class IsoconOptions:
    """How mass ratios are determined; see the settings of `isocon`.

    Attributes
    ----------
    noise, scatter : float
    scale : str
    bootstraps, chains, sweeps : int
    """

    noise: float = 0.03
    scatter: float = 0.1
    scale: Scale = "log"
    bootstraps: int = 400
    chains: int = 4
    sweeps: int = 1500


@dataclass(frozen=True)
class IsoconResult:
    """What became of protolith and altered rock.

    Attributes
    ----------
    elements : ndarray of int
        Those used, by their number in the data.
    data : IsoconData
        Of the elements used.
    sparse : ndarray, (sample,)
        Mass ratios by the sparsest gains and losses.
    bootstrap : ndarray, (2, sample)
        95 % range of these.
    mass_ratio : ndarray, (3, sample)
        2.5, 50 and 97.5 % of the posterior.
    gains : ndarray, (3, element, sample)
        The same of relative gains ``a C / C0 - 1`` without the noise.
    immobile : ndarray, (element,)
    bootstrap_immobile : ndarray, (element,)
    deviation : ndarray, (element,)
    r_hat : ndarray, (sample,)
    """

    elements: NDArray[np.int64]
    data: IsoconData
    sparse: Floats
    bootstrap: Floats
    mass_ratio: Floats
    gains: Floats
    immobile: Floats
    bootstrap_immobile: Floats
    deviation: Floats
    r_hat: Floats


def analyze_isocon(
    altered: Triple, protolith: Triple, options: IsoconOptions, stream: np.random.Generator
) -> IsoconResult:
    """Determine mass ratios, immobile elements, gains and losses.

    Parameters
    ----------
    altered, protolith : (values, limits, errors), each (sample, element)
    options : IsoconOptions
    stream : numpy.random.Generator

    Returns
    -------
    IsoconResult

    Raises
    ------
    InputError
        If fewer than four elements are in common, or a sample has none of them.
    """
    whole = compare_with_protolith(altered, protolith, options.noise, options.scatter)
    known = np.isfinite(whole.log_ratio) | np.isfinite(whole.upper)
    use = known.any(axis=1) & np.isfinite(whole.protolith_noise)
    if use.sum() < _LEAST_ELEMENTS:
        raise InputError(
            f"{int(use.sum())} elements have values in protolith and altered rock, and fewer than "
            f"{_LEAST_ELEMENTS} tell no immobile ones. Nothing was computed; give more elements."
        )
    data = _of_elements(whole, use)
    sparse = sparse_isocon(data, scale=options.scale)
    boot, on_line = _bootstrap(altered, protolith, use, options, stream)
    posterior, r_hat = _converged(data, boot, options, stream)
    log_a = posterior.log_mass_ratio.reshape(-1, sparse.size)
    gains = posterior.log_gains
    missing = ~(np.isfinite(data.log_ratio) | np.isfinite(data.upper))
    gains = np.where(missing[None], 0.0, gains)
    ranges = np.expm1(np.quantile(gains, _QUANTILES, axis=0))
    ranges[:, missing] = np.nan
    return IsoconResult(
        np.flatnonzero(use),
        data,
        sparse,
        np.quantile(boot, (_QUANTILES[0], _QUANTILES[2]), axis=0),
        np.exp(np.quantile(log_a, _QUANTILES, axis=0)),
        ranges,
        posterior.immobile,
        on_line,
        element_deviation(data, np.exp(np.median(log_a, axis=0))),
        r_hat,
    )


def _of_elements(data: IsoconData, use: NDArray) -> IsoconData:
    return replace(
        data,
        log_ratio=data.log_ratio[use],
        upper=data.upper[use],
        noise=data.noise[use],
        protolith_noise=data.protolith_noise[use],
    )


def _bootstrap(
    altered: Triple,
    protolith: Triple,
    use: NDArray,
    options: IsoconOptions,
    stream: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Solve with elements and samples of the protolith drawn with replacement.

    A draw in which a sample has no element is drawn again, with every element once.
    """
    rocks, count = len(protolith[0]), int(use.sum())
    solutions, on_line = [], np.zeros(count)
    for _ in range(options.bootstraps):
        rows = stream.integers(0, rocks, rocks)
        again = tuple(v[rows] for v in protolith)
        drawn = compare_with_protolith(altered, again, options.noise, options.scatter)  # type: ignore[arg-type]
        data = _of_elements(drawn, use)
        weights = stream.multinomial(count, np.full(count, 1.0 / count)).astype(float)
        known = np.isfinite(data.log_ratio)
        if not (known & (weights > 0)[:, None]).any(axis=0).all():
            weights = np.ones(count)
        if not known.any(axis=0).all():
            data = _of_elements(
                compare_with_protolith(altered, protolith, options.noise, options.scatter), use
            )
        a = sparse_isocon(data, weights, options.scale)
        solutions.append(a)
        on_line += element_deviation(data, a) < _ON_THE_LINE
    return np.array(solutions), on_line / options.bootstraps


def _converged(
    data: IsoconData, boot: Floats, options: IsoconOptions, stream: np.random.Generator
) -> tuple[IsoconPosterior, Floats]:
    """Run chains from different bootstraps, longer where they disagree."""
    order = np.argsort(np.log(boot).mean(axis=1), kind="stable")
    ends = np.linspace(0.02, 0.98, options.chains) * (len(boot) - 1)
    starts = boot[order[np.round(ends).astype(int)]]
    sweeps = options.sweeps
    for attempt in range(_LONGER):
        posterior = sample_isocon(data, starts, stream, sweeps)
        r_hat = diagnose_chains(posterior.log_mass_ratio).r_hat
        if r_hat.max() <= LARGEST_R_HAT or attempt == _LONGER - 1:
            break
        sweeps *= 2
    return posterior, r_hat
