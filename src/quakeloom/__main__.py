"""``python -m quakeloom`` is the command ``quakeloom``."""

from __future__ import annotations

from quakeloom.cli import main

if __name__ == "__main__":
    main()
