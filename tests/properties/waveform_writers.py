"""One record of three components, written in every waveform format that is read."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import obspy

NANO = 1_000_000_000
DAY_S = 86_400


@dataclass(frozen=True)
class Truth:
    """What was recorded: whole numbers of counts, from a whole second on."""

    start: int
    rate_hz: int
    samples: np.ndarray

    def channel(self, component: str) -> np.ndarray:
        return self.samples["ZNE".index(component)]


def truth(seed: int = 1, count: int = 3000, rate_hz: int = 100) -> Truth:
    r = np.random.default_rng(seed)
    start = int(obspy.UTCDateTime("2021-03-04T05:06:07").ns)
    # steps that fit into two bytes, as WIN and Steim like them
    steps = r.integers(-300, 300, size=(3, count))
    return Truth(start, rate_hz, np.cumsum(steps, axis=1).astype(np.int32))


def obspy_trace(t: Truth, component: str, dtype: type = np.int32) -> obspy.Trace:
    header = {
        "network": "XX", "station": "ABC", "location": "", "channel": f"HH{component}",
        "starttime": obspy.UTCDateTime(ns=t.start), "sampling_rate": t.rate_hz,
    }  # fmt: skip
    return obspy.Trace(t.channel(component).astype(dtype), header)


def write_miniseed2(t: Truth, encoding: str = "STEIM2", reclen: int = 512) -> bytes:
    dtype = {"FLOAT32": np.float32, "FLOAT64": np.float64}.get(encoding, np.int32)
    out = io.BytesIO()
    stream = obspy.Stream([obspy_trace(t, c, dtype) for c in "ZNE"])
    stream.write(out, format="MSEED", encoding=encoding, reclen=reclen)
    return out.getvalue()


def crc32c(data: bytes) -> int:
    """CRC-32C bit by bit, as its definition has it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def record3(
    samples: np.ndarray, start: int, rate: float, component: str, payload: bytes, encoding: int
) -> bytes:
    """One record of miniSEED 3 after FDSN's specification."""
    at = obspy.UTCDateTime(ns=start)
    name = f"FDSN:XX_ABC__H_H_{component}".encode()
    extra = json.dumps({"FDSN": {"Time": {"Quality": 100}}}).encode()
    head = struct.pack(
        "<2sBBIHHBBBBdIIBBHI", b"MS", 3, 0, start % NANO, at.year, at.julday, at.hour, at.minute,
        at.second, encoding, rate, samples.size, 0, 1, len(name), len(extra), len(payload),
    )  # fmt: skip
    whole = bytearray(head + name + extra + payload)
    whole[28:32] = struct.pack("<I", crc32c(bytes(whole)))
    return bytes(whole)


def write_miniseed3(t: Truth, encoding: int = 3, size: int = 400) -> bytes:
    """miniSEED 3 with plain numbers, or with the Steim frames of ObsPy's miniSEED 2."""
    out = b""
    for component in "ZNE":
        data = t.channel(component)
        if encoding in (10, 11):
            one = io.BytesIO()
            trace = obspy_trace(t, component)
            trace.write(one, format="MSEED", encoding=f"STEIM{encoding - 9}", reclen=512)
            raw, first = one.getvalue(), 0
            for at in range(0, len(raw), 512):
                count = int.from_bytes(raw[at + 30 : at + 32], "big")
                begin = int.from_bytes(raw[at + 44 : at + 46], "big")
                frames = raw[at + begin : at + 512]
                start = t.start + first * NANO // t.rate_hz
                own = data[first : first + count]
                out += record3(own, start, float(t.rate_hz), component, frames, encoding)
                first += count
            continue
        dtype = {1: "<i2", 3: "<i4", 4: "<f4", 5: "<f8"}[encoding]
        for first in range(0, data.size, size):
            own = data[first : first + size]
            start = t.start + first * NANO // t.rate_hz
            # a negative rate is an interval
            rate = float(t.rate_hz) if component != "N" else -1.0 / t.rate_hz
            out += record3(own, start, rate, component, own.astype(dtype).tobytes(), encoding)
    return out


SAC_FLOATS = {"DELTA": 0, "B": 5, "E": 6, "STLA": 31, "STLO": 32, "STEL": 33, "CMPAZ": 57,
              "CMPINC": 58}  # fmt: skip
SAC_INTEGERS = {"NZYEAR": 0, "NZJDAY": 1, "NZHOUR": 2, "NZMIN": 3, "NZSEC": 4, "NZMSEC": 5,
                "NVHDR": 6, "NPTS": 9, "IFTYPE": 15, "IDEP": 16, "LEVEN": 35}  # fmt: skip
SAC_WORDS = {"KSTNM": 0, "KHOLE": 24, "KCMPNM": 160, "KNETWK": 168, "KINST": 184}


def sac_bytes(t: Truth, component: str = "Z", order: str = "<", **fields: object) -> bytes:
    """A SAC file of one component; fields of the header by their names."""
    at = obspy.UTCDateTime(ns=t.start)
    data = t.channel(component)
    floats, integers = np.full(70, -12345.0, "f4"), np.full(40, -12345, "i4")
    words = bytearray(b"-12345  " * 24)
    values: dict[str, object] = {
        "DELTA": 1.0 / t.rate_hz, "B": 0.0, "E": (data.size - 1) / t.rate_hz, "NZYEAR": at.year,
        "NZJDAY": at.julday, "NZHOUR": at.hour, "NZMIN": at.minute, "NZSEC": at.second,
        "NZMSEC": 0, "NVHDR": 6, "NPTS": data.size, "IFTYPE": 1, "LEVEN": 1, "KSTNM": "ABC",
        "KCMPNM": f"HH{component}", "KNETWK": "XX", "KHOLE": "", "STLA": 36.0, "STLO": 138.0,
        "STEL": 500.0, **fields,
    }  # fmt: skip
    for name, value in values.items():
        if name in SAC_FLOATS:
            floats[SAC_FLOATS[name]] = value
        elif name in SAC_INTEGERS:
            integers[SAC_INTEGERS[name]] = value
        else:
            place = SAC_WORDS[name]
            words[place : place + 8] = str(value).encode().ljust(8)[:8]
    return (
        floats.astype(f"{order}f4").tobytes() + integers.astype(f"{order}i4").tobytes()
        + bytes(words) + data.astype(f"{order}f4").tobytes()
    )  # fmt: skip


CHANNELS = {"Z": 0x0A1B, "N": 0x0A1C, "E": 0x0A1D}
CHANNEL_TABLE = "0A1B 1 0 XX.ABC UD 0 27 1.0\n0A1C 1 0 XX.ABC NS 0 27 1.0\n" + (
    "0A1D 1 0 XX.ABC EW 0 27 1.0\n"
)


def win_bytes(t: Truth, wide: bool) -> bytes:
    """WIN or WIN32 seconds of two-byte differences, Japan's clock."""
    raw = b"\0\0\0\0" if wide else b""
    for second in range(t.samples.shape[1] // t.rate_hz):
        at = obspy.UTCDateTime(ns=t.start) + 9 * 3600 + second
        blocks = b""
        for component, number in CHANNELS.items():
            own = t.channel(component)[second * t.rate_hz : (second + 1) * t.rate_hz]
            block = (b"\x01\x02" if wide else b"") + number.to_bytes(2, "big")
            block += (2 << 12 | own.size).to_bytes(2, "big")
            block += int(own[0]).to_bytes(4, "big", signed=True)
            blocks += block + np.diff(own).astype(">i2").tobytes()
        if wide:
            digits = at.strftime("%Y%m%d%H%M%S") + "00"
            head = bytes.fromhex(digits) + (10).to_bytes(4, "big")
            raw += head + len(blocks).to_bytes(4, "big") + blocks
        else:
            head = bytes.fromhex(at.strftime("%y%m%d%H%M%S"))
            raw += (len(blocks) + 10).to_bytes(4, "big") + head + blocks
    return raw


def numpy_bytes(t: Truth) -> bytes:
    out = io.BytesIO()
    np.savez(out, data=t.samples[[2, 1, 0]].T, channels="E_N_Z", sampling_rate=float(t.rate_hz))
    return out.getvalue()


def by_obspy(t: Truth, kind: str) -> bytes:
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        path = Path(folder) / "a"
        obspy.Stream([obspy_trace(t, c) for c in "ZNE"]).write(str(path), format=kind)
        return path.read_bytes()


@dataclass(frozen=True)
class Writer:
    """How a format is written: name of the file, bytes, components in it, files beside it."""

    name: str
    write: Callable[[Truth], bytes]
    components: str = "ZNE"
    beside: tuple[tuple[str, str], ...] = ()

    def put(self, folder: Path, t: Truth, raw: bytes | None = None) -> Path:
        """Write a file, and what belongs beside it."""
        for name, text in self.beside:
            (folder / name).write_text(text)
        path = folder / self.name
        path.write_bytes(self.write(t) if raw is None else raw)
        return path


_TABLE = (("net.ch", CHANNEL_TABLE),)
WRITERS: dict[str, Writer] = {
    "miniSEED 2, Steim 1": Writer("a.mseed", lambda t: write_miniseed2(t, "STEIM1")),
    "miniSEED 2, Steim 2": Writer("a.mseed", write_miniseed2),
    "miniSEED 2, numbers": Writer("a.mseed", lambda t: write_miniseed2(t, "INT32", 4096)),
    "miniSEED 2, floats": Writer("a.mseed", lambda t: write_miniseed2(t, "FLOAT32")),
    "miniSEED 3, numbers": Writer("a.mseed3", write_miniseed3),
    "miniSEED 3, floats": Writer("a.mseed3", lambda t: write_miniseed3(t, 5)),
    "miniSEED 3, Steim 1": Writer("a.mseed3", lambda t: write_miniseed3(t, 10)),
    "miniSEED 3, Steim 2": Writer("a.mseed3", lambda t: write_miniseed3(t, 11)),
    "SAC": Writer("a.sac", sac_bytes, "Z"),
    "SAC, the other order": Writer("a.sac", lambda t: sac_bytes(t, order=">"), "Z"),
    "WIN": Writer("a.win", lambda t: win_bytes(t, False), beside=_TABLE),
    "WIN32": Writer("a.cnt", lambda t: win_bytes(t, True), beside=_TABLE),
    "numpy": Writer("XX_ABC_2021030405060700.npz", numpy_bytes),
    "GSE2": Writer("a.gse", lambda t: by_obspy(t, "GSE2")),
    "TSPAIR": Writer("a.asc", lambda t: by_obspy(t, "TSPAIR")),
    "SLIST": Writer("a.slist", lambda t: by_obspy(t, "SLIST")),
    "gzipped miniSEED": Writer("a.mseed.gz", lambda t: gzip.compress(write_miniseed2(t))),
    "gzipped SAC": Writer("a.sac.gz", lambda t: gzip.compress(sac_bytes(t)), "Z"),
    "gzipped WIN32": Writer(
        "a.cnt.gz", lambda t: gzip.compress(win_bytes(t, True)), beside=_TABLE
    ),
}  # fmt: skip
"""Every format, and its encodings, by a name for the tests."""
