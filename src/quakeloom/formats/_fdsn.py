"""Waveforms and stations from FDSN web services."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quakeloom.core import InputError

_NO_CONTENT = (204, 404)
"""HTTP codes of FDSN services that found nothing."""

_PER_REQUEST = 200
"""Lines of a bulk request; chosen here, since services refuse long ones."""


@dataclass(frozen=True)
class FdsnRequest:
    """One span of one kind of channels.

    Attributes
    ----------
    network, station, location_code, channel : str
        Codes; ``*`` and ``?`` stand for any, an empty location for ``--``.
    start, end : int
        Nanoseconds since 1970.
    """

    network: str
    station: str
    location_code: str
    channel: str
    start: int
    end: int


def find_service(name: str) -> str:
    """Return the address of a data center that is known by name, or the address itself.

    Raises
    ------
    InputError
        If the name is not known; the message lists those that are.
    """
    if "://" in name:
        return name.rstrip("/")
    from obspy.clients.fdsn.header import URL_MAPPINGS

    if name.upper() not in URL_MAPPINGS:
        raise InputError(
            f"'{name}' is no data center that is known by name. Nothing was fetched; write its "
            f"address (https://...), or one of {', '.join(sorted(URL_MAPPINGS))}."
        )
    return str(URL_MAPPINGS[name.upper()]).rstrip("/")


def fetch_stations(
    service: str, networks: str, stations: str, channels: str, timeout_s: float = 60.0
) -> bytes:
    """Return the StationXML of stations and their channels.

    Parameters
    ----------
    service : str
        Address, see :func:`find_service`.
    networks, stations, channels : str
        Codes with commas, ``*`` and ``?``.
    timeout_s : float

    Raises
    ------
    InputError
        If the service cannot be reached or has none of them.
    """
    query = urllib.parse.urlencode(
        {
            "network": networks, "station": stations, "channel": channels, "level": "channel",
            "format": "xml",
        }
    )  # fmt: skip
    found = _open(f"{service}/fdsnws/station/1/query?{query}", None, timeout_s)
    if not found:
        raise InputError(
            f"The service {service} has no station {networks}.{stations} with channels {channels}. "
            "Nothing was fetched; correct the codes."
        )
    return found


def fetch_waveforms(
    service: str, requests: Sequence[FdsnRequest], timeout_s: float = 120.0
) -> bytes:
    """Return the miniSEED of requests; empty where the service has nothing.

    Raises
    ------
    InputError
        If the service cannot be reached or refuses.
    """
    pieces = []
    for first in range(0, len(requests), _PER_REQUEST):
        lines = ["quality=B"]
        for r in requests[first : first + _PER_REQUEST]:
            location = r.location_code or "--"
            codes = f"{r.network} {r.station} {location} {r.channel}"
            lines.append(f"{codes} {_moment(r.start)} {_moment(r.end)}")
        body = ("\n".join(lines) + "\n").encode()
        pieces.append(_open(f"{service}/fdsnws/dataselect/1/query", body, timeout_s))
    return b"".join(pieces)


def _moment(time: int) -> str:
    return str(np.datetime64(time // 1000, "us"))


def _open(address: str, body: bytes | None, timeout_s: float) -> bytes:
    """Return what an address gives; nothing for "no content"."""
    request = urllib.request.Request(address, body, {"User-Agent": "quakeloom"})
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        if error.code in _NO_CONTENT:
            return b""
        said = error.read()[:200].decode(errors="replace").strip()
        raise InputError(
            f"The service {address.split('?')[0]} refused the request ({error.code} "
            f"{error.reason}: {said}). What was fetched before is kept; correct the request, or "
            "try again later."
        ) from error
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise InputError(
            f"The service {address.split('?')[0]} cannot be reached ({reason}). What was fetched "
            "before is kept; a network is needed, or copy the waveforms into the archive by hand."
        ) from error
