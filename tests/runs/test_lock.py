import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from dixtill_core.runs.lock import LockedError, hold_lock, is_held

HOLD = (
    "import sys, time\nfrom pathlib import Path\nfrom dixtill_core.runs.lock import hold_lock\n"
    "with hold_lock(Path(sys.argv[1]), ''):\n    print('held', flush=True)\n    time.sleep(60)\n"
)


def test_a_lock_is_held_once_and_free_afterwards(tmp_path):
    lock = tmp_path / "lock"
    assert not is_held(lock)
    with hold_lock(lock, "taken"):
        assert is_held(lock)
        with pytest.raises(LockedError, match="taken"), hold_lock(lock, "taken", wait=0.05):
            pass
    assert not is_held(lock)
    with hold_lock(lock, "taken"):
        pass


def test_an_error_lets_the_lock_go(tmp_path):
    with pytest.raises(RuntimeError), hold_lock(tmp_path / "lock", ""):
        raise RuntimeError
    assert not is_held(tmp_path / "lock")


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    lock = tmp_path / "lock"
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout.readline() == "held\n"
        assert is_held(lock)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not is_held(lock)


def test_readers_looking_all_the_time_do_not_keep_a_writer_out(tmp_path):
    lock, stop = tmp_path / "lock", threading.Event()

    def look():
        while not stop.is_set():
            is_held(lock)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(5):
            with hold_lock(lock, "taken"):
                pass
            time.sleep(0.01)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
