"""Sentences of an atlas in both of its languages, and files that other programs read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Said(NamedTuple):
    """A sentence in English and Japanese."""

    en: str
    ja: str


class Part(NamedTuple):
    """A file of an atlas.

    Attributes
    ----------
    name : str
        Within the atlas.
    content : bytes or callable
        What it has, or what writes it to a local path.
    """

    name: str
    content: bytes | Callable[[Path], Any]


class Download(NamedTuple):
    """Files that an atlas has all of, or none.

    Attributes
    ----------
    en, ja : str
        What they are, in a sentence.
    parts : tuple of Part
    """

    en: str
    ja: str
    parts: tuple[Part, ...]
