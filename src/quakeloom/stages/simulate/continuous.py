"""Simulated continuous records: an archive of day files, stations with responses, the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.cluster import find_workers, open_executor
from quakeloom.config import Settings
from quakeloom.core import InputError, LayeredModel, digest_json
from quakeloom.formats import (
    InstrumentedStation,
    Trace,
    read_velocity_model,
    write_miniseed,
    write_stationxml,
)
from quakeloom.schema import make_table
from quakeloom.simulate import (
    COMPONENTS,
    DAMPING,
    NATURAL_HZ,
    TELESEISMIC_PHASES,
    DayEarth,
    DayOptions,
    StationDay,
    TeleseismTimes,
    simulate_day_stations,
    simulate_station_day,
    source_durations,
    sources_near,
)
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.simulate.reading import STATIONXML
from quakeloom.stages.takeoff.reading import find_model
from quakeloom.store import (
    Item,
    atomic_file,
    atomic_folder,
    is_sealed,
    read_table,
    write_seal,
    write_table,
)
from quakeloom.travel import TableStack, stack_tables, table_grid, trace_table

ARCHIVE = "archive"
"""Folder of the day files, in the structure of SeisComP (SDS)."""

TRUTH = ("true_events", "true_arrivals", "true_noise", "true_stations")
"""Tables of the truth."""

_VP_VS = 1.73
"""Vp/Vs where the model has no S velocities: that of a Poisson solid."""

_DEEPEST_KM = 45.0
"""Depth to which travel times are traced, km: below tremor."""

_FAR_DEG = np.arange(28.0, 93.0)
"""Distances at which times of teleseisms are computed, degrees."""

_FAR_DEPTH_KM = 33.0
"""Depth of teleseisms, km, as the room has it."""

_BASE_MB = 450.0
"""Memory of the program with its kernels compiled, measured."""

_BYTES_PER_SAMPLE = 3 * 4 * 4.5
"""Memory of a task for each of its samples: three components, four bytes, some copies; measured."""


@dataclass(frozen=True)
class ContinuousSource:
    """A simulated continuous record.

    Attributes
    ----------
    folder : Item
        Holds all of it.
    archive : Item
        Day files, ``YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY``.
    stationxml : Item
    stations : pyarrow.Table
        The table ``stations``.
    truth : dict of pyarrow.Table
        The tables of :data:`TRUTH`.
    """

    folder: Item
    archive: Item
    stationxml: Item
    stations: pa.Table
    truth: dict[str, pa.Table]


@dataclass(frozen=True)
class DayTask:
    """A station and a date that a worker simulates and writes."""

    archive: Item
    earth: DayEarth
    station: int
    date: str


@dataclass(frozen=True)
class DayTruth:
    """What is true of a station's day: columns of tables."""

    arrivals: dict[str, Any]
    noise: dict[str, Any]


def continuous_source(
    settings: Settings, cache: Item, progress: Callable[[str], None] = lambda _: None
) -> ContinuousSource:
    """Simulate the continuous record of a run, if it is not in the cache, and return it.

    It is kept under the digest of settings and code, as simulated catalogs are.
    """
    assert settings.simulation is not None
    assert settings.simulation.continuous is not None
    key = digest_json(
        [
            settings.simulation.continuous.model_dump(),
            _model_name(settings),
            settings.seed,
            code_digest("quakeloom.stages.simulate.continuous"),
        ]
    )
    folder = cache / key
    if folder.exists() and not is_sealed(folder):
        folder.remove()
    if not folder.exists():
        days = settings.simulation.continuous
        progress(f"simulating {days.hours:g} h of {days.stations} stations")
        with atomic_folder(folder) as temporary:
            write_continuous(settings, temporary)
            write_seal(temporary)
    return read_continuous(folder)


def read_continuous(folder: Item) -> ContinuousSource:
    """Return the continuous record that lies in a folder."""
    return ContinuousSource(
        folder,
        folder / ARCHIVE,
        folder / STATIONXML,
        read_table(folder / "stations.parquet", "stations"),
        {name: read_table(folder / f"{name}.parquet", name) for name in TRUTH},
    )


def write_continuous(settings: Settings, folder: Item) -> None:
    """Simulate a continuous record and write archive, stations and truth to a folder."""
    earth = make_earth(settings)
    options = earth.options
    tasks = [
        DayTask(folder / ARCHIVE, earth, station, date)
        for date in options.dates()
        for station in range(earth.stations.count)
    ]
    largest = min(options.samples, 86_400 * options.rate)
    task_mb = 60.0 + largest * _BYTES_PER_SAMPLE / 1e6
    workers = find_workers(settings.cluster, len(tasks), _BASE_MB, task_mb, refuses=False)
    with open_executor(settings.cluster if len(tasks) > 1 else None, workers) as executor:
        found = list(executor.map(write_station_day, tasks))
    _write_stations(earth, folder)
    arrivals = _joined("true_arrivals", [f.arrivals for f in found])
    arrivals = arrivals.sort_by(
        [(n, "ascending") for n in ("time", "event_id", "station", "phase")]
    )
    noise = _joined("true_noise", [f.noise for f in found])
    noise = noise.sort_by(
        [(n, "ascending") for n in ("start_time", "network", "station", "noise_kind", "channel")]
    )
    write_table(folder / "true_arrivals.parquet", "true_arrivals", arrivals)
    write_table(folder / "true_noise.parquet", "true_noise", noise)
    events = _true_events(earth, set(arrivals.column("event_id").to_pylist()))
    write_table(folder / "true_events.parquet", "true_events", events)


def make_earth(settings: Settings) -> DayEarth:
    """Return stations, travel times and options of the continuous record of a run."""
    assert settings.simulation is not None
    assert settings.simulation.continuous is not None
    values = settings.simulation.continuous.model_dump()
    values["start"] = np.datetime64(values["start"], "s")
    values["noise"] = tuple(values["noise"])
    values["noise_share"] = tuple(values["noise_share"])
    options = DayOptions(**values)
    stations, region = simulate_day_stations(options, settings.seed)
    model = read_velocity_model(find_model(settings, _model_name(settings)))
    if model.s_velocity_km_s is None:
        model = replace(model, s_velocity_km_s=model.p_velocity_km_s / _VP_VS)
    p, s = _trace_times(model, 2.0 * region.radius_km + 10.0, stations.table["elevation_m"])
    far = _far_times() if options.teleseisms > 0 else TeleseismTimes(_FAR_DEG, np.zeros((3, 65)))
    return DayEarth(options, settings.seed, stations, region, p, s, far)


def _model_name(settings: Settings) -> str:
    return (settings.takeoff.models or ["generic_crust"])[0]


def _trace_times(
    model: LayeredModel, reach_km: float, elevation_m: Any
) -> tuple[tuple[TableStack, ...], tuple[TableStack, ...]]:
    """Trace P and S to the elevation of every station."""
    depth, distance = table_grid(_DEEPEST_KM, reach_km, models=[model])
    both = []
    for phase in ("P", "S"):
        both.append(
            tuple(
                stack_tables(
                    [
                        trace_table(
                            model, depth, distance, phase=phase, receiver_depth_km=-float(up) / 1e3
                        )
                    ]
                )
                for up in elevation_m
            )
        )
    return both[0], both[1]


def _far_times() -> TeleseismTimes:
    """Return times of P, PP and S through the Earth model iasp91."""
    from obspy.taup import TauPyModel  # takes a second, which few runs need

    earth = TauPyModel("iasp91")
    times = np.empty((len(TELESEISMIC_PHASES), _FAR_DEG.size))
    for k, degrees in enumerate(_FAR_DEG):
        found = earth.get_travel_times(_FAR_DEPTH_KM, float(degrees), list(TELESEISMIC_PHASES))
        for row, phase in enumerate(TELESEISMIC_PHASES):
            own = [a.time for a in found if a.name == phase]
            if not own:
                raise InputError(f"The Earth model has no {phase} at {degrees} degrees.")
            times[row, k] = min(own)
    return TeleseismTimes(_FAR_DEG, times)


def write_station_day(task: DayTask) -> DayTruth:
    """Simulate and write the day files of a station; runs on a worker.

    Returns
    -------
    DayTruth
    """
    earth, station = task.earth, task.station
    made = simulate_station_day(earth, station, task.date)
    network, code = (str(earth.stations.table[n][station]) for n in ("network", "station"))
    year, number = task.date[:4], _day_of_year(task.date)
    for k, channel in enumerate(_channels(earth, station)):
        traces = list(_pieces(made, k, (network, code, channel), earth.options.rate))
        if traces:
            name = f"{network}.{code}..{channel}.D.{year}.{number:03d}"
            item = task.archive / f"{year}/{network}/{code}/{channel}.D/{name}"
            with atomic_file(item) as file:
                write_miniseed(file, traces)
    return _truth_of(made, network, code, _channels(earth, station))


def _channels(earth: DayEarth, station: int) -> tuple[str, ...]:
    """Return channel codes: band by the rate, broadband or short-period."""
    broadband = NATURAL_HZ[int(earth.stations.instrument[station])] < 0.1
    fast = earth.options.rate >= 80
    band = ("H" if fast else "B") if broadband else ("E" if fast else "S")
    return tuple(f"{band}H{component}" for component in COMPONENTS)


def _day_of_year(date: str) -> int:
    day = np.datetime64(date, "D")
    return int((day - day.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)) + 1


def _pieces(
    made: StationDay, component: int, names: tuple[str, str, str], rate: int
) -> Iterator[Trace]:
    """Yield the traces between gaps."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], made.is_recorded.astype(np.int8), [0]])))
    network, code, channel = names
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        start = (made.first + int(low)) * 1_000_000_000 // rate
        samples = made.counts[component, low:high]
        yield Trace(network, code, "", channel, start, float(rate), samples, int(high - low), "")


def _truth_of(made: StationDay, network: str, code: str, channels: tuple[str, ...]) -> DayTruth:
    names = {c[-1]: c for c in channels}
    rows, spans = made.arrivals, made.spans
    arrivals = {
        "event_id": [r.event_id for r in rows],
        "network": [network] * len(rows),
        "station": [code] * len(rows),
        "phase": [r.phase for r in rows],
        "time": _times([r.time_ns for r in rows]),
        "polarity": np.array([r.polarity for r in rows], np.int8),
        "arrival_snr": np.array([r.snr for r in rows]),
        "wood_anderson_mm": np.array([r.amplitude_mm for r in rows]),
        "distance_km": np.array([r.distance_km for r in rows]),
        "is_sound": np.array([r.is_sound for r in rows], bool),
        "clock_error_s": np.full(len(rows), made.clock_error_s),
    }
    noise = {
        "network": [network] * len(spans),
        "station": [code] * len(spans),
        "channel": [names[s.components] if len(s.components) == 1 else "" for s in spans],
        "noise_kind": [s.kind for s in spans],
        "start_time": _times([round(s.start_s * 1e3) * 1_000_000 for s in spans]),
        "end_time": _times([round(s.end_s * 1e3) * 1_000_000 for s in spans]),
        "noise_value": np.array([s.value for s in spans], float),
    }
    return DayTruth(arrivals, noise)


def _times(nanoseconds: list[int]) -> Any:
    return np.array(nanoseconds, np.int64).astype("datetime64[ns]")


def _joined(name: str, columns: list[dict[str, Any]]) -> pa.Table:
    return pa.concat_tables([make_table(name, c) for c in columns])


def _true_events(earth: DayEarth, seen: set[str]) -> pa.Table:
    """Return the sources that begin within the record, or whose waves reach into it."""
    options = earth.options
    first = options.first_sample / options.rate
    end = first + options.samples / options.rate
    sources = sources_near(earth, first, end)
    begins = (sources.origin_ns / 1e9 >= first) & (sources.origin_ns / 1e9 < end)
    sources = sources.take(begins | np.array([e in seen for e in sources.event_id], bool))
    strike, dip, rake = sources.mechanisms()
    return make_table(
        "true_events",
        {
            "event_id": sources.event_id,
            "source_class": sources.source_class,
            "origin_time": sources.origin_ns.astype("datetime64[ns]"),
            "longitude": sources.longitude,
            "latitude": sources.latitude,
            "depth_km": sources.depth_km,
            "magnitude": sources.magnitude,
            "strike_deg": strike,
            "dip_deg": dip,
            "rake_deg": rake,
            "source_duration_s": source_durations(sources, earth.seed),
        },
    )


def _write_stations(earth: DayEarth, folder: Item) -> None:
    made = earth.stations
    table = {**made.table, "source_file": ["simulation"] * made.count}
    write_table(folder / "stations.parquet", "stations", make_table("stations", table))
    natural = np.array([NATURAL_HZ[int(i)] for i in made.instrument])
    truth = {
        "network": made.table["network"],
        "station": made.table["station"],
        "amplitude_term": made.amplitude_term,
        "sensitivity": made.counts_per_m_s,
        "natural_frequency_hz": natural,
        "noise_model_share": made.noise_share,
    }
    write_table(
        folder / "true_stations.parquet", "true_stations", make_table("true_stations", truth)
    )
    instruments = [
        InstrumentedStation(
            str(made.table["network"][k]), str(made.table["station"][k]), "", _channels(earth, k),
            float(made.table["longitude"][k]), float(made.table["latitude"][k]),
            float(made.table["elevation_m"][k]), float(earth.options.rate), float(natural[k]),
            DAMPING, float(made.counts_per_m_s[k]),
        )
        for k in range(made.count)
    ]  # fmt: skip
    with atomic_file(folder / STATIONXML) as file:
        # stations are older than any record
        write_stationxml(file, instruments, "1990-01-01T00:00:00")
