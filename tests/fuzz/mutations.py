"""How a good small input is broken: in its bytes, lines, words, fields, nesting, and encoding.

Every mutation takes bytes and a random generator and returns bytes. What is structured, such as
an archive, is taken apart, changed inside, and put together again, so that the change comes
through to the code behind the container.
"""

from __future__ import annotations

import gzip
import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MOST_BYTES = 2_000_000
"""A mutated input is cut at this size: what is slow for being large is another test's business."""

EXTREMES = (
    b"0 -0 -1 1 90 90.0001 -91 180.5 360 361 1e308 -1e308 1e-320 1e400 -1e400 nan NaN inf "
    b"-inf Infinity 2147483648 -2147483649 9223372036854775808 99999999999999999999999 "
    b"4294967295 65536 1e18 9999 -999 -9.9 6371.1 1699 2261 2300 1_000 0x10 1,5 1.5.2 + - "
    b". e 1e \xd9\xa3 \xef\xbc\x91 1d5 1E+05 ***** 3000-01-01T00:00:00 0001-01-01 1e9 60 "
    b"61 24 31 32 13 "
).split()
"""Words to put in the place of a number: ends of types and ranges, and what only looks like one."""

STRANGE = [
    b"\x00",
    b"\xff",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\x1a",
    b"\x1b[2J",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x92\xa5",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\x0b",
    b"\x0c",
    b'"',
    b"'",
    b",",
    b";",
    b"\t",
    b"|",
    b"<",
    b">",
    b"&",
    b"&#0;",
    b"&#xD800;",
    b"]]>",
    b"<!--",
    b"%s",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"=cmd|'/c'!A1",
    b"$(x)",
    b"../../x",
    b"!!python/object:os.system",
    b"*a",
    b"&a",
    b"~",
]
"""Bytes that end texts, open tags, or have another meaning somewhere."""

_NUMBER = re.compile(rb"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
"""A number in a text."""

_WORD = re.compile(rb"[^\s,;|<>\"'=]+")
"""A word of a text, whatever separates words."""

Change = Callable[[bytes, random.Random], bytes]


def _span(data: bytes, r: random.Random) -> tuple[int, int]:
    """A piece of the data, more often a short one."""
    start = r.randrange(len(data) + 1)
    return start, min(len(data), start + int(2 ** r.uniform(0, 8)))


def flip_bits(data: bytes, r: random.Random) -> bytes:
    raw = bytearray(data)
    for _ in range(r.choice((1, 1, 2, 5, 20))):
        if raw:
            raw[r.randrange(len(raw))] ^= 1 << r.randrange(8)
    return bytes(raw)


def set_bytes(data: bytes, r: random.Random) -> bytes:
    raw = bytearray(data)
    for _ in range(r.choice((1, 1, 3, 10))):
        if raw:
            raw[r.randrange(len(raw))] = r.choice(
                (0, 1, 32, 48, 57, 127, 128, 255, r.randrange(256))
            )
    return bytes(raw)


def cut(data: bytes, r: random.Random) -> bytes:
    at = r.randrange(len(data) + 1)
    return data[:at] if r.random() < 0.7 else data[at:]


def remove(data: bytes, r: random.Random) -> bytes:
    a, b = _span(data, r)
    return data[:a] + data[b:]


def double(data: bytes, r: random.Random) -> bytes:
    a, b = _span(data, r)
    return data[:b] + data[a:b] * r.choice((1, 1, 2, 30)) + data[b:]


def insert_strange(data: bytes, r: random.Random) -> bytes:
    at = r.randrange(len(data) + 1)
    return data[:at] + r.choice(STRANGE) * r.choice((1, 1, 1, 3, 300)) + data[at:]


def replace_number(data: bytes, r: random.Random) -> bytes:
    found = [m.span() for m in _NUMBER.finditer(data)]
    if not found:
        return set_bytes(data, r)
    for _ in range(r.choice((1, 1, 1, 2, 4))):
        a, b = r.choice(found)
        word = r.choice(EXTREMES)
        if r.random() < 0.5:  # columns keep their places
            word = word[: b - a].rjust(b - a)
        if r.random() < 0.15:
            word = bytes(r.choice(b"0123456789.-") for _ in range(b - a))
        data = data[:a] + word + data[b:]
        found = [m.span() for m in _NUMBER.finditer(data)] or found
        found = [(x, y) for x, y in found if y <= len(data)]
        if not found:
            break
    return data


def replace_digit(data: bytes, r: random.Random) -> bytes:
    """Change single digits: what still looks right is the hardest to tell."""
    places = [m.start() for m in re.finditer(rb"\d", data)]
    raw = bytearray(data)
    for _ in range(r.choice((1, 1, 2, 3))):
        if places:
            raw[r.choice(places)] = r.choice(b"0123456789 -.9")
    return bytes(raw)


def replace_every_number(data: bytes, r: random.Random) -> bytes:
    word = r.choice(EXTREMES)
    return _NUMBER.sub(lambda _: word, data, count=r.choice((0, 3, 10)))


def swap_words(data: bytes, r: random.Random) -> bytes:
    found = [m.span() for m in _WORD.finditer(data)]
    if len(found) < 2:
        return flip_bits(data, r)
    (a, b), (c, d) = sorted(r.sample(found, 2))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def drop_word(data: bytes, r: random.Random) -> bytes:
    found = [m.span() for m in _WORD.finditer(data)]
    if not found:
        return data
    a, b = r.choice(found)
    return data[:a] + (b" " * (b - a) if r.random() < 0.5 else b"") + data[b:]


def change_lines(data: bytes, r: random.Random) -> bytes:
    lines = data.split(b"\n")
    i, j = r.randrange(len(lines)), r.randrange(len(lines))
    kind = r.randrange(6)
    if kind == 0:
        lines.insert(i, lines[j])
    elif kind == 1:
        del lines[i]
    elif kind == 2:
        lines[i], lines[j] = lines[j], lines[i]
    elif kind == 3:
        lines[i] = lines[i][: r.randrange(len(lines[i]) + 1)]
    elif kind == 4:
        lines[i] = lines[i] + lines[j]
    else:
        lines[i] = b" " * r.randrange(4) + lines[i]
    return b"\n".join(lines)


def change_encoding(data: bytes, r: random.Random) -> bytes:
    kind = r.randrange(6)
    text = data.decode("latin-1")
    if kind == 0:
        return text.encode("utf-16")
    if kind == 1:
        return b"\xef\xbb\xbf" + data
    if kind == 2:
        return data.replace(b"\n", r.choice((b"\r", b"\r\n", b"\n\n", b" ")))
    if kind == 3:
        return gzip.compress(data, 1)
    if kind == 4:
        return gzip.compress(data, 1)[: -r.randrange(1, 20)]
    return text.encode("utf-8")


def nest(data: bytes, r: random.Random) -> bytes:
    """Deep brackets or tags where there was a value."""
    depth = r.choice((2, 50, 3000))
    a, b = r.choice(
        ((b"[", b"]"), (b"{a: ", b"}"), (b'{"a":', b"}"), (b"<a>", b"</a>"), (b"(", b")"))
    )
    found = [m.span() for m in _WORD.finditer(data)] or [(0, 0)]
    c, d = r.choice(found)
    return data[:c] + a * depth + data[c:d] + b * (depth if r.random() < 0.7 else 0) + data[d:]


def patch_number(data: bytes, r: random.Random) -> bytes:
    """Write a binary number somewhere: counts, offsets, rates."""
    form = r.choice("<>") + r.choice("bhiqHIQfd")
    kind = form[-1]
    if kind in "fd":
        value: float = r.choice((0.0, -1.0, 1e30, float("nan"), float("inf"), 1e-30, 361.0))
    else:
        bits = 8 * struct.calcsize(form)
        signed = kind.islower()
        top = (1 << (bits - signed)) - 1
        value = r.choice((0, 1, top, top // 2 + 1, -1 if signed else 255 % (top + 1)))
    raw = struct.pack(form, value)
    if len(data) < len(raw):
        return data
    # headers stand at the beginning, and at multiples of 4
    at = r.randrange(min(len(data) - len(raw) + 1, 400 if r.random() < 0.7 else 1 << 30))
    at -= at % r.choice((1, 2, 4))
    return data[:at] + raw + data[at + len(raw) :]


ANY: tuple[Change, ...] = (flip_bits, set_bytes, cut, remove, double, insert_strange)
"""Changes of any bytes."""

OF_TEXT: tuple[Change, ...] = (
    replace_number,
    replace_number,
    replace_number,
    replace_digit,
    replace_digit,
    replace_every_number,
    swap_words,
    drop_word,
    change_lines,
    change_lines,
    change_encoding,
    nest,
)
"""Changes of texts, those more often that come through to values."""

OF_BINARY: tuple[Change, ...] = (patch_number, patch_number, patch_number)
"""Changes of binary files."""


def is_text(data: bytes) -> bool:
    """Say whether bytes are a text, by their control characters."""
    return not re.search(rb"[\x00-\x08\x0e-\x19]", data[:2000])


def mutate(data: bytes, r: random.Random, other: bytes = b"") -> bytes:
    """Change an input one to four times; ``other`` is another input to take pieces from."""
    if data[:4] == b"PK\x03\x04" and r.random() < 0.75:
        return _inside_archive(data, r)
    if data[:4] == b"PAR1" and r.random() < 0.7:
        return _inside_table(data, r)
    if data[:2] == b"\x1f\x8b" and r.random() < 0.6:
        try:
            return gzip.compress(mutate(gzip.decompress(data), r), 1)
        except (OSError, EOFError, zlib.error):
            pass  # packed wrongly by an earlier change
    for _ in range(r.choice((1, 1, 1, 2, 2, 4))):
        if other and r.random() < 0.05:
            a, b = _span(other, r)
            at = r.randrange(len(data) + 1)
            data = data[:at] + other[a:b] + data[at:]
            continue
        changes = ANY + (OF_TEXT if is_text(data) else OF_BINARY)
        data = r.choice(changes)(data, r)[:MOST_BYTES]
    return data


def _inside_table(data: bytes, r: random.Random) -> bytes:
    """Change a cell, the type, the name or the order of a column of a Parquet table."""
    try:
        table = pq.read_table(io.BytesIO(data))
        at = r.randrange(table.num_columns)
        name, cells = table.column_names[at], table.column(at).to_pylist()
        kind = r.randrange(6)
        if kind == 0:
            table = table.drop_columns([name])
        elif kind == 1:
            other = r.choice([*table.column_names, "x", "latitude", ""])
            table = table.rename_columns(
                [*table.column_names[:at], other, *table.column_names[at + 1 :]]
            )
        elif kind == 2:
            table = pa.concat_tables([table, table.slice(0, 1)])
        else:
            new = r.choice([*_CELLS, None])
            row = r.randrange(max(len(cells), 1))
            values = [new] * len(cells) if kind == 3 else [*cells[:row], new, *cells[row + 1 :]]
            table = table.set_column(at, name, pa.array(values))
        out = pa.BufferOutputStream()
        pq.write_table(table, out)
        return bytes(out.getvalue().to_pybytes())
    except Exception:  # arrow takes no mixture of types, and was given broken files before
        return flip_bits(data, r)


_CELLS: tuple[Any, ...] = (
    0,
    -1,
    91,
    1e308,
    float("nan"),
    float("inf"),
    2**62,
    "",
    "x",
    "nan",
    b"\xff",
    True,
    [1, 2],
    {"a": 1},
    datetime(1, 1, 1),
    datetime(9999, 12, 31),
    "2021-03-04T05:06:07",
    "1e400",
    " 36.2 ",
)
"""What cells of a table may hold, of every type."""


def _inside_archive(data: bytes, r: random.Random) -> bytes:
    """Change one array of an archive of numpy, or its header, or the list of its members."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {n: archive.read(n) for n in archive.namelist()}
    except Exception:  # zip fails in a dozen ways
        return flip_bits(data, r)
    if not members:
        return cut(data, r)
    name = r.choice(list(members))
    kind = r.randrange(8)
    if kind == 0:
        del members[name]
    elif kind == 1:
        members[r.choice(("x.npy", "data", "é.npy", name + "x"))] = members.pop(name)
    elif kind == 2:
        members[name] = members[r.choice(list(members))]
    elif kind in (3, 4):
        members[name] = mutate(members[name], r) if kind == 3 else _change_head(members[name], r)
    else:
        members[name] = _other_array(members[name], r)
    out = io.BytesIO()
    slow = sum(map(len, members.values())) > 100_000 and r.random() < 0.95
    packing = (
        zipfile.ZIP_STORED
        if slow
        else r.choice(
            (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
        )
    )
    with zipfile.ZipFile(out, "w", packing) as archive:
        for member, raw in members.items():
            archive.writestr(zipfile.ZipInfo(member), raw, packing)
    raw = out.getvalue()
    return raw if r.random() < 0.8 else flip_bits(raw, r)


def _change_head(raw: bytes, r: random.Random) -> bytes:
    """Change the header of an array, which says type and shape."""
    end = raw.find(b"\n") + 1
    head = r.choice((replace_number, swap_words, drop_word, replace_digit, nest))(raw[:end], r)
    return head + raw[end:]


def _other_array(raw: bytes, r: random.Random) -> bytes:
    """Put another array in the place of one: other type, shape, or numbers that are none."""
    try:
        array = np.load(io.BytesIO(raw), allow_pickle=False)
    except Exception:  # it was changed before
        return flip_bits(raw, r)
    kind = r.randrange(7)
    if kind == 0 and array.size and array.dtype.kind == "f":
        array = array.copy()
        array.reshape(-1)[r.randrange(array.size)] = r.choice((np.nan, np.inf, -np.inf, 3e38))
    elif kind == 1:
        array = array[..., None] if r.random() < 0.5 else array.reshape(-1)
    elif kind == 2 and array.dtype.kind in "iuf":
        with np.errstate(all="ignore"):
            array = array.astype(r.choice(("f8", "i8", "c8", "U8", "S4", "?", "f2", "M8[s]")))
    elif kind == 3:
        array = np.array(r.choice((0, -1, np.nan, "x", 1e300, 2**63 - 1)))
    elif kind == 4:
        array = array[:0] if array.ndim else np.empty(0)
    elif kind == 5 and array.dtype.kind in "iuf":
        array = np.zeros_like(array)
    else:
        array = np.repeat(np.atleast_1d(array), 2, axis=0)
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()
