"""Columns of numbers as text of a script: quantized, compressed, in letters that harm nothing."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MISSING = {
    "int8": -(2**7),
    "int16": -(2**15),
    "int32": -(2**31),
    "uint8": 2**8 - 1,
    "uint16": 2**16 - 1,
    "uint32": 2**32 - 1,
}
"""Whole numbers that stand for "not known", by type: the lowest of those with a sign, the highest
of those without."""

_LEVEL = 9
"""Level of compression; a page is made once and read often."""


@dataclass(frozen=True)
class Column:
    """One quantity of many rows, as whole numbers.

    The value is ``offset + scale * whole number``; the type says which number means that it is not
    known.

    Attributes
    ----------
    name : str
        Of the registry of variables where it is there.
    whole : ndarray
        The whole numbers.
    scale, offset : float
    """

    name: str
    whole: NDArray[Any]
    scale: float = 1.0
    offset: float = 0.0

    @property
    def dtype(self) -> str:
        """Name of the type of the whole numbers."""
        return str(self.whole.dtype)

    def values(self) -> NDArray[np.float64]:
        """Return the quantities, NaN where they are not known."""
        known = self.whole != _MISSING[self.dtype]
        return np.where(known, self.offset + self.scale * self.whole.astype(float), np.nan)


def quantize(
    name: str, values: ArrayLike, dtype: str, scale: float = 1.0, offset: float = 0.0
) -> Column:
    """Round quantities to whole numbers of a small type.

    Parameters
    ----------
    name : str
    values : array_like, shape (rows,)
        NaN and infinity are "not known".
    dtype : str
        ``int8`` to ``uint32``.
    scale, offset : float
        ``value = offset + scale * whole number``. Values beyond the range of the type become its
        end.
    """
    numbers = np.asarray(values, dtype=float)
    known = np.isfinite(numbers)
    lowest, highest = np.iinfo(dtype).min, np.iinfo(dtype).max
    missing = _MISSING[dtype]
    if missing < 0:
        lowest += 1
    else:
        highest -= 1
    whole = np.round((np.where(known, numbers, offset) - offset) / scale)
    whole = np.clip(whole, lowest, highest)
    return Column(name, np.where(known, whole, missing).astype(dtype), scale, offset)


def encode_codes(name: str, texts: Sequence[Any], codes: Sequence[str]) -> Column:
    """Write texts of a short list as their place in it; others are "not known".

    Parameters
    ----------
    name : str
    texts : sequence of str
    codes : sequence of str
        At most 254.
    """
    place = {c: i for i, c in enumerate(codes)}
    missing = _MISSING["uint8"]
    return Column(name, np.array([place.get(t, missing) for t in texts], dtype=np.uint8))


def encode_texts(name: str, texts: Sequence[Any]) -> list[Column]:
    """Write texts as two columns: their lengths in bytes, and all bytes one after the other.

    Parameters
    ----------
    name : str
        The columns are ``name`` (bytes of UTF-8) and ``name_length``.
    texts : sequence of str
    """
    encoded = [str(t or "").encode() for t in texts]
    length = np.array([len(e) for e in encoded], dtype=np.uint32)
    return [
        Column(name, np.frombuffer(b"".join(encoded), dtype=np.uint8)),
        Column(f"{name}_length", length),
    ]


def columns_script(block: str, columns: Sequence[Column]) -> str:
    """Return a script that hands columns to the page: one call with a header and base64.

    The numbers are little-endian, the first bytes of all rows before the second, which compresses
    better; then gzip and base64, so that nothing in them can end a script or begin another.

    Parameters
    ----------
    block : str
        Name by which the page asks for it.
    columns : sequence of Column
    """
    header, parts = [], []
    for c in columns:
        whole = np.ascontiguousarray(c.whole.astype(c.whole.dtype.newbyteorder("<")))
        parts.append(whole.view(np.uint8).reshape(-1, whole.itemsize).T.tobytes())
        header.append([c.name, c.dtype, c.scale, c.offset, int(whole.size)])
    packed = gzip.compress(b"".join(parts), _LEVEL, mtime=0)
    text = base64.b64encode(packed).decode()
    return f'QuakeloomAtlas.take({json_text(block)},{json_text(header)},"{text}");\n'


def value_script(block: str, value: Any) -> str:
    """Return a script that hands plain values to the page.

    Parameters
    ----------
    block : str
    value : any nesting of dict, list, str, float, int, bool and None
    """
    return f"QuakeloomAtlas.give({json_text(block)},{json_text(value)});\n"


def json_text(value: Any) -> str:
    """Return JSON that is harmless in a script and in HTML: no ``<``, ``>``, ``&``, pure ASCII.

    Numbers that are not finite become null.
    """
    text = json.dumps(plain_value(value), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def plain_value(value: Any) -> Any:
    """Return values of numpy as those of Python, and null for numbers that are not finite."""
    if isinstance(value, dict):
        return {str(k): plain_value(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain_value(value.tolist())
    if isinstance(value, np.generic):
        return plain_value(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value)
