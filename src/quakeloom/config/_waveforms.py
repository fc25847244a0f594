"""Settings of the way from waveforms to polarities."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from quakeloom.config._fields import Section, setting


class Fetch(Section):
    """Where `quakeloom fetch` gets waveforms from. Only that command uses a network."""

    service: str = setting(
        "IRIS", "FDSN data center by name (as ObsPy knows it) or address (https://...)."
    )
    networks: str = setting("*", "Network codes with commas, `*` and `?`.")
    stations: str = setting("*", "Station codes likewise.")
    channels: str = setting("HH?,EH?,HN?", "Channel codes likewise.")
    before_s: float = setting(30.0, "From so long before the origin,", "s", ge=0, le=3600)
    after_s: float = setting(
        60.0, "to so long after a wave of 3 km/s has arrived.", "s", ge=0, le=36000
    )
    folder: str = setting(
        "fetched", "Folder for one miniSEED file per event and `stations.xml`; relative to `data`."
    )


class Waveforms(Section):
    """Waveforms to picks and polarities. The stages run where this group is given."""

    archives: list[str] = setting(
        list,
        "Waveform files, folders, SDS trees or glob patterns, relative to `data`; miniSEED 2 and "
        "3, SAC, WIN, WIN32, numpy archives, and what ObsPy reads, plain or gzipped.",
    )
    fetch: Fetch | None = setting(
        None, "An FDSN service that `quakeloom fetch` asks for the events of `sources`."
    )
    picks: Literal["automatic", "given"] = setting(
        "automatic",
        "P at which polarities are read: picked here, or the picks and arrival times of `sources`.",
    )
    picker: str = setting(
        "best",
        "Weights of the picker: `best` present, `own`, `classical`, MODEL/NAME of SeisBench's "
        "cache such as phasenet/original, or a file.",
    )
    p_threshold: float = setting(0.3, "Minimum probability of a P pick.", "1", gt=0, lt=1)
    s_threshold: float = setting(0.3, "Minimum probability of an S pick.", "1", gt=0, lt=1)
    polarity: str = setting(
        "best", "Weights of the polarity network: `best` present, `own`, `classical`, or a file."
    )
    polarities: Literal["replace", "add"] = setting(
        "replace",
        "Read polarities replace those of `sources`, or are added where a station has none.",
    )
    before_p_s: float = setting(
        10.0, "A window starts this long before the expected P.", "s", ge=2, le=60
    )
    tolerance_s: float = setting(
        2.0, "A pick belongs to an event within this of its expected time, and", "s", gt=0, le=60
    )
    tolerance_share: float = setting(0.1, "this share of the travel time more.", "1", ge=0, le=1)
    vp_vs_ratio: float = setting(1.73, "Vp/Vs for the expected time of S.", "1", ge=1.2, le=3)
    station_aliases: dict[str, str] = setting(
        dict, "Station codes of picks and catalogs that the archive writes differently."
    )
    orientation: Literal["metadata", "names"] = setting(
        "metadata",
        "Components follow the azimuths and dips of sensors in station tables and headers, so that "
        "a vertical upside down is turned, or the names of channels alone.",
    )
    shard_windows: int = setting(
        1024, "Windows per shard, the unit of writing.", "windows", ge=16, le=65536
    )
    chunk_windows: int = setting(
        64, "Windows per chunk, the unit of reading; divides the shard.", "windows", ge=1, le=65536
    )
    compress: bool = setting(
        False,
        "Compress the stored windows (a third smaller, several times slower to read).",
    )

    @model_validator(mode="after")
    def _shards_hold_whole_chunks(self) -> Waveforms:
        if self.shard_windows % self.chunk_windows:
            raise ValueError(
                f"shard_windows ({self.shard_windows}) is no multiple of chunk_windows "
                f"({self.chunk_windows}); write a multiple"
            )
        return self
