"""Elements of QuakeML 1.2 (BED) as text: picks, origins, magnitudes, amplitudes, mechanisms.

Every function gives the lines of one element. A value that is not known has no element.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from quakeloom.formats._catalog_events import CatalogEvent, CatalogPick, Row, horizontal_axes_km
from quakeloom.formats._quakeml_ids import COMMENT_COLUMNS, COMMENT_MARK, own_id
from quakeloom.formats._quakeml_origins import KM_PER_DEGREE

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""
_SIGNS = {1: "positive", -1: "negative", 0: "undecidable"}
"""First motions in words of QuakeML."""
_ONSETS = {"I": "impulsive", "E": "emergent"}
"""Onsets in words of QuakeML."""
_LEAST_WEIGHT_CODE = 4
"""Weight code of HYPO71 for a pick that is not used."""
ELLIPSE_PERCENT = 68.27
"""Confidence level of the ellipses and ellipsoids that are written."""
ELLIPSE_SIGMAS = math.sqrt(-2.0 * math.log1p(-ELLIPSE_PERCENT / 100.0))
"""Half axis of an ellipse with that level in standard errors, for two degrees of freedom."""


@dataclass(frozen=True)
class Creation:
    """Who made a file and when.

    Attributes
    ----------
    author : str
        Such as ``quakeloom 0.1.0``; empty for no one.
    agency : str
    time : numpy.datetime64 or None
        UTC.
    """

    author: str = "quakeloom"
    agency: str = ""
    time: np.datetime64 | None = None

    def element(self, indent: str) -> Iterator[str]:
        """Give the element, if anything is known."""
        parts = [("agencyID", self.agency), ("author", self.author)]
        if self.time is not None:
            nanoseconds = int(self.time.astype("datetime64[ns]").astype(np.int64))
            parts.append(("creationTime", iso_time(nanoseconds)))
        words = "".join(f"<{tag}>{clean(text)}</{tag}>" for tag, text in parts if text)
        if words:
            yield f"{indent}<creationInfo>{words}</creationInfo>"


def clean(text: str) -> str:
    """Return a text as XML holds it."""
    return escape(_NOT_XML.sub("?", text))


def iso_time(nanoseconds: int) -> str:
    """Return nanoseconds since 1970 as QuakeML writes times."""
    text = str(np.datetime64(nanoseconds, "ns"))
    return text.rstrip("0").rstrip(".") + "Z" if "." in text else text + "Z"


def quantity(tag: str, value: str, error: float = math.nan) -> str:
    """Return a quantity with its uncertainty, if that is known."""
    more = f"<uncertainty>{error!r}</uncertainty>" if math.isfinite(error) else ""
    return f"<{tag}><value>{value}</value>{more}</{tag}>"


def meters(kilometers: float) -> str:
    """Return a length in meters with all digits that it has in kilometers."""
    return str(Decimal(repr(float(kilometers))).scaleb(3))


def pick_element(pick: CatalogPick, name: str) -> Iterator[str]:
    """Give a pick: time with error, codes, onset, phase, polarity and who picked."""
    codes = "".join(
        f" {key}={quoteattr(_NOT_XML.sub('?', text))}"
        for key, text in (
            ("networkCode", pick.network),
            ("stationCode", pick.station),
            ("locationCode", pick.location),
            ("channelCode", pick.channel),
        )
        if text or key in ("networkCode", "stationCode")
    )
    picker = pick.word("picker")
    yield f"      <pick publicID={quoteattr(name)}>"
    yield f"        {quantity('time', iso_time(pick.time), pick.stated_error_s)}"
    yield f"        <waveformID{codes}/>"
    if picker not in ("", "analyst", "automatic"):
        yield f"        <methodID>{own_id('picker', picker)}</methodID>"
    onset = _ONSETS.get(pick.word("onset"))
    if onset:
        yield f"        <onset>{onset}</onset>"
    yield f"        <phaseHint>{clean(pick.phase)}</phaseHint>"
    if pick.polarity is not None:
        yield f"        <polarity>{_SIGNS[pick.sign]}</polarity>"
    if picker:
        mode = "manual" if picker == "analyst" else "automatic"
        yield f"        <evaluationMode>{mode}</evaluationMode>"
    yield "      </pick>"


def arrival_element(pick: CatalogPick, pick_name: str, name: str) -> Iterator[str]:
    """Give the arrival of a pick: phase, angles, distance, residual and weight."""
    yield f"        <arrival publicID={quoteattr(name)}>"
    yield f"          <pickID>{clean(pick_name)}</pickID>"
    yield f"          <phase>{clean(pick.phase)}</phase>"
    azimuth, distance = pick.value("azimuth_deg"), pick.value("distance_km")
    if math.isfinite(azimuth):
        yield f"          <azimuth>{azimuth!r}</azimuth>"
    if math.isfinite(distance):
        yield f"          <distance>{distance / KM_PER_DEGREE!r}</distance>"
    takeoff = pick.value("takeoff_deg")
    if math.isfinite(takeoff):
        error = pick.value("takeoff_error_deg")
        yield f"          {quantity('takeoffAngle', repr(takeoff), error)}"
    residual, weight = pick.value("residual_s"), time_weight(pick)
    if math.isfinite(residual):
        yield f"          <timeResidual>{residual!r}</timeResidual>"
    if math.isfinite(weight):
        yield f"          <timeWeight>{weight!r}</timeWeight>"
    yield "        </arrival>"


def time_weight(pick: CatalogPick) -> float:
    """Return the weight of a pick: 0 if it is not used, else by its weight code.

    Code 0 is full weight, 4 none, as in HYPO71. NaN where neither a location nor a code says.
    """
    if not pick.is_used:
        return 0.0
    code = pick.value("pick_weight")
    if 0 <= code <= _LEAST_WEIGHT_CODE:
        return 1.0 - code / _LEAST_WEIGHT_CODE
    return 1.0 if pick.arrival is not None else math.nan


def origin_element(
    event: CatalogEvent, row: Row, name: str, picks: Sequence[tuple[CatalogPick, str]]
) -> Iterator[str]:
    """Give an origin with its errors; a located one with ellipsoid, quality and arrivals.

    Parameters
    ----------
    event : CatalogEvent
    row : dict
        Row of the events, hypocenters or mechanisms.
    name : str
        Its public id.
    picks : sequence of (CatalogPick, str)
        Picks that have an arrival at this origin, with their public ids.
    """
    located = row is event.located
    north, east, depth = _errors(row, located)
    yield f"      <origin publicID={quoteattr(name)}>"
    error = row["origin_error_s"] if located else math.nan
    yield f"        {quantity('time', iso_time(row['origin_time']), error)}"
    yield f"        {quantity('latitude', repr(row['latitude']), north)}"
    yield f"        {quantity('longitude', repr(row['longitude']), east)}"
    if not math.isnan(row["depth_km"]):
        yield f"        {quantity('depth', meters(row['depth_km']), depth)}"
    if located:
        yield "        <depthType>from location</depthType>"
        yield f"        <methodID>{own_id('method', 'locate')}</methodID>"
        yield from _ellipsoid_element(row)
        yield from _quality_element(event, row)
        yield "        <evaluationMode>automatic</evaluationMode>"
    elif math.isfinite(row.get("horizontal_error_km", math.nan)):
        error = meters(row["horizontal_error_km"])
        yield "        <originUncertainty>"
        yield f"          <horizontalUncertainty>{error}</horizontalUncertainty>"
        yield "        </originUncertainty>"
    for number, (pick, pick_name) in enumerate(picks, start=1):
        yield from arrival_element(pick, pick_name, f"{name}/arrival/{number}")
    yield "      </origin>"


def _errors(row: Row, located: bool) -> tuple[float, float, float]:
    """Standard errors of latitude and longitude in degrees and of depth in m; NaN if unknown."""
    if not located:
        error = row.get("vertical_error_km", math.nan)
        return math.nan, math.nan, float(meters(error)) if math.isfinite(error) else math.nan
    north, east, down = (math.sqrt(max(row[f"cov_{c}"], 0.0)) for c in ("nn", "ee", "dd"))
    shrink = max(math.cos(math.radians(row["latitude"])), 1e-9)
    return north / KM_PER_DEGREE, east / KM_PER_DEGREE / shrink, 1000.0 * down


def _ellipsoid_element(row: Row) -> Iterator[str]:
    """Give ellipse and ellipsoid of 68 % of a located hypocenter."""
    longest, shortest, azimuth = (float(v) for v in horizontal_axes_km(row))
    if math.isnan(longest) or math.isnan(row["ellipsoid_1_km"]):
        return
    parts = {
        "minHorizontalUncertainty": 1000.0 * ELLIPSE_SIGMAS * shortest,
        "maxHorizontalUncertainty": 1000.0 * ELLIPSE_SIGMAS * longest,
        "azimuthMaxHorizontalUncertainty": azimuth,
    }
    axes = {
        "semiMajorAxisLength": 1000.0 * row["ellipsoid_1_km"],
        "semiMinorAxisLength": 1000.0 * row["ellipsoid_3_km"],
        "semiIntermediateAxisLength": 1000.0 * row["ellipsoid_2_km"],
        "majorAxisPlunge": row["ellipsoid_1_plunge_deg"],
        "majorAxisAzimuth": row["ellipsoid_1_azimuth_deg"],
        "majorAxisRotation": major_axis_rotation(row),
    }
    yield "        <originUncertainty>"
    for tag, value in parts.items():
        yield f"          <{tag}>{value!r}</{tag}>"
    words = "".join(f"<{tag}>{value!r}</{tag}>" for tag, value in axes.items())
    yield f"          <confidenceEllipsoid>{words}</confidenceEllipsoid>"
    yield "          <preferredDescription>confidence ellipsoid</preferredDescription>"
    yield f"          <confidenceLevel>{ELLIPSE_PERCENT}</confidenceLevel>"
    yield "        </originUncertainty>"


def major_axis_rotation(row: Row) -> float:
    """Return the turn about the major axis that leads to the minor axis, in degrees.

    Zero if the minor axis lies in the vertical plane of the major axis; positive if it turns
    from there to the left of the azimuth of the major axis, seen from above (the third of
    three Tait-Bryan angles about down, right and forward axes).
    """
    angles = {
        k: [math.radians(row[f"ellipsoid_{k}_{n}_deg"]) for n in ("azimuth", "plunge")]
        for k in (1, 3)
    }
    azimuth, plunge = angles[1]
    minor_azimuth, minor_plunge = angles[3]
    minor = (
        math.cos(minor_plunge) * math.cos(minor_azimuth),
        math.cos(minor_plunge) * math.sin(minor_azimuth),
        math.sin(minor_plunge),
    )
    right = (-math.sin(azimuth), math.cos(azimuth), 0.0)
    below = (
        -math.sin(plunge) * math.cos(azimuth),
        -math.sin(plunge) * math.sin(azimuth),
        math.cos(plunge),
    )
    across = sum(a * b for a, b in zip(minor, right, strict=True))
    along = sum(a * b for a, b in zip(minor, below, strict=True))
    if along < 0.0:
        across, along = -across, -along
    return math.degrees(math.atan2(-across, along))


def _quality_element(event: CatalogEvent, row: Row) -> Iterator[str]:
    parts: dict[str, float | int] = {
        "associatedPhaseCount": len(event.picks),
        "usedPhaseCount": int(row["pick_count"]),
        "standardError": row["rms_s"],
        "azimuthalGap": row["station_gap_deg"],
        "minimumDistance": row["nearest_station_km"] / KM_PER_DEGREE,
    }
    words = "".join(
        f"<{tag}>{value!r}</{tag}>" for tag, value in parts.items() if not math.isnan(value)
    )
    yield f"        <quality>{words}</quality>"


def magnitude_element(event: CatalogEvent, name: str, origin: str) -> Iterator[str]:
    """Give the magnitude of an event with error, type, stations and origin, if they are known."""
    yield f"      <magnitude publicID={quoteattr(name)}>"
    yield f"        {quantity('mag', repr(event.magnitude), event.magnitude_error)}"
    if event.magnitude_type:
        yield f"        <type>{clean(event.magnitude_type)}</type>"
    if event.measured is not None:
        yield f"        <stationCount>{event.measured['amplitude_count']}</stationCount>"
    if origin:
        yield f"        <originID>{clean(origin)}</originID>"
    yield "      </magnitude>"


def amplitude_elements(row: Row, name: str) -> Iterator[str]:
    """Give the amplitudes of P and S of a channel."""
    codes = (("networkCode", "network"), ("stationCode", "station"), ("channelCode", "channel"))
    words = "".join(
        f" {key}={quoteattr(_NOT_XML.sub('?', row[column]))}"
        for key, column in codes
        if row[column] or column != "channel"
    )
    for phase, column in (("P", "p_amplitude"), ("S", "s_amplitude")):
        if not math.isnan(row[column]):
            yield f"      <amplitude publicID={quoteattr(f'{name}/{phase}')}>"
            yield f"        {quantity('genericAmplitude', repr(row[column]))}"
            yield f"        <type>A{phase}</type>"
            yield "        <unit>other</unit>"
            yield f"        <waveformID{words}/>"
            yield "      </amplitude>"


def local_amplitude_element(
    row: Row, name: str, picks: Sequence[tuple[CatalogPick, str]]
) -> Iterator[str]:
    """Give a Wood-Anderson amplitude of a pick: type ``AML``, meters, zero to peak.

    Parameters
    ----------
    row : dict
        Row of the local amplitudes; nothing is given where it has none.
    name : str
        Its public id.
    picks : sequence of (CatalogPick, str)
        Picks of the event with their public ids.
    """
    value = row["amplitude_wa_mm"]
    if not math.isfinite(value) or value <= 0.0:
        return
    names = ("network", "station", "location_code", "channel")
    words = "".join(
        f" {key}={quoteattr(_NOT_XML.sub('?', row[column]))}"
        for key, column in zip(
            ("networkCode", "stationCode", "locationCode", "channelCode"), names, strict=True
        )
        if row[column] or key in ("networkCode", "stationCode")
    )
    own = (row["network"], row["station"], row["phase"], row["time"])
    pick = next((n for p, n in picks if (p.network, p.station, p.phase, p.time) == own), "")
    yield f"      <amplitude publicID={quoteattr(name)}>"
    yield f"        {quantity('genericAmplitude', str(Decimal(repr(float(value))).scaleb(-3)))}"
    yield "        <type>AML</type>"
    yield "        <category>point</category>"
    yield "        <unit>m</unit>"
    if math.isfinite(row["amplitude_wa_snr"]):
        yield f"        <snr>{row['amplitude_wa_snr']!r}</snr>"
    if pick:
        yield f"        <pickID>{clean(pick)}</pickID>"
    yield f"        <waveformID{words}/>"
    yield "        <evaluationMode>automatic</evaluationMode>"
    yield "      </amplitude>"


def mechanism_element(row: Row, name: str, origin: str, planes: Sequence[Row]) -> Iterator[str]:
    """Give a focal mechanism with both nodal planes and their errors.

    Which plane slipped is not known, so neither is preferred. The errors of strike, dip and
    rake are those of normals that scatter alike in all directions: with the RMS angle ``u``
    of the normal of a plane of dip ``d`` they are ``u/(sqrt 2 sin d)``, ``u/sqrt 2``, and that
    of the slip vector over ``sqrt 2``.

    Parameters
    ----------
    row : dict
        Row of the mechanisms or the solutions.
    name : str
        Its public id.
    origin : str
        Public id of its origin; empty if there is none.
    planes : sequence of dict
        ``strike, dip, rake`` and ``error`` (degrees) of both planes.
    """
    yield f"      <focalMechanism publicID={quoteattr(name)}>"
    if origin:
        yield f"        <triggeringOriginID>{clean(origin)}</triggeringOriginID>"
    yield "        <nodalPlanes>"
    for number, (plane, other) in enumerate(zip(planes, reversed(planes), strict=True), start=1):
        errors = _angle_errors(plane, other["error"])
        words = "".join(
            quantity(tag, repr(plane[tag]), error)
            for tag, error in zip(("strike", "dip", "rake"), errors, strict=True)
        )
        yield f"          <nodalPlane{number}>{words}</nodalPlane{number}>"
    yield "        </nodalPlanes>"
    for tag, column in (
        ("azimuthalGap", "azimuthal_gap_deg"),
        ("stationPolarityCount", "polarity_count"),
        ("misfit", "polarity_misfit"),
        ("stationDistributionRatio", "station_distribution_ratio"),
    ):
        value = row.get(column)
        if value is not None and value == value:
            yield f"        <{tag}>{value!r}</{tag}>"
    yield "        <evaluationMode>automatic</evaluationMode>"
    yield f"        <comment><text>{comment_text(row)}</text></comment>"
    yield "      </focalMechanism>"


def _angle_errors(plane: Row, slip_error: float) -> tuple[float, float, float]:
    dip_error = plane["error"] * math.sqrt(0.5)
    steepness = math.sin(math.radians(plane["dip"]))
    strike_error = min(dip_error / max(steepness, 1e-9), 180.0)
    return strike_error, dip_error, slip_error * math.sqrt(0.5)


def comment_text(row: Row) -> str:
    """Return what has no element, as ``name=value`` pairs; the reason, free text, comes last."""
    pairs = [
        f"{name}={_value(row[name])}"
        for name in COMMENT_COLUMNS
        if name in row and row[name] == row[name] and row[name] != ""
    ]
    if "reason" in row:
        pairs.append(f"reason={row['reason']}")
    return clean(f"{COMMENT_MARK} " + "; ".join(pairs))


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
