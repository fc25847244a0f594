"""Fixtures of the tests that run stages and the workflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import write_config, write_month


@pytest.fixture
def catalog(tmp_path) -> Path:
    """A folder with three months of events and a configuration."""
    for month in ("2019-01", "2019-02", "2019-04"):
        write_month(tmp_path, month)
    write_config(tmp_path)
    return tmp_path
