"""Fetching from an FDSN service: a small one of our own on this machine."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import yaml

from quakeloom.config import load_configuration
from quakeloom.core import InputError
from quakeloom.formats import Trace, find_service, read_waveforms, write_miniseed
from quakeloom.stages.without_a_run.fetch_archive import fetch_archive

pytest.importorskip("obspy")

INVENTORY = """<?xml version="1.0" encoding="UTF-8"?>
<FDSNStationXML xmlns="http://www.fdsn.org/xml/station/1" schemaVersion="1.1">
<Source>test</Source><Created>2020-01-01T00:00:00</Created>
<Network code="XX">
<Station code="NEAR" startDate="2000-01-01T00:00:00"><Latitude>38.1</Latitude>
<Longitude>22.0</Longitude><Elevation>100</Elevation><Site><Name>near</Name></Site></Station>
<Station code="FAR" startDate="2000-01-01T00:00:00"><Latitude>48.1</Latitude>
<Longitude>22.0</Longitude><Elevation>100</Elevation><Site><Name>far</Name></Site></Station>
</Network></FDSNStationXML>"""


class _Service(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self._answer(INVENTORY.encode() if "/station/1/query" in self.path else b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append(body)
        self._answer(b"" if "2021-" in body else self.server.waveforms)

    def _answer(self, content: bytes) -> None:
        self.send_response(200 if content else 204)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def service(tmp_path):
    server = HTTPServer(("127.0.0.1", 0), _Service)
    file = tmp_path / "answer.mseed"
    start = int(np.datetime64("2020-03-01T00:00:00", "ns").astype(np.int64))
    data = np.arange(500, dtype=np.int32)
    write_miniseed(file, [Trace("XX", "NEAR", "", "HHZ", start, 100.0, data, 500, "")])
    server.waveforms = file.read_bytes()
    _Service.asked.clear()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _settings(folder: Path, address: str):
    (folder / "events.csv").write_text(
        "event_id,origin_time,longitude,latitude,depth_km,magnitude\n"
        "one/a,2020-03-01T00:00:10Z,22.0,38.0,8,2\ntwo,2021-03-01T00:00:10Z,22.0,38.0,8,2\n"
    )
    path = folder / "fetching.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "name": "fetching",
                "data": str(folder),
                "sources": [{"path": "events.csv"}],
                "takeoff": {"models": ["generic_crust"]},
                "waveforms": {"archives": ["fetched"], "fetch": {"service": address}},
            }
        )
    )
    return load_configuration(path).cases["fetching"]


def test_events_are_fetched_once_at_the_stations_that_are_near(tmp_path, service):
    settings = _settings(tmp_path, service)
    done = fetch_archive(settings)
    assert (done.events, done.files, done.present, done.empty) == (2, 1, 0, 1)
    head, line = _Service.asked[0].splitlines()
    *codes, first, last = line.split()
    assert (head, codes) == ("quality=B", ["XX", "NEAR", "*", "HH?,EH?,HN?"])
    # 30 s before the origin; 60 s after a wave of 3 km/s has come 11.1 km
    origin = np.datetime64("2020-03-01T00:00:10")
    assert (np.datetime64(first) - origin) / np.timedelta64(1, "s") == -30
    after = (np.datetime64(last) - origin) / np.timedelta64(1, "s")
    assert after == pytest.approx(63.7, abs=0.02)
    (trace,) = read_waveforms(tmp_path / "fetched" / "one_a.mseed").traces
    assert trace.samples.size == 500
    again = fetch_archive(settings)
    assert (again.files, again.present, again.empty) == (0, 1, 1)


def test_without_a_network_the_error_says_so(tmp_path):
    # nothing listens at port 9 of this machine
    with pytest.raises(InputError, match=r"cannot be reached.*a network is needed"):
        fetch_archive(_settings(tmp_path, "http://127.0.0.1:9"))


def test_a_data_center_that_nobody_knows_is_refused_with_those_that_are():
    assert find_service("iris").startswith("http")
    assert find_service("http://localhost:1/") == "http://localhost:1"
    with pytest.raises(InputError, match="IRIS"):
        find_service("nowhere")
