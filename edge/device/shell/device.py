"""The device contract on whatever runs a POSIX shell; a kind of device adds what it says of itself and its settings."""

from __future__ import annotations

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Generic, Protocol, TypeVar

from edge.cache.files import atomic_write
from edge.device.base import AppliedSettings, Cleaned, Completed, Properties, State, Thermal
from edge.device.owner import Owner, busy, held, host_lock
from edge.device.shell import answers, devicelock, launch
from edge.device.shell.blobs import BlobStore
from edge.device.shell.way import CutOffError, Ended, Marker, Way
from edge.errors import (
    CommandError,
    CommandTimeoutError,
    DeviceError,
    DeviceSpaceError,
    DeviceUnavailableError,
    LinkLostError,
    SettingsLeftError,
)

_TIDY_SECONDS = 10.0
_RETURN_SECONDS = 20.0  # how long to wait for a device that is away when its settings are to be put back

Before = TypeVar("Before")


class Settings(Protocol[Before]):
    """The settings for measuring of one kind of device; `Before` is what was found and is to be put back."""

    def put_right(self) -> bool:
        """Put back what an edgezoo that was killed left changed; returns whether there was anything."""
        ...

    def look(self) -> Before:
        """What holds now."""
        ...

    def note(self, before: Before) -> None:
        """Write `before` down, here and on the device. Raises OutputError if it cannot be done here."""
        ...

    def change(self, before: Before) -> AppliedSettings:
        """Set what is to hold, after `before` was noted."""
        ...

    def restore(self, before: Before) -> None:
        """Put back, then strike out what was written down. Raises SettingsLeftError where it is not as it was."""
        ...


class ShellDevice(ABC, Generic[Before]):
    """See Device. Nothing is asked of the device before it is needed. `blobs` tells what pushing cost so far."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self.blobs = BlobStore(way)
        self._properties: Properties | None = None
        self._boot = ""
        self._apart = False
        self._owner: Owner | None = None
        self._before: Before | None = None  # set while the settings are changed

    @property
    def serial(self) -> str:
        return self._way.serial

    @property
    def bytes_pushed(self) -> int:
        return self.blobs.bytes_sent

    def properties(self) -> Properties:
        if self._properties is None:
            known, self._boot = self._identify()
            self._properties = replace(known, boot_id=self._boot or None)
        return replace(self._properties, serialno=None, serialno_from=None) if self._apart else self._properties

    def set_apart(self) -> None:
        self._apart = True

    @abstractmethod
    def _identify(self) -> tuple[Properties, str]:
        """Ask it; the boot's id as well ("" where it cannot be read)."""

    @abstractmethod
    def thermal(self) -> Thermal: ...

    @abstractmethod
    def state(self) -> State: ...

    @abstractmethod
    def _settings(self) -> Settings[Before]: ...

    def _ask(self, script: str) -> str:
        return self._way.execute(script).stdout.decode(errors="replace")

    def push(self, files: Sequence[Path]) -> dict[Path, PurePosixPath]:
        return self.blobs.push(files)

    def recheck(self) -> None:
        self.blobs.forget()

    @contextmanager
    def temporary(self, files: Sequence[Path]) -> Iterator[dict[Path, PurePosixPath]]:
        place = self._way.layout.run / secrets.token_hex(6)
        tidy = launch.kill_script(self._way.layout, place.name)
        try:
            yield self.blobs.place(files, place)
        except BaseException:
            with suppress(DeviceError):
                self._way.execute(tidy, seconds=_TIDY_SECONDS)
            raise
        self._way.execute(tidy, seconds=_TIDY_SECONDS)

    def run(self, command: Sequence[str], *, timeout: float, cwd: str | None = None) -> Completed:
        run_id, marker = secrets.token_hex(6), Marker.fresh()
        errors = Marker.fresh() if self._way.merges else None
        token = self._owner.token if self._owner else None
        script = launch.run_script(
            command,
            layout=self._way.layout,
            run_id=run_id,
            marker=marker,
            errors=errors,
            lock_token=token,
            boot=self._boot,
            cwd=cwd,
            beats=self._way.beats,
        )
        start = time.monotonic()
        try:
            ended = self._way.talk(script, marker, errors, timeout)
        except LinkLostError:
            raise  # the leash ends the command; `recover` looks after it
        except CutOffError as cut:
            self._end(run_id)
            raise CommandTimeoutError(
                f"{Path(command[0]).name} did not end within {timeout:g} s on {self.serial} and was killed",
                code=124,
                output=(cut.stdout + cut.stderr).decode(errors="replace"),
            ) from None
        except BaseException:
            self._end(run_id)
            raise
        if ended.code > 255:
            raise self._not_run(ended)
        return Completed(
            code=ended.code,
            stdout=ended.stdout.decode(errors="replace"),
            stderr=ended.stderr.decode(errors="replace"),
            seconds=time.monotonic() - start,
        )

    def _not_run(self, ended: Ended) -> DeviceError:
        """Why a launch did not start its command."""
        if ended.code == launch.LOCK_LOST:
            owner = devicelock.current(self._way)
            if owner is not None:
                return busy(self.serial, owner.describe())
        if ended.code in (launch.RESTARTED, launch.LOCK_LOST):
            return LinkLostError(f"the device {self.serial} was restarted or emptied in the meantime")
        stderr = (ended.stderr + ended.stdout).decode(errors="replace").strip()
        if "No space" in stderr:
            return DeviceSpaceError(f"the device {self.serial} is full", hint=answers.make_room(self.serial))
        return CommandError(f"no command can be started on {self.serial}: {stderr}", code=126)

    def _end(self, run_id: str) -> None:
        with suppress(DeviceError):
            self._way.execute(launch.kill_script(self._way.layout, run_id), seconds=_TIDY_SECONDS)

    def pull(self, remote: PurePosixPath, local: Path) -> None:
        with atomic_write(local) as part, part.open("wb") as target, self._way.files() as channel:
            channel.receive(remote, target)

    def abort(self) -> None:
        self._way.abort()

    @contextmanager
    def lock(self) -> Iterator[None]:
        owner = Owner.me()
        with host_lock(self.serial), held(owner, self.serial):
            devicelock.acquire(self._way, owner)
            self._owner = owner
            try:
                self._put_right()
                yield
            finally:
                self._owner = None
                self._release(owner)

    def _release(self, owner: Owner) -> None:
        with suppress(DeviceError):  # a lock whose holder has ended is known to be stale
            try:
                devicelock.release(self._way, owner)
            except (KeyboardInterrupt, SystemExit):
                devicelock.release(self._way, owner)
                raise

    def _put_right(self) -> None:
        """End and remove whatever a killed edgezoo, or a dropped link, left on the device."""
        layout = self._way.layout
        self._way.execute(f"{launch.kill_script(layout)}\nrm -rf {layout.blobs}/part.*")
        if self._before is None:
            self._settings().put_right()

    @contextmanager
    def prepared(self) -> Iterator[AppliedSettings]:
        settings = self._settings()
        before = settings.look()
        settings.note(before)
        self._before = before
        try:
            yield settings.change(before)
        finally:
            self._before = None
            self._restore(settings, before)

    def _restore(self, settings: Settings[Before], before: Before) -> None:
        """Put back, also when an interrupt comes into it, which passes on afterwards; a second one is obeyed."""
        try:
            self._put_back(settings, before)
        except (KeyboardInterrupt, SystemExit):
            try:
                self._put_back(settings, before)
            except (KeyboardInterrupt, SystemExit) as again:
                raise SettingsLeftError(
                    f"the settings of {self.serial} were not put back, for that was interrupted, too",
                    hint=f"the next run there puts them back, and so does `edgezoo device clean -s {self.serial}`",
                ) from again
            raise

    def _put_back(self, settings: Settings[Before], before: Before) -> None:
        try:
            try:
                settings.restore(before)
            except LinkLostError:
                self._way.come_back(_RETURN_SECONDS)
                settings.restore(before)
        except SettingsLeftError:
            raise
        except DeviceError as error:
            raise SettingsLeftError(
                f"the settings of {self.serial} could not be put back: {error.message}",
                hint="connect the device again: the next run puts them back",
            ) from error

    def recover(self, *, limit: float) -> bool:
        self._way.come_back(limit)
        self.blobs.forget()
        boot_before = self._boot
        now, self._boot = self._identify()
        before = self._properties
        if before is not None and now.serialno != before.serialno:
            raise DeviceUnavailableError(
                f"another device answers at {self.serial} now: {now.model or 'unknown'} {now.serialno or ''}".rstrip(),
                hint="connect the first one again, or begin a new session",
            )
        if before is not None and now.build != before.build:  # what tells no number may be another device
            known = "" if now.serialno else "another device, or "
            raise DeviceUnavailableError(
                f"{known}another system answers at {self.serial} now: {now.build or 'unknown'}, and it was"
                f" {before.build or 'unknown'}",
                hint="the same command begins a new session with it",
            )
        if self._owner is not None:
            if not devicelock.holds(self._way, self._owner):
                devicelock.acquire(self._way, self._owner)
            self._put_right()
        if self._before is not None:
            self._settings().note(self._before)
            self._settings().change(self._before)
        return boot_before != "" and self._boot != boot_before

    def clean(self) -> Cleaned:
        """Everything below the directory of edgezoo goes, the lock included: take the lock first."""
        layout = self._way.layout
        with self._way.files() as channel:
            files = channel.list(layout.blobs)
        ended = self._way.execute(f"{launch.kill_script(layout)}\nrm -rf {layout.base}")
        self.blobs.forget()
        if ended.code:
            stderr = ended.stderr.decode(errors="replace").strip()
            raise CommandError(f"{layout.base} on {self.serial} cannot be removed: {stderr}", code=ended.code)
        return Cleaned(files=len(files), bytes=sum(one.size for one in files))
