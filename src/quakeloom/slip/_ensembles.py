"""Ensembles of models: the fault's geometry and the medium, from lists or drawn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import random_stream
from quakeloom.slip._faults import FaultPlane, changed_plane


@dataclass(frozen=True)
class SlipModel:
    """One model of the medium and of the fault.

    Attributes
    ----------
    plane : FaultPlane
    poisson_ratio : float
    rigidity_pa : float
        For the moment; displacements of a homogeneous half-space do not depend on it.
    """

    plane: FaultPlane
    poisson_ratio: float
    rigidity_pa: float


@dataclass(frozen=True)
class ModelSpread:
    """Standard deviations that models are drawn by.

    Attributes
    ----------
    strike_deg, dip_deg, depth_km, offset_km, poisson : float
    log_rigidity : float
        Of the natural logarithm of the rigidity.
    """

    strike_deg: float = 0.0
    dip_deg: float = 0.0
    depth_km: float = 0.0
    offset_km: float = 0.0
    poisson: float = 0.0
    log_rigidity: float = 0.0


def model_of(reference: SlipModel, spread: ModelSpread, normals: NDArray[np.float64]) -> SlipModel:
    """Return the model of six standard normal numbers.

    They are, in standard deviations: strike, dip, offset, depth, Poisson's ratio and the logarithm
    of the rigidity. Poisson's ratio is kept between 0.05 and 0.45, and the geometry as
    :func:`quakeloom.slip.changed_plane` says.
    """
    z = [float(v) for v in normals]
    plane = changed_plane(
        reference.plane, spread.strike_deg * z[0], spread.dip_deg * z[1],
        spread.offset_km * z[2], spread.depth_km * z[3],
    )  # fmt: skip
    ratio = float(np.clip(reference.poisson_ratio + spread.poisson * z[4], 0.05, 0.45))
    rigidity = reference.rigidity_pa * float(np.exp(spread.log_rigidity * z[5]))
    return SlipModel(plane, ratio, rigidity)


def model_normals(seed: int, *name: str | int) -> NDArray[np.float64]:
    """Draw the six numbers of a model, which belong to the seed and its name alone."""
    return random_stream(seed, "slip model", *name).standard_normal(6)


def draw_model(reference: SlipModel, spread: ModelSpread, seed: int, *name: str | int) -> SlipModel:
    """Draw a model around the reference; it belongs to the seed and its name alone."""
    return model_of(reference, spread, model_normals(seed, *name))


def draw_slip_models(
    reference: SlipModel, spread: ModelSpread, count: int, seed: int
) -> list[SlipModel]:
    """Draw models around the reference: more of them leave the first ones as they were."""
    return [draw_model(reference, spread, seed, k) for k in range(count)]


def combine_slip_models(
    reference: SlipModel,
    strikes_deg: Sequence[float] = (),
    dips_deg: Sequence[float] = (),
    offsets_km: Sequence[float] = (),
    depth_shifts_km: Sequence[float] = (),
    poisson_ratios: Sequence[float] = (),
) -> list[SlipModel]:
    """Return a model for every combination of the values given; the last change fastest."""
    plane = reference.plane
    axes = (
        strikes_deg or (plane.strike_deg,), dips_deg or (plane.dip_deg,),
        offsets_km or (plane.offset_km,), depth_shifts_km or (0.0,),
        poisson_ratios or (reference.poisson_ratio,),
    )  # fmt: skip
    return [
        SlipModel(
            changed_plane(
                plane, strike - plane.strike_deg, dip - plane.dip_deg, offset - plane.offset_km,
                shift,
            ),
            ratio, reference.rigidity_pa,
        )
        for strike, dip, offset, shift, ratio in itertools.product(*axes)
    ]  # fmt: skip
