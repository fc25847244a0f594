"""The verbs of the stage that follows."""

from hours import count

from quakeloom.store import read_json


def partitions(run):
    """Return the hours that were found."""
    return read_json(run.layout.root / "hours.json")


def compute(settings, layout, partition):
    """Return the table of an hour."""
    return count(layout, partition)
