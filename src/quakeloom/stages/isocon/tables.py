"""Tables of mass changes, immobile elements, gains and losses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.formats import LeftOut
from quakeloom.geochem import LARGEST_R_HAT, IsoconResult, IsoconTruth
from quakeloom.schema import make_table

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class IsoconRocks:
    """Altered rocks and their protolith, read or simulated.

    Attributes
    ----------
    samples, names, units : list of str
        Altered rocks, elements, and the units of these.
    altered, protolith : (values, limits, errors), each (sample, element)
    left_out : list of LeftOut
    truth : IsoconTruth, optional
    """

    samples: list[str]
    names: list[str]
    units: list[str]
    altered: tuple[Floats, Floats, Floats]
    protolith: tuple[Floats, Floats, Floats]
    left_out: list[LeftOut] = field(default_factory=list)
    truth: IsoconTruth | None = None


def isocon_tables(rocks: IsoconRocks, result: IsoconResult) -> dict[str, pa.Table]:
    """Return the tables of stage ``isocon``, without what was put aside."""
    return {
        "isocon_samples": _samples(rocks, result),
        "isocon_elements": _elements(rocks, result),
        "isocon_gains": _gains(rocks, result),
    }


def _samples(rocks: IsoconRocks, result: IsoconResult) -> pa.Table:
    own = result.elements
    low, middle, high = result.mass_ratio
    reasons = []
    known = np.isfinite(rocks.altered[0][:, own]).sum(axis=1)
    for j in range(len(rocks.samples)):
        said = []
        if result.r_hat[j] > LARGEST_R_HAT:
            said.append(
                f"chains disagree (R-hat {result.r_hat[j]:.3g}): several sets of immobile "
                "elements explain the rocks, and the range may lack some"
            )
        if known[j] < 4:
            said.append(f"{known[j]} elements are too few to tell immobile ones")
        if not np.isfinite(middle[j]):
            said.append("no finite mass ratio")
        reasons.append("; ".join(said))
    return make_table(
        "isocon_samples",
        {
            "sample": rocks.samples,
            "mass_ratio": middle,
            "mass_ratio_low": low,
            "mass_ratio_high": high,
            "sparse_mass_ratio": result.sparse,
            "bootstrap_low": result.bootstrap[0],
            "bootstrap_high": result.bootstrap[1],
            "element_count": known.astype(np.int32),
            "censored_count": np.isfinite(rocks.altered[1][:, own]).sum(axis=1).astype(np.int32),
            "r_hat": result.r_hat,
            "isocon_status": ["doubtful" if r else "solved" for r in reasons],
            "reason": reasons,
            "true_mass_ratio": _truth(rocks, lambda t: t.mass_ratio, len(rocks.samples)),
        },
    )


def _elements(rocks: IsoconRocks, result: IsoconResult) -> pa.Table:
    own = result.elements
    order = np.lexsort((result.deviation, -np.round(result.immobile, 3)))
    with np.errstate(all="ignore"):
        base = np.exp(np.nanmean(np.log(rocks.protolith[0][:, own]), axis=0))
    truth = (
        np.full(len(own), -1) if rocks.truth is None else rocks.truth.immobile[own].astype(np.int8)
    )
    columns: dict[str, Any] = {
        "element": [rocks.names[own[k]] for k in order],
        "concentration_unit": [rocks.units[own[k]] for k in order],
        "protolith_concentration": base[order],
        "protolith_log_error": result.data.protolith_noise[order],
        "immobile_probability": np.clip(result.immobile[order], 0.0, 1.0),
        "bootstrap_immobile_share": np.clip(result.bootstrap_immobile[order], 0.0, 1.0),
        "isocon_deviation": result.deviation[order],
        "truly_immobile": truth[order].astype(np.int8),
    }
    return make_table("isocon_elements", columns)


def _gains(rocks: IsoconRocks, result: IsoconResult) -> pa.Table:
    own = result.elements
    samples, elements = len(rocks.samples), len(own)
    with np.errstate(all="ignore"):
        base = np.exp(np.nanmean(np.log(rocks.protolith[0][:, own]), axis=0))
    low, middle, high = (g.T.ravel() for g in result.gains)
    true = _truth(rocks, lambda t: np.expm1(t.log_gains[own]).T.ravel(), samples * elements)
    return make_table(
        "isocon_gains",
        {
            "sample": [s for s in rocks.samples for _ in range(elements)],
            "element": [rocks.names[k] for k in own] * samples,
            "concentration_unit": [rocks.units[k] for k in own] * samples,
            "concentration": rocks.altered[0][:, own].ravel(),
            "detection_limit": rocks.altered[1][:, own].ravel(),
            "relative_gain": middle,
            "relative_gain_low": low,
            "relative_gain_high": high,
            "mass_gain": middle * np.tile(base, samples),
            "true_relative_gain": true,
        },
    )


def _truth(rocks: IsoconRocks, take: Any, count: int) -> Floats:
    return np.full(count, np.nan) if rocks.truth is None else np.asarray(take(rocks.truth))
