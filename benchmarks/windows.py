"""Cutting windows from miniSEED, and reading them again from Zarr.

Figures are per CPU second of one process: windows cut from day files (each file opened once)
beside ObsPy reading every window with starttime and endtime; windows read from the store, by
layout and codec, beside opening the miniSEED files again. Files are in the page cache, so
disks do not matter.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.picking import ClassicalPicker
from quakeloom.stages.archive.record_sets import ArchiveReader, RecordSet, index_files, list_files
from quakeloom.store import create_array, open_array, open_item, write_region

_NANO = 1_000_000_000
_LENGTH = 30 * _NANO


class CpuWatch:
    """CPU seconds of this process since it was made; other programs do not count."""

    def __init__(self) -> None:
        self._start = time.process_time()

    def seconds(self) -> float:
        return max(time.process_time() - self._start, 1e-9)


def write_archive(folder: Path, days: int) -> None:
    """Write station-days of noise with earthquakes in three components at 100 Hz."""
    import obspy

    r = np.random.default_rng(1)
    n = 8_640_000
    for day in range(days):
        start = obspy.UTCDateTime(2020, 1, 1) + 86_400 * day
        for component in "ENZ":
            noise = r.normal(size=n).astype(np.float32)
            data = (50 * (noise[1:] + noise[:-1])).astype(np.int32)
            header = {
                "network": "XX", "station": "ABC", "channel": f"HH{component}",
                "starttime": start, "sampling_rate": 100.0,
            }  # fmt: skip
            name = f"XX.ABC..HH{component}.D.{start.year}.{start.julday:03d}"
            obspy.Trace(data, header).write(str(folder / name), format="MSEED")


def cut_ours(folder: Path, starts: np.ndarray) -> tuple[float, np.ndarray]:
    rows, _ = index_files(list_files(folder))
    picker = ClassicalPicker()
    reader = ArchiveReader(keep=12)
    out = np.zeros((starts.size, 3, 3000), np.float32)
    watch = CpuWatch()
    for i, start in enumerate(starts.tolist()):
        near = tuple(r for r in rows if r.start < start + _LENGTH and r.end > start)
        wanted = RecordSet(rows[0].instrument, start, start + _LENGTH, near)
        records, _ = reader.read(wanted, picker.components, 100.0, 0)
        out[i] = records[0].data[:, :3000]
    return starts.size / watch.seconds(), out


def cut_obspy(folder: Path, starts: np.ndarray) -> float:
    """Read every window with ObsPy, as scripts do: whole records between two times."""
    import obspy

    files = sorted(folder.iterdir())
    watch = CpuWatch()
    for start in starts.tolist():
        t = obspy.UTCDateTime(ns=start)
        day = f"{t.year}.{t.julday:03d}"
        for file in files:
            if file.name.endswith(day):
                obspy.read(str(file), format="MSEED", starttime=t, endtime=t + 29.99)
    return starts.size / watch.seconds()


def read_zarr(
    folder: Path, data: np.ndarray, chunk: int, compress: bool, apart: bool
) -> tuple[float, float, float]:
    """Return windows a second, verticals alone a second, and bytes a window of one layout."""
    group = open_item(folder) / f"{chunk}-{compress}-{apart}.zarr"
    count = data.shape[0]
    create_array(group, "waveform", data.shape, chunk, count, compress, apart)
    write_region(group, "waveform", 0, data)
    size = sum(f.stat().st_size for f in group.local.rglob("*") if f.is_file())
    best = [0.0, 0.0]
    for k, part in enumerate((slice(None), slice(2, 3))):
        for _ in range(3):
            array = open_array(group, "waveform")
            watch = CpuWatch()
            for first in range(0, count, max(chunk, 256)):
                np.asarray(array[first : first + max(chunk, 256), part])
            best[k] = max(best[k], count / watch.seconds())
    return best[0], best[1], size / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="One station-day, fewer windows.")
    parser.add_argument("--windows", type=int, default=4096, help="Windows to cut.")
    options = parser.parse_args()
    count, days = (1024, 1) if options.quick else (options.windows, 3)
    warnings.simplefilter("ignore")
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "archive"
        folder.mkdir()
        write_archive(folder, days)
        r = np.random.default_rng(2)
        first = 1_577_836_800 * _NANO
        starts = np.sort(r.integers(0, days * 86_300 * 100, count)) * (_NANO // 100) + first
        ours, windows = cut_ours(folder, starts)
        few = starts[:: max(count // 200, 1)]
        theirs = cut_obspy(folder, few)
        figures = [
            figure("cut_per_second", ours, "1/s"),
            figure("cut_per_second_obspy", theirs, "1/s"),
            figure("cut_ratio", ours / theirs, "1"),
        ]
        layouts = {}
        for chunk, compress, apart in (
            (1, False, False), (64, False, False), (64, True, False), (64, False, True),
            (64, True, True), (256, False, False), (256, True, False), (256, False, True),
        ):  # fmt: skip
            rate, vertical, size = read_zarr(Path(name), windows, chunk, compress, apart)
            label = f"{chunk}_{'zstd' if compress else 'raw'}{'_apart' if apart else ''}"
            layouts[label] = {
                "read_per_second": round(rate), "verticals_per_second": round(vertical),
                "bytes_per_window": round(size),
            }  # fmt: skip
        default = layouts["64_raw_apart"]["read_per_second"]
        figures.append(figure("read_per_second", default, "1/s"))
        figures.append(figure("read_ratio_to_obspy", default / theirs, "1"))
    print_result(
        "windows", figures, {"windows": count, "station_days": days, "layouts": layouts},
        watch.seconds(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
