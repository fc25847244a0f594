"""A finer grid by any method, with the spread of an ensemble of networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError
from quakeloom.seafloor._features import STEP, Features, describe_grid
from quakeloom.seafloor._linear_methods import interpolate_kriging, interpolate_spline
from quakeloom.seafloor._networks import GENERATIVE, NETWORKS, import_torch, unpack_network
from quakeloom.seafloor._resampling import (
    back_project,
    fill_holes,
    interpolate_bicubic,
    project_consistent,
    repeat_cells,
)

Floats = NDArray[np.float64]

PLAIN = ("nearest", "bicubic", "back_projection", "cubic_back_projection", "spline", "kriging")
"""Methods that learn nothing. ``back_projection`` adds what block means lack evenly over each
block: the bar of block J. ``cubic_back_projection`` adds its cubic interpolation, 20 times."""


class Restorer(Protocol):
    """Makes grids twice as fine. All methods are such."""

    @property
    def name(self) -> str:
        """How it is called in settings and tables."""

    def restore(self, coarse: Floats) -> Restoration:
        """Return a grid twice as fine."""


@dataclass(frozen=True)
class Restoration:
    """A grid twice as fine as its input.

    Attributes
    ----------
    depth : ndarray, shape (2 rows, 2 columns)
        Depths in m; the means of blocks are the input's, but for ``nearest`` and ``bicubic``,
        which are shown as they are.
    spread : ndarray, the same shape
        Standard deviation of the members, m; zero for one member.
    features : Features
        What the grid looked like.
    """

    depth: Floats
    spread: Floats
    features: Features = field(repr=False)


@dataclass(frozen=True)
class PlainMethod:
    """A method of :data:`PLAIN`."""

    name: str

    def restore(self, coarse: Floats) -> Restoration:
        """Return a grid twice as fine; holes are filled before."""
        features = describe_grid(coarse)
        depth = restore_plainly(self.name, features.coarse, STEP)
        return Restoration(depth, np.zeros_like(depth), features)


def restore_plainly(name: str, coarse: ArrayLike, factor: int) -> Floats:
    """Return a finer grid by a method of :data:`PLAIN`, for any whole factor.

    Raises
    ------
    InputError
        If there is no such method.
    """
    y = fill_holes(coarse)
    if name == "nearest":
        return repeat_cells(y, factor)
    if name == "spline":
        return interpolate_spline(y, factor)
    if name == "kriging":
        return interpolate_kriging(y, factor)[0]
    fine = interpolate_bicubic(y, factor)
    if name == "bicubic":
        return fine
    if name == "back_projection":
        return project_consistent(fine, y, factor)
    if name == "cubic_back_projection":
        return project_consistent(back_project(fine, y, factor), y, factor)
    raise InputError(
        f"There is no method '{name}' without learning. Nothing was computed; there are "
        f"{', '.join(PLAIN)}."
    )


@dataclass
class NetworkEnsemble:
    """Networks of any kinds whose mean is the answer and whose spread is told.

    Attributes
    ----------
    name : str
    members : list
        Networks of torch, as :func:`quakeloom.seafloor.unpack_network` returns them.
    device : str
        What they run on.
    """

    name: str
    members: list[Any]
    device: str = "cpu"

    def restore(self, coarse: Floats) -> Restoration:
        """Return a grid twice as fine: the mean of the members, with the right block means."""
        torch = import_torch()
        features = describe_grid(coarse)
        detail, mask = (
            torch.from_numpy(a.astype(np.float32))[None, None].to(self.device)
            for a in (features.detail, features.mask)
        )
        found = []
        known = np.where(features.mask > 0, features.coarse, np.nan)
        with torch.inference_mode():
            for member in self.members:
                added = member(detail, mask)[0, 0].cpu().numpy().astype(np.float64)
                fine = features.base + features.size * added
                found.append(project_consistent(fine, known, STEP))
        mean = found[0] if len(found) == 1 else np.mean(found, axis=0)
        spread = np.std(found, axis=0, ddof=1) if len(found) > 1 else np.zeros_like(mean)
        return Restoration(project_consistent(mean, known, STEP), spread, features)


def load_ensemble(
    name: str, states: Sequence[tuple[str, Mapping[str, NDArray[Any]]]], device: str = "cpu"
) -> NetworkEnsemble:
    """Return an ensemble of networks from their kinds and weights.

    Parameters
    ----------
    name : str
        How the ensemble is called.
    states : sequence of (str, mapping)
        Kind of each member, of :data:`NETWORKS`, and its arrays.
    device : str

    Raises
    ------
    InputError
        If there is no member, or arrays do not fit.
    """
    if not states:
        raise InputError(
            f"There are no trained weights of '{name}'. Nothing was computed: an untrained network "
            f"invents ground. Train them with `quakeloom train seafloor`, or take a method that "
            f"needs none ({', '.join(PLAIN)})."
        )
    networks = [unpack_network(kind, state).to(device) for kind, state in states]
    return NetworkEnsemble(name, networks, device)


def is_generative(name: str) -> bool:
    """Say whether a method is a generative network, whose texture is invented."""
    return name in GENERATIVE


__all__ = [
    "NETWORKS",
    "PLAIN",
    "NetworkEnsemble",
    "PlainMethod",
    "Restoration",
    "Restorer",
    "is_generative",
    "load_ensemble",
    "restore_plainly",
]
