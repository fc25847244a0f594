"""Which source files decide the result of a stage: the closure of its static imports.

A stage's code is every module that its module imports, at any depth and inside functions too,
without executing anything. A name taken from a package that only passes it on (a room's flat
public API) leads to the module that defines it, so that a new reader of one format does not
make stages run again that read another. A package's own ``__init__`` counts as well. Modules
of a stage that is read are left out where its own closure has them: they enter by its plan.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from quakeloom.core import digest_bytes


@dataclass(frozen=True)
class _Import:
    """``import module`` (name is empty) or ``from module import name``."""

    module: str
    name: str


@dataclass(frozen=True)
class _Source:
    path: Path
    content: bytes
    imports: tuple[_Import, ...]
    passed_on: dict[str, _Import]
    """Names that the module got by a plain import at its top, with where from."""
    defined: frozenset[str]
    """Names that the module defines itself."""


def code_digest(module: str, stop: Sequence[str] = ()) -> str:
    """Return the digest of all source files that a module's results can depend on.

    Parameters
    ----------
    module : str
        Full name.
    stop : sequence of str
        Modules that are left out and not followed.
    """
    sources = closure_of(module, tuple(stop))
    return digest_bytes(*(part for n, p in sources.items() for part in (n.encode(), _read(p))))


def module_digests(module: str, stop: Sequence[str] = ()) -> dict[str, str]:
    """Return the digest of every source file that :func:`code_digest` counts, by module."""
    return {n: digest_bytes(_read(p)) for n, p in closure_of(module, tuple(stop)).items()}


@cache
def closure_of(module: str, stop: tuple[str, ...] = ()) -> dict[str, Path]:
    """Return the modules that a module imports at any depth, itself included, with their files.

    Parameters
    ----------
    module : str
        Full name; only modules of the same top-level package and of quakeloom are followed, and
        of a module that lies in no package the single files beside it.
    stop : tuple of str
        Modules that are left out and not followed.

    Returns
    -------
    dict of str to Path
        Sorted by name.
    """
    roots = {module.split(".")[0], "quakeloom"} | _files_beside(module.split(".")[0])
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name in stop:
            continue
        found.add(name)
        source = _source(name)
        if source is None:
            continue
        for item in source.imports:
            if item.module.split(".")[0] in roots:
                waiting += [m for m in _resolve(item) if m not in found]
    return {name: source.path for name in sorted(found) if (source := _source(name))}


def _files_beside(top: str) -> set[str]:
    """Return the names of the single files beside a module that lies in no package."""
    path = _find(top)
    if path is None or path.name == "__init__.py":
        return set()
    return {p.stem for p in path.parent.glob("*.py")}


def modules_of_folder(module: str) -> list[str]:
    """Return the modules of a closure that lie in the folder of its module."""
    folder = module.rpartition(".")[0]
    return [n for n in closure_of(module) if n.startswith(f"{folder}.")]


def _resolve(item: _Import) -> list[str]:
    """Return the modules that an import leads to, the packages on the way included."""
    way = [p for p in _packages(item.module) if _source(p) is not None]
    source = _source(item.module)
    if source is None:
        return way
    if not item.name:
        return [*way, item.module]
    submodule = f"{item.module}.{item.name}"
    if item.name in source.passed_on:
        return [*way, _only_itself(item.module), *_resolve(source.passed_on[item.name])]
    if item.name not in source.defined and _source(submodule) is not None:
        return [*way, _only_itself(item.module), submodule]
    return [*way, item.module]


def _only_itself(module: str) -> str:
    """Mark a package whose file counts, but not what it imports for others."""
    source = _source(module)
    return f"{module}:" if source is not None and source.path.name == "__init__.py" else module


def _packages(module: str) -> list[str]:
    """Parents of a module, each marked as counting by its own file alone."""
    parts = module.split(".")
    return [".".join(parts[:n]) + ":" for n in range(1, len(parts))]


@cache
def _source(name: str) -> _Source | None:
    """Parse a module; a name that ends in ``:`` stands for a package's own file alone."""
    alone = name.endswith(":")
    path = _find(name.rstrip(":"))
    if path is None:
        return None
    content = path.read_bytes()
    if alone:
        return _Source(path, content, (), {}, frozenset())
    tree = ast.parse(content)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    imports = [i for node in _executed(tree.body) for i in _imports(node, package)]
    passed_on: dict[str, _Import] = {}
    defined: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            for alias, item in zip(node.names, _imports(node, package), strict=True):
                passed_on[alias.asname or alias.name] = item
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            defined.add(node.name)
        else:
            defined |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return _Source(path, content, tuple(imports), passed_on, frozenset(defined))


def _executed(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield all statements but those that only type checkers see.

    Expressions, which are most of a file, hold no imports and are not looked at.
    """
    for node in statements:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        parts: list[ast.AST] = [node, *getattr(node, "handlers", ()), *getattr(node, "cases", ())]
        for part in parts:
            for block in ("body", "orelse", "finalbody"):
                yield from _executed(getattr(part, block, ()))


def _imports(node: ast.AST, package: str) -> list[_Import]:
    if isinstance(node, ast.Import):
        return [_Import(a.name, "") for a in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = package.split(".")
            parts = parts[: len(parts) - node.level + 1]
            base = ".".join([*parts, *([base] if base else [])])
        return [_Import(base, a.name) for a in node.names]
    return []


@cache
def _find(name: str) -> Path | None:
    """Return the file of a module, by its place below its top-level package."""
    top, *rest = name.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    if not rest:
        return origin
    if origin.name != "__init__.py":
        return None
    place = origin.parent.joinpath(*rest)
    for path in (place / "__init__.py", place.with_suffix(".py")):
        if path.is_file():
            return path
    return None


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()
