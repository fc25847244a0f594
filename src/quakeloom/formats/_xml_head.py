"""What kind of XML a file is, from its first bytes."""

from __future__ import annotations

import re

from quakeloom.formats._compressed import plain_head

_ASIDE = re.compile(r"<!--.*?-->|<\?.*?\?>", re.DOTALL)
"""What may stand before the root element."""
_ROOT = re.compile(r"\s*(?:<![^>]*>\s*)?<([^\s/>!?]+)")
"""The name of the root element, after a DOCTYPE if there is one."""


def root_element(head: bytes) -> str:
    """Return the local name of the root element in the head of an XML file, or nothing."""
    data = plain_head(head)
    wide = b"\x00" in data[:4] or data[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = data.decode("utf-16" if wide else "utf-8", "ignore").lstrip("\ufeff \t\r\n")
    if not text.startswith("<"):
        return ""
    found = _ROOT.match(_ASIDE.sub("", text))
    return found.group(1).rpartition(":")[2] if found else ""
