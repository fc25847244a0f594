"""Held-out events of recorded catalogs: log score of found planes beside three baselines.

Every fifth event is kept aside in turn, and its place is predicted from the others; the score is
the mean logarithm of the density, per km^3. All methods see the same folds, the same even
background over the hull of the whole catalog, and default settings: nothing is chosen by these
scores, but the number of the Gaussian mixture's components, which is the best of those tried on
the same folds, in the baseline's favor. Errors are between folds.

Catalogs are files of hypoDD (or that layout with semicolons), or lines of time, latitude,
longitude, depth and magnitude (``.ctlg``), whose errors are taken as 0.1 km and 0.2 km in depth.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.cluster import HDBSCAN
from sklearn.mixture import GaussianMixture

from quakeloom.faults import (
    COUNT,
    FaultOptions,
    PlaneModel,
    density_elsewhere,
    find_faults,
    make_hypocenters,
    mix,
)
from quakeloom.faults._background import hull_volume

FOLDS = 5
COMPONENTS = (1, 2, 4, 8, 16, 32)
"""Numbers of components that the Gaussian mixture is tried with."""


def read_catalog(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return places (north, east, down) and standard errors along these axes, km."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if path.suffix == ".ctlg":
        rows = np.array([[float(v) for v in line.split(",")[1:4]] for line in lines])
        north = (rows[:, 0] - rows[:, 0].mean()) * 111.19
        east = (rows[:, 1] - rows[:, 1].mean()) * 111.19 * np.cos(np.radians(rows[:, 0].mean()))
        places = np.stack([north, east, rows[:, 2]], axis=1)
        return places, np.tile([0.1, 0.1, 0.2], (len(places), 1))
    rows = []
    for line in lines:
        words = line.split(";") if ";" in line else line.split()
        try:
            rows.append([float(v) for v in words[4:10]])
        except ValueError:
            continue  # a line of titles
    east, north, down, *errors = np.array(rows).T / 1000.0
    places = np.stack([north, east, down], axis=1)
    return places, np.maximum(np.stack([errors[1], errors[0], errors[2]], axis=1), 1e-3)


def score_planes(train, test, volume: float, clusters: bool) -> tuple[np.ndarray, int]:
    """Return the log density of planes found in ``train`` at ``test``, and how many there are."""
    options = FaultOptions(starts=1, nulls=0, draws=0, clusters=clusters)
    found = find_faults(train, [str(i) for i in range(len(train))], options)
    even = np.full(len(test), 1.0 / volume)
    if clusters:
        even = density_elsewhere(test.positions, train, found.background)
    others = float((found.mixture.background / found.mixture.total).sum())
    whole = others + found.planes[:, COUNT].sum() if len(found.planes) else others
    mixture = mix(test, found.planes, others * even, options.model)
    return np.log(mixture.total / whole), len(found.planes)


def score_gaussians(train, test, volume: float, count: int) -> np.ndarray:
    """Return that of a Gaussian mixture with a background of a twentieth."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = GaussianMixture(count, reg_covar=1e-5, n_init=3, random_state=0).fit(train.positions)
    return np.log(0.95 * np.exp(fit.score_samples(test.positions)) + 0.05 / volume)


def score_groups(train, test, volume: float, labels: np.ndarray) -> np.ndarray:
    """Return that of one Gaussian slab a group and an even background for events in none."""
    density = np.full(len(test), max((labels < 0).mean(), 0.05) / volume)
    for label in range(labels.max() + 1):
        own = train.positions[labels == label]
        if len(own) < 8:
            continue
        fit = GaussianMixture(1, reg_covar=1e-5).fit(own)
        density += (labels == label).mean() * np.exp(fit.score_samples(test.positions))
    return np.log(density)


def measure(path: Path) -> dict[str, float]:
    """Return the scores of every method on one catalog, with the errors of ours."""
    places, errors = read_catalog(path)
    volume = hull_volume(places)
    fold = np.random.default_rng(0).permutation(len(places)) % FOLDS
    names = ("even", "clusters", "hdbscan", "one", *COMPONENTS)
    scores = {name: np.empty(len(places)) for name in names}
    numbers = []
    for k in range(FOLDS):
        at = fold == k
        train = make_hypocenters(places[~at], errors[~at])
        test = make_hypocenters(places[at], errors[at])
        scores["even"][at], number = score_planes(train, test, volume, False)
        scores["clusters"][at], _ = score_planes(train, test, volume, True)
        groups = HDBSCAN(min_cluster_size=15, copy=True).fit_predict(train.positions)
        scores["hdbscan"][at] = score_groups(train, test, volume, groups)
        scores["one"][at] = score_groups(train, test, volume, np.zeros(len(train), int))
        for count in COMPONENTS:
            scores[count][at] = score_gaussians(train, test, volume, count)
        numbers.append(number)
    best = max(COMPONENTS, key=lambda c: scores[c].mean())
    gap = [(scores["even"] - scores[best])[fold == k].mean() for k in range(FOLDS)]
    return {
        "events": len(places),
        "planes": float(np.mean(numbers)),
        "even": scores["even"].mean(),
        "clusters": scores["clusters"].mean(),
        "gaussians": scores[best].mean(),
        "components": best,
        "hdbscan": scores["hdbscan"].mean(),
        "one_plane": scores["one"].mean(),
        "gap_error": float(np.std(gap, ddof=1) / np.sqrt(FOLDS)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the first catalog alone")
    parser.add_argument("catalogs", nargs="*", type=Path, help="files; Calaveras if none")
    given = parser.parse_args()
    shared = Path(os.environ.get("QUAKELOOM_SHARED_DATA", "../shared/data"))
    paths = given.catalogs or [shared / "calaveras" / "hypoDD.reloc"]
    if given.quick:
        paths = paths[:1]
    start = time.perf_counter()
    figures = []
    for path in paths:
        if not path.is_file():
            print(f"{path} is not there, so it is left out.", file=sys.stderr)
            continue
        found = measure(path)
        print(path.name, {k: round(float(v), 3) for k, v in found.items()}, flush=True)
        for ours in ("even", "clusters"):
            for peer in ("gaussians", "hdbscan", "one_plane"):
                figures.append(
                    {
                        "name": f"{path.stem}_{ours}_above_{peer}",
                        "value": found[ours], "unit": "1/event", "peer": peer,
                        "peer_value": found[peer], "ratio": None,
                    }
                )  # fmt: skip
    settings = {"folds": FOLDS, "penalty_events": PlaneModel().penalty_events}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        json.dumps(
            {
                "benchmark": "fault_catalogs", "figures": figures, "settings": settings,
                "seconds": time.perf_counter() - start, "peak_memory_gb": memory,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
