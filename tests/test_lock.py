import errno
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from dixtill_core import lock
from dixtill_core.errors import DixtillError
from dixtill_core.lock import LockedError, hold_lock, is_held, take_claim

HOLD = (
    "import sys, time\nfrom pathlib import Path\nfrom dixtill_core.lock import hold_lock\n"
    "with hold_lock(Path(sys.argv[1]), ''):\n    print('held', flush=True)\n    time.sleep(60)\n"
)


def test_a_lock_is_held_once_and_free_afterwards(tmp_path):
    path = tmp_path / "lock"
    assert not is_held(path)
    with hold_lock(path, "taken"):
        assert is_held(path)
        with pytest.raises(LockedError, match="taken"), hold_lock(path, "taken", wait=0.05):
            pass
    assert not is_held(path)
    with hold_lock(path, "taken"):
        pass


def test_an_error_lets_the_lock_go(tmp_path):
    with pytest.raises(RuntimeError), hold_lock(tmp_path / "lock", ""):
        raise RuntimeError
    assert not is_held(tmp_path / "lock")


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "lock"
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout.readline() == "held\n"
        assert is_held(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not is_held(path)


def test_readers_looking_all_the_time_do_not_keep_a_writer_out(tmp_path):
    path, stop = tmp_path / "lock", threading.Event()

    def look():
        while not stop.is_set():
            is_held(path)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(5):
            with hold_lock(path, "taken"):
                pass
            time.sleep(0.01)
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def test_a_claim_is_taken_once_and_leaves_no_file(tmp_path):
    path = tmp_path / "claim"
    claim = take_claim(path)
    assert take_claim(path) is None
    claim.release()
    assert not path.exists()
    with take_claim(path):
        assert take_claim(path) is None
    assert not path.exists()


def test_of_many_who_take_and_leave_a_claim_never_two_hold_it_at_once(tmp_path):
    holders, most, taken = [], [], []

    def work(number):
        while len(taken) < 300:
            if (claim := take_claim(tmp_path / "claim")) is not None:
                holders.append(number)
                most.append(len(holders))
                taken.append(number)
                holders.remove(number)
                claim.release()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}


def test_where_the_disk_knows_no_locks_the_run_says_so_and_a_claim_is_everyones(tmp_path, monkeypatch):
    def unsupported(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_take", unsupported)
    with pytest.raises(DixtillError, match="No locks available"), hold_lock(tmp_path / "lock", "taken"):
        pass
    assert take_claim(tmp_path / "claim") is not None
    assert take_claim(tmp_path / "claim") is not None
