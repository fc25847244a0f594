"""Functions stay short, take few parameters, and constants say what they are.

A room is added to the lists when it keeps the rule; it does not leave them again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

import quakeloom

SOURCE = Path(quakeloom.__file__).parent

ROOMS = ("cli", "report", "stages", "store")
"""Rooms whose functions keep the sizes."""

CONSTANTS = ("cli", "report", "stages", "store")
"""Rooms whose constants say what they are, with unit and source."""

MOST_LINES = 80
"""A longer function holds more than one thought."""

MOST_PARAMETERS = 8
"""More belong into a record. ``self`` and ``cls`` do not count. A command of the command line is
exempt, since each of its parameters is an option that typer builds from it, and no other
function is."""


def modules(rooms: tuple[str, ...]) -> list[str]:
    return sorted(
        str(f.relative_to(SOURCE)) for room in rooms for f in (SOURCE / room).rglob("*.py")
    )


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def commands(tree: ast.Module) -> set[str]:
    """Names of the functions of a module that typer makes commands of."""
    found = set()
    for function in functions(tree):
        for decorator in function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called, ast.Attribute) and called.attr in ("command", "callback"):
                found.add(function.name)
    for node in ast.walk(tree):
        # app.command("name", ...)(function)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Call)
            and isinstance(node.func.func, ast.Attribute)
            and node.func.func.attr == "command"
        ):
            found |= {a.id for a in node.args if isinstance(a, ast.Name)}
    return found


def too_large(tree: ast.Module, is_cli: bool = False) -> list[str]:
    """Return what is wrong with the functions of a module."""
    found = []
    exempt = commands(tree) if is_cli else set()
    for function in functions(tree):
        lines = (function.end_lineno or 0) - function.lineno + 1
        if lines > MOST_LINES:
            found.append(f"{function.name} has {lines} lines")
        a = function.args
        names = [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        if count > MOST_PARAMETERS and function.name not in exempt:
            found.append(f"{function.name} takes {count} parameters")
    return found


def silent_constants(tree: ast.Module) -> list[str]:
    """Return the constants of a module without a docstring of their own."""
    found = []
    for node, after in zip_longest(tree.body, tree.body[1:]):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        first = target.elts[0] if isinstance(target, ast.Tuple) else target
        name = first.id if isinstance(first, ast.Name) else ""
        says = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if name.isupper() and not (says and isinstance(after.value.value, str)):
            found.append(name)
    return found


@pytest.mark.parametrize("module", modules(ROOMS))
def test_functions_are_short_and_take_few_parameters(module):
    tree = ast.parse((SOURCE / module).read_text())
    assert not too_large(tree, module.startswith("cli/"))


@pytest.mark.parametrize("module", modules(CONSTANTS))
def test_constants_say_what_they_are(module):
    assert not silent_constants(ast.parse((SOURCE / module).read_text()))


def test_the_rules_see_what_breaks_them():
    long = "def f():\n" + "    x = 1\n" * MOST_LINES
    wide = f"def f({', '.join(f'a{i}' for i in range(MOST_PARAMETERS + 1))}): ..."
    method = f"class A:\n    def f(self, {wide[6:]}"
    assert too_large(ast.parse(long))
    assert too_large(ast.parse(wide))
    assert too_large(ast.parse(method))
    assert too_large(ast.parse(f"app = 1\n{wide}"), is_cli=True)
    assert not too_large(ast.parse(f"@app.command()\n{wide}"), is_cli=True)
    assert not too_large(ast.parse(f"{wide}\napp.command('f')(f)"), is_cli=True)
    assert silent_constants(ast.parse("A = 1\nB = 2\n'''Meters.'''")) == ["A"]
    assert silent_constants(ast.parse("_A, _B = 1, 2\nx = 3")) == ["_A"]
