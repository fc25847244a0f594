"""Unpack Steim 1 and Steim 2: differences of samples in frames of 64 bytes.

Reference: FDSN, Standard for the Exchange of Earthquake Data, version 2.4, appendix B; the
same frames stand in miniSEED 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

_FRAME_WORDS = 16
"""Words of four bytes in a frame; the first holds a code of two bits for each of the others."""


def decode_steim(payload: bytes, count: int, level: int) -> NDArray[np.int32]:
    """Unpack the samples of one record.

    Parameters
    ----------
    payload : bytes
        Frames of 64 bytes, most significant byte first.
    count : int
        Samples that the header promises.
    level : {1, 2}

    Returns
    -------
    ndarray of int32, shape (count,)

    Raises
    ------
    ValueError
        If a code is impossible, samples are missing, or the last sample is not the one that
        the first frame states: then bytes are damaged, and no sample can be trusted.
    """
    words = np.frombuffer(payload, ">u4", len(payload) // 4).astype(np.uint32)
    words = words[: words.size // _FRAME_WORDS * _FRAME_WORDS]
    if not count:
        return np.empty(0, np.int32)
    if not words.size:
        raise ValueError(f"no frame of Steim {level} for {count} samples")
    samples = np.empty(count, np.int32)
    found = _unpack(words, count, level, samples)
    if found < 0:
        raise ValueError(f"an impossible code of Steim {level} in frame {-found}")
    if found < count:
        raise ValueError(f"{found} of {count} samples of Steim {level}")
    last = int(words[2].astype(np.int32))
    if int(samples[-1]) != last:
        raise ValueError(
            f"the last sample of Steim {level} is {int(samples[-1])} where the frames say {last}"
        )
    return samples


@compiled(error_model="numpy")
def _unpack(words: Any, count: int, level: int, samples: Any) -> Any:
    """Fill in the samples; return how many, or the negative number of a frame that is broken."""
    value: Any = np.int64(0)
    found = 0
    for frame in range(words.size // _FRAME_WORDS):
        control: Any = np.int64(words[frame * _FRAME_WORDS])
        for k in range(1, _FRAME_WORDS):
            code = (control >> (30 - 2 * k)) & 3
            # the second and third word of the first frame are the first and the last sample
            if code == 0 or (frame == 0 and k <= 2):
                continue
            word: Any = np.int64(words[frame * _FRAME_WORDS + k])
            width, parts = 0, 0
            if code == 1:
                width, parts = 8, 4
            elif level == 1:
                width, parts = (16, 2) if code == 2 else (32, 1)
            else:
                kind = word >> 30
                if code == 2 and kind > 0:
                    width, parts = 30 // kind, kind
                elif code == 3 and kind < 3:
                    parts = 5 + kind
                    width = 6 if kind == 0 else (5 if kind == 1 else 4)
                else:
                    return -(frame + 1)
            for part in range(parts):
                step: Any = (word >> (width * (parts - 1 - part))) & ((np.int64(1) << width) - 1)
                if step >= np.int64(1) << (width - 1):
                    step -= np.int64(1) << width
                if found >= count:
                    return found
                # the first difference is against the last sample of the record before
                value = np.int64(np.int32(words[1])) if found == 0 else value + step
                samples[found] = np.int32(value)
                found += 1
    return found
