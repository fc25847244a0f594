"""Responses of the instruments of a run, by station and channel."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from quakeloom.config import Settings
from quakeloom.core import QuakeloomError, digest_json
from quakeloom.detection import VelocityResponse
from quakeloom.formats import ChannelResponse, read_responses
from quakeloom.stages.simulate.reading import STATIONXML
from quakeloom.store import Item, digest_input, is_input, list_inputs, open_item, read_json

log = logging.getLogger(__name__)

_OF_STATIONS = ("stationxml", "dataless_seed")
"""Formats of sources that may hold responses."""


@dataclass(frozen=True)
class StationResponses:
    """Responses of the channels of one station.

    Attributes
    ----------
    responses : tuple of ChannelResponse
    """

    responses: tuple[ChannelResponse, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return bool(self.responses)

    def find(self, location: str, channel: str, time: int) -> tuple[VelocityResponse, bool] | str:
        """Return the response of a channel at a time and whether it is flat, or why there is none.

        Of several epochs that hold the time the one counts that started last. A location code that
        the metadata do not have stands for any, if they have one alone.
        """
        own = [r for r in self.responses if r.channel == channel]
        if not own:
            return f"no response of {channel} is known"
        places = {r.location_code for r in own}
        if location in places:
            own = [r for r in own if r.location_code == location]
        elif len(places) > 1:
            return f"no response of {location or 'an empty location'}.{channel} is known"
        inside = [r for r in own if r.start <= time < r.end]
        if not inside:
            return f"no response of {channel} is known at that time"
        best = max(inside, key=lambda r: r.start)
        return VelocityResponse(best.frequency_hz, best.velocity, best.rate_hz), best.is_flat


@dataclass(frozen=True)
class NetworkResponses:
    """Responses of many stations, and what was put aside.

    Attributes
    ----------
    by_station : dict
        By network and station code.
    problems : list of (str, str)
        File and reason.
    """

    by_station: dict[tuple[str, str], tuple[ChannelResponse, ...]]
    problems: list[tuple[str, str]]

    def of(self, network: str, station: str) -> StationResponses:
        """Return the responses of a station; an empty network on either side stands for any."""
        exact = self.by_station.get((network, station))
        if exact is None:
            near = [
                own for (n, s), own in sorted(self.by_station.items())
                if s == station and not (n and network)
            ]  # fmt: skip
            exact = near[0] if near else ()
        return StationResponses(exact)


NO_RESPONSES = NetworkResponses({}, [])
"""Where none are known."""


def response_files(settings: Settings, ingest: Item, named: list[str]) -> list[Path]:
    """Return the files of responses of a run: those named, else those of its sources.

    Parameters
    ----------
    settings : Settings
    ingest : Item
        Folder of what was read, which says where a simulation lies.
    named : list of str
        As the settings of a stage name them, relative to ``data``.
    """
    if settings.simulation is not None and not named:
        folder = open_item(read_json(ingest / "simulation.json")["folder"])
        return [(folder / STATIONXML).waveforms]
    if named:
        return [f for name in named for f in list_inputs(settings.data, name)]
    files: dict[Path, None] = {}
    for source in settings.sources:
        for file in list_inputs(settings.data, source.path):
            looks = file.name.lower().removesuffix(".gz")
            if source.format in _OF_STATIONS or (
                source.format == "auto" and looks.endswith((".xml", ".dataless", ".seed"))
            ):
                files[file] = None
    return list(files)


def responses_digest(settings: Settings, ingest: Item, named: list[str]) -> str:
    """Return the digest of the files of responses, for plan files."""
    files = response_files(settings, ingest, named)
    return digest_json(sorted(digest_input(f) for f in files if is_input(f)))


def load_responses(files: Iterable[Path], stations: Container[str]) -> NetworkResponses:
    """Read the responses of stations from files; one that holds none is no error.

    Parameters
    ----------
    files : iterable of Path
    stations : container of str
        Codes of the stations that are wanted.
    """
    by_station: dict[tuple[str, str], list[ChannelResponse]] = {}
    problems: list[tuple[str, str]] = []
    for file in files:
        if not is_input(file):
            problems.append((str(file), "there is no such file of responses"))
            continue
        try:
            found, aside = read_responses(file, stations)
        except QuakeloomError as error:
            # a source such as QuakeML ends in .xml as well, and is no trouble here
            log.info("%s", error)
            continue
        problems += [(str(file), reason) for reason in aside]
        for response in found:
            by_station.setdefault((response.network, response.station), []).append(response)
    return NetworkResponses({key: tuple(own) for key, own in by_station.items()}, problems)
