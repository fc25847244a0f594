"""Where real grids of the GMT project lie, if someone put them there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

GMT_CACHE = Path(os.environ.get("QUAKELOOM_GMT_CACHE", "../data-shared-fetch/gmt-cache"))
"""Folder with ``depth_pixel.nc`` and ``bathy_1m.nc`` of the cache of GMT's server."""

needs_gmt_cache = pytest.mark.skipif(
    not (GMT_CACHE / "depth_pixel.nc").is_file(),
    reason="depth_pixel.nc and bathy_1m.nc of GMT's cache are not in QUAKELOOM_GMT_CACHE",
)
"""Mark of tests on real grids, which are never trained on."""
