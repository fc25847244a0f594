"""Local workers say nothing of themselves, and serve no pages."""

from __future__ import annotations

import socket
import subprocess
import sys

CODE = """
import logging
import socket

from quakeloom.cluster import open_executor
from quakeloom.config import Cluster

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("distributed").setLevel(logging.WARNING)
    with open_executor(Cluster(kind="local"), 2) as executor:
        print(list(executor.map(abs, [-1, -2, -3])))
        probe = socket.socket()
        print("port 8787", probe.connect_ex(("127.0.0.1", 8787)) == 0)
"""


def test_local_workers_are_quiet_and_leave_port_8787_alone(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(CODE)
    here = socket.socket()
    was_taken = here.connect_ex(("127.0.0.1", 8787)) == 0
    here.close()
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout.splitlines() == ["[1, 2, 3]", f"port 8787 {was_taken}"]
    assert done.stderr == ""
