"""A browser without a window, driven over Chromium's own protocol: benchmarks and short tests.

Nothing but tornado is needed, which Dask brings. The long tests of the atlas use puppeteer.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Names of Chromium."""

_START_S = 30.0
"""Seconds that a browser may take to start."""

_LARGEST_MESSAGE = 256_000_000
"""Bytes of the largest answer, a screenshot."""


def find_browser() -> str | None:
    """Return the path of Chromium, of ``QUAKELOOM_BROWSER`` where that is set; None without one."""
    named = os.environ.get("QUAKELOOM_BROWSER")
    if named:
        return named
    return next((p for p in map(shutil.which, _PROGRAMS) if p), None)


class Browser:
    """One page of a headless Chromium.

    Attributes
    ----------
    requests : list of str
        Addresses that the page asked for.
    messages : list of str
        Errors of scripts, and what the console says as warning or error.
    """

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        program = find_browser()
        if program is None:
            raise RuntimeError("No Chromium is installed; set QUAKELOOM_BROWSER to its path.")
        self.requests: list[str] = []
        self.messages: list[str] = []
        self._folder = tempfile.mkdtemp(prefix="atlas-browser-")
        self._process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--enable-precise-memory-info",
             "--js-flags=--expose-gc", "--remote-debugging-port=0",
             f"--user-data-dir={self._folder}", f"--window-size={width},{height}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._loop = asyncio.new_event_loop()
        self._number = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._session = ""
        self._socket = self._run(self._connect())
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = session["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    async def _connect(self) -> WebSocketClientConnection:
        file = Path(self._folder) / "DevToolsActivePort"
        end = time.monotonic() + _START_S
        while time.monotonic() < end:
            lines = file.read_text().split() if file.exists() else []
            if len(lines) == 2:
                address = f"ws://127.0.0.1:{lines[0]}{lines[1]}"
                return await websocket_connect(address, max_message_size=_LARGEST_MESSAGE)
            await asyncio.sleep(0.05)
        raise RuntimeError("Chromium did not start.")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command of the protocol and return its result."""
        return self._run(self._send(method, params))

    async def _send(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        await self._socket.write_message(json.dumps(message))
        while number not in self._answers:
            await self._read()
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return dict(answer["result"])

    async def _read(self) -> None:
        text = await self._socket.read_message()
        if text is None:
            raise RuntimeError("Chromium went away.")
        message = json.loads(text)
        if "id" in message:
            self._answers[message["id"]] = message
            return
        method, params = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.messages.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("warning", "error"):
            self.messages.append(params["entry"]["text"])

    def open(self, address: str) -> None:
        """Open a page."""
        self.send("Page.navigate", url=address)

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; promises are waited for."""
        result = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True,
            userGesture=True,
        )  # fmt: skip
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait(self, condition: str, seconds: float = 30.0) -> Any:
        """Wait until an expression is true, and return its value."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(condition)
            if value:
                return value
            time.sleep(0.02)
        raise RuntimeError(f"'{condition}' did not become true. {self.messages[:3]}")

    def resize(self, width: int, height: int, mobile: bool = False) -> None:
        """Give the page a size in pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=1, mobile=mobile,
        )  # fmt: skip

    def click(self, x: float, y: float) -> None:
        """Click at a place of the page."""
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self) -> bytes:
        """Return what the page looks like, as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """End the browser."""
        self._session = ""
        try:
            self.send("Browser.close")
            self._process.wait(10)
        except (RuntimeError, subprocess.TimeoutExpired, OSError):
            self._process.kill()
            self._process.wait()
        self._loop.close()
        shutil.rmtree(self._folder, ignore_errors=True)
