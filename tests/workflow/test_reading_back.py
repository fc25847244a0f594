"""Every product of a run on disk is read by pandas, xarray, Dask and DuckDB by its path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from small_runs import compute_run
from test_update import write_inputs

sys.path.insert(0, str(Path(__file__).parents[1]))

from reading_back import (
    Disk,
    read_with_dask,
    read_with_duckdb,
    read_with_pandas,
    read_with_xarray,
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("read")
    return compute_run(write_inputs(folder), folder / "results").root


def test_pandas_reads_every_table(root):
    assert read_with_pandas(Disk(), root) > 20


def test_dask_reads_every_table(root):
    assert read_with_dask(Disk(), root) > 20


def test_xarray_reads_every_array(root):
    # the map, the grid of mechanisms, and the acceptable sets of three months
    assert read_with_xarray(Disk(), root) > 10


def test_duckdb_reads_every_table(root):
    duckdb = pytest.importorskip("duckdb", reason="pip install duckdb")
    assert read_with_duckdb(Disk(), root, duckdb) > 20
