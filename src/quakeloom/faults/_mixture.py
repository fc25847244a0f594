"""A mixture of finite planes on a background: what each event owes to each, and the best fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quakeloom.faults._hypocenters import Hypocenters
from quakeloom.faults._rectangles import (
    COLUMNS,
    COUNT,
    FREE_NUMBERS,
    LENGTH,
    NORMAL,
    RAKE,
    SCALE,
    SOFT,
    WIDTH,
    explain_events,
    improve_plane,
    mechanism_spread,
    scale_mixture,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class PlaneModel:
    """What is assumed of planes.

    Attributes
    ----------
    freedom : float
        Degrees of freedom of Student's t across a plane. A density that falls as
        ``(1 + (d / w)^2)^(-g / 2)`` (Powers & Jordan 2010) has ``freedom = g - 1`` and
        ``w = scale sqrt(freedom)``.
    scale_km, scale_factor : float
        Most likely scale across a plane and the factor of one standard deviation (log-normal).
    thickest : float
        Greatest scale as a part of the smaller half side.
    soft : float
        Standard deviation of the edges as a part of half the side.
    normal_kappa, rake_kappa : float
        Concentration of mechanisms' normals about that of the plane, and of their rakes.
    other_slip : float
        Part of events on a plane that slip on planes of any direction.
    least_events : int
        Expected number of events below which a plane is given up.
    penalty_events : float
        A plane must raise the logarithm of the likelihood by half the number of its free numbers
        times the logarithm of its events and this number.
    """

    freedom: float = 3.0
    scale_km: float = 0.1
    scale_factor: float = 3.0
    thickest: float = 0.35
    soft: float = 0.1
    normal_kappa: float = 8.0
    rake_kappa: float = 8.0
    other_slip: float = 0.1
    least_events: int = 8
    penalty_events: float = 50.0
    nodes: Floats = field(init=False, repr=False, compare=False, default_factory=lambda: np.ones(1))
    spread: Floats = field(
        init=False, repr=False, compare=False, default_factory=lambda: np.ones(1)
    )
    prior: Floats = field(init=False, repr=False, compare=False, default_factory=lambda: np.ones(1))

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", np.stack(scale_mixture(self.freedom)))
        spread = mechanism_spread(self.normal_kappa, self.rake_kappa, self.other_slip)
        object.__setattr__(self, "spread", spread)
        prior = np.array([np.log(self.scale_km), np.log(self.scale_factor), self.thickest])
        object.__setattr__(self, "prior", prior)

    def cost(self, events: float, mechanisms: bool) -> float:
        """Return by how much a plane of so many events must raise the log-likelihood."""
        numbers = FREE_NUMBERS + (1 if mechanisms else 0)
        return 0.5 * numbers * float(np.log(self.penalty_events + events))


@dataclass
class Mixture:
    """Planes and a background, and what each plane explains of each event.

    Attributes
    ----------
    planes : ndarray, shape (planes, COLUMNS)
    rows : list of ndarray of int
        Events of which a plane explains a part, by plane.
    intensity : list of ndarray
        Intensity of the plane at them, events per km^3.
    background : ndarray, shape (n,)
        Intensity of the background at each event.
    total : ndarray, shape (n,)
        Intensity of all.
    """

    planes: Floats
    rows: list[Integers]
    intensity: list[Floats]
    background: Floats
    total: Floats

    def shares(self, k: int) -> Floats:
        """Return which part of its events a plane explains."""
        part: Floats = self.intensity[k] / self.total[self.rows[k]]
        return part

    def in_order(self, order: Integers) -> Mixture:
        """Return the mixture of events of which these are rows ``order``, in their own order."""
        background, total = np.empty_like(self.background), np.empty_like(self.total)
        background[order], total[order] = self.background, self.total
        return Mixture(
            self.planes, [order[r] for r in self.rows], self.intensity, background, total
        )

    def log_likelihood(self, weights: Floats, background_events: float) -> float:
        """Return that of a Poisson process, without the constant for the number of events."""
        expected = background_events + self.planes[:, COUNT].sum()
        return float(weights @ np.log(self.total) - expected)


def mechanism_arrays(events: Hypocenters) -> tuple[Integers, Floats, Floats, Floats]:
    """Return the sets of mechanisms as compiled functions take them."""
    sets = events.mechanisms
    return sets.starts, sets.normals, sets.slips, sets.weights


def mix(events: Hypocenters, planes: Floats, background: Floats, model: PlaneModel) -> Mixture:
    """Return what given planes and a background explain of each event."""
    sets = mechanism_arrays(events)
    rows, intensity = [], []
    total = background.copy()
    for plane in planes:
        at, value = explain_events(
            plane, events.positions, events.covariances, background, model.nodes, sets, model.spread
        )
        rows.append(at)
        intensity.append(value)
        total[at] += value
    return Mixture(planes, rows, intensity, background, total)


def fit_mixture(
    events: Hypocenters,
    planes: Floats,
    volume: Floats,
    model: PlaneModel,
    iterations: int = 30,
    tolerance: float = 1e-3,
) -> Mixture:
    """Improve all planes and the background together; planes that explain too little go.

    Parameters
    ----------
    events : Hypocenters
    planes : ndarray, shape (planes, COLUMNS)
    volume : ndarray, shape (n,)
        Shape of the background at each event: its density, which integrates to 1, per km^3.
    model : PlaneModel
    iterations : int
        At most.
    tolerance : float
        Change of the log-likelihood at which to stop.
    """
    sets = mechanism_arrays(events)
    weights = events.weights
    whole = weights.sum()
    background_events = max(whole - planes[:, COUNT].sum(), 0.02 * whole) if len(planes) else whole
    mixture = mix(events, planes, background_events * volume, model)
    before = mixture.log_likelihood(weights, background_events)
    for _ in range(iterations):
        moved, kept = [], []
        for k, plane in enumerate(mixture.planes):
            shares = mixture.shares(k) * weights[mixture.rows[k]]
            if shares.sum() < model.least_events:
                continue
            new, _ = improve_plane(
                plane, mixture.rows[k], shares, events.positions, events.covariances,
                model.nodes, sets, (model.spread, model.prior),
            )  # fmt: skip
            moved.append(new)
            kept.append(k)
        background_events = max(float(weights @ (mixture.background / mixture.total)), 1e-3 * whole)
        died = len(kept) < len(mixture.planes)
        planes = np.array(moved).reshape(-1, COLUMNS)
        mixture = mix(events, planes, background_events * volume, model)
        after = mixture.log_likelihood(weights, background_events)
        if not died and abs(after - before) < tolerance:
            break
        before = after
    return mixture


def plane_gain(mixture: Mixture, k: int, weights: Floats) -> float:
    """Return by how much a plane raises the log-likelihood, the others as they are."""
    rows, value = mixture.rows[k], mixture.intensity[k]
    rest = np.maximum(mixture.total[rows] - value, 1e-300)
    return float(weights[rows] @ np.log(mixture.total[rows] / rest) - mixture.planes[k, COUNT])


def fit_alone(
    events: Hypocenters, plane: Floats, rest: Floats, model: PlaneModel, iterations: int
) -> tuple[Floats, Integers, Floats, float]:
    """Improve one plane on what the others explain, and return what it gains.

    Returns
    -------
    plane : ndarray, shape (COLUMNS,)
    rows : ndarray of int
    intensity : ndarray
    gain : float
        Rise of the log-likelihood; minus infinity where too few events are left.
    """
    sets = mechanism_arrays(events)
    at, value = _explain(events, plane, rest, model)
    gain = -np.inf
    for _ in range(iterations):
        shares = value / (rest[at] + value) * events.weights[at]
        if shares.sum() < 0.5 * model.least_events:
            return plane, at, value, -np.inf
        plane, _ = improve_plane(
            plane, at, shares, events.positions, events.covariances, model.nodes, sets,
            (model.spread, model.prior),
        )  # fmt: skip
        at, value = _explain(events, plane, rest, model)
        last = gain
        gain = float(events.weights[at] @ np.log1p(value / rest[at]) - plane[COUNT])
        if abs(gain - last) < 0.02:
            break
    return plane, at, value, gain


def fit_several(
    events: Hypocenters, planes: Floats, rest: Floats, model: PlaneModel, iterations: int
) -> tuple[Floats, float]:
    """Improve some planes together on what the others explain; return them and what they gain.

    The gain is minus infinity where one of them is left with too few events.
    """
    sets = mechanism_arrays(events)
    gain = -np.inf
    for _ in range(iterations):
        mixture = mix(events, planes, rest, model)
        last = gain
        gain = float(events.weights @ np.log(mixture.total / rest)) - planes[:, COUNT].sum()
        if abs(gain - last) < 0.05:
            break
        new = []
        for k, plane in enumerate(planes):
            shares = mixture.shares(k) * events.weights[mixture.rows[k]]
            if shares.sum() < model.least_events:
                return planes, -np.inf
            new.append(
                improve_plane(
                    plane, mixture.rows[k], shares, events.positions, events.covariances,
                    model.nodes, sets, (model.spread, model.prior),
                )[0]
            )  # fmt: skip
        planes = np.array(new)
    return planes, gain


def _explain(
    events: Hypocenters, plane: Floats, rest: Floats, model: PlaneModel
) -> tuple[Integers, Floats]:
    return explain_events(
        plane, events.positions, events.covariances, rest, model.nodes, mechanism_arrays(events),
        model.spread,
    )  # fmt: skip


def with_softness(events: Hypocenters, mixture: Mixture, model: PlaneModel) -> Mixture:
    """Return the fit with the softness of each plane's edges that fits best."""
    planes = mixture.planes.copy()
    for k in range(len(planes)):
        rest = mixture.total.copy()
        rest[mixture.rows[k]] -= mixture.intensity[k]
        rest = np.maximum(rest, 1e-300)
        tried = []
        for soft in (0.03, 0.1, 0.3, 0.6):
            plane = planes[k].copy()
            plane[SOFT] = soft
            tried.append(fit_alone(events, plane, rest, model, 8))
        planes[k] = max(tried, key=lambda t: t[3])[0]
    return mix(events, planes, mixture.background, model)


def make_plane(
    center: Floats, normal: Floats, half_sides: Floats, scale: float, count: float, soft: float
) -> Floats:
    """Return a plane as a row of numbers."""
    row = np.empty(COLUMNS)
    row[:3] = center
    row[NORMAL] = normal if normal[2] <= 0 else -normal
    row[LENGTH], row[WIDTH], row[SCALE] = *half_sides, scale
    row[SOFT], row[RAKE], row[COUNT] = soft, np.nan, count
    return row
