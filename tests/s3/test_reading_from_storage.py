"""Every product of a run in an object storage is read from there by other programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import compute_run
from test_update import write_inputs

import quakeloom as ql
from reading_back import (
    Storage,
    read_with_dask,
    read_with_duckdb,
    read_with_pandas,
    read_with_xarray,
)

pytestmark = pytest.mark.s3


def test_other_programs_read_every_product_from_the_storage(storage, server, tmp_path):
    root = compute_run(write_inputs(tmp_path), Path(f"{storage}/r")).root
    place = Storage(server)
    assert read_with_pandas(place, root) > 20
    assert read_with_dask(place, root) > 20
    assert read_with_xarray(place, root) > 10
    duckdb = pytest.importorskip("duckdb", reason="pip install duckdb; all others were read")
    assert read_with_duckdb(place, root, duckdb) > 20


def test_the_library_opens_a_run_in_the_storage(storage, tmp_path):
    layout = compute_run(write_inputs(tmp_path), Path(f"{storage}/r"))
    run = ql.open_run(f"{storage}/r/tiny")
    assert len(run.mechanisms) == len(run.events)
    assert run.dataset("accepted").sizes["event"] == len(run.mechanisms)
    assert run.stress_map.plot() is not None
    assert "tables: " in repr(run)
    assert run.report is None
    assert layout.root.exists()
