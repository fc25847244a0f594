"""Write the reference of the library from its docstrings: ``docs/library-reference.md``.

python docs/make_library_reference.py > docs/library-reference.md
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from quakeloom import library

_HEAD = """# Reference of the library

Every name of `import quakeloom as ql`, from its docstring (`make docs`). [Library](library.md) says
how they fit together; columns of tables are in [tables](tables.md), keywords in
[configuration](../config/README.md).
"""
_LISTS = ("Parameters", "Attributes", "Returns", "Raises")
_SECTIONS = (*_LISTS, "References", "Notes", "Examples")


def write_reference() -> str:
    """Return the page: functions first, then what they give."""
    things = {n: getattr(library, n) for n in library.__all__}
    functions = {n: t for n, t in things.items() if inspect.isfunction(t)}
    classes = {n: t for n, t in things.items() if inspect.isclass(t)}
    parts = [_HEAD, "## Functions\n"]
    parts += [_describe(f"ql.{n}", t, "###") for n, t in functions.items()]
    parts.append("## Objects\n")
    for name, thing in classes.items():
        parts.append(_describe(f"ql.{name}", thing, "###", signature=_is_made_by_users(thing)))
        parts += [_describe_member(name, *member) for member in _members(thing)]
    return "\n".join(parts).rstrip() + "\n"


def _is_made_by_users(thing: type) -> bool:
    return "Parameters" in (inspect.getdoc(thing) or "")


def _members(thing: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties of a class, in order of definition, own ones first."""
    seen: set[str] = set()
    for owner in thing.__mro__[:-1]:
        for name, value in vars(owner).items():
            if name.startswith("_") or name in seen or name == "of_tables":
                continue
            if isinstance(value, property | classmethod) or inspect.isfunction(value):
                seen.add(name)
                yield name, value


def _describe_member(owner: str, name: str, value: Any) -> str:
    if isinstance(value, property):
        return f"- `.{name}`: {_inline(inspect.getdoc(value.fget) or '').splitlines()[0]}\n"
    function = value.__func__ if isinstance(value, classmethod) else value
    prefix = f"ql.{owner}" if isinstance(value, classmethod) else ""
    text = inspect.getdoc(function) or ""
    if not any(f"\n{s}\n---" in text for s in _LISTS):
        return f"- `{prefix}.{name}{_signature(function)}`: {_inline(text).splitlines()[0]}\n"
    return _describe(f"{prefix}.{name}", function, "####")


def _describe(title: str, thing: Any, level: str, signature: bool = True) -> str:
    lines = [f"{level} {title}\n"]
    if signature:
        lines.append(f"```text\n{title.lstrip('.')}{_signature(thing)}\n```\n")
    for section, body in _sections(inspect.getdoc(thing) or ""):
        if not section:
            lines.append(_inline(body) + "\n")
        elif section == "Examples":
            code = re.sub(r"^(>>>|\.\.\.) ?", "", body, flags=re.M)
            lines.append(f"```python\n{code}\n```\n")
        elif section in _LISTS:
            lines.append(f"{section}:\n\n{_items(body)}\n")
        else:
            lines.append(f"{section}: {_inline(body)}\n")
    return "\n".join(lines)


def _signature(thing: Any) -> str:
    """Names and defaults of the arguments, without their types."""
    found = inspect.signature(thing)
    arguments = [
        p.replace(annotation=inspect.Parameter.empty)
        for p in found.parameters.values()
        if p.name not in ("self", "cls")
    ]
    return str(found.replace(parameters=arguments, return_annotation=inspect.Signature.empty))


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Title and body of every section of a numpydoc docstring; the first has no title."""
    names = "|".join(_SECTIONS)
    pieces = re.split(rf"^({names})\n-+\n", text, flags=re.M)
    yield "", pieces[0].strip()
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        yield title, body.strip()


def _items(body: str) -> str:
    """Entries of a section as a list: what is not indented begins one."""
    rows: list[list[str]] = []
    for line in body.splitlines():
        if line and not line.startswith(" "):
            name, _, kind = line.partition(" : ")
            rows.append([f"- `{name}`" + (f" ({_inline(kind)})" if kind else "")])
        elif line.strip() and rows:
            rows[-1].append(line.strip())
    return "\n".join(
        row[0] + (f": {_inline(' '.join(row[1:]))}" if len(row) > 1 else "") for row in rows
    )


def _inline(text: str) -> str:
    text = re.sub(r":\w+:`([^`]+)`", r"`\1`", text)
    return text.replace("``", "`")


if __name__ == "__main__":
    print(write_reference(), end="")
