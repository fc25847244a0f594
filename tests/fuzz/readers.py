"""All readers of quakeloom with good small inputs of each: what is fuzzed, and what is checked."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from agency_files import AGENCIES, comcat, scml
from mutations import mutate
from nonsense import NOTHING, source_problems, table_problems, value_problems
from simul_files import at_nodes, simul_text
from test_broken_files import GOOD
from test_every_field import TEXTS
from test_obspy_events import NORDIC
from waveform_writers import CHANNEL_TABLE, WRITERS, truth

from quakeloom import config, formats, schema, store
from quakeloom.core import LayeredModel, QuakeloomError

Files = dict[str, bytes]
"""An input: the files of a folder by name."""

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""


@dataclass(frozen=True)
class Reader:
    """One reader.

    Attributes
    ----------
    name : str
    seeds : list of Files
        Good inputs; the reader accepts each.
    main : str
        The file that is read; the others lie beside it. Empty means the folder.
    read : callable
        ``read(path, number) -> problems``: reads, and says what is nonsense in what came. The
        number of the input chooses one of several ways to read.
    ways : int
        How many ways there are.
    fixed : tuple of str
        Beginnings of names of files that are not changed, such as a marker with digests.
    names_file : bool
        Errors name the file.
    lists_all : bool
        Errors list everything that is wrong, and may be long.
    may_die : bool
        Compiled code reads, which may end the process: every input is kept before it is read.
    """

    name: str
    seeds: list[Files]
    main: str
    read: Callable[[Path, int], list[str]]
    ways: int = 1
    fixed: tuple[str, ...] = ()
    names_file: bool = False
    may_die: bool = False
    lists_all: bool = False

    def put(self, folder: Path, files: Files) -> Path:
        """Write an input into an emptied folder and return what is read."""
        if len(files) > 1 or not self.main:
            shutil.rmtree(folder)
            folder.mkdir()
        for name, data in files.items():
            path = folder / name
            if "/" in name:
                path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder / self.main if self.main else folder

    def change(self, kept: list[Files], r: random.Random) -> Files:
        """Return an input made from one of those that are kept; the seeds count as half."""
        few = kept[: len(self.seeds)]
        files = dict(r.choice(few if r.random() < 0.5 else kept))
        names = [n for n in files if not n.startswith(self.fixed or ("\0",))]
        name = self.main if self.main in names and r.random() < 0.7 else r.choice(names)
        other = r.choice(kept).get(name, b"")
        if len(names) > 1 and r.random() < 0.05:
            if name != self.main:
                del files[name]
            return files
        files[name] = mutate(files[name], r, other)
        return files

    def save(self, file: Path, files: Files) -> None:
        """Keep an input in one file."""
        only = len(files) == 1
        file.write_bytes(files[self.main] if only and self.main else pickle.dumps(files))

    def load(self, file: Path) -> Files:
        """Read what :meth:`save` kept."""
        data = file.read_bytes()
        if len(self.seeds[0]) == 1 and self.main:
            return {self.main: data}
        files: Files = pickle.loads(data)  # our own file
        return files


def name_readers(names: Iterable[str] = ()) -> list[str]:
    """Return the names of all readers, or those that are given.

    Raises
    ------
    SystemExit
        If there is no such reader.
    """
    makers = _makers()
    chosen = list(names) or list(makers)
    unknown = [n for n in chosen if n not in makers]
    if unknown:
        raise SystemExit(f"There is no reader {unknown[0]}; there are: {', '.join(makers)}.")
    return chosen


def make_reader(name: str) -> Reader:
    """Return a reader with its good inputs, which are written now."""
    return _makers()[name]()


@cache
def _makers() -> dict[str, Callable[[], Reader]]:
    """How every reader is made; seeds are written when they are wanted."""
    found: dict[str, Callable[[], Reader]] = {
        name: partial(_source, name) for name in formats.FORMATS
    }
    found |= {f"waveforms_{name}": partial(_waveforms, name) for name in formats.WAVEFORM_FORMATS}
    found["win_channel_table"] = _channel_table
    for form in _MECHANISMS:
        found[f"mechanisms_{form}"] = partial(_mechanisms, form)
    for name, (seeds, read, ways) in _OTHERS.items():
        found[name] = partial(_other, name, seeds, read, ways)
    found |= {
        "mechanisms_parquet": _mechanism_parquet,
        "nonlinloc_time_grid": _time_grid,
        "simulps_model": _simul_model,
        "recognition": _recognition,
        "configuration": _configuration,
        "polarity_weights": _polarity_weights,
        "picker_weights": _picker_weights,
        "seisbench_weights": _seisbench_weights,
        "coastline": _coastline,
        "takeoff_tables_zarr": _takeoff_tables,
        "store_table": _store_table,
        "store_arrays": _store_arrays,
        "store_dataset_zarr": _store_dataset,
    }
    return found


# --- events, readings, stations ---------------------------------------------------------------


def source_texts() -> dict[str, list[bytes]]:
    """Return good small files by format."""
    found: dict[str, list[bytes]] = {}
    for form, text in TEXTS.values():
        found.setdefault(form, []).append(text.encode())
    for form, data in GOOD.items():
        found.setdefault(form, []).append(data)
    found["quakeml"] += [write().encode() for write in AGENCIES.values() if write is not scml]
    found["seiscomp_ml"] = [scml().encode()]
    found["numpy_picks"] = [
        b"fname,itp,its\nXX_ABC_20210304050607.npz,120,310.5\nYY_D_2021030405060750.npz,1,2\n"
    ]
    found["obspy_events"] = [NORDIC.encode()]
    found["sac_stations"] = [WRITERS["SAC"].write(truth(count=20))]
    found["csv"].append(gzip.compress(GOOD["csv"]))
    return found


_MAY_BE_EMPTY = (*(f for f in formats.FORMATS if f.startswith("skhash")), "csv", "parquet")
"""Tables with names of columns, which may have no row below them."""


def _source(form: str) -> Reader:
    if form == "dataless_seed":
        seeds = [p.read_bytes() for p in _dataless_files()]
    else:
        seeds = source_texts()[form]

    def read(path: Path, number: int) -> list[str]:
        name = form if number % 2 == 0 else "auto"
        problems = source_problems(formats.read_source(path, name))
        if problems == [NOTHING] and form in _MAY_BE_EMPTY:
            return []
        return problems

    main = "input.parquet" if form == "parquet" else "input.dat"
    return Reader(
        form, [{main: s} for s in seeds], main, read, ways=2, names_file=True,
        may_die=form in ("quakeml", "seiscomp_ml", "parquet", "dataless_seed"),
    )  # fmt: skip


def _dataless_files() -> list[Path]:
    import obspy

    folder = Path(obspy.__file__).parent / "io" / "xseed" / "tests" / "data"
    names = ("CL.AIO.dataless", "G.SPB.dataless", "dataless.seed.BW_FURT")
    files = [folder / n for n in names if (folder / n).is_file()]
    if not files:
        raise SystemExit("ObsPy does not carry its dataless volumes here; this reader is not run.")
    return files


# --- waveforms --------------------------------------------------------------------------------

_SHORT = truth(count=300)
"""Three seconds of three components."""


def _waveforms(form: str) -> Reader:
    kinds = {
        "miniseed": "miniSEED",
        "sac": "SAC",
        "numpy": "numpy",
        "win32": "WIN32",
        "win": "WIN",
        "obspy": "",
    }
    start = kinds[form]
    names = [
        n
        for n in WRITERS
        if (n.removeprefix("gzipped ").startswith(start) if start else n in ("GSE2", "TSPAIR"))
        and not (form == "win" and "WIN32" in n)
    ]
    main = WRITERS[names[0]].name.removesuffix(".gz")
    seeds = []
    for n in names:
        beside = {name: text.encode() for name, text in WRITERS[n].beside}
        seeds.append({main: WRITERS[n].write(_SHORT), **beside})

    def read(path: Path, number: int) -> list[str]:
        way = number % 3
        name = form if way == 1 else "auto"
        found = formats.read_waveforms(path, name, headers=way == 2)
        problems = []
        for t in found.traces:
            if way != 2 and t.samples.shape != (t.count,):
                problems.append(f"{t.count} samples and an array of {t.samples.shape}")
            if t.samples.dtype.kind not in "iuf":
                problems.append(f"samples of type {t.samples.dtype}")
            if not 0 < t.sampling_rate_hz <= 1e6 or t.count <= 0:
                problems.append(f"{t.count} samples at {t.sampling_rate_hz} Hz")
            if t.dip_deg == t.dip_deg and not -90 <= t.dip_deg <= 90:
                problems.append(f"dip {t.dip_deg}")
            if t.azimuth_deg == t.azimuth_deg and not 0 <= t.azimuth_deg <= 360:
                problems.append(f"azimuth {t.azimuth_deg}")
            if not np.isfinite(t.sampling_rate_hz) or not t.station:
                problems.append("no rate or no station")
        return problems

    return Reader(
        f"waveforms_{form}", seeds, main, read, ways=3, names_file=True, may_die=True,
        fixed=("net.ch",),
    )  # fmt: skip


def _channel_table() -> Reader:
    wave = WRITERS["WIN32"].write(truth(count=100))
    seeds = [{"a.cnt": wave, "net.ch": CHANNEL_TABLE.encode()}]

    def read(path: Path, number: int) -> list[str]:
        found = formats.read_waveforms(path)
        return [f"channel '{t.channel}'" for t in found.traces if not t.channel or not t.station]

    return Reader("win_channel_table", seeds, "a.cnt", read, fixed=("a.cnt",))


# --- mechanisms -------------------------------------------------------------------------------

_MECHANISMS: dict[str, list[str]] = {
    "csv": [
        "event_id,strike_deg,dip_deg,rake_deg,longitude,latitude,depth_km,origin_time\n"
        "a,20,45,90,138.5,36.2,9.1,2021-03-04T05:06:07\nb,,,,138,36,4,2021-03-04T06:06:07Z\n",
        "id,lon,lat,depth,p_azimuth,p_plunge,t_azimuth,t_plunge\nx,138,36,5,10,20,105,13\n",
    ],
    "gmt_table": [
        "# made\n# lon lat depth strike dip rake mag x y qual nsta fptype otime\n"
        "139 35 10 20 30 40 3 0 0 B 20 SS 2020-01-01T00:00:00:000000\n"
        "139 35.5 11 120 80 -40 3 0 0 A 22 SS 2020-02-01T00:00:00:000000\n"
    ],
    "meca": [
        "139 35 10 370 45 90 3.5\n140 36 11 20 30 -90 2.5 0 0 mine\n",
        "139 35 10 20 45 90 200 45 90 1.5 23\n140 36 11 30 45 90 210 45 90 1.5 23 0 0 b\n",
    ],
    "geonet": [
        "PublicID,Date,Latitude,Longitude,strike1,dip1,rake1,strike2,dip2,rake2,ML,Mw,Mo,CD\n"
        "2103645,20030821121200,-45.1929,166.8300,213,56,98,20,35,79,7.0,7.1,5.61e+26,22\n"
        "2103646,20030822121200,-45.2929,166.9300,213,56,98,20,35,79,7.0,7.1,5.61e+26,22\n"
    ],
    "hash": [
        "       3143312 1994  1 21 11  4 15.030  L 2.300   34.24250 -118.61767   18.100  L  0.200"
        "  0.300  0.200  0.100   30    0    0  118   49   49   24   21   30   13 A  90   62    \n"
    ],
    "quakeml": [],
}
"""Good small catalogs of mechanisms by form."""


def _mechanisms(form: str) -> Reader:
    texts = [t.encode() for t in _MECHANISMS[form]] or [comcat().encode()]

    def read(path: Path, number: int) -> list[str]:
        return table_problems("mechanisms", formats.read_mechanisms(path))

    return Reader(
        f"mechanisms_{form}", [{"input.dat": t} for t in texts], "input.dat", read, names_file=True
    )


def _mechanism_parquet() -> Reader:
    columns = {
        "event_id": ["a", "b"],
        "longitude": [138.0, 139.0],
        "latitude": [36.0, 37.0],
        "strike_deg": [20.0, 30.0],
        "dip_deg": [45.0, 50.0],
        "rake_deg": [90.0, -90.0],
    }
    full = schema.make_table("mechanisms", columns | {"status": ["solved", "solved"]})

    def read(path: Path, number: int) -> list[str]:
        return table_problems("mechanisms", formats.read_mechanisms(path))

    return Reader(
        "mechanisms_parquet",
        [{"input.parquet": _parquet(pa.table(columns))}, {"input.parquet": _parquet(full)}],
        "input.parquet",
        read,
        may_die=True,
        names_file=True,
    )


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


# --- velocity models, lines, faults, control files --------------------------------------------


def _layers(model: LayeredModel) -> list[str]:
    problems = value_problems(model)
    if np.any(np.abs(model.depth_km) > 6371.1):
        problems.append("a depth beyond the Earth")
    for v in (model.p_velocity_km_s, model.s_velocity_km_s):
        if v is not None and (np.any(v <= 0) or np.any(v > 15)):
            problems.append(f"velocities {v.min()} to {v.max()}")
    return problems


def _read_rayinvr(path: Path) -> list[str]:
    found = formats.read_rayinvr_model(path)
    return value_problems(found, "model")


def _line_picks(path: Path) -> list[str]:
    found = formats.read_line_picks(path)
    problems = table_problems("travel_time_picks", found.picks)
    for name in found.picks.column_names:
        column = found.picks.column(name)
        if pa.types.is_floating(column.type) and np.isinf(column.to_numpy()).any():
            problems.append(f"{name} is infinite")
    if (found.picks.column("travel_time_s").to_numpy() < 0).any():
        problems.append("a negative time")
    return problems


def _times(path: Path) -> list[str]:
    table = formats.read_travel_time_table(path)
    problems = value_problems(table)
    if np.any(table.p_time_s < 0) or np.any(table.s_time_s < table.p_time_s):
        problems.append("P before the origin, or S before P")
    if (
        np.any(table.depth_km > 6371)
        or np.any(table.depth_km < -10)
        or np.any(table.distance_km < 0)
    ):
        problems.append("no depth or distance of the Earth")
    return problems


def _control(path: Path) -> list[str]:
    return value_problems(formats.read_hash_control(path))


def _frame(path: Path) -> list[str]:
    frame = formats.read_simul_frame(path)
    problems = value_problems(frame)
    if not -90 <= frame.latitude <= 90 or not -180 <= frame.longitude <= 360:
        problems.append(f"origin {frame.longitude} {frame.latitude}")
    return problems


def _faults(path: Path) -> list[str]:
    return table_problems("tendency", formats.read_fault_segments(path))


_GEOJSON = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "a", "dip": 60, "rake": -90},
                "geometry": {"type": "LineString", "coordinates": [[138, 36], [138.1, 36.2]]},
            },
            {
                "type": "Feature",
                "properties": {"strike": 20, "dip": 60, "dip_std": 5},
                "geometry": {"type": "Point", "coordinates": [138, 36]},
            },
        ],
    }
)

_OTHERS: dict[str, tuple[list[tuple[str, str]], Callable[[Path], list[str]], int]] = {
    "velocity_model": (
        [
            ("m.txt", "0 5.5 3.2\n10 6.3 3.6\n10 6.5 3.7\n35 8.0 4.6\n"),
            ("m.txt", "# depth, vp\n0,5.5\n15,6.3\n30,8\n"),
            ("m.txt", "Vp(m/s),Vs(m/s),rho,depth (m)\n5000,2900,2.7,0\n6000,3500,2.7,10000\n"),
            (
                "m.txt",
                "Start model\n 2        vel,depth,vdamp,phase\n"
                " 5.00   -3.00  001.00   P-VELOCITY MODEL\n"
                " 6.00   10.00  001.00\n 2\n 2.90   -3.00  001.00   S-VELOCITY MODEL\n"
                " 3.50   10.00  001.00\n",
            ),
            ("m.txt", "CONTROL 1 2\nLAYER 0.0 5.0 0.1 3.0 0 2.5 0\nLAYER 10 6.5 0 3.7 0 2.7 0\n"),
        ],
        lambda p: _layers(formats.read_velocity_model(p)),
        1,
    ),
    "velocity_model_taup": (
        [
            (
                "m.nd",
                "0 5.8 3.4 2.7 1456 600\n30 6.8 3.9 2.9 1350 600\nmantle\n"
                "30 8.1 4.5 3.4 1446 600\n"
                "2891 13.7 7.3 5.6 826 312\nouter-core\n2891 8.0 0.0 9.9 57822 0\n",
            )
        ],
        lambda p: _layers(formats.read_velocity_model(p)),
        1,
    ),
    "velocity_model_hypoinverse": (
        [("m.crh", "NORTHERN MODEL\n 5.00  0.00\n 6.00  5.00\n 8.00 30.00\n")],
        lambda p: _layers(formats.read_velocity_model(p)),
        1,
    ),
    "nonlinloc_layers": (
        [
            (
                "run.in",
                "CONTROL 1 2\nLAYER 0.0 5.0 0.1 3.0 0 2.5 0\nLAYER 10 6.5 0 3.7 0 2.7 0  # lower\n",
            )
        ],
        lambda p: _layers(formats.read_layer_model(p)),
        1,
    ),
    "travel_time_table": (
        [("t", "P 0.0 S 0.0 0 0\nP 1.0 S 1.7 0 5\nP 1.0 S 1.7 5 0\nP 1.4 S 2.4 5 5\n")],
        _times,
        1,
    ),
    "hash_control": (
        [
            (
                "run.inp",
                "a\nb\nc\nd\ne\n8\n90\n60\n5\n30\n500\n0.1\n120\n45\n0.25\n2\nvz.one\nvz.two\n",
            ),
            ("run.inp", "a\nb\nc\nd\n8\n90\n60\n5\n30\n500\n0.1\n120\n45\n0.25\n"),
        ],
        _control,
        1,
    ),
    "simulps_stations": (
        [
            ("STNS", "38 15.00 122 30.00 45.0\n  3\n"),
            ("STNS", "41 45.00 173 30.00 140.0 1 173\n  3\n"),
            ("STNS", "36S 0.00  70W30.00   10.00\n"),
        ],
        _frame,
        1,
    ),
    "rayinvr_model": (
        [
            (
                "v.in",
                " 1    0.00  100.00\n 0    0.00    0.00\n      0       0\n"
                " 1    0.00  100.00\n 0    4.00    4.00\n"
                "      0       0\n 1    0.00  100.00\n 0    5.00    5.00\n      0       0\n"
                " 2    0.00  100.00\n"
                " 0   10.00   10.00\n",
            )
        ],
        _read_rayinvr,
        1,
    ),
    "line_picks_rayinvr": (
        [
            (
                "tx.in",
                "     5.070     1.000     0.000         0\n"
                "     5.199     0.043     0.025         1\n"
                "    21.339     2.934     0.025         2\n"
                "    73.217    -1.000     0.000         0\n"
                "    40.550     6.113     0.035         1\n"
                "     0.000     0.000     0.000        -1\n",
            )
        ],
        _line_picks,
        1,
    ),
    "line_picks_sgt": (
        [
            (
                "p.sgt",
                "4 # shot/geophone points\n#x\ty\n0\t0.5\n1\t0.25\n2\t0\n3\t0\n"
                "3 # measurements\n#s\tg\tt\n"
                "1\t2\t0.004\n1\t3\t0.006\n4\t1\t0.011\n",
            )
        ],
        _line_picks,
        1,
    ),
    "line_picks_csv": (
        [
            (
                "p.csv",
                "shot_distance_km,receiver_distance_km,travel_time_s,time_error_s\n"
                "0,1,0.2,0.01\n0,2,0.4,0.01\n"
                "0,3,0.6,0.01\n5,3,0.4,0.01\n5,2,0.6,0.01\n",
            )
        ],
        _line_picks,
        1,
    ),
    "fault_segments": (
        [
            (
                "f.csv",
                "fault,longitude,latitude,strike,dip,rake,dip_std\na,138,36,20,60,-90,5\n"
                "b,138,36,20,60,,\n",
            ),
            ("f.csv", _GEOJSON),
        ],
        _faults,
        1,
    ),
}
"""Readers of one text file: good small inputs, how it is read and checked, ways."""


def _other(
    name: str, seeds: list[tuple[str, str]], read: Callable[[Path], list[str]], ways: int
) -> Reader:
    main = seeds[0][0]
    return Reader(
        name, [{main: t.encode()} for _, t in seeds], main, lambda p, _: read(p), ways,
        names_file=True,
    )  # fmt: skip


def _simul_model() -> Reader:
    axes = ([-75.0, 0.0, 12.0, 75.0], [-75.0, 0.0, 75.0], [-15.0, 0.0, 10.0, 50.0])
    p = at_nodes(axes, lambda x, y, z: np.clip(5.5 + 0.06 * z + 0.005 * x, 2.5, 8.5))
    ratio = at_nodes(axes, lambda x, y, z: 1.73 + np.clip(0.002 * x, -0.1, 0.1))
    texts = [
        simul_text(axes, p),
        simul_text(axes, p, ratio),
        simul_text(axes, p, ratio, glued=True),
        simul_text(axes, p, ratio, lists="  2  2  2\n  0  0  0\n"),
    ]

    def read(path: Path, number: int) -> list[str]:
        model = formats.read_simul_model(path)
        problems = value_problems(model)
        for nodes in (model.x_km, model.y_km, model.z_km):
            if np.any(np.diff(nodes) <= 0):
                problems.append("nodes do not increase")
        for v in (model.p_velocity_km_s, model.s_velocity_km_s):
            if v is not None and (np.any(v <= 0) or np.any(v > 15)):
                problems.append(f"velocities {v.min()} to {v.max()}")
        return problems

    return Reader(
        "simulps_model", [{"MOD": t.encode()} for t in texts], "MOD", read, names_file=True
    )


def _time_grid() -> Reader:
    main = "layer.P.ABC.time.hdr"
    simple = "TRANSFORM  SIMPLE LatOrig 38.000000  LongOrig 22.000000  RotCW 10.000000"
    flat = np.hypot(np.arange(6)[:, None] * 2.0, np.arange(4)[None, :] - 0.5) / 6.0
    seeds = [
        {
            main: f"1 6 4 0.0 0.0 -1.0 2.0 2.0 1.0 TIME2D FLOAT\nABC 0 0 -0.5\n{simple}\n".encode(),
            "layer.P.ABC.time.buf": flat.astype("<f4").tobytes(),
        },
        {
            main: f"2 3 4 -1.0 -2.0 0.0 1.0 1.0 1.0 TIME FLOAT\nABC 0 0 -0.5\n{simple}\n".encode(),
            "layer.P.ABC.time.buf": np.arange(24.0).astype("<f4").tobytes(),
        },
    ]

    def read(path: Path, number: int) -> list[str]:
        grid = formats.read_time_grid(path)
        times = formats.read_grid_times(grid)
        if np.isnan(times).any() or (times < 0).any():
            return ["times that are none"]
        problems = value_problems(grid, allow_nan=True)  # NaN is a place that is not known
        frame = grid.frame
        if frame.projection and not (abs(frame.latitude) <= 90 and abs(frame.longitude) <= 360):
            problems.append(f"the grid lies at {frame.longitude} {frame.latitude}")
        return problems

    return Reader("nonlinloc_time_grid", seeds, main, read)


def _recognition() -> Reader:
    texts = [t for group in source_texts().values() for t in group]
    texts += [t.encode() for group in _MECHANISMS.values() for t in group]
    texts += [t.encode() for seeds, _, _ in _OTHERS.values() for _, t in seeds]
    texts += [w.write(_SHORT) for w in WRITERS.values()]

    def read(path: Path, number: int) -> list[str]:
        found = formats.recognize_file(path)
        return [] if found is not None else ["nothing"]

    return Reader("recognition", [{"input": t} for t in texts], "input", read, may_die=True)


# --- configuration ----------------------------------------------------------------------------


def _configuration() -> Reader:
    texts = [p.read_bytes() for p in sorted((ROOT / "config").glob("*.yaml"))]
    # one document with all defaults of each group
    groups: list[list[str]] = []
    for line in config.default_settings().split("\n"):
        if line.strip().startswith("#"):
            continue
        if not line.startswith(" "):
            groups.append([])
        groups[-1].append(line)
    texts += [("name: x\n" + "\n".join(g) + "\n").encode() for g in groups if len(g) > 1]
    seeds = []
    with tempfile.TemporaryDirectory() as folder:
        for text in texts:
            path = Path(folder) / "run.yaml"
            path.write_bytes(text)
            try:
                config.load_configuration(path)
            except QuakeloomError:
                continue  # a group of defaults that needs another key
            seeds.append({"run.yaml": text})

    def read(path: Path, number: int) -> list[str]:
        found = config.load_configuration(path)
        return [
            p for run, s in found.cases.items() for p in value_problems(s.model_dump(), run or "-")
        ]

    return Reader("configuration", seeds, "run.yaml", read, names_file=True, lists_all=True)


# --- weights ----------------------------------------------------------------------------------


def _weights(name: str) -> bytes:
    return (ROOT / "resources" / "weights" / name).read_bytes()


def _polarity_weights() -> Reader:
    from quakeloom.stages.weights.polarity_readers import open_reader

    windows = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)

    def read(path: Path, number: int) -> list[str]:
        reader = open_reader(str(path))
        sign, up = reader.read_polarities(np.ascontiguousarray(windows[:, : reader.samples]))
        return value_problems(up, "probability") + ([] if len(sign) == 2 else ["no signs"])

    return Reader(
        "polarity_weights", [{"w.npz": _weights("polarity.npz")}], "w.npz", read, may_die=True
    )


def _picked(path: Path) -> list[str]:
    from quakeloom.stages.weights.pickers import open_picker

    open_picker(str(path))
    return []


def _picker_weights() -> Reader:
    return Reader(
        "picker_weights", [{"w.npz": _weights("picker.npz")}], "w.npz", lambda p, _: _picked(p),
        may_die=True,
    )  # fmt: skip


def _seisbench_weights() -> Reader:
    import torch

    with np.load(ROOT / "resources" / "weights" / "picker.npz") as stored:
        state = {n: torch.as_tensor(stored[n]) for n in stored.files}
    out = io.BytesIO()
    torch.save(state, out)
    description = {
        "docstring": "x",
        "model_args": {
            "component_order": "ZNE",
            "phases": "PSN",
            "sampling_rate": 100,
            "norm": "std",
        },
        "default_args": {"P_threshold": 0.3, "S_threshold": 0.2, "blinding": [0, 0]},
        "version": "1",
    }
    seeds = [{"w.pt.v1": out.getvalue(), "w.json.v1": json.dumps(description).encode()}]
    return Reader("seisbench_weights", seeds, "w.pt.v1", lambda p, _: _picked(p), may_die=True)


def _coastline() -> Reader:
    out = io.BytesIO()
    with np.load(ROOT / "resources" / "coastline" / "coastline-50m.npz") as data:
        lengths = data["ring_length"][:4]
        size = int(lengths.sum()) - lengths.size
        arrays = {n: data[n] for n in data.files}
    few = {**arrays, "ring_length": lengths}
    for n in ("longitude_step", "latitude_step"):
        few[n] = arrays[n][:size]
    for n in ("ring_start",):
        few[n] = arrays[n][:4]
    np.savez(out, **few)

    def read(path: Path, number: int) -> list[str]:
        coast = formats.read_coastline(path)
        rings = coast.clip(-180.0, 180.0, -90.0, 90.0)
        return value_problems(rings, "ring")

    return Reader("coastline", [{"coastline-50m.npz": out.getvalue()}], "coastline-50m.npz", read)


# --- the store --------------------------------------------------------------------------------


def _folder_files(folder: Path) -> Files:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def _takeoff_tables() -> Reader:
    from quakeloom.stages.frame.partition_states import open_part, write_plans
    from quakeloom.stages.frame.stage import ONE
    from quakeloom.stages.takeoff.reading import TABLE_ARRAYS, read_tables
    from quakeloom.travel import trace_table

    model = LayeredModel("m", np.array([0.0, 10.0, 40.0]), np.array([5.0, 6.0, 8.0]))
    with tempfile.TemporaryDirectory() as folder:
        layout = store.RunLayout(Path(folder))
        write_plans(layout, "takeoff", {ONE: {}})
        table = trace_table(model, np.arange(0.0, 20.0, 4.0), np.arange(0.0, 50.0, 5.0))
        with open_part(layout, "takeoff", ONE) as job:
            group = job.folder / "model000.zarr"
            for name in TABLE_ARRAYS:
                store.write_array(group, name, getattr(table, name))
            store.write_array(group, "direct_arrival", table.direct)
            said = {
                "model_name": "m",
                "receiver_depth_km": table.receiver_depth_km,
                "law": table.law,
            }
            store.write_json_if_changed(job.folder / "model000.json", said)
        files = _folder_files(Path(folder))
        true = read_tables(layout)
        marker = str(layout.done("takeoff", ONE).local.relative_to(folder))

    def read(path: Path, number: int) -> list[str]:
        found = read_tables(store.RunLayout(path))
        same = pickle.dumps(found) == pickle.dumps(true)
        return [] if same else ["other tables than those that were written"]

    return Reader("takeoff_tables_zarr", [files], "", read, fixed=(marker, "plan"))


def _store_table() -> Reader:
    columns = {"event_id": ["a", "b"], "longitude": [138.0, 139.0], "latitude": [36.0, 37.0]}
    data = _parquet(schema.make_table("events", columns))

    def read(path: Path, number: int) -> list[str]:
        store.read_table(store.open_item(path), "events")
        return []

    return Reader(
        "store_table", [{"t.parquet": data}], "t.parquet", read, names_file=True, may_die=True
    )


def _store_arrays() -> Reader:
    out = io.BytesIO()
    np.savez(out, a=np.arange(10.0), b=np.arange(3), c=np.array("text"))

    def read(path: Path, number: int) -> list[str]:
        store.read_arrays(store.open_item(path))
        return []

    return Reader("store_arrays", [{"a.npz": out.getvalue()}], "a.npz", read, names_file=True)


def _store_dataset() -> Reader:
    import xarray

    with tempfile.TemporaryDirectory() as folder:
        data = xarray.Dataset(
            {"v": (("z", "x"), np.arange(12.0).reshape(3, 4))},
            {"z": np.arange(3.0), "x": np.arange(4.0)},
        )
        store.write_dataset(store.open_item(Path(folder) / "d.zarr"), data)
        files = _folder_files(Path(folder))

    def read(path: Path, number: int) -> list[str]:
        # damaged chunks are found by the digests of a partition, not by opening
        with store.open_dataset(store.open_item(path / "d.zarr")) as data:
            return [] if data is not None else ["nothing"]

    return Reader("store_dataset_zarr", [files], "", read)
