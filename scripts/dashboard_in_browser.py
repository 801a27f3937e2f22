"""The running dashboard and a real Chromium, for screenshots, browser tests and benchmarks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import IO

from playwright.sync_api import Browser, Playwright

PROJECT = Path(__file__).resolve().parents[1]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS = 120
"""Longest wait for the dashboard or for a page: many times what it takes, since a machine may be busy."""


def find_chromium(playwright: Playwright) -> str | None:
    """Path of the Chromium named by CHROMIUM, of the system's, or of playwright's own; None where there is none."""
    named = os.environ.get("CHROMIUM") or next(filter(None, map(which, CHROMIUM_NAMES)), None)
    if named is None and Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.executable_path
    return named


def launch_chromium(playwright: Playwright, path: str) -> Browser:
    return playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGUMENTS))


@contextmanager
def running_dashboard(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Address of a dashboard that was started with the command of the README and runs for as long as the block.

    Args:
        environment: variables beside those of this process.

    Raises:
        RuntimeError: it ended or did not answer; with what it printed.
    """
    port = free_port()
    with tempfile.TemporaryFile() as log:
        process = start_dashboard(port, environment, log)
        try:
            wait_until_healthy(port, process)
            yield f"http://localhost:{port}"
        except RuntimeError as error:
            log.seek(0)
            raise RuntimeError(f"{error} It printed:\n{log.read().decode(errors='replace')}") from error
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return int(free.getsockname()[1])


def start_dashboard(port: int, environment: Mapping[str, str] | None = None, log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """The process of a dashboard, which may not answer yet."""
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", "--server.headless", "true", "--server.port", str(port)]
    return subprocess.Popen(
        command, cwd=PROJECT, env=os.environ | dict(environment or {}), stdout=log or subprocess.DEVNULL, stderr=subprocess.STDOUT
    )


def wait_until_healthy(port: int, process: subprocess.Popen[bytes]) -> None:
    """Raises RuntimeError where it ended or does not answer."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The dashboard ended with exit code {process.returncode} before it answered.")
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The dashboard did not answer within {SECONDS} seconds.")
