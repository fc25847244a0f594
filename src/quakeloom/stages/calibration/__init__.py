"""Which stated ranges of a run hold: catalogs like its own with known truth, run the same way."""
