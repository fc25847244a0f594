"""A small catalog with everything that the writers of event formats can write."""

from __future__ import annotations

import math

import numpy as np

from quakeloom.core import auxiliary_plane
from quakeloom.formats import CatalogTables
from quakeloom.schema import make_table

IDS = ("20210304_a", "smi:local/event/b")
START = np.datetime64("2021-03-04T05:06:07.123456", "ns")
CHI_SQUARE_3 = 3.5059
"""68.27 % quantile of chi-square with three degrees of freedom."""


def seconds(*values: float) -> np.ndarray:
    """Return times after the origin times."""
    return START + np.array([round(v * 1e6) for v in values]) * np.timedelta64(1, "us")


def covariance() -> np.ndarray:
    """East, north and down in km2: axes of 2.0, 0.8 and 0.4 km, none of them upright."""
    random = np.random.default_rng(7)
    axes, _ = np.linalg.qr(random.normal(size=(3, 3)))
    return (axes * np.array([2.0, 0.8, 0.4]) ** 2) @ axes.T


def ellipsoid(c: np.ndarray) -> dict[str, list[float]]:
    """The 68 % ellipsoid of a covariance as the columns of hypocenters."""
    size, axes = np.linalg.eigh(c)
    columns = {}
    for rank in (1, 2, 3):
        east, north, down = axes[:, -rank] * (1 if axes[2, -rank] >= 0 else -1)
        columns[f"ellipsoid_{rank}_km"] = [math.sqrt(CHI_SQUARE_3 * size[-rank])] * 2
        columns[f"ellipsoid_{rank}_azimuth_deg"] = [math.degrees(math.atan2(east, north)) % 360] * 2
        columns[f"ellipsoid_{rank}_plunge_deg"] = [math.degrees(math.asin(down))] * 2
    return columns


def events():
    return make_table(
        "events",
        {
            "event_id": list(IDS),
            "origin_time": [START, START + np.timedelta64(1, "D")],
            "longitude": [138.5, -70.25],
            "latitude": [36.2, -33.125],
            "depth_km": [9.25, 31.5],
            "magnitude": [2.25, math.nan],
            "magnitude_type": ["ML", ""],
            "horizontal_error_km": [0.5, math.nan],
            "vertical_error_km": [1.25, math.nan],
            "event_type": ["earthquake", "quarry blast"],
        },
    )


def picks():
    times = seconds(2.5, 4.25, 3.125, 61.0)
    return make_table(
        "picks",
        {
            "event_id": [IDS[0]] * 4,
            "network": ["XX"] * 4,
            "station": ["AAA", "AAA", "BBB", "BBB"],
            "location_code": ["00", "00", "", ""],
            "channel": ["HHZ", "HHN", "EHZ", "EHZ"],
            "phase": ["P", "S", "Pg", "Sg"],
            "time": times,
            "uncertainty_s": [0.05, 0.1, math.nan, 0.2],
            "onset": ["I", "E", "", ""],
            "pick_weight": [0, 1, -1, 2],
            "picker": ["analyst", "analyst", "phasenet", "automatic"],
        },
    )


def polarities():
    return make_table(
        "polarities",
        {
            "event_id": [IDS[0]] * 3,
            "network": ["XX"] * 3,
            "station": ["AAA", "BBB", "CCC"],
            "channel": ["HHZ", "EHZ", "HHZ"],
            "polarity": [1, -1, 0],
            "onset": ["I", "", ""],
            "arrival_time": seconds(2.5, 3.125, 5.5),
            "azimuth_deg": [10.5, 200.25, math.nan],
            "takeoff_deg": [95.25, 120.5, math.nan],
            "distance_km": [12.5, 17.25, math.nan],
        },
    )


def hypocenters():
    c = covariance()
    codes = {"ee": (0, 0), "en": (0, 1), "ed": (0, 2), "nn": (1, 1), "nd": (1, 2), "dd": (2, 2)}
    return make_table(
        "hypocenters",
        {
            "event_id": list(IDS),
            "status": ["located", "too_few_picks"],
            "origin_time": [START + np.timedelta64(30, "ms"), np.datetime64("NaT", "ns")],
            "origin_error_s": [0.125, math.nan],
            "longitude": [138.51, math.nan],
            "latitude": [36.21, math.nan],
            "depth_km": [8.5, math.nan],
            "magnitude": [2.25, math.nan],
            **{f"cov_{k}": [c[i, j], math.nan] for k, (i, j) in codes.items()},
            **ellipsoid(c),
            "rms_s": [0.08, math.nan],
            "pick_count": [3, 0],
            "station_gap_deg": [120.0, math.nan],
            "nearest_station_km": [12.0, math.nan],
        },
    )


def arrivals():
    return make_table(
        "arrivals",
        {
            "event_id": [IDS[0]] * 4,
            "network": ["XX"] * 4,
            "station": ["AAA", "AAA", "BBB", "BBB"],
            "phase": ["P", "S", "Pg", "Sg"],
            "time": seconds(2.5, 4.25, 3.125, 61.0),
            "uncertainty_s": [0.05, 0.1, 0.1, 0.2],
            "pick_use": ["used", "used", "used", "far_in_time"],
            "residual_s": [0.01, -0.02, 0.03, 50.0],
            "travel_time_s": [2.46, 4.24, 3.065, 10.97],
            "distance_km": [12.0, 12.0, 17.0, 17.0],
            "azimuth_deg": [11.0, 11.0, 201.0, 201.0],
        },
    )


def mechanisms():
    angles = [np.array([30.0, math.nan]), np.array([60.0, math.nan]), np.array([100.0, math.nan])]
    other = auxiliary_plane(*angles)
    names = ("strike", "dip", "rake")
    return make_table(
        "mechanisms",
        {
            "event_id": list(IDS),
            "status": ["solved", "too_few_polarities"],
            "reason": ["", "3 polarities; 8 are needed"],
            "origin_time": [START, START + np.timedelta64(1, "D")],
            "longitude": [138.5, -70.25],
            "latitude": [36.2, -33.125],
            "depth_km": [9.25, 31.5],
            "magnitude": [2.25, math.nan],
            **{f"{n}_deg": a for n, a in zip(names, angles, strict=True)},
            **{f"auxiliary_{n}_deg": a for n, a in zip(names, other, strict=True)},
            "fault_plane_uncertainty_deg": [20.0, math.nan],
            "auxiliary_plane_uncertainty_deg": [30.0, math.nan],
            "mechanism_probability": [0.75, math.nan],
            "polarity_count": [12, 3],
            "polarity_misfit": [0.125, math.nan],
            "station_distribution_ratio": [0.5, math.nan],
            "azimuthal_gap_deg": [80.0, math.nan],
            "solution_count": [2, 0],
            "quality": ["B", "F"],
            "multiple": [True, False],
        },
    )


def solutions():
    return make_table(
        "solutions",
        {
            "event_id": [IDS[0]] * 2,
            "solution": [0, 1],
            "strike_deg": [30.0, 210.0],
            "dip_deg": [60.0, 45.0],
            "rake_deg": [100.0, 80.0],
            "fault_plane_uncertainty_deg": [20.0, 25.0],
            "auxiliary_plane_uncertainty_deg": [30.0, 35.0],
            "mechanism_probability": [0.75, 0.25],
            "polarity_misfit": [0.125, 0.25],
            "station_distribution_ratio": [0.5, 0.25],
            "quality": ["B", "C"],
        },
    )


def amplitudes():
    return make_table(
        "amplitudes",
        {
            "event_id": [IDS[0]],
            "network": ["XX"],
            "station": ["AAA"],
            "channel": ["HHZ"],
            "p_amplitude": [1.5],
            "s_amplitude": [4.25],
        },
    )


def catalog(located: bool = True) -> CatalogTables:
    """Return the catalog, with its located hypocenters or without."""
    more = {"hypocenters": hypocenters(), "arrivals": arrivals()} if located else {}
    return CatalogTables(
        events=events(),
        picks=picks(),
        polarities=polarities(),
        amplitudes=amplitudes(),
        mechanisms=mechanisms(),
        solutions=solutions(),
        **more,
    )
