"""The server, a bucket for every test, and where these tests find the small runs."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from s3_server import Proxy, find_server, make_bucket, running_server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> str:
    """Address of the server."""
    pytest.importorskip("obstore", reason="pip install 'quakeloom[s3]'")
    program = find_server()
    if program is None:
        pytest.skip("no S3 server here: run `make test-s3`, which installs moto's")
    with running_server(program, tmp_path_factory.mktemp("server") / "server.log") as address:
        yield address


@pytest.fixture
def proxy(server):
    made = Proxy(server)
    yield made
    made.close()


@pytest.fixture
def storage(server, monkeypatch, tmp_path):
    """The environment of a user of the server, in a folder of their own; the address."""
    from quakeloom.store import _object_client, _objects

    for name, value in {
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server, "QUAKELOOM_PLAIN": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    home = tmp_path / "here"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setattr(_objects, "_FRESH_S", 0.0)
    _objects._looked.clear()
    _objects._sent.clear()
    _object_client._open_client.cache_clear()
    name = f"bucket-{next(_numbers)}"
    make_bucket(server, name)
    yield f"s3://{name}"
    _object_client._open_client.cache_clear()
