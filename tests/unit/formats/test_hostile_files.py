"""Files that are made to do harm: pickles that run programs, archives that fill the memory."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from quakeloom.core import QuakeloomError
from quakeloom.formats import (
    read_coastline,
    read_mechanisms,
    read_network_weights,
    read_source,
    read_waveforms,
)
from quakeloom.formats._compressed import _ANY_RATIO, _MOST_RATIO, ByteStream
from quakeloom.store import open_item, read_arrays


class Harm:
    """What makes a folder when it is unpickled."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self):
        return os.mkdir, (self.place,)


def archive_of_objects(harm: Harm) -> bytes:
    array, out = io.BytesIO(), io.BytesIO()
    np.save(array, np.array([harm, harm], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.npy", array.getvalue())
    return out.getvalue()


def weights_of_torch(harm: Harm) -> bytes:
    torch = pytest.importorskip("torch")
    out = io.BytesIO()
    torch.save({"inc.weight": harm}, out)
    return out.getvalue()


READERS = {
    "weights": (read_network_weights, "w.pt", weights_of_torch),
    "weights, a pickle alone": (read_network_weights, "w.pt", pickle.dumps),
    "weights as arrays": (read_network_weights, "w.npz", archive_of_objects),
    "coastline": (read_coastline, "c.npz", archive_of_objects),
    "arrays of a run": (lambda path: read_arrays(open_item(path)), "a.npz", archive_of_objects),
    "record of numpy": (lambda path: read_waveforms(path, "numpy"), "r.npz", archive_of_objects),
    "waveforms": (read_waveforms, "r.pickle", pickle.dumps),
    "catalog": (read_source, "c.pickle", pickle.dumps),
    "catalog of ObsPy": (lambda path: read_source(path, "obspy_events"), "c.pkl", pickle.dumps),
    "picks of numpy": (lambda path: read_source(path, "numpy_picks"), "p.npz", archive_of_objects),
    "mechanisms": (read_mechanisms, "m.pickle", pickle.dumps),
}
"""Readers of what may be a pickle, the name of their file, and how it is written."""


@pytest.mark.parametrize("kind", READERS)
def test_no_pickle_is_trusted(tmp_path, kind):
    read, name, write = READERS[kind]
    done = tmp_path / "done"
    path = tmp_path / name
    path.write_bytes(write(Harm(str(done))))
    assert done.name.encode() in path.read_bytes()  # it would do harm
    with pytest.raises(QuakeloomError, match=name):
        read(path)
    assert not done.exists()


BOMB = gzip.compress(b"x" * (4 * _ANY_RATIO), 9)
"""A file of a quarter of a megabyte that unpacks to a quarter of a gigabyte."""


def test_a_compressed_file_is_not_unpacked_beyond_measure(tmp_path):
    (tmp_path / "bomb.gz").write_bytes(BOMB)
    with ByteStream(tmp_path / "bomb.gz") as stream:
        data = stream.read()
        assert "unpacks to more than" in stream.problem
    assert len(data) < _ANY_RATIO + (1 << 27)
    assert len(data) / len(BOMB) > _MOST_RATIO


HEADS = {
    "quakeml": b'<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"><eventParameters a="',
    "stationxml": b'<FDSNStationXML schemaVersion="1.1"><Source a="',
    "csv": b"event_id,longitude,latitude\n",
    "hypodd_phase": b"# 2000 1 1 0 0 0.0 35.0 135.0 10.0 1.0 0 0 0 1\n",
}
"""Formats that read gzipped files in their own ways, and how such a file begins."""


@pytest.mark.parametrize("format", HEADS)
def test_a_bomb_is_refused_or_put_aside_by_every_reader(tmp_path, format):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(HEADS[format]) + BOMB)
    try:
        found = read_source(path, format)
    except QuakeloomError as error:
        said = str(error)
    else:
        assert sum(found.counts().values()) == found.rejects.num_rows > 0
        said = str(found.rejects.to_pylist())
    assert "bomb.gz" in said
    assert len(said) < 2000


def test_a_bomb_of_waveforms_is_told(tmp_path):
    path = tmp_path / "bomb.mseed.gz"
    path.write_bytes(BOMB)
    with pytest.raises(QuakeloomError, match=r"bomb\.mseed\.gz"):
        read_waveforms(path)
