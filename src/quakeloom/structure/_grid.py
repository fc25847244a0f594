"""The volume whose structure is sought: nodes of the field, nodes of the solver, its prior."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from quakeloom.core import InputError
from quakeloom.inference import GaussianField, gaussian_field

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StructureGrid:
    """Nodes of a field of velocity, and the finer ones that times are computed on.

    Attributes
    ----------
    axes_km : (depth, north, east)
        Coordinates of the nodes of the field, evenly spaced.
    refine : tuple of int
        Steps of the solver to one of the field, per axis.
    """

    axes_km: tuple[Floats, Floats, Floats]
    refine: tuple[int, int, int] = (1, 1, 1)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of nodes of the field."""
        depth, north, east = (a.size for a in self.axes_km)
        return depth, north, east

    @cached_property
    def solver_axes_km(self) -> tuple[Floats, Floats, Floats]:
        """Coordinates of the solver's nodes."""
        depth, north, east = (
            np.linspace(a[0], a[-1], (a.size - 1) * k + 1)
            for a, k in zip(self.axes_km, self.refine, strict=True)
        )
        return depth, north, east

    @property
    def solver_shape(self) -> tuple[int, int, int]:
        """Numbers of nodes of the solver."""
        depth, north, east = (a.size for a in self.solver_axes_km)
        return depth, north, east

    @property
    def spacing_km(self) -> tuple[float, float, float]:
        """Spacing of the solver's nodes."""
        depth, north, east = (float(a[1] - a[0]) for a in self.solver_axes_km)
        return depth, north, east

    @property
    def origin_km(self) -> tuple[float, float, float]:
        """Position of the first node."""
        depth, north, east = (float(a[0]) for a in self.axes_km)
        return depth, north, east

    @cached_property
    def interpolation(self) -> sparse.csr_array:
        """Trilinear interpolation from the field's nodes to the solver's, (solver, field)."""
        parts = [
            _linear(fine, coarse)
            for fine, coarse in zip(self.solver_axes_km, self.axes_km, strict=True)
        ]
        return sparse.csr_array(sparse.kron(sparse.kron(parts[0], parts[1]), parts[2]))

    def holds(self, points_km: Floats, margin_nodes: float = 0.0) -> NDArray[np.bool_]:
        """Say which points (n, 3) lie inside, off the bottom and the sides by so many nodes.

        The top has no margin: shallow sources are near it.
        """
        points = np.atleast_2d(points_km)
        inside = np.ones(len(points), dtype=bool)
        for k, (axis, step) in enumerate(zip(self.solver_axes_km, self.spacing_km, strict=True)):
            low = axis[0] + (0.0 if k == 0 else margin_nodes * step)
            inside &= (points[:, k] >= low) & (points[:, k] <= axis[-1] - margin_nodes * step)
        return inside


@dataclass(frozen=True)
class StructurePrior:
    r"""What is thought of velocity beforehand.

    :math:`\ln v_p = \ln v_{p0} + \phi_1` and
    :math:`\ln (v_p/v_s) = \ln \kappa_0 + a (c\,\phi_1 + \sqrt{1-c^2}\,\phi_2)`: two independent
    Gaussian fields of the same modes, ``a`` the ratio of their spreads and ``c`` the correlation of
    :math:`\ln (v_p/v_s)` with :math:`\ln v_p`. The white coordinates of the first come first; the
    second has its leading modes alone. Terms of stations follow.

    Attributes
    ----------
    grid : StructureGrid
    field : GaussianField
        Of ln Vp, mean zero.
    lengths_km : (depth, north, east)
        Its correlation lengths.
    ratio_modes : int
        Modes of the second field; 0 where there is no S.
    ratio_spread : float
        ``a``.
    ratio_correlation : float
        ``c``.
    reference_km_s : ndarray, shape of the solver's grid
        Starting P velocity.
    reference_ratio : ndarray, broadcast to the solver's grid
        Starting Vp/Vs.
    term_spread_s : float
        Standard deviation of the delay of a station.
    """

    grid: StructureGrid
    field: GaussianField
    lengths_km: tuple[float, float, float]
    ratio_modes: int
    ratio_spread: float
    ratio_correlation: float
    reference_km_s: Floats
    reference_ratio: Floats
    term_spread_s: float

    @property
    def size(self) -> int:
        """White coordinates of both fields."""
        return self.field.size + self.ratio_modes

    @cached_property
    def ratio_field(self) -> GaussianField:
        """The second field, with its leading modes."""
        f, n = self.field, max(self.ratio_modes, 1)
        return GaussianField(
            f.mean, f.standard_deviation, f.vectors, tuple(c[:n] for c in f.chosen), f.scale[:n]
        )

    def fields(self, white: ArrayLike) -> tuple[Floats, Floats]:
        """Return the logarithms of Vp and of Vp/Vs over the starting model's, at field nodes.

        Parameters
        ----------
        white : array_like, (..., size or more)
            Coordinates of both fields; what follows is passed over.
        """
        w = np.asarray(white, dtype=float)
        first = self.field.evaluate(w[..., : self.field.size])
        c = self.ratio_correlation
        second: Floats = c * first
        if self.ratio_modes:
            own = self.ratio_field.evaluate(w[..., self.field.size : self.size])
            second = second + np.sqrt(1.0 - c**2) * own
        return first, self.ratio_spread * second

    def velocities(self, white: ArrayLike) -> tuple[Floats, Floats]:
        """Return P and S velocity (km/s) at the solver's nodes of one model."""
        first, ratio = (
            (self.grid.interpolation @ f.ravel()).reshape(self.grid.solver_shape)
            for f in self.fields(white)
        )
        p = self.reference_km_s * np.exp(first)
        return p, p / (self.reference_ratio * np.exp(ratio))

    def by_white(self, rows: Floats, is_s: NDArray[np.bool_]) -> Floats:
        """Turn derivatives by ln v of a pick's own phase, at field nodes, into those by white.

        Parameters
        ----------
        rows : ndarray, (n,) and the shape of the grid
        is_s : ndarray of bool, (n,)

        Returns
        -------
        ndarray, (n, size)
        """
        c, a = self.ratio_correlation, self.ratio_spread
        own = self.field.project(rows)
        out = np.zeros((len(rows), self.size))
        # ln Vs = ln Vp - ln(Vp/Vs)
        out[:, : self.field.size] = own * np.where(is_s, 1.0 - a * c, 1.0)[:, None]
        if self.ratio_modes:
            factor = np.where(is_s, -a * np.sqrt(1.0 - c**2), 0.0)[:, None]
            out[:, self.field.size :] = own[:, : self.ratio_modes] * factor
        return out


def make_structure_prior(
    grid: StructureGrid,
    reference_km_s: ArrayLike,
    reference_ratio: ArrayLike,
    standard_deviation: ArrayLike,
    lengths_km: tuple[float, float, float],
    modes: tuple[int, int],
    ratio: tuple[float, float],
    term_spread_s: float = 0.2,
) -> StructurePrior:
    """Build the prior of a structure.

    Parameters
    ----------
    grid : StructureGrid
    reference_km_s : array_like, (n, 2) or shape of the solver's grid
        Starting P velocity: rows of depth and velocity, linear between, or one at every node.
    reference_ratio : array_like
        Starting Vp/Vs, broadcast to the solver's grid.
    standard_deviation : array_like
        Of ln Vp, broadcast to the field's grid.
    lengths_km : (depth, north, east)
        Correlation lengths, the shortest that are tried.
    modes : (int, int)
        Most modes of ln Vp, and of ln Vp/Vs.
    ratio : (float, float)
        Standard deviation of ln(Vp/Vs) over that of ln Vp, and their correlation.
    term_spread_s : float
        Standard deviation of the delay of a station; 0 where there are none.

    Raises
    ------
    InputError
        If the starting model is no velocity everywhere.
    """
    model = np.asarray(reference_km_s, dtype=float)
    shape = grid.solver_shape
    if model.ndim == 2 and model.shape[1] == 2:
        column = np.interp(grid.solver_axes_km[0], model[:, 0], model[:, 1])
        model = np.broadcast_to(column[:, None, None], shape).copy()
    if model.shape != shape:
        raise InputError(
            f"The starting model has shape {model.shape}, the grid {shape}. No structure can be "
            "sought; give a velocity per node, or rows of depth and velocity."
        )
    if not (np.isfinite(model).all() and model.min() > 0):
        raise InputError(
            f"The starting model falls to {np.nanmin(model):g} km/s or holds what is no number. No "
            "structure can be sought around it; give positive velocities everywhere."
        )
    field = gaussian_field(grid.axes_km, lengths_km, standard_deviation, 0.0, share=1.0)
    count = min(modes[0], int((field.scale > 1e-6 * field.scale[0]).sum()))
    chosen = tuple(c[:count] for c in field.chosen)
    field = GaussianField(
        field.mean, field.standard_deviation, field.vectors, chosen, field.scale[:count]
    )
    return StructurePrior(
        grid, field, lengths_km, min(modes[1], count), ratio[0], ratio[1], model,
        np.broadcast_to(np.asarray(reference_ratio, dtype=float), shape).copy(), term_spread_s,
    )  # fmt: skip


def _linear(fine: Floats, coarse: Floats) -> sparse.csr_array:
    """Linear interpolation along one axis."""
    low = np.clip(np.searchsorted(coarse, fine + 1e-9) - 1, 0, coarse.size - 2)
    share = (fine - coarse[low]) / (coarse[low + 1] - coarse[low])
    share = np.where(np.abs(share) < 1e-9, 0.0, np.where(np.abs(share - 1) < 1e-9, 1.0, share))
    rows = np.arange(fine.size)
    return sparse.csr_array(
        (np.concatenate([1.0 - share, share]), (np.tile(rows, 2), np.concatenate([low, low + 1]))),
        shape=(fine.size, coarse.size),
    )
