"""An Android device reached over adb."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from edge.cache.files import atomic_write
from edge.device.adb import devicelock, launch, probe, server
from edge.device.adb.address import ServerAddress
from edge.device.adb.blobs import BlobStore
from edge.device.adb.layout import BASE, BLOBS, RUN
from edge.device.adb.link import Link
from edge.device.adb.settings import Before, Settings
from edge.device.adb.shell import CutOffError, Ended, Marker
from edge.device.base import AppliedSettings, Cleaned, Completed, Properties, State, Thermal
from edge.device.owner import Owner, busy, held, host_lock
from edge.errors import (
    CommandError,
    CommandTimeoutError,
    DeviceError,
    DeviceSpaceError,
    DeviceUnavailableError,
    LinkLostError,
)

_TIDY_SECONDS = 10.0
_RETURN_SECONDS = 20.0  # how long to wait for a device that is away when its settings are to be put back


class AndroidDevice:
    """See Device. Nothing is asked of the device before it is needed. `blobs` tells what pushing cost so far."""

    def __init__(self, address: ServerAddress, serial: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._link = Link(address, serial, sleep=sleep)
        self.blobs = BlobStore(self._link)
        self._properties: Properties | None = None
        self._boot = ""
        self._owner: Owner | None = None
        self._before: Before | None = None  # set while the settings are changed

    @property
    def serial(self) -> str:
        return self._link.serial

    @property
    def bytes_pushed(self) -> int:
        return self.blobs.bytes_sent

    def properties(self) -> Properties:
        if self._properties is None:
            self._properties, self._boot = self._identify()
        return self._properties

    def _identify(self) -> tuple[Properties, str]:
        return probe.properties(
            self._ask(probe.IDENTITY), serial=self.serial, adb_version=server.version(self._link.address)
        )

    def thermal(self) -> Thermal:
        text = self._ask(probe.thermal_script(self.properties().sdk))
        found = probe.thermal(text)
        if not any(zone.kind == "cpu" for zone in found.zones):  # its thermal service keeps them to itself
            found = probe.thermal(f"{text}\n{self._ask(probe.zones_script())}")
        return found

    def state(self) -> State:
        return probe.state(self._ask(probe.state_script()))

    def _ask(self, script: str) -> str:
        return self._link.execute(script).stdout.decode(errors="replace")

    def push(self, files: Sequence[Path]) -> dict[Path, PurePosixPath]:
        return self.blobs.push(files)

    def recheck(self) -> None:
        self.blobs.forget()

    @contextmanager
    def temporary(self, files: Sequence[Path]) -> Iterator[dict[Path, PurePosixPath]]:
        place = RUN / secrets.token_hex(6)
        tidy = launch.kill_script(place.name)
        try:
            yield self.blobs.place(files, place)
        except BaseException:
            with suppress(DeviceError):
                self._link.execute(tidy, seconds=_TIDY_SECONDS)
            raise
        self._link.execute(tidy, seconds=_TIDY_SECONDS)

    def run(self, command: Sequence[str], *, timeout: float, cwd: str | None = None) -> Completed:
        run_id, marker = secrets.token_hex(6), Marker.fresh()
        errors = None if self._link.v2 else Marker.fresh()
        token = self._owner.token if self._owner else None
        script = launch.run_script(
            command, run_id=run_id, marker=marker, errors=errors, lock_token=token, boot=self._boot, cwd=cwd
        )
        start = time.monotonic()
        try:
            ended = self._link.talk(script, marker, errors, timeout)
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
            owner = devicelock.current(self._link)
            if owner is not None:
                return busy(self.serial, owner.describe())
        if ended.code in (launch.RESTARTED, launch.LOCK_LOST):
            return LinkLostError(f"the device {self.serial} was restarted or emptied in the meantime")
        stderr = (ended.stderr + ended.stdout).decode(errors="replace").strip()
        if "No space" in stderr:
            return DeviceSpaceError(f"the device {self.serial} is full", hint="free some, or: edgezoo device clean")
        return CommandError(f"no command can be started on {self.serial}: {stderr}", code=126)

    def _end(self, run_id: str) -> None:
        with suppress(DeviceError):
            self._link.execute(launch.kill_script(run_id), seconds=_TIDY_SECONDS)

    def pull(self, remote: PurePosixPath, local: Path) -> None:
        with atomic_write(local) as part, part.open("wb") as target, self._link.sync() as sync:
            sync.receive(remote, target)

    def abort(self) -> None:
        self._link.abort()

    @contextmanager
    def lock(self) -> Iterator[None]:
        owner = Owner.me()
        with host_lock(self.serial), held(owner):
            devicelock.acquire(self._link, owner)
            self._owner = owner
            try:
                self._put_right()
                yield
            finally:
                self._owner = None
                with suppress(DeviceError):  # a lock whose holder has ended is known to be stale
                    devicelock.release(self._link, owner)

    def _put_right(self) -> None:
        """End and remove whatever a killed edgezoo, or a dropped link, left on the device."""
        self._link.execute(f"{launch.kill_script()}\nrm -rf {BLOBS}/part.*")
        if self._before is None:
            self._settings().put_right()

    def _settings(self) -> Settings:
        return Settings(self._link, self.properties().sdk)

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

    def _restore(self, settings: Settings, before: Before) -> None:
        try:
            settings.restore(before)
        except LinkLostError:
            try:
                self._link.come_back(_RETURN_SECONDS)
                settings.restore(before)
            except LinkLostError as error:
                raise LinkLostError(
                    f"the settings of {self.serial} could not be put back: {error.message}",
                    hint="connect the device again: the next run puts them back",
                ) from error

    def recover(self, *, limit: float) -> bool:
        self._link.come_back(limit)
        self.blobs.forget()
        boot_before = self._boot
        now, self._boot = self._identify()
        before = self._properties
        if before is not None and (now.serialno, now.build) != (before.serialno, before.build):
            raise DeviceUnavailableError(
                f"another device answers at {self.serial} now: {now.model or 'unknown'} {now.serialno or ''}".rstrip(),
                hint="connect the first one again, or begin a new session",
            )
        if self._owner is not None:
            if not devicelock.holds(self._link, self._owner):
                devicelock.acquire(self._link, self._owner)
            self._put_right()
        if self._before is not None:
            self._settings().note(self._before)
            self._settings().change(self._before)
        return boot_before != "" and self._boot != boot_before

    def clean(self) -> Cleaned:
        """Everything below the directory of edgezoo goes, the lock included: take the lock first."""
        with self._link.sync() as sync:
            files = sync.list(BLOBS)
        ended = self._link.execute(f"{launch.kill_script()}\nrm -rf {BASE}")
        self.blobs.forget()
        if ended.code:
            stderr = ended.stderr.decode(errors="replace").strip()
            raise CommandError(f"{BASE} on {self.serial} cannot be removed: {stderr}", code=ended.code)
        return Cleaned(files=len(files), bytes=sum(one.size for one in files))
