"""Catalogs for NonLinLoc: phase observations (``.obs``) and locations (``.hyp``).

The columns are those of the NonLinLoc documentation, "Phase file format" and "Hypocenter-phase
file", http://alomax.free.fr/nlloc.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from quakeloom.formats._catalog_events import (
    CatalogEvent,
    CatalogPick,
    CatalogTables,
    Row,
    horizontal_axes_km,
    iterate_events,
)
from quakeloom.formats._quakeml_elements import (
    ELLIPSE_SIGMAS,
    Creation,
    major_axis_rotation,
    time_weight,
)
from quakeloom.formats._replacing import replacing
from quakeloom.formats._written_counts import WrittenCounts

_MOTIONS = {1: "U", -1: "D", 0: "?"}
"""First motions as NonLinLoc writes them."""
_NETWORK = re.compile(r"[A-Z0-9]{1,2}")
"""Network codes that can stand in a label and be found again."""
_STATION = re.compile(r"[A-Za-z0-9]{1,5}")
"""Station codes that can stand in a label and be found again."""
_UNKNOWN = -1.0
"""What NonLinLoc writes for a number that is not known."""
_DEFAULT_ERROR_S = 0.1
"""Error of a pick whose error is not known; NonLinLoc asks for one."""


def write_nonlinloc_observations(tables: CatalogTables, path: Path) -> WrittenCounts:
    """Write picks as NonLinLoc phase observations, events with blank lines between them.

    The error is that of a Gaussian pick; a pick without one has 0.1 s, and is counted. The
    event id is in a ``PUBLIC_ID`` line. Labels are ``network_station`` as far as their codes
    can be told apart again.

    Parameters
    ----------
    tables : CatalogTables
    path : Path

    Returns
    -------
    WrittenCounts
    """
    counts = WrittenCounts()
    with replacing(Path(path)) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for event in iterate_events(tables):
            counts.leave_out("first motions have no time", event.untimed)
            if not event.picks:
                counts.leave_out("events have no pick")
                continue
            stream.write(f"PUBLIC_ID {event.event_id}\n")
            stream.writelines(f"{_phase_line(p, counts)}\n" for p in event.picks)
            stream.write("\n")
            counts.events += 1
    return counts


def write_nonlinloc_locations(
    tables: CatalogTables, path: Path, creation: Creation | None = None
) -> WrittenCounts:
    """Write hypocenters with their phases as NonLinLoc locations, one after the other.

    The hypocenter is the located one, else the given one. Covariance and ellipsoid are those
    of the located one; a given one has its errors as a covariance without correlation. Errors
    that are not known are ``nan``.

    Parameters
    ----------
    tables : CatalogTables
    path : Path
    creation : Creation, optional
        Who made the file and when.

    Returns
    -------
    WrittenCounts
    """
    counts = WrittenCounts()
    signature = _signature(Creation() if creation is None else creation)
    with replacing(Path(path)) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for event in iterate_events(tables):
            counts.leave_out("first motions have no time", event.untimed)
            if event.origin is None:
                counts.leave_out("events have no hypocenter")
                continue
            stream.writelines(
                f"{line}\n" for line in _location(event, event.origin, signature, counts)
            )
            counts.events += 1
    return counts


def _label(pick: CatalogPick) -> str:
    """Return the label of a station; its network stands in it if it can be found again."""
    if _NETWORK.fullmatch(pick.network) and _STATION.fullmatch(pick.station):
        return f"{pick.network}_{pick.station}"
    return pick.station.replace(" ", "_")


def _phase_line(pick: CatalogPick, counts: WrittenCounts) -> str:
    error = pick.value("uncertainty_s")
    if not error > 0.0:
        counts.leave_out("picks without an error got 0.1 s")
        error = _DEFAULT_ERROR_S
    counts.picks += 1
    minute, nanoseconds = divmod(pick.time, 60_000_000_000)
    clock = str(np.datetime64(minute, "m"))
    return (
        f"{_label(pick):<9s} {'?':<4s} {pick.channel or '?':<4s} {_onset(pick):1s} "
        f"{pick.phase or '?':<6s} {_MOTIONS[pick.sign]:1s} "
        f"{clock[:10].replace('-', '')} {clock[11:].replace(':', '')} {nanoseconds / 1e9:10.6f} "
        f"GAU {error:9.6f} -1.00e+00 -1.00e+00 -1.00e+00"
    )


def _onset(pick: CatalogPick) -> str:
    return {"I": "i", "E": "e"}.get(pick.word("onset"), "?")


def _signature(creation: Creation) -> str:
    """Who wrote the file, with the date as NonLinLoc signs it; 1970 where it is not known."""
    moment = creation.time if creation.time is not None else np.datetime64(0, "s")
    clock = moment.astype("datetime64[s]").item()
    return f'SIGNATURE "{creation.author}   - run:{clock:%d%b%Y %Hh%Mm%S}"'


def _location(
    event: CatalogEvent, row: Row, signature: str, counts: WrittenCounts
) -> Iterator[str]:
    located = row is event.located
    covariance = _covariance(event, row)
    name = re.sub(r"[^\w.-]", "_", event.event_id)
    clock = str(np.datetime64(row["origin_time"], "ns"))
    date, time = clock.split("T")
    latitude, longitude = row["latitude"], row["longitude"]
    depth = 0.0 if math.isnan(row["depth_km"]) else row["depth_km"]
    used = sum(p.is_used for p in event.picks)
    gap = row["station_gap_deg"] if located else math.nan
    nearest = row["nearest_station_km"] if located else math.nan
    rms = row["rms_s"] if located else math.nan
    magnitude = -9.99 if math.isnan(event.magnitude) else event.magnitude
    yield f'NLLOC "{name}" "LOCATED" "Location completed."'
    yield signature
    yield 'COMMENT "written by quakeloom"'
    yield f"PUBLIC_ID {event.event_id}"
    yield (f"HYPOCENTER  x 0 y 0 z {depth:.6f}  OT {float(time[6:]):.6f}  ix -1 iy -1 iz -1")
    yield (
        f"GEOGRAPHIC  OT {date.replace('-', ' ')}  {time[:2]} {time[3:5]} {float(time[6:]):.6f}  "
        f"Lat {latitude:.8f} Long {longitude:.8f} Depth {depth:.6f}"
    )
    yield (
        f"QUALITY  Pmax 0 MFmin 0 MFmax 0 RMS {_known(rms):.6f} Nphs {used} Gap {_known(gap):.3f} "
        f"Dist {_known(nearest):.4f} Mamp {magnitude:5.2f} 0 Mdur -9.90 0"
    )
    yield "VPVSRATIO  VpVsRatio -1.0  Npair 0  Diff -1.0"
    words = " ".join(
        f"{key} {value:.6e}"
        for key, value in zip(("CovXX", "XY", "XZ", "YY", "YZ", "ZZ"), covariance, strict=True)
    )
    yield f"STATISTICS  ExpectX 0 Y 0 Z {depth:.6f}  {words} {_axes(row, located)}"
    yield f"STAT_GEOG  ExpectLat {latitude:.8f} Long {longitude:.8f} Depth {depth:.6f}"
    yield f"TRANSFORM  SIMPLE LatOrig {latitude:.6f}  LongOrig {longitude:.6f}  RotCW 0.000000"
    yield (
        f"QML_OriginQuality  assocPhCt {len(event.picks)}  usedPhCt {used}  assocStaCt -1  "
        f"usedStaCt -1  depthPhCt -1  stdErr {_known(rms):.6f}  azGap {_known(gap):.3f}  "
        f"secAzGap -1  gtLevel -  minDist {_known(nearest):.4f}  maxDist -1  medDist -1"
    )
    longest, shortest, azimuth = _ellipse(event, row)
    yield (
        f"QML_OriginUncertainty  horUnc -1  minHorUnc {shortest:.6f}  maxHorUnc {longest:.6f}  "
        f"azMaxHorUnc {azimuth:.3f}"
    )
    if located and not math.isnan(row["ellipsoid_1_km"]):
        yield (
            f"QML_ConfidenceEllipsoid  semiMajorAxisLength {1000 * row['ellipsoid_1_km']:.3f}  "
            f"semiMinorAxisLength {1000 * row['ellipsoid_3_km']:.3f}  "
            f"semiIntermediateAxisLength {1000 * row['ellipsoid_2_km']:.3f}  "
            f"majorAxisPlunge {row['ellipsoid_1_plunge_deg']:.3f}  "
            f"majorAxisAzimuth {row['ellipsoid_1_azimuth_deg']:.3f}  "
            f"majorAxisRotation {major_axis_rotation(row):.3f}"
        )
    yield (
        "PHASE ID Ins Cmp On Pha  FM Date     HrMn   Sec     Err  ErrMag    Coda      Amp       "
        "Per       PriorWt  >   TTpred    Res       Weight    StaLoc(X  Y         Z)        SDist "
        "   SAzim  RAz  RDip RQual    Tcorr       TTerr"
    )
    for pick in event.picks:
        yield _located_phase(event, row, pick, counts)
    yield "END_PHASE"
    yield "END_NLLOC"
    yield ""


def _known(value: float) -> float:
    return _UNKNOWN if math.isnan(value) else value


def _covariance(event: CatalogEvent, row: Row) -> tuple[float, ...]:
    """East, north and down with each other in km2, in the order of NonLinLoc; NaN if unknown."""
    if row is event.located:
        return tuple(float(row[f"cov_{c}"]) for c in ("ee", "en", "ed", "nn", "nd", "dd"))
    flat, vertical = event.errors_km()
    return flat**2, 0.0, 0.0, flat**2, 0.0, vertical**2


def _ellipse(event: CatalogEvent, row: Row) -> tuple[float, float, float]:
    """Longest and shortest half axis of the ellipse of 68 % in km, and its azimuth."""
    if row is event.located:
        longest, shortest, azimuth = horizontal_axes_km(row)
    else:
        longest = shortest = event.errors_km()[0]
        azimuth = 0.0
    if math.isnan(longest):
        return _UNKNOWN, _UNKNOWN, _UNKNOWN
    return ELLIPSE_SIGMAS * longest, ELLIPSE_SIGMAS * shortest, azimuth


def _axes(row: Row, located: bool) -> str:
    """The ellipsoid of 68 % as NonLinLoc lists it: two axes with angles, the third's length."""
    if not located or math.isnan(row["ellipsoid_1_km"]):
        return "EllAz1 0 Dip1 0 Len1 0 Az2 0 Dip2 0 Len2 0 Len3 0"
    order = (3, 2, 1)
    words = [
        f"{'Ell' if n == 1 else ''}Az{n} {row[f'ellipsoid_{rank}_azimuth_deg']:.4f} "
        f"Dip{n} {row[f'ellipsoid_{rank}_plunge_deg']:.4f} Len{n} {row[f'ellipsoid_{rank}_km']:.6e}"
        for n, rank in enumerate(order[:2], start=1)
    ]
    return " ".join([*words, f"Len3 {row['ellipsoid_1_km']:.6e}"])


def _located_phase(event: CatalogEvent, row: Row, pick: CatalogPick, counts: WrittenCounts) -> str:
    """The line of a phase with what the hypocenter predicts; zeros where nothing is known."""
    distance, azimuth = pick.value("distance_km"), pick.value("azimuth_deg")
    if math.isnan(distance) or math.isnan(azimuth):
        distance = azimuth = 0.0
    takeoff = pick.value("takeoff_deg")
    ray = f"{azimuth:6.2f} {takeoff:6.2f} 9" if takeoff == takeoff else "-1.0 -1.0 0"
    predicted, residual = pick.value("travel_time_s"), pick.value("residual_s")
    if math.isnan(predicted):
        residual = 0.0 if math.isnan(residual) else residual
        predicted = (pick.time - row["origin_time"]) / 1e9 - residual if distance else 0.0
    residual = 0.0 if math.isnan(residual) else residual
    weight = time_weight(pick)
    weight = 1.0 if math.isnan(weight) else weight
    return (
        f"{_phase_line(pick, counts)} {1.0:8.4f} > {predicted:9.4f} {residual:8.4f} {weight:8.4f} "
        f"0 0 0 {distance:9.4f} {azimuth:6.2f} {ray} 0.0 0.0"
    )
