"""Functions stay short, take few parameters, and constants say what they are.

All of the package keeps these rules.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import quakeloom

SOURCE = Path(quakeloom.__file__).parent

MOST_LINES = 80
"""A longer function holds more than one thought."""

MOST_PARAMETERS = 8
"""More belong into a record. ``self`` and ``cls`` do not count. A command of the command line is
exempt, since each of its parameters is an option that typer builds from it."""

KEYWORDS = {"library/_mechanisms.py": {"find_mechanism"}}
"""Functions of notebooks that take one array per keyword, and more than these, are exempt."""


MODULES = sorted(str(f.relative_to(SOURCE)) for f in SOURCE.rglob("*.py"))
"""All modules of the package."""


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


def too_large(
    tree: ast.Module, is_cli: bool = False, keywords: frozenset[str] = frozenset()
) -> list[str]:
    """Return what is wrong with the functions of a module."""
    found = []
    exempt = (commands(tree) if is_cli else set()) | keywords
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
    """Return the constants of a module that no docstring follows.

    Lines of constants without a blank line between them share the one below them.
    """
    found: list[str] = []
    group: list[str] = []
    end = -1
    for node in tree.body:
        says = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if says and isinstance(node.value.value, str) and node.lineno == end + 1:
            group = []
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        if node.lineno != end + 1:
            found += group
            group = []
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        first = target.elts[0] if isinstance(target, ast.Tuple) else target
        if isinstance(first, ast.Name) and first.id.isupper():
            group.append(first.id)
        end = node.end_lineno or 0
    return found + group


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_short_and_take_few_parameters(module):
    tree = ast.parse((SOURCE / module).read_text())
    keywords = frozenset(KEYWORDS.get(module, ()))
    assert not too_large(tree, module.startswith("cli/"), keywords)


@pytest.mark.parametrize("module", MODULES)
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
    assert silent_constants(ast.parse("A = 1\n\nB = 2\n'''Meters.'''")) == ["A"]
    assert not silent_constants(ast.parse("A = 1\nB = 2\n'''Meters.'''"))
    assert silent_constants(ast.parse("_A, _B = 1, 2\nx = 3")) == ["_A"]
