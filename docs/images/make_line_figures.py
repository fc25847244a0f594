"""Make the figures of ensemble tomography: two verifications, and a real line from its run.

    python docs/images/make_line_figures.py
    python docs/images/make_line_figures.py results/wide-angle v.in

The first makes the figures that need no data, the second that of a finished run beside its
published model. The same program gives the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from quakeloom.formats import read_rayinvr_model
from quakeloom.plots import (
    PAGE_WIDTH_IN,
    QUALITY_COLORS,
    SectionGrid,
    figure_to_png,
    new_figure,
    plot_velocity_sections,
    styled,
)
from quakeloom.tomography import (
    NetworkOptions,
    SamplerOptions,
    TravelTimeNetworks,
    VelocityCorrelation,
    line_verification,
    make_line_grid,
    make_velocity_prior,
    sample_ensemble,
)
from quakeloom.travel import solve_eikonal

INK = "#22262b"
HERE = Path(__file__).parent


@styled
def draw_verification() -> Figure:
    """Draw mean and standard deviation of the exact posterior and of three ensembles."""
    line = line_verification()
    x = line.distance_km
    figure = new_figure(PAGE_WIDTH_IN, 4.6)
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=(4, 3, 3))
    upper.fill_between(
        x,
        line.mean - line.standard_deviation,
        line.mean + line.standard_deviation,
        color=QUALITY_COLORS["D"],
        alpha=0.5,
        linewidth=0,
        label="exact, one standard deviation",
    )
    upper.plot(x, 0.25 + 0.02 * np.sin(2 * np.pi * x / 6), ":", color=INK, label="truth")
    for sampler, members, color in (
        ("rml", 4096, QUALITY_COLORS["A"]),
        ("psvgd", 256, QUALITY_COLORS["B"]),
        ("fsvgd", 64, "#b23a26"),
    ):
        found = sample_ensemble(sampler, line.problem, 1, np.arange(members), SamplerOptions())
        slowness = line.field.evaluate(found.white)
        error = (slowness.mean(axis=0) - line.mean) / line.standard_deviation
        ratio = slowness.std(axis=0, ddof=1) / line.standard_deviation
        upper.plot(x, slowness.mean(axis=0), color=color, label=f"{sampler}, {members} members")
        middle.plot(x, error, color=color)
        lower.plot(x, ratio, color=color)
        print(
            f"{sampler}, {members} members: largest error of the mean "
            f"{np.abs(error).max():.3f} standard deviations, standard deviation over exact "
            f"{ratio.min():.3f} to {ratio.max():.3f}, mean {ratio.mean():.3f}"
        )
    middle.axhspan(-0.3, 0.3, color=QUALITY_COLORS["F"], zorder=0)
    middle.axhline(0.0, color=INK, linewidth=0.6)
    middle.set_ylim(-0.5, 0.5)
    middle.set_ylabel("Error of the mean / s.d.")
    lower.axhspan(0.8, 1.2, color=QUALITY_COLORS["F"], zorder=0)
    lower.axhline(1.0, color=INK, linewidth=0.6)
    lower.set_ylim(0.5, 1.3)
    lower.set_ylabel("S.d. / exact")
    lower.set_xlabel("Distance (km)")
    upper.set_ylabel("Slowness (s/km)")
    upper.legend(ncols=3, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    return figure


PARTICLES = 4
GATE = 3e-3


def network_errors(steps: int) -> np.ndarray:
    """Train networks of four sections for so many steps; relative errors (particle, time)."""
    grid = make_line_grid((0, 24), (0, 6), (0.2, 0.2))
    prior = make_velocity_prior(grid, [[0, 3.0], [6, 5.4]], 0.3, VelocityCorrelation((1.5, 5.0)))
    draws = np.random.default_rng(3).standard_normal((PARTICLES, prior.field.size))
    at_nodes = grid.interpolation(prior.below_ground_km, prior.distance_km)
    velocities = np.stack(
        [(at_nodes @ prior.field.evaluate(w).ravel()).reshape(grid.shape) for w in draws]
    )
    x = np.arange(1.0, 24.0, 1.0)
    shots = np.column_stack([np.zeros(4), [1.5, 8.5, 15.5, 22.5]])
    pairs = [(s, r) for s in shots for r in np.column_stack([np.zeros(x.size), x])]
    sources, points = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    options = NetworkOptions(steps=steps, batch=256, width=48)
    networks = TravelTimeNetworks(grid.depth_km, grid.distance_km, shots, PARTICLES, 1, options)
    networks.set_velocities(velocities)
    networks.train()
    exact = np.empty((PARTICLES, len(pairs)))
    for k, velocity in enumerate(velocities):
        for shot in shots:
            rows = (sources == shot).all(axis=1)
            exact[k, rows] = solve_eikonal(velocity, 0.2, shot).times_at(points[rows])
    scale = np.sqrt(np.mean(exact**2, axis=1, keepdims=True))
    return (networks.times(points, sources) - exact) / scale


@styled
def draw_networks() -> Figure:
    """Draw the difference of networks from the solver over training, and its histogram."""
    figure = new_figure(PAGE_WIDTH_IN, 2.6)
    left, right = figure.subplots(1, 2)
    trainings = (100, 300, 900)
    errors = [network_errors(n) for n in trainings]
    rms = np.array([np.sqrt(np.mean(e**2, axis=1)) for e in errors])
    left.loglog(trainings, 100 * rms, "o-", color=QUALITY_COLORS["A"], markersize=3)
    left.axhline(100 * GATE, color="#b23a26", linestyle=":")
    left.set_xticks(trainings, [str(n) for n in trainings])
    left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    left.yaxis.set_major_formatter("{x:g}")
    left.minorticks_off()
    left.set_xlabel("Training steps")
    left.set_ylabel("Difference from the solver, rms (%)")
    right.hist(100 * errors[-1].ravel(), 40, color="#5b7f95")
    right.axvline(0, color=INK, linewidth=0.6)
    right.set_xlabel("Difference of single times (% of rms time)")
    right.set_ylabel("Times")
    print("network errors, %, by steps and particle:", np.round(100 * rms, 3).tolist())
    return figure


def draw_line(run: Path, model: Path) -> Figure:
    """Draw the mean of a finished line, the published model, and one member."""
    with xr.open_dataset(run / "sections.nc", engine="scipy") as data:
        v = {str(n): data[n].to_numpy().astype(float) for n in data.variables}
    with xr.open_zarr(run / "ensemble.zarr", consolidated=False) as ensemble:
        member = ensemble["p_velocity"][0].to_numpy().astype(float)
    published = read_rayinvr_model(model).evaluate(v["depth"][:, None], v["distance"][None, :])
    rock = np.isfinite(v["mean"])
    panels = {
        "Mean of the ensemble": v["mean"],
        "Published model": np.where(rock, published, np.nan),
        "One member": np.where(rock, member, np.nan),
    }
    return plot_velocity_sections(SectionGrid(v["depth"], v["distance"], v["ground_depth"]), panels)


def make_verifications() -> None:
    """Make the figures that need no data."""
    (HERE / "line-networks.png").write_bytes(figure_to_png(draw_networks(), 110))
    (HERE / "line-verification.png").write_bytes(figure_to_png(draw_verification(), 120))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        made = draw_line(Path(sys.argv[1]), Path(sys.argv[2]))
        (HERE / f"line-{Path(sys.argv[1]).name}.png").write_bytes(figure_to_png(made, 100))
    else:
        make_verifications()
