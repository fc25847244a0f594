"""A simulated sea floor: fractal ground with the forms that tectonics and sediment make.

Every area has a name, and a name with a seed gives the same ground always. Depths are meters,
positive down, as means of square cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import erf

from quakeloom.core import InputError, random_stream

Floats = NDArray[np.float64]

FORMS = ("hills", "faults", "volcanoes", "canyons", "slides", "ripples")
"""Forms that an area may have beside its fractal ground."""

_DEPTH_M = (800.0, 5500.0)
"""Least and largest mean depth of an area; chosen here: below the shelf, above the trenches."""

_HURST = (0.55, 1.0)
"""Range of the Hurst exponent of the ground: sea floor has 0.5 to 1 (Goff & Jordan 1988)."""

_RELIEF_M = (5.0, 120.0)
"""Range of the standard deviation of the fractal ground; the large end is that of fast and slow
ridges' flanks (Goff & Jordan 1988), the small one of sediment; log-uniform."""

_CORNER_M = (1000.0, 12000.0)
"""Range of the wavelength above which the spectrum is flat, log-uniform."""

_LIKELY = 0.45
"""Probability that a form is present in an area; chosen here: two or three of six."""


@dataclass(frozen=True)
class Terrain:
    """A simulated area.

    Attributes
    ----------
    depth_m : ndarray, shape (rows, columns)
        Positive down.
    spacing_m : float
        Side of a cell.
    forms : tuple of str
        Forms that it has, of :data:`FORMS`.
    """

    depth_m: Floats
    spacing_m: float
    forms: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Frame:
    """Coordinates of the middles of cells in meters, and the stream of an area."""

    north: Floats
    east: Floats
    spacing: float
    rng: np.random.Generator

    @property
    def side(self) -> float:
        return float(max(np.ptp(self.north), np.ptp(self.east))) + self.spacing

    def across(self, azimuth: float) -> Floats:
        """Distance along a direction, in radians clockwise from north."""
        return np.asarray(self.north * np.cos(azimuth) + self.east * np.sin(azimuth))

    def point(self) -> tuple[float, float]:
        """A random place (north, east)."""
        n, e = (self.rng.uniform(float(v.min()), float(v.max())) for v in (self.north, self.east))
        return n, e


def simulate_terrain(
    shape: tuple[int, int],
    spacing_m: float,
    seed: int,
    name: str,
    forms: tuple[str, ...] | None = None,
) -> Terrain:
    """Simulate an area of sea floor.

    Parameters
    ----------
    shape : (int, int)
        Rows (to the north) and columns (to the east).
    spacing_m : float
        Side of a cell in m.
    seed : int
        Root seed.
    name : str
        Name of the area; areas of different names have nothing in common.
    forms : tuple of str, optional
        Forms to put in, of :data:`FORMS`; each is there by chance without it.

    Raises
    ------
    InputError
        If a form is unknown, or the area or its cells have no size.
    """
    unknown = sorted(set(forms or ()) - set(FORMS))
    if unknown or min(shape) < 2 or not spacing_m > 0:
        raise InputError(
            f"An area of {shape[0]} x {shape[1]} cells of {spacing_m:g} m with forms "
            f"{', '.join(forms or ()) or 'by chance'} cannot be simulated. Nothing was made; take "
            f"two cells or more, and forms of {', '.join(FORMS)}."
        )
    rng = random_stream(seed, "terrain", name)
    north, east = np.meshgrid(
        (np.arange(shape[0]) + 0.5) * spacing_m, (np.arange(shape[1]) + 0.5) * spacing_m,
        indexing="ij",
    )  # fmt: skip
    frame = _Frame(north, east, spacing_m, rng)
    wanted = tuple(f for f in FORMS if rng.uniform() < _LIKELY) if forms is None else forms
    up = _fractal(frame, _log_uniform(rng, *_RELIEF_M))
    for form in FORMS:
        if form in wanted:
            up = _MAKERS[form](frame, up)
    if rng.uniform() < 0.3:
        # ground under sediment or mapped from far above: its finest forms are smoothed
        up = gaussian_filter(up, rng.uniform(0.4, 1.5), mode="nearest")
    slope, azimuth = rng.uniform(0.0, 0.05), rng.uniform(0, 2 * np.pi)
    up = up + slope * frame.across(azimuth)
    depth = rng.uniform(*_DEPTH_M) - (up - up.mean())
    return Terrain(depth, spacing_m, tuple(f for f in FORMS if f in wanted))


def add_ship_noise(terrain: Terrain, level: float, seed: int, name: str) -> Floats:
    """Return the depths as a ship would map them, with noise along its tracks.

    Each swath has an offset of its own, heave along the track, a bow across it (wrong sound
    speed), and noise that grows to its edges.

    Parameters
    ----------
    terrain : Terrain
    level : float
        Standard deviation of a sounding at the middle of the swath over the depth, such as 0.001.
    seed, name : int and str
        As those of the area.

    Returns
    -------
    ndarray
        Depths in m.
    """
    rng = random_stream(seed, "ship", name)
    z = terrain.depth_m
    rows, columns = z.shape
    width = int(rng.integers(20, 60))  # cells of a swath
    sigma = level * float(z.mean())
    column = np.arange(columns) + int(rng.integers(width))
    swath, place = column // width, 2.0 * (column % width + 0.5) / width - 1.0
    offset = 0.5 * sigma * rng.standard_normal(int(swath.max()) + 1)
    heave = gaussian_filter(rng.standard_normal((rows, int(swath.max()) + 1)), (1.0, 0.0))
    bow = rng.uniform(-1.5, 1.5) * sigma * (place**2 - 1 / 3)
    noise = sigma * (1 + 2 * place**2) * rng.standard_normal(z.shape)
    return np.asarray(z + offset[swath] + 0.7 * sigma * heave[:, swath] + bow + noise)


def blend_tracks(terrain: Terrain, seed: int, name: str) -> Floats:
    """Return the depths as global compilations have them: fine along tracks, smooth between.

    Between the tracks of ships the ground is known from gravity alone, whose finest waves the
    water above it takes away.

    Parameters
    ----------
    terrain : Terrain
    seed, name : int and str
        As those of the area.

    Returns
    -------
    ndarray
        Depths in m.
    """
    rng = random_stream(seed, "tracks", name)
    z = terrain.depth_m
    smooth = gaussian_filter(z, rng.uniform(1.2, 3.0), mode="nearest")
    y, x = np.mgrid[: z.shape[0], : z.shape[1]].astype(float)
    near = np.zeros(z.shape)
    for _ in range(int(rng.integers(2, 12))):
        azimuth = rng.uniform(0, np.pi)
        r, c = rng.uniform(0, z.shape[0]), rng.uniform(0, z.shape[1])
        across = np.abs(-(y - r) * np.sin(azimuth) + (x - c) * np.cos(azimuth))
        near = np.maximum(near, np.exp(-((across / rng.uniform(1.0, 6.0)) ** 2)))
    return np.asarray(smooth + near * (z - smooth))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _field(
    frame: _Frame, deviation: float, hurst: float, corner_m: float, aspect: float, azimuth: float
) -> Floats:
    """Von Karman field (Goff & Jordan 1988) of given standard deviation, cut out of a larger one.

    ``aspect`` stretches it along the direction ``azimuth``.
    """
    rows, columns = (int(n * 1.25) + 8 for n in frame.north.shape)
    ky, kx = np.meshgrid(
        np.fft.fftfreq(rows, frame.spacing), np.fft.rfftfreq(columns, frame.spacing), indexing="ij"
    )
    along = (ky * np.cos(azimuth) + kx * np.sin(azimuth)) * aspect
    across = -ky * np.sin(azimuth) + kx * np.cos(azimuth)
    amplitude = ((along**2 + across**2) * corner_m**2 + 1.0) ** (-0.5 * (hurst + 1.0))
    amplitude[0, 0] = 0.0
    white = np.fft.rfft2(frame.rng.standard_normal((rows, columns)))
    z = np.fft.irfft2(white * amplitude, (rows, columns))
    z = z[: frame.north.shape[0], : frame.north.shape[1]]
    return np.asarray(z * deviation / max(float(z.std()), 1e-12))


def _fractal(frame: _Frame, deviation: float) -> Floats:
    rng = frame.rng
    aspect = _log_uniform(rng, 1.0, 3.0)
    return _field(frame, deviation, rng.uniform(*_HURST), _log_uniform(rng, *_CORNER_M), aspect,
                  rng.uniform(0, np.pi))  # fmt: skip


def _hills(frame: _Frame, up: Floats) -> Floats:
    """Abyssal hills: stretched along the ridge, steep towards it."""
    rng = frame.rng
    azimuth = rng.uniform(0, np.pi)
    hills = _field(frame, 1.0, rng.uniform(0.8, 1.0), _log_uniform(rng, 600, 4000),
                   rng.uniform(3, 9), azimuth)  # fmt: skip
    # Faulted hills: the steps between terraces are sharper than a Gaussian field has them.
    steps = np.tanh(rng.uniform(0.5, 3.0) * hills)
    return up + _log_uniform(rng, 10, 120) * steps


def _faults(frame: _Frame, up: Floats) -> Floats:
    """Scarps with an offset that dies out towards both ends, a set of one strike."""
    rng = frame.rng
    strike = rng.uniform(0, np.pi)
    for _ in range(int(rng.integers(2, 9))):
        own = strike + rng.normal(0, 0.15)
        n0, e0 = frame.point()
        across = -(frame.north - n0) * np.sin(own) + (frame.east - e0) * np.cos(own)
        along = (frame.north - n0) * np.cos(own) + (frame.east - e0) * np.sin(own)
        length = frame.side * rng.uniform(0.3, 2.0)
        bend = rng.uniform(-0.1, 0.1) * length * np.cos(np.pi * along / length)
        taper = np.sqrt(np.clip(1 - (2 * along / length) ** 2, 0, None))
        width = _log_uniform(rng, 20, 200)
        throw = _log_uniform(rng, 10, 200) * rng.choice([-1, 1])
        reach = rng.uniform(0.1, 0.6) * length
        side = 0.5 * erf((across - bend) / width)
        up = up + throw * taper * side * np.exp(-np.abs(across - bend) / reach)
    return up


def _volcanoes(frame: _Frame, up: Floats) -> Floats:
    """Cones with flat tops or craters, from knolls to seamounts."""
    rng = frame.rng
    for _ in range(int(rng.integers(1, 12))):
        n0, e0 = frame.point()
        radius = _log_uniform(rng, 150, 2500)
        height = radius * rng.uniform(0.08, 0.35)
        turn, squeeze = rng.uniform(0, np.pi), rng.uniform(0.6, 1.0)
        a = (frame.north - n0) * np.cos(turn) + (frame.east - e0) * np.sin(turn)
        b = -(frame.north - n0) * np.sin(turn) + (frame.east - e0) * np.cos(turn)
        r = np.hypot(a, b / squeeze) / radius
        flat = rng.uniform(0.0, 0.4)
        cone = np.clip((1 - r) / (1 - flat), 0.0, 1.0)
        crater = rng.uniform(0, 0.4) * np.exp(-((r / max(0.8 * flat, 0.05)) ** 2))
        up = up + height * (cone - crater * (cone > 0))
    return up


def _canyons(frame: _Frame, up: Floats) -> Floats:
    """Winding valleys with steep walls and a flat floor."""
    rng = frame.rng
    for _ in range(int(rng.integers(1, 4))):
        azimuth = rng.uniform(0, np.pi)
        n0, e0 = frame.point()
        along = (frame.north - n0) * np.cos(azimuth) + (frame.east - e0) * np.sin(azimuth)
        across = -(frame.north - n0) * np.sin(azimuth) + (frame.east - e0) * np.cos(azimuth)
        wind = np.zeros_like(along)
        for wave in (6.0, 2.5, 1.0):
            size = _log_uniform(rng, 400, 1500) * wave
            wind += 0.12 * size * np.sin(2 * np.pi * along / size + rng.uniform(0, 2 * np.pi))
        width = _log_uniform(rng, 100, 900)
        wall = np.abs(across - wind) / width
        deep = _log_uniform(rng, 15, 150)
        up = up - deep * (1 - np.clip(wall, rng.uniform(0.05, 0.5), 1.0) ** rng.uniform(0.7, 2))
    return up


def _slides(frame: _Frame, up: Floats) -> Floats:
    """Scars of slides: a steep head wall, a smooth floor, blocks below."""
    rng = frame.rng
    for _ in range(int(rng.integers(1, 3))):
        n0, e0 = frame.point()
        down = rng.uniform(0, 2 * np.pi)
        along = (frame.north - n0) * np.cos(down) + (frame.east - e0) * np.sin(down)
        across = -(frame.north - n0) * np.sin(down) + (frame.east - e0) * np.cos(down)
        width = _log_uniform(rng, 400, 3000)
        head = width * (across / width) ** 2
        inside = 0.25 * (1 + np.tanh((along - head) / 60)) * (
            1 + np.tanh((width - np.abs(across)) / 80)
        )  # fmt: skip
        run = np.clip((along - head) / (4 * width), 0, 1)
        smooth = gaussian_filter(up, 3.0, mode="nearest")
        blocks = _field(frame, 1.0, 0.4, 300, 1, 0) * _log_uniform(rng, 0.5, 10)
        deep = _log_uniform(rng, 10, 120)
        up = up * (1 - inside) + inside * (smooth - deep * (1 - run) + run * blocks)
    return up


def _ripples(frame: _Frame, up: Floats) -> Floats:
    """Sediment waves: crests that wind, end and change their height."""
    rng = frame.rng
    azimuth = rng.uniform(0, np.pi)
    length = _log_uniform(rng, 130, 900)
    warp = _field(frame, rng.uniform(0.1, 0.8), 1.0, 6 * length, 1.0, 0.0)
    phase = 2 * np.pi * (frame.across(azimuth) / length + warp)
    crest = np.sin(phase) + rng.uniform(0, 0.35) * np.sin(2 * phase + 1.2)
    patch = _field(frame, 1.0, 1.0, 8 * length, 1.0, 0.0)
    height = length * rng.uniform(0.005, 0.04)
    return np.asarray(up + height * crest / (1 + np.exp(-3 * patch)))


_MAKERS = {
    "hills": _hills, "faults": _faults, "volcanoes": _volcanoes, "canyons": _canyons,
    "slides": _slides, "ripples": _ripples,
}  # fmt: skip
"""The function of every form: takes the frame and the height so far, returns the new height."""
