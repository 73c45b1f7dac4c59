"""What holds for every device with a shell: run on simulated phones and boards here, and on a real phone by tests/device."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from edge.device.base import Completed
from edge.device.retry import with_retries
from edge.device.shell.device import ShellDevice
from edge.errors import (
    AbortedError,
    CommandError,
    CommandTimeoutError,
    DeviceBusyError,
    LinkLostError,
    TransferError,
)
from tests.device_layer.subject import Subject, eventually, start_driver

Shelled = ShellDevice[Any]


class DeviceScenarios:
    """Needs a fixture `subject`."""

    big_mib = 192  # takes long enough to be interrupted

    @pytest.fixture
    def device(self, subject: Subject) -> Iterator[Shelled]:
        """A device with nothing of edgezoo's on it, left like that."""
        subject.shell(f"rm -rf {subject.layout.base}")
        yield subject.connect()
        subject.shell(f"rm -rf {subject.layout.base}")

    @pytest.fixture
    def program(self, subject: Subject, tmp_path: Path) -> Callable[[str], Path]:
        """Makes an executable script for the device."""

        def make(script: str) -> Path:
            path = tmp_path / f"program-{len(list(tmp_path.glob('program-*')))}"
            path.write_text(f"{subject.shebang}\n{script}\n")
            path.chmod(0o755)
            return path

        return make

    # Files

    def test_files_are_sent_once_and_arrive_whole(self, device: Shelled, subject: Subject, tmp_path: Path) -> None:
        big, small, empty = (tmp_path / name for name in ("big model.nb", "small", "empty"))
        big.write_bytes(os.urandom(3_000_000))
        small.write_bytes(b"x")
        empty.write_bytes(b"")
        places = device.push([big, small, empty])
        assert device.bytes_pushed == 3_000_001
        for path, place in places.items():
            copy = tmp_path / "copy"
            device.pull(place, copy)
            assert copy.read_bytes() == path.read_bytes()
        again = subject.connect()
        assert again.push([small, big, empty]) == places
        assert again.bytes_pushed == 0

    def test_a_damaged_file_is_sent_again(self, device: Shelled, subject: Subject, tmp_path: Path) -> None:
        good, bad = tmp_path / "good.nb", tmp_path / "bad.nb"
        good.write_bytes(os.urandom(100_000))
        bad.write_bytes(os.urandom(50_000))
        place = device.push([good, bad])[bad]
        subject.shell(f"echo X >> {place}")
        again = subject.connect()
        assert again.push([good, bad])[bad] == place
        assert again.bytes_pushed == 50_000
        device.pull(place, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == bad.read_bytes()
        for damage in (
            f"echo X > {place}",
            f"rm {place}; mkdir {place}",
            f"rm {place}; ln -s / {place}",
            f"chmod 0 {place}",
        ):
            subject.shell(damage)  # in the middle of the session
            before = again.bytes_pushed
            assert again.push([bad])[bad] == place
            assert again.bytes_pushed - before == 50_000
            device.pull(place, tmp_path / "copy")
            assert (tmp_path / "copy").read_bytes() == bad.read_bytes()
        again.recheck()
        again.push([bad])
        assert again.bytes_pushed - before == 50_000

    def test_many_files_and_the_same_one_twice(self, device: Shelled, subject: Subject, tmp_path: Path) -> None:
        files = [tmp_path / f"input-{number}" for number in range(60)]
        for number, path in enumerate(files):
            path.write_text(f"content {number % 50}")
        places = device.push(files)
        assert len(set(places.values())) == 50
        assert len(subject.shell(f"ls {subject.layout.blobs}").split()) == 50

    def test_changed_file_is_another_one(self, device: Shelled, tmp_path: Path) -> None:
        model = tmp_path / "model.nb"
        model.write_bytes(b"one")
        first = device.push([model])[model]
        model.write_bytes(b"another")
        assert device.push([model])[model] != first

    def test_file_becomes_executable_on_demand(
        self, device: Shelled, program: Callable[[str], Path], subject: Subject
    ) -> None:
        path = program("exit 4")
        path.chmod(0o644)
        place = device.push([path])[path]
        assert device.run([str(place)], timeout=30).code == 126
        path.chmod(0o755)
        assert device.run([str(device.push([path])[path])], timeout=30).code == 4
        path.chmod(0o644)
        path.touch()
        assert subject.connect().push([path]) == {path: place}

    def test_pull_of_what_is_not_there(self, device: Shelled, subject: Subject, tmp_path: Path) -> None:
        place = tmp_path / "there"
        place.mkdir()
        with pytest.raises(TransferError, match="No such file"):
            device.pull(subject.layout.base / "nothing-here", place / "copy")
        assert list(place.iterdir()) == []

    def test_local_file_that_is_not_there(self, device: Shelled, tmp_path: Path) -> None:
        with pytest.raises(TransferError, match="cannot be read"):
            device.push([tmp_path / "model.nb"])

    def test_temporary_files_are_there_for_a_while(self, device: Shelled, subject: Subject, tmp_path: Path) -> None:
        batch = tmp_path / "batch"
        batch.write_bytes(b"pixels")
        with device.lock():
            for _ in range(2):
                with device.temporary([batch]) as places:
                    assert device.run(["cat", str(places[batch])], timeout=30).stdout == "pixels"
                assert subject.shell(f"ls {subject.layout.run}") == ""
            with pytest.raises(CommandTimeoutError), device.temporary([batch]):
                device.run(["sleep", "1008"], timeout=0.2)
            assert subject.shell(f"ls {subject.layout.run}") == ""
        assert subject.shell(f"ls {subject.layout.blobs}") == ""

    def test_temporary_files_of_a_dead_driver_go_with_the_next(
        self, device: Shelled, subject: Subject, tmp_path: Path
    ) -> None:
        batch = tmp_path / "batch"
        batch.write_bytes(b"pixels")
        with device.temporary([batch]) as places:
            assert subject.shell(f"cat {places[batch]}") == "pixels"
            with subject.connect().lock():
                assert subject.shell(f"ls {subject.layout.run}") == ""

    def test_link_drops_while_a_temporary_file_is_sent(self, device: Shelled, subject: Subject, tmp_path: Path) -> None:
        batch = tmp_path / "batch"
        batch.write_bytes(os.urandom(1 << 20) * self.big_mib)
        said: list[str] = []

        def use() -> str:
            with device.temporary([batch]) as places:
                return device.run(["wc", "-c", str(places[batch])], timeout=60).stdout.split()[0]

        with device.lock():
            there = self._when(lambda: subject.shell(f"ls {subject.layout.run} 2>/dev/null") != "", subject.drop_link)
            with there:
                assert with_retries(device, use, say=said.append) == str(batch.stat().st_size)
            assert any("waiting for the device" in line for line in said)
            assert subject.shell(f"ls {subject.layout.run}") == ""

    # Commands

    @pytest.mark.parametrize(
        ("script", "code", "stdout", "stderr"),
        [
            pytest.param("echo out; echo err >&2", 0, "out\n", "err\n", id="both streams"),
            pytest.param("exit 7", 7, "", "", id="code"),
            pytest.param("exit 255", 255, "", "", id="the code that adb gives a lost link"),
            pytest.param("echo -n no newline", 0, "no newline", "", id="no newline at the end"),
            pytest.param("echo 'edgezoo-end-0123456789abcdef:0'; exit 3", 3, None, "", id="forged end"),
            pytest.param("read -r line; echo \"[$line]\"; exit 5", 5, "[]\n", "", id="reads its empty input"),
        ],
    )  # fmt: skip
    def test_output_and_code(
        self,
        device: Shelled,
        program: Callable[[str], Path],
        script: str,
        code: int,
        stdout: str | None,
        stderr: str,
    ) -> None:
        path = program(script)
        done = device.run([str(device.push([path])[path])], timeout=30)
        assert (done.code, done.stderr) == (code, stderr)
        assert stdout is None or done.stdout == stdout

    @pytest.mark.parametrize(("name", "code"), [("SEGV", 139), ("ABRT", 134), ("KILL", 137)])
    def test_crash(self, device: Shelled, program: Callable[[str], Path], name: str, code: int) -> None:
        path = program(f'echo \'{{"type": "hello"}}\'; kill -{name} $$; sleep 5')
        done = device.run([str(device.push([path])[path])], timeout=30)
        assert done.code == code
        assert done.stdout.startswith('{"type": "hello"}\n')

    def test_arguments_arrive_as_they_are(self, device: Shelled, program: Callable[[str], Path]) -> None:
        words = ["a b", "$HOME", "it's", '"', "*", "\\n", "naïve", "", "; exit 9", "-n"]
        path = program('for word in "$@"; do echo "$word" | cat; done; echo $#')
        done = device.run([str(device.push([path])[path]), *words[:5], *words[6:9]], timeout=30)
        assert done.stdout.split("\n") == [*words[:5], *words[6:9], "8", ""]

    def test_program_that_is_not_there(self, device: Shelled, subject: Subject) -> None:
        assert device.run([str(subject.layout.base / "nothing-here")], timeout=30).code == 127

    def test_large_output_is_whole(self, device: Shelled, tmp_path: Path) -> None:
        text = "".join(f"line {number} of a runner that prints every sample\n" for number in range(40_000))
        path = tmp_path / "text"
        path.write_text(text)
        done = device.run(["cat", str(device.push([path])[path])], timeout=60)
        assert done.stdout == text

    def test_garbage_is_passed_on(self, device: Shelled, tmp_path: Path) -> None:
        path = tmp_path / "garbage"
        path.write_bytes(bytes(range(14, 256)) * 50)
        done = device.run(["cat", str(device.push([path])[path])], timeout=30)
        assert done.code == 0
        assert done.stdout == path.read_bytes().decode(errors="replace")

    def test_directory_of_its_own(self, device: Shelled, subject: Subject) -> None:
        done = device.run(["sh", "-c", "echo 1 >result; cat result; pwd"], timeout=30)
        one, place = done.stdout.split()
        assert one == "1"
        assert PurePosixPath(place).parent == subject.layout.run
        assert subject.shell(f"ls {subject.layout.run}") == ""
        assert device.run(["pwd"], timeout=30, cwd=str(subject.layout.base)).stdout == f"{subject.layout.base}\n"

    def test_directory_that_is_not_there(self, device: Shelled, subject: Subject) -> None:
        with pytest.raises(CommandError, match="no command can be started"):
            device.run(["true"], timeout=30, cwd=str(subject.layout.base / "nothing-here"))
        assert subject.shell(f"ls {subject.layout.run}") == ""

    def test_command_line_that_is_too_long(self, device: Shelled) -> None:
        """It is refused here: handed on, it would end the adb server."""
        with pytest.raises(CommandError, match="longer than"):
            device.run(["echo", "x" * 100_000], timeout=30)
        assert device.run(["echo", "x" * 2_000], timeout=30).stdout == "x" * 2_000 + "\n"

    # Nothing keeps running

    def test_what_left_the_group_is_killed(
        self, device: Shelled, program: Callable[[str], Path], subject: Subject
    ) -> None:
        script = program("setsid sleep 7654 &\nsetsid sh -c 'setsid sleep 7654 & sleep 7654' &\nsleep 0.5\necho done")
        place = device.push([script])[script]
        assert device.run([str(place)], timeout=20).stdout == "done\n"
        assert eventually(lambda: "sleep 7654" not in subject.shell("ps -ef 2>/dev/null || ps"))

    def test_command_that_hangs_is_killed(self, device: Shelled, subject: Subject) -> None:
        with pytest.raises(CommandTimeoutError) as caught:
            device.run(["sh", "-c", "echo started; sleep 1001; echo never"], timeout=1)
        assert caught.value.output.startswith("started")
        assert eventually(lambda: not subject.running("1001"))
        assert subject.shell(f"ls {subject.layout.run}") == ""

    def test_what_a_command_leaves_behind_is_killed(self, device: Shelled, subject: Subject) -> None:
        done = device.run(["sh", "-c", "sleep 1002 & echo done"], timeout=30)
        assert done.stdout == "done\n"
        assert eventually(lambda: not subject.running("1002"))

    def test_abort_from_another_thread(self, device: Shelled, subject: Subject) -> None:
        with self._when_running(subject, "1003", device.abort), device.lock():
            with pytest.raises(AbortedError):
                device.run(["sleep", "1003"], timeout=60)
            assert eventually(lambda: not subject.running("1003"))
            with pytest.raises(AbortedError):
                device.run(["true"], timeout=60)
        assert subject.shell(f"ls {subject.layout.base}/lock 2>/dev/null") == ""

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
    def test_driver_ends_in_the_middle(
        self,
        device: Shelled,
        subject: Subject,
        program: Callable[[str], Path],
        how: signal.Signals,
    ) -> None:
        before = subject.setting()
        driver = start_driver(device.serial, program("sleep 1004"))
        assert eventually(lambda: subject.running("1004"), seconds=30), driver.communicate(timeout=300)
        assert subject.setting() == subject.changed_setting
        driver.send_signal(how)
        driver.communicate(timeout=300)
        assert eventually(lambda: not subject.running("1004"))
        if how == signal.SIGKILL:
            assert subject.setting() == subject.changed_setting
            with device.lock():  # the next run puts right what the last one could not
                assert subject.setting() == before
        assert subject.setting() == before
        assert subject.shell(f"ls {subject.layout.base}").split() == ["blobs", "run"]
        assert subject.shell(f"ls {subject.layout.run}") == ""

    # The link

    def test_link_drops_while_a_command_runs(self, device: Shelled, subject: Subject) -> None:
        with device.lock():
            with self._when_running(subject, "1005", subject.drop_link), pytest.raises(LinkLostError):
                device.run(["sh", "-c", "echo early; sleep 1005"], timeout=60)
            device.recover(limit=30)
            assert eventually(lambda: not subject.running("1005"))
            assert subject.shell(f"ls {subject.layout.run}") == ""
            assert device.run(["echo", "again"], timeout=30).stdout == "again\n"

    def test_retry_after_a_dropped_link(self, device: Shelled, subject: Subject) -> None:
        tries = iter([["sleep", "1006"], ["echo", "there"]])

        def launch() -> Completed:
            return device.run(next(tries), timeout=60)

        with device.lock(), device.prepared(), self._when_running(subject, "1006", subject.drop_link):
            assert with_retries(device, launch).stdout == "there\n"
            assert subject.setting() == subject.changed_setting

    def test_link_drops_while_pushing(self, device: Shelled, subject: Subject, tmp_path: Path) -> None:
        model = tmp_path / "model.nb"
        model.write_bytes(os.urandom(1 << 20) * self.big_mib)
        with device.lock():
            part = f"ls {subject.layout.blobs} 2>/dev/null | grep part"
            with self._when(lambda: subject.shell(part) != "", subject.drop_link), pytest.raises(LinkLostError):
                device.push([model])
            assert with_retries(device, lambda: device.push([model]))
            assert len(subject.shell(f"ls {subject.layout.blobs}").split()) == 1

    def test_link_drops_while_pulling(self, device: Shelled, subject: Subject, tmp_path: Path) -> None:
        model, copy = tmp_path / "model.nb", tmp_path / "there" / "copy"
        model.write_bytes(os.urandom(1 << 20) * self.big_mib)
        copy.parent.mkdir()
        with device.lock():
            place = device.push([model])[model]
            with self._when(lambda: any(copy.parent.iterdir()), subject.drop_link), pytest.raises(LinkLostError):
                device.pull(place, copy)
            assert list(copy.parent.iterdir()) == []
            device.recover(limit=30)
            device.pull(place, copy)
            assert copy.stat().st_size == model.stat().st_size

    # Lock and settings

    def test_two_drivers_at_a_time(self, device: Shelled, subject: Subject) -> None:
        with device.lock():
            with pytest.raises(DeviceBusyError, match="in use by this very edgezoo"), subject.connect().lock():
                raise AssertionError
            assert device.run(["true"], timeout=30).code == 0
        with subject.connect().lock():
            pass

    def test_lock_taken_away(self, device: Shelled, subject: Subject) -> None:
        with device.lock():
            subject.shell(f"echo someone >{subject.layout.base}/lock/token")
            with pytest.raises(DeviceBusyError):
                device.run(["true"], timeout=30)

    def test_settings_hold_inside_and_are_put_back(self, device: Shelled, subject: Subject) -> None:
        before = subject.setting()
        with device.lock():
            with device.prepared() as prepared:
                assert subject.applied(prepared)
                assert subject.setting() == subject.changed_setting
            assert subject.setting() == before
            with pytest.raises(CommandTimeoutError), device.prepared():
                device.run(["sleep", "1007"], timeout=0.2)
        assert subject.setting() == before
        assert subject.shell(f"ls {subject.layout.base}") == "run\n" or subject.shell(f"ls {subject.layout.base}") == ""

    def test_clean(self, device: Shelled, subject: Subject, tmp_path: Path) -> None:
        model = tmp_path / "model.nb"
        model.write_bytes(bytes(100_000))
        with device.lock():
            device.push([model])
            cleaned = device.clean()
            assert cleaned.files == 1
            assert cleaned.bytes >= 100_000
        assert subject.shell(f"ls {subject.layout.base} 2>/dev/null") == ""
        with device.lock():
            device.push([model])
        assert device.bytes_pushed == 200_000

    def _when_running(self, subject: Subject, word: str, action: Callable[[], None]) -> AbstractContextManager[None]:
        return self._when(lambda: subject.running(word), action)

    @staticmethod
    @contextmanager
    def _when(condition: Callable[[], bool], action: Callable[[], None]) -> Iterator[None]:
        """Do `action` in another thread as soon as `condition` holds."""

        def wait() -> None:
            if eventually(condition, seconds=30):
                action()

        thread = threading.Thread(target=wait)
        thread.start()
        yield
        thread.join(300)
