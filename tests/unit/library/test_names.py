"""``import quakeloom as ql``: its names, and what it does not import."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import quakeloom as ql
from quakeloom import library

_STUB = Path(ql.__file__).with_suffix(".pyi")


def test_the_names_of_the_library_are_those_of_the_package_and_of_its_stub():
    own = {"QuakeloomError", "__version__"}
    assert set(ql.__all__) - own == set(library.__all__)
    stub = set(re.findall(r"import \w+ as (\w+)", _STUB.read_text()))
    assert stub == set(ql.__all__) - {"__version__"}
    assert set(ql.__all__) <= set(dir(ql))
    for name in ql.__all__:
        assert getattr(ql, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="find_mecanism"):
        ql.find_mecanism  # noqa: B018


def test_importing_the_package_imports_neither_numpy_nor_a_room():
    code = "import sys, quakeloom; print([m for m in sys.modules if m.startswith('quakeloom.')], "
    code += "'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] False"
