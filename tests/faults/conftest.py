"""The undisturbed run, and the table that is printed at the end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fault_runs import FaultTable, Place

TABLE = FaultTable()
"""What all tests of this folder tried."""


@pytest.fixture(scope="session")
def table() -> FaultTable:
    """The table of faults, which is printed when all is done."""
    return TABLE


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Place:
    """The finished run; tests copy it and leave it as it is."""
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    place.write_config()
    assert place.run() == 0, place.outputs[-1]
    return place


@pytest.fixture(scope="session")
def reference(undisturbed) -> dict[str, bytes]:
    """The bytes of the undisturbed run."""
    found = undisturbed.contents()
    assert len(found) > 60
    return found


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the table of faults."""
    if TABLE.rows:
        terminalreporter.write_line("")
        terminalreporter.write_line(str(TABLE))
