"""Stored machine code is never older than the source it was made from."""

import ast
import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import quakeloom
from quakeloom.core import compiled, machine_code_place
from quakeloom.core.compiled import _warn_that_nothing_is_kept
from quakeloom.core.sorting import distinct, sort_ascending

INNER = """
from quakeloom.core import compiled

@compiled()
def inner(x):
    return x + {step}
"""
OUTER = """
from quakeloom.core import compiled
from room.inner import inner

@compiled()
def outer(x):
    return inner(x) * 10
"""
CALL = "from room.outer import outer; print(outer(1), sum(outer.stats.cache_hits.values()))"


def _call(folder: Path) -> list[str]:
    source = Path(quakeloom.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": f"{folder}:{source}"}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", CALL], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_change_in_a_called_function_reaches_its_callers(tmp_path):
    """numba alone would go on running the old callee, kept inside the stored caller."""
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "outer.py").write_text(OUTER)
    (room / "inner.py").write_text(INNER.format(step=1))
    assert _call(tmp_path) == ["20", "0"]
    assert _call(tmp_path) == ["20", "1"]
    (room / "inner.py").write_text(INNER.format(step=2))
    assert _call(tmp_path) == ["30", "0"]


def _add_one(number):
    return number + 1


@pytest.fixture
def no_warning_yet():
    """The warning that nothing is kept comes once in a process."""
    _warn_that_nothing_is_kept.cache_clear()
    yield
    _warn_that_nothing_is_kept.cache_clear()


def test_without_a_folder_for_machine_code_functions_are_compiled_anew(
    monkeypatch, caplog, no_warning_yet
):
    """A package and a home that cannot be written: numba finds no place, and says so at import."""
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    assert compiled()(_add_one)(1) == 2
    assert compiled()(_add_one)(2) == 3
    assert caplog.text.count("set NUMBA_CACHE_DIR") == 1
    assert machine_code_place() == ""


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("save", OSError(errno.ENOSPC, "No space left on device")),
        ("save", PermissionError(errno.EACCES, "Permission denied")),
        ("load", EOFError("Ran out of input")),
        ("load", PermissionError(errno.EACCES, "Permission denied")),
    ],
)
def test_machine_code_that_cannot_be_stored_or_read_is_made_anew(
    monkeypatch, caplog, no_warning_yet, tmp_path, method, error
):
    """A full disk, rights that were taken away, a file that was cut."""

    def fail(*_):
        raise error

    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(f"numba.core.caching.IndexDataCacheFile.{method}", fail)
    function = compiled()(_add_one)
    assert function(1) == 2
    assert function(1.5) == 2.5
    assert caplog.text.count("set NUMBA_CACHE_DIR") == 1


def test_a_folder_for_machine_code_is_tried(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path))
    assert machine_code_place().startswith(str(tmp_path))
    assert list(tmp_path.rglob("*.nbi"))


def test_all_kernels_are_compiled_this_way():
    """A plain ``njit`` could run stale machine code."""
    root = Path(quakeloom.__file__).parent
    plain = [
        str(file.relative_to(root))
        for file in root.rglob("*.py")
        if file.name != "compiled.py" and re.search(r"@(numba\.)?n?jit\b", file.read_text())
    ]
    assert plain == []


def test_no_kernel_calls_a_sort_of_numba():
    """Machine code of its ``sort`` and ``argsort`` goes by one name; see quakeloom.core.sorting."""
    root = Path(quakeloom.__file__).parent
    banned = {"sort", "argsort", "unique", "median", "percentile", "quantile", "partition"}
    found = []
    for file in root.rglob("*.py"):
        for function in ast.walk(ast.parse(file.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            if not any("compiled(" in ast.unparse(d) for d in function.decorator_list):
                continue
            found += [
                f"{file.relative_to(root)}: {function.name}: {ast.unparse(node)}"
                for node in ast.walk(function)
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in banned
            ]
    assert found == []


@pytest.mark.parametrize("size", [0, 1, 2, 3, 17, 1000])
def test_sorting_is_that_of_numpy(size):
    values = np.random.default_rng(size).normal(size=size)
    values[::5] = 0.5
    expected = np.sort(values)
    sort_ascending(values)
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("size", [0, 1, 2, 17, 1000])
def test_distinct_numbers_are_those_of_numpy(size):
    values = np.random.default_rng(size).integers(-20, 20, size)
    np.testing.assert_array_equal(distinct(values), np.unique(values))
