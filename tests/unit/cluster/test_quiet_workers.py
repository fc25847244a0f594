"""Local workers say nothing of themselves, serve no pages, and hear this machine alone."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import logging

import psutil

from quakeloom.cluster import open_executor
from quakeloom.config import Cluster

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("distributed").setLevel(logging.WARNING)
    with open_executor(Cluster(kind="local"), 2) as executor:
        print(list(executor.map(abs, [-1, -2, -3])))
        me = psutil.Process()
        ours = [me, *me.children(recursive=True)]
        listens = {c.laddr.port for p in ours for c in p.net_connections() if c.status == "LISTEN"}
        print("listens", bool(listens), "port 8787", 8787 in listens)
        print({c.laddr.ip for p in ours for c in p.net_connections() if c.status == "LISTEN"})
"""


def test_local_workers_are_quiet_and_leave_port_8787_alone(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(CODE)
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=300, check=True
    )
    said, ports, addresses = done.stdout.splitlines()
    assert (said, ports) == ("[1, 2, 3]", "listens True port 8787 False")
    # nobody on another machine may give them work, which is to run any program
    assert addresses == "{'127.0.0.1'}"
    # with another program on 8787, a served page would go elsewhere, and dask would say so here
    assert done.stderr == ""
