"""Keyed random streams.

Every random number belongs to a name (an event, a station, a replicate) and not to the
order in which work is done, so one worker, four workers, one partition or forty give the
same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def string_keys(names: Iterable[str], seed: int) -> NDArray[np.uint64]:
    """Return one 64-bit key per name, for counter-based generators.

    The root seed passes through :class:`numpy.random.SeedSequence`; its state keys a
    BLAKE2b hash of the name. Keys of different names are independent to all purposes.

    Parameters
    ----------
    names : iterable of str
        Event identifiers, station codes and the like.
    seed : int
        The root seed of the run.

    Returns
    -------
    ndarray of uint64, one per name
    """
    root = np.random.SeedSequence(seed).generate_state(4, np.uint64).tobytes()
    blake = hashlib.blake2b
    data = b"".join(blake(n.encode(), digest_size=8, key=root).digest() for n in names)
    return np.frombuffer(data, dtype="<u8").astype(np.uint64)


def random_stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the generator that belongs to a name, for draws that are made once.

    Parameters
    ----------
    seed : int
        The root seed of the run.
    *names : str or int
        What the stream is for, e.g. ``("bootstrap", 17)``.
    """
    label = "\x1f".join(str(n) for n in names)
    words = np.frombuffer(hashlib.blake2b(label.encode(), digest_size=16).digest(), "<u4")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words.tolist()])))
