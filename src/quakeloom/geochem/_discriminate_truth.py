"""Synthetic rocks of several settings, of which a few elements tell them apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.geochem._isocon_truth import CRUST

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SettingsTruth:
    """Rocks with their settings.

    Attributes
    ----------
    names, units : list of str
    values : ndarray, (sample, element)
    setting : ndarray of int, (sample,)
    informative : list of int
        Elements whose mean differs between settings.
    """

    names: list[str]
    units: list[str]
    values: Floats
    setting: NDArray[np.int64]
    informative: list[int]


def simulate_settings(
    samples: int, settings: int, elements: int, informative: int, stream: np.random.Generator
) -> SettingsTruth:
    """Make rocks of settings that differ in a few elements, with a common fractionation trend.

    Parameters
    ----------
    samples, settings, elements, informative : int
        `informative` of the elements differ between settings by about one standard deviation.
    stream : numpy.random.Generator
    """
    names = list(CRUST)[-elements:]
    y = np.sort(np.arange(samples) % settings)
    own = sorted(stream.choice(elements, informative, replace=False).tolist())
    logs = np.log([CRUST[n][0] for n in names]) + 0.35 * stream.standard_normal((samples, elements))
    trend = stream.standard_normal(elements) * 0.3
    logs += stream.standard_normal((samples, 1)) * trend
    for e in own:
        level = stream.permutation(np.linspace(-0.5, 0.5, settings))
        logs[:, e] += level[y]
    return SettingsTruth(names, [CRUST[n][1] for n in names], np.exp(logs), y.astype(np.int64), own)
