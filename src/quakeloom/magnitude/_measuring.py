"""From amplitudes of a network, as they were read, to magnitudes with a reason for every one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.magnitude._formulas import MagnitudeFormula, find_formula
from quakeloom.magnitude._network import NetworkMagnitudes, network_magnitudes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

LEFT_OUT = ("", "no_amplitude", "no_s", "no_station", "no_hypocenter", "too_deep", "out_of_range",
            "low_snr", "clipped")  # fmt: skip
"""Why an amplitude says nothing of the magnitude; empty where it does."""

MEASURED = ("measured", "at_least", "few_amplitudes", "no_amplitude", "no_hypocenter", "too_deep",
            "impossible")  # fmt: skip
"""What became of the magnitude of an event."""

_AT_REFERENCE = 3.0
"""What :func:`network_magnitudes` takes for the magnitude of an amplitude of 1 at 100 km."""

_POSSIBLE = (-5.0, 10.0)
"""Magnitudes beyond are of wrong units or responses, not of earthquakes."""

_NEAREST_KM = 1.0
"""Least distance where attenuation is estimated; chosen here: nearer, the size of sources and the
errors of hypocenters decide."""


@dataclass(frozen=True)
class MeasuringOptions:
    """How magnitudes are measured.

    Attributes
    ----------
    formula : str
        Of :data:`quakeloom.magnitude.FORMULAS`, with hypocentral distances.
    estimates_attenuation : bool
        Estimate attenuation, beginning with that of the formula, rather than keep it.
    minimum_snr : float
        Amplitudes of a smaller signal-to-noise ratio are left out; 0 for none.
    station_terms : bool
    minimum_amplitudes : int
        Events with fewer have no magnitude.
    """

    formula: str = "ML_hutton_boore"
    estimates_attenuation: bool = False
    minimum_snr: float = 3.0
    station_terms: bool = True
    minimum_amplitudes: int = 2


@dataclass(frozen=True)
class Amplitudes:
    """Amplitudes as they were read, one per event and station.

    Attributes
    ----------
    event, station : ndarray of int, shape (n,)
        Numbers from 0.
    amplitude : ndarray, shape (n,)
        In the unit of the formula; NaN where there is none.
    snr : ndarray, shape (n,)
        NaN where it is not known, which is not below any minimum.
    clipped : ndarray of bool, shape (n,)
    away_km : ndarray, shape (n, 3)
        East, north and down from the station to the hypocenter; NaN where either is unknown.
    given_reason : ndarray of str, shape (n,)
        Of :data:`LEFT_OUT`, where a reason is known before; else empty.
    """

    event: Ints
    station: Ints
    amplitude: Floats
    snr: Floats
    clipped: NDArray[np.bool_]
    away_km: Floats
    given_reason: Texts


@dataclass(frozen=True)
class MeasuredMagnitudes:
    """Magnitudes of events, of stations, and what was estimated beside them.

    Attributes
    ----------
    status : ndarray of str, shape (events,)
        Of :data:`MEASURED`.
    magnitude, magnitude_sd : ndarray, shape (events,)
        NaN where the status is not ``measured``. The error is that of amplitudes, terms,
        attenuation and hypocenter.
    at_least : ndarray, shape (events,)
        Median of the magnitudes of clipped amplitudes, which are lower bounds; else NaN.
    used_count, clipped_count : ndarray of int, shape (events,)
    left_out : ndarray of str, shape (n,)
        Of :data:`LEFT_OUT`.
    distance_km : ndarray, shape (n,)
        Hypocentral.
    station_magnitude, residual, weight : ndarray, shape (n,)
        With the term of the station; also of amplitudes that were left out, where they can be
        had, with weight 0. The residual is the station's less the event's.
    station_term, station_term_sd : ndarray, shape (stations,)
        NaN of stations without a used amplitude.
    station_count : ndarray of int, shape (stations,)
        Used amplitudes.
    spreading, absorption, scale : float
        Attenuation as it was used, of magnitudes, and the scale of Student's t; NaN without
        amplitudes.
    """

    status: Texts
    magnitude: Floats
    magnitude_sd: Floats
    at_least: Floats
    used_count: Ints
    clipped_count: Ints
    left_out: Texts
    distance_km: Floats
    station_magnitude: Floats
    residual: Floats
    weight: Floats
    station_term: Floats
    station_term_sd: Floats
    station_count: Ints
    spreading: float
    absorption: float
    scale: float


def measure_magnitudes(
    data: Amplitudes,
    depth_km: Floats,
    covariance: Floats,
    stations: int,
    options: MeasuringOptions,
    reference: NDArray[np.bool_] | None = None,
) -> MeasuredMagnitudes:
    """Measure the magnitudes of all events together.

    Parameters
    ----------
    data : Amplitudes
    depth_km : ndarray, shape (events,)
        NaN for events that were not located.
    covariance : ndarray, shape (events, 3, 3)
        Of hypocenters, km^2: east, north, down; 0 or NaN where it is not known. To first order,
        ``g C g`` with ``g`` the mean gradient of attenuation over the event's amplitudes is added
        to the variance of its magnitude.
    stations : int
    options : MeasuringOptions
    reference : ndarray of bool, shape (stations,), optional
        Stations whose terms sum to 0; all, if absent.

    Raises
    ------
    InputError
        If the formula is not one of hypocentral distances, or no reference station has amplitudes.
    """
    formula = find_formula(options.formula)
    if formula.distance != "hypocentral":
        raise InputError(
            f"'{formula.name}' is a formula of epicentral distances, which magnitudes of a network "
            "are not measured with. Nothing was measured; write another formula."
        )
    distance = np.sqrt(np.sum(data.away_km**2, axis=1))
    left_out = _left_out(data, distance, depth_km, formula, options)
    used = np.flatnonzero(left_out == "")
    scaled, prior = _network_form(formula, data.amplitude)
    nothing = np.full(stations, np.nan)
    term, term_sd = nothing, nothing
    spreading, absorption, scale = *prior, np.nan
    count = np.bincount(data.station[used], minlength=stations)
    events = depth_km.size
    magnitude, variance = np.full((2, events), np.nan)
    weight = np.zeros(left_out.size)
    if used.size:
        found, term, term_sd = _solve_network(
            data, used, (scaled, distance, prior), stations, options, reference
        )
        spreading, absorption, scale = found.spreading, found.absorption, found.scale
        magnitude[: found.magnitude.size] = found.magnitude
        variance[: found.magnitude.size] = found.magnitude_sd**2
        weight[used] = found.weight
        decay = (spreading, absorption)
        variance += _hypocenter_variance(data, distance, weight, decay, covariance)
    decay_used = spreading * np.log10(distance / 100.0) + absorption * (distance - 100.0)
    own = scaled + _AT_REFERENCE + decay_used + np.nan_to_num(term)[data.station]
    status, at_least = _states(data, left_out, own, depth_km, formula, options)
    impossible = (magnitude < _POSSIBLE[0]) | (magnitude > _POSSIBLE[1])
    status[(status == "measured") & impossible] = "impossible"
    measured = status == "measured"
    magnitude = np.where(measured, magnitude, np.nan)
    return MeasuredMagnitudes(
        status, magnitude, np.where(measured, np.sqrt(variance), np.nan), at_least,
        np.bincount(data.event[used], minlength=events),
        np.bincount(data.event[left_out == "clipped"], minlength=events),
        left_out, distance, own, own - magnitude[data.event], weight,
        term, term_sd, count, spreading, absorption, scale,
    )  # fmt: skip


def _left_out(
    data: Amplitudes,
    distance: Floats,
    depth_km: Floats,
    formula: MagnitudeFormula,
    options: MeasuringOptions,
) -> Texts:
    """Return why amplitudes are left out; the first reason that holds."""
    near, far = formula.range_km
    deepest = formula.maximum_depth_km
    if options.estimates_attenuation:  # the range is that of the formula's coefficients
        near, far, deepest = _NEAREST_KM, np.inf, np.inf
    depth = depth_km[data.event]
    with np.errstate(invalid="ignore"):
        faults = (
            (data.given_reason != "", data.given_reason),
            (~np.isfinite(depth), "no_hypocenter"),
            (~np.isfinite(distance), "no_station"),
            (~(data.amplitude > 0.0) | ~np.isfinite(data.amplitude), "no_amplitude"),
            (depth > deepest, "too_deep"),
            ((distance < near) | (distance > far), "out_of_range"),
            (data.clipped, "clipped"),
            (data.snr < options.minimum_snr, "low_snr"),
        )
    reason = np.full(distance.size, "", dtype=object)
    for holds, word in reversed(faults):
        reason = np.where(holds, word, reason)
    return reason


def _network_form(
    formula: MagnitudeFormula, amplitude: Floats
) -> tuple[Floats, tuple[float, float]]:
    """Return log amplitudes as of a scale of slope 1 and 3 at 100 km, with their attenuation."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = (np.log10(amplitude) + formula.constant) / formula.slope - _AT_REFERENCE
    scaled = np.where(np.isfinite(scaled), scaled, np.nan)
    return scaled, (formula.spreading / formula.slope, formula.absorption / formula.slope)


def _solve_network(
    data: Amplitudes,
    used: Ints,
    scaled: tuple[Floats, Floats, tuple[float, float]],
    stations: int,
    options: MeasuringOptions,
    reference: NDArray[np.bool_] | None,
) -> tuple[NetworkMagnitudes, Floats, Floats]:
    """Solve for magnitudes; return them with the terms of all stations and their errors."""
    log_amplitude, distance, prior = scaled
    term, term_sd = np.full((2, stations), np.nan)
    here, number = np.unique(data.station[used], return_inverse=True)
    if not options.station_terms:
        number = np.zeros_like(number)
    among = reference[here] if reference is not None and options.station_terms else None
    found = network_magnitudes(
        data.event[used], number, log_amplitude[used], distance[used],
        None if options.estimates_attenuation else prior, prior=prior, reference=among,
    )  # fmt: skip
    if options.station_terms:
        term[here], term_sd[here] = found.station_term, found.station_term_sd
    return found, term, term_sd


def _hypocenter_variance(
    data: Amplitudes,
    distance: Floats,
    weight: Floats,
    decay: tuple[float, float],
    covariance: Floats,
) -> Floats:
    """Return the variance of magnitudes by the errors of their hypocenters."""
    total = np.bincount(data.event, weight, covariance.shape[0])
    slope = decay[0] / (distance * np.log(10.0)) + decay[1]
    with np.errstate(invalid="ignore"):
        pull = (weight * slope / distance)[:, None] * data.away_km
    pull = np.where(weight[:, None] > 0.0, pull, 0.0)
    gradient = np.stack(
        [np.bincount(data.event, pull[:, k], covariance.shape[0]) for k in range(3)], axis=1
    ) / np.where(total > 0.0, total, 1.0)[:, None]  # fmt: skip
    known = np.nan_to_num(covariance)
    moved = (known @ gradient[:, :, None])[:, :, 0]
    return np.asarray(np.maximum(np.sum(moved * gradient, axis=1), 0.0))


def _states(
    data: Amplitudes,
    left_out: Texts,
    own: Floats,
    depth_km: Floats,
    formula: MagnitudeFormula,
    options: MeasuringOptions,
) -> tuple[Texts, Floats]:
    """Return what became of every event, and the lower bounds of those with clipped amplitudes."""
    events = depth_km.size
    used = np.bincount(data.event[left_out == ""], minlength=events)
    clipped = np.flatnonzero((left_out == "clipped") & np.isfinite(own))
    at_least = np.full(events, np.nan)
    for event in np.unique(data.event[clipped]):
        at_least[event] = np.median(own[clipped[data.event[clipped] == event]])
    deepest = np.inf if options.estimates_attenuation else formula.maximum_depth_km
    with np.errstate(invalid="ignore"):
        status = np.select(
            [
                ~np.isfinite(depth_km), depth_km > deepest, used >= options.minimum_amplitudes,
                np.isfinite(at_least), used > 0,
            ],
            ["no_hypocenter", "too_deep", "measured", "at_least", "few_amplitudes"],
            "no_amplitude",
        )  # fmt: skip
    return status.astype(object), at_least


__all__ = [
    "LEFT_OUT",
    "MEASURED",
    "Amplitudes",
    "MeasuredMagnitudes",
    "MeasuringOptions",
    "measure_magnitudes",
]
