"""Travel times by physics-informed networks, one per particle, trained together.

The only module that needs torch, which is imported where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import QuakeloomError, random_stream
from quakeloom.inference import robust_weights
from quakeloom.tomography._line_grid import bracket_nodes
from quakeloom.tomography._refraction import RefractionProblem


def import_torch() -> Any:
    """Import torch, or say how to get it.

    Raises
    ------
    QuakeloomError
        If it is not installed.
    """
    try:
        import torch
    except ImportError:
        raise QuakeloomError(
            "The travel-time networks need torch, which is not installed. Nothing was trained; "
            "install quakeloom[networks], or use the eikonal solver (sampler `rml`)."
        ) from None
    return torch


@dataclass(frozen=True)
class NetworkOptions:
    """Sizes and training of the networks.

    Attributes
    ----------
    features : int
        Random Fourier features of source and receiver.
    width, layers : int
        Hidden layers.
    length_share : float
        Scale of the features' wavelengths, as a share of the section.
    batch : int
        Collocation points per step, a third of them near sources.
    steps : int
        Steps of the first training; later ones are given.
    rate : float
        First rate of Adam, falling as a cosine.
    """

    features: int = 32
    width: int = 64
    layers: int = 3
    length_share: float = 0.5
    batch: int = 512
    steps: int = 1000
    rate: float = 5e-3


@dataclass
class TravelTimeNetworks:
    r"""Factored travel times :math:`T = r\,u_\theta(x, x_s)` of a batch of velocity sections.

    :math:`u` is kept between the least and the largest slowness by a sigmoid, so every
    network is causal. Trained on the relative residual :math:`|\nabla T|\,v - 1` at random
    points and sources of the section, all particles at once (``torch.func.vmap``), on the GPU
    where there is one. Sources and receivers are inputs: no network per shot.

    Attributes
    ----------
    depth_km, distance_km : ndarray
        Coordinates of the velocity's nodes.
    sources_km : ndarray, (n, 2)
        Depth and distance of all sources.
    particles : int
    seed : int
        Of weights, features and collocation points.
    options : NetworkOptions
    """

    depth_km: NDArray[np.float64]
    distance_km: NDArray[np.float64]
    sources_km: NDArray[np.float64]
    particles: int
    seed: int = 0
    options: NetworkOptions = field(default_factory=NetworkOptions)

    def __post_init__(self) -> None:
        torch = import_torch()
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        o = self.options
        rng = random_stream(self.seed, "travel_time_networks")
        size = np.array(
            [self.depth_km[-1] - self.depth_km[0], self.distance_km[-1] - self.distance_km[0]]
        )
        scale = np.concatenate([size, size]) * o.length_share
        wave = rng.standard_normal((4, o.features)) / scale[:, None]
        self._waves = self._tensor(wave)
        self._low = self._tensor([self.depth_km[0], self.distance_km[0]])
        self._size = self._tensor(size)
        widths = [2 * o.features + 4, *[o.width] * o.layers, 1]
        self._weights = {}
        for k, (n, m) in enumerate(pairwise(widths)):
            w = rng.standard_normal((self.particles, n, m)) / np.sqrt(n)
            self._weights[f"w{k}"] = self._tensor(w * (0.1 if m == 1 else 1.0))
            self._weights[f"b{k}"] = self._tensor(np.zeros((self.particles, m)))
        for w in self._weights.values():
            w.requires_grad_(True)
        self._rng = rng
        self._velocity: Any = None

    def _tensor(self, values: Any) -> Any:
        torch = import_torch()
        array = np.array(values, dtype=np.float32)
        return torch.as_tensor(array).to(self._device)

    def _network(self, weights: Any, x: Any, s: Any, bounds: Any) -> Any:
        """Apparent slowness at points x for sources s, (n, 2) each, of one particle."""
        torch = import_torch()
        pair = torch.cat([(x - self._low) / self._size, (s - self._low) / self._size], -1)
        phase = torch.cat([x - self._low, s - self._low], -1) @ self._waves
        h = torch.cat([pair, torch.sin(phase), torch.cos(phase)], -1)
        last = self.options.layers
        for k in range(last):
            h = torch.nn.functional.silu(h @ weights[f"w{k}"] + weights[f"b{k}"])
        out = (h @ weights[f"w{last}"] + weights[f"b{last}"])[..., 0]
        return bounds[0] + (bounds[1] - bounds[0]) * torch.sigmoid(out)

    def _slope(self, weights: Any, x: Any, s: Any, bounds: Any) -> tuple[Any, Any]:
        """Apparent slowness and gradient of the travel time, (n,) and (n, 2)."""
        torch = import_torch()
        offset = x - s
        r = torch.sqrt((offset**2).sum(-1) + 1e-12)
        u = None
        parts = []
        for axis in range(2):
            direction = torch.zeros_like(x)
            direction[..., axis] = 1.0
            u, du = torch.func.jvp(
                lambda p: self._network(weights, p, s, bounds), (x,), (direction,)
            )
            parts.append(offset[..., axis] / r * u + r * du)
        return u, torch.stack(parts, -1)

    def set_velocities(self, velocities: NDArray[np.float64]) -> None:
        """Give the particles their sections, (particles, depth, distance), km/s."""
        self._velocity = self._tensor(velocities)
        low = 1.0 / velocities.max(axis=(1, 2)) * 0.98
        high = 1.0 / velocities.min(axis=(1, 2)) * 1.02
        self._bounds = self._tensor(np.column_stack([low, high]))

    def train(self, steps: int | None = None, rate: float | None = None) -> float:
        """Train all networks for their present velocities; return the last residual (rms).

        Weights are kept, so after a small change of the velocities few steps are enough.
        """
        torch = import_torch()
        steps = self.options.steps if steps is None else steps
        rate = self.options.rate if rate is None else rate
        optimizer = torch.optim.Adam(list(self._weights.values()), rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, rate * 1e-2)

        def residual(weights: Any, velocity: Any, bounds: Any, x: Any, s: Any) -> Any:
            _, gradient = self._slope(weights, x, s, bounds)
            v = _interpolate(velocity, (x - self._low) / self._size)
            return torch.sqrt((gradient**2).sum(-1) + 1e-12) * v - 1.0

        batched = torch.func.vmap(residual, (0, 0, 0, None, None))
        last = float("nan")
        for _ in range(steps):
            x, s = self._collocation()
            found = batched(self._weights, self._velocity, self._bounds, x, s)
            # every particle has its own weights, so a sum trains each as if it were alone
            loss = (found**2).mean(-1).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            last = float(loss.detach()) / self.particles
        return float(np.sqrt(last))

    def _collocation(self) -> tuple[Any, Any]:
        n = self.options.batch
        s = self.sources_km[self._rng.integers(len(self.sources_km), size=n)]
        low = np.array([self.depth_km[0], self.distance_km[0]])
        high = np.array([self.depth_km[-1], self.distance_km[-1]])
        x = self._rng.uniform(low, high, (n, 2))
        near = n // 3
        x[:near] = s[:near] + (x[:near] - s[:near]) * self._rng.uniform(0, 0.3, (near, 1))
        return self._tensor(x), self._tensor(s)

    def times(
        self, points_km: NDArray[np.float64], sources_km: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return travel times in s, (particles, n), of pairs of points and sources."""
        torch = import_torch()
        x, s = self._tensor(points_km), self._tensor(sources_km)
        with torch.no_grad():
            u = torch.func.vmap(self._network, (0, None, None, 0))(
                self._weights, x, s, self._bounds
            )
        r = np.linalg.norm(np.asarray(points_km) - np.asarray(sources_km), axis=1)
        return np.asarray(np.asarray(u.cpu().numpy(), dtype=np.float64) * r)

    def rays(
        self, points_km: NDArray[np.float64], sources_km: NDArray[np.float64], nodes: int = 80
    ) -> NDArray[np.float64]:
        """Trace rays from points back to their sources, (particles, n, nodes, 2).

        Midpoint steps against the gradient of the travel time, each a fixed share of what is
        left of the straight way, so all rays end at their sources.
        """
        torch = import_torch()
        s = self._tensor(sources_km)
        x = self._tensor(points_km).expand(self.particles, -1, -1).clone()
        high = self._low + self._size
        slope = torch.func.vmap(lambda w, p, b: self._slope(w, p, s, b)[1], (0, 0, 0))
        path = [x]
        with torch.no_grad():
            for k in range(nodes - 2):
                left = torch.sqrt(((x - s) ** 2).sum(-1, keepdim=True))
                step = left / (nodes - 1 - k)
                g = slope(self._weights, x, self._bounds)
                middle = x - 0.5 * step * g / torch.sqrt((g**2).sum(-1, keepdim=True))
                middle = torch.minimum(torch.maximum(middle, self._low), high)
                g = slope(self._weights, middle, self._bounds)
                x = x - step * g / torch.sqrt((g**2).sum(-1, keepdim=True))
                x = torch.minimum(torch.maximum(x, self._low), high)
                path.append(x)
        path.append(s.expand(self.particles, -1, -1))
        return np.asarray(torch.stack(path, 2).cpu().numpy(), dtype=np.float64)


@dataclass
class NetworkScores:
    """Scores of particles for Stein descent, with networks in place of the eikonal solver.

    Call it with white coordinates (particles, size): the networks are trained on for the new
    velocities, travel times are read off, rays are traced, and Fermat's principle gives the
    derivative by velocity, ``dT / dv = -dl / v^2`` along the ray.

    At the first call and at every ``gate_every``-th the times of all picks are held against the
    eikonal solver. Networks that differ by more than ``gate`` are trained on, all together, and
    where that does not help nothing is returned.

    Attributes
    ----------
    problem : RefractionProblem
    networks : TravelTimeNetworks
    inner_steps : int
        Training steps at every call after the first.
    degrees_of_freedom : float or None
    gate : float
        Largest root mean square difference from the solver, as a share of the root mean square
        time, that a particle may have.
    gate_every : int
        Calls from one comparison to the next.
    rounds : int
        Trainings as long as the first that a failing comparison may ask for.
    errors : ndarray, (particles,)
        What the last comparison found.
    """

    problem: RefractionProblem
    networks: TravelTimeNetworks
    inner_steps: int = 50
    degrees_of_freedom: float | None = None
    gate: float = 3e-3
    gate_every: int = 10
    rounds: int = 3
    errors: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    _calls: int = 0

    def __call__(self, white: NDArray[np.float64]) -> NDArray[np.float64]:
        problem, networks = self.problem, self.networks
        networks.set_velocities(np.stack([problem.velocity(w) for w in white]))
        first = self._calls == 0
        networks.train(
            None if first else self.inner_steps, networks.options.rate * (1.0 if first else 0.2)
        )
        if self._calls % self.gate_every == 0:
            self._pass_gate(white)
        self._calls += 1
        picks = problem.picks
        times = networks.times(picks.receivers_km, picks.shots_km)
        paths = networks.rays(picks.receivers_km, picks.shots_km)
        out = np.empty_like(white)
        for k, w in enumerate(white):
            residual = (times[k] - problem.data) / problem.sigma
            weight, _ = robust_weights(residual, self.degrees_of_freedom)
            by_slowness = self._along(paths[k], -weight * residual / problem.sigma)
            out[k] = problem.pull_slowness(w, by_slowness) - w
        return out

    def _pass_gate(self, white: NDArray[np.float64]) -> None:
        """Train until every particle's times are those of the solver, or refuse."""
        picks, networks = self.problem.picks, self.networks
        exact = np.stack([self.problem.predict(w) for w in white])
        for made in range(self.rounds + 1):
            times = networks.times(picks.receivers_km, picks.shots_km)
            self.errors = relative_rms(times, exact)
            failing = int((self.errors > self.gate).sum())
            if not failing:
                return
            if made < self.rounds:
                networks.train(None, networks.options.rate * 0.5)
        raise QuakeloomError(
            f"Travel-time networks of {failing} of {len(white)} particles differ from the eikonal "
            f"solver by up to {100 * self.errors.max():.2g} % (root mean square; "
            f"{100 * self.gate:.2g} % is allowed) after {self.rounds + 1} trainings of "
            f"{networks.options.steps} steps. Their scores would be wrong, so no particle was "
            "moved. Write `tomography.travel_times: eikonal`; a sea floor, a steep topography or "
            "a thin layer is more than networks of this size can follow."
        )

    def _along(
        self, paths: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Sum of weighted ray lengths at the nodes: the derivative by their slowness."""
        grid = self.problem.grid
        length = np.linalg.norm(np.diff(paths, axis=1), axis=2) * weights[:, None]
        middle = 0.5 * (paths[:, 1:] + paths[:, :-1])
        i, a = bracket_nodes(grid.depth_km, middle[..., 0].ravel())
        j, b = bracket_nodes(grid.distance_km, middle[..., 1].ravel())
        total = np.zeros(grid.shape)
        flat = length.ravel()
        for di, wi in ((0, 1 - a), (1, a)):
            for dj, wj in ((0, 1 - b), (1, b)):
                np.add.at(total, (i + di, j + dj), flat * wi * wj)
        return total


def relative_rms(times: NDArray[np.float64], exact: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square difference over the root mean square time, per row."""
    return np.asarray(np.sqrt(np.mean((times - exact) ** 2, axis=1) / np.mean(exact**2, axis=1)))


def _interpolate(velocity: Any, share: Any) -> Any:
    """Bilinear interpolation of one section at positions given as shares of its size."""
    nz, nx = velocity.shape
    z, x = share[..., 0].clamp(0, 1) * (nz - 1), share[..., 1].clamp(0, 1) * (nx - 1)
    i, j = z.floor().clamp(max=nz - 2).long(), x.floor().clamp(max=nx - 2).long()
    a, b = z - i, x - j
    flat = velocity.reshape(-1)
    k = i * nx + j
    upper = (1 - b) * flat[k] + b * flat[k + 1]
    lower = (1 - b) * flat[k + nx] + b * flat[k + nx + 1]
    return (1 - a) * upper + a * lower
