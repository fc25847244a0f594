"""Versions of a finished run: seals, what differs between two, checks, exports."""
