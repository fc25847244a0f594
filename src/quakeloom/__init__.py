"""quakeloom: from seismograms of small earthquakes to maps of stress in the crust."""

__version__ = "0.1.0"
