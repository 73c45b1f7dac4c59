"""Every error edgezoo raises on purpose.

EdgezooError
├── UsageError               the request itself makes no sense
│   ├── UnknownModelError    no such model in the catalogue
│   ├── PlanError            a plan of measurements is wrong (also a FormatError)
│   ├── UnknownResultError   no measurement or baseline of that name (also a ResultsError)
│   └── NoDatabaseError      a file is no results database that can be used (also a ResultsError)
├── FormatError              JSON or TOML that is not what it should be; it names the field
│   ├── MetadataError        the metadata of a converted model
│   ├── RecipeError          (also a ConvertError)
│   └── WorkerAnswerError    (also a WorkerError)
├── SourceError              an inference model could not be had
│   ├── DownloadError        the published archive could not be fetched
│   ├── ArchiveError         an archive is unsafe or broken
│   ├── ModelFilesError      a directory is no usable inference model
│   └── ExportError          PaddleClas' network could not be exported
├── ToolchainError           an engine's environment is missing or broken
│   ├── InterpreterNotFoundError
│   ├── EnvironmentSetupError
│   ├── RunnerBuildError     the benchmark program for a device could not be built or kept
│   └── WorkerError          an engine's worker process did not answer well
│       ├── WorkerCrashedError   it died (signal, abort, exit)
│       ├── WorkerTimeoutError   it did not answer in time
│       ├── WorkerRequestError   it answered with an error of its own
│       └── WorkerAnswerError    it answered with something else than what was asked for
├── ConvertError             a model could not be converted
│   ├── RecipeError          an opt configuration is wrong
│   ├── ProgramError         a program description cannot be read or legalised
│   ├── OptError             opt refused the model or died on it
│   ├── NbFormatError        a file is no sound .nb file
│   └── VerificationError    the converted network computes something else
├── DeviceError              a device cannot be used
│   ├── AdbNotFoundError
│   ├── NoDeviceError
│   ├── LabError             a lab's coordinator cannot be used, or has no such place
│   ├── DeviceUnavailableError   unauthorised, offline, wrong ABI, too old
│   ├── DeviceBusyError      another edgezoo is measuring there
│   ├── LinkLostError        the connection dropped (may be tried again)
│   ├── DeviceSpaceError     no room left on it
│   ├── TransferError        a file did not arrive as it was sent
│   ├── SettingsLeftError    a setting for measuring could not be put back as it was
│   ├── AbortedError         the command was ended on request
│   └── CommandError         a command on it failed
│       └── CommandTimeoutError  it did not end in time and was killed
├── BenchError               a measurement could not be made
│   ├── RunnerError          the benchmark program failed
│   └── ContractError        driver and runner speak different contract versions
├── EvaluationError          an accuracy could not be measured
│   └── ImageError           an image cannot be read
├── ResultsError             the results database cannot be used
├── PackageError             a package could not be made or read
│   └── AndroidToolsMissingError   Android's build tools (also a ToolchainError)
├── OutputError              a file could not be written (permission, full disk)
└── BugError                 nobody foresaw it

Libraries raise these and never print; the command line turns each into one sentence, its hint, and its `exit_code`
(docs/reference/exit-codes.md).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 4000  # characters of a message: what others wrote may be quoted in it
# What terminals obey, what turns the direction of writing, and what UTF-8 cannot say.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with what a terminal would obey in its escaped form; lines and tabs stay."""
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


def _told(text: str) -> str:
    text = printable(text[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


class EdgezooError(Exception):
    """One sentence that says what is wrong and where; `hint` says what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message, self.hint = _told(message), _told(hint)
        super().__init__(self.message)


class UsageError(EdgezooError):
    """The request itself makes no sense."""

    exit_code = 2


class FormatError(EdgezooError):
    """JSON or TOML that is not what it should be. `field` is where, such as `inputs[0].shape`; "" for the whole."""

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class PlanError(FormatError, UsageError):
    """A plan of measurements cannot be read, or is not what it should be."""


class MetadataError(FormatError):
    """The metadata of a converted model cannot be read, or is not what it should be."""


class UnknownModelError(UsageError):
    """No model of that name in the catalogue."""


class SourceError(EdgezooError):
    """An inference model could not be had."""


class DownloadError(SourceError):
    """The published archive could not be fetched."""


class ArchiveError(SourceError):
    """An archive is unsafe or broken."""


class ModelFilesError(SourceError):
    """A directory is no usable inference model."""


class ExportError(SourceError):
    """PaddleClas' network could not be exported."""


class ToolchainError(EdgezooError):
    """An engine's environment is missing or broken."""


class InterpreterNotFoundError(ToolchainError):
    """No interpreter of the version an engine needs, and uv could not install one."""


class EnvironmentSetupError(ToolchainError):
    """An engine's packages could not be installed."""


class RunnerBuildError(ToolchainError):
    """The benchmark program for a device could not be built or kept. `log` is what CMake and the compiler said."""

    def __init__(self, message: str, *, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint=hint)
        self.log = log


class WorkerError(ToolchainError):
    """An engine's worker process did not answer well. `log` is what the engine printed during the request."""

    def __init__(self, message: str, *, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint=hint)
        self.log = log


class WorkerCrashedError(WorkerError):
    """The worker died in mid-request; `returncode` as in subprocess (negative: the signal)."""

    def __init__(self, message: str, *, returncode: int, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint=hint, log=log)
        self.returncode = returncode


class WorkerTimeoutError(WorkerError):
    """The worker did not answer in time and was ended."""


class WorkerRequestError(WorkerError):
    """The worker answered with an error; `kind` is the exception's name over there."""

    def __init__(self, message: str, *, kind: str, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint=hint, log=log)
        self.kind = kind


class WorkerAnswerError(WorkerError, FormatError):
    """The worker answered with something else than what was asked for."""

    def __init__(self, message: str, *, hint: str = "", field: str = "", log: str = "") -> None:
        EdgezooError.__init__(self, message, hint=hint)
        self.field, self.log = field, log


class ConvertError(EdgezooError):
    """A model could not be converted."""


class RecipeError(ConvertError, FormatError):
    """An opt configuration is wrong."""


class ProgramError(ConvertError):
    """A program description cannot be read or legalised."""


class OptError(ConvertError):
    """opt refused the model or died on it. `log` is the end of what it printed."""

    def __init__(self, message: str, *, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint=hint)
        self.log = log


class NbFormatError(ConvertError):
    """A file is no sound .nb file."""


class VerificationError(ConvertError):
    """The converted network computes something else."""


class DeviceError(EdgezooError):
    """A device cannot be used."""


class AdbNotFoundError(DeviceError):
    """No adb program, or no adb server answers."""


class NoDeviceError(DeviceError):
    """No device, or none of that serial, or several and none was chosen."""


class LabError(DeviceError):
    """A lab's coordinator cannot be used, or has no place as it is asked for; `passing`: it does not answer at the moment."""

    def __init__(self, message: str, *, hint: str = "", passing: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.passing = passing


class DeviceUnavailableError(DeviceError):
    """The device is there but cannot serve: unauthorised, offline, wrong ABI, too old."""


class DeviceBusyError(DeviceError):
    """Another edgezoo is measuring on the device."""


class LinkLostError(DeviceError):
    """The connection to the device dropped; the operation may be tried again."""


class DeviceSpaceError(DeviceError):
    """No room left on the device."""


class TransferError(DeviceError):
    """A file did not arrive as it was sent."""


class SettingsLeftError(DeviceError):
    """A setting for measuring could not be put back as it was; it stays written down, and the next run tries again."""


class CommandError(DeviceError):
    """A command on the device failed; `code` is its exit code."""

    def __init__(self, message: str, *, code: int, hint: str = "", output: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.output = output


class CommandTimeoutError(CommandError):
    """A command on the device did not end in time and was killed; `output` is what it had printed."""


class AbortedError(DeviceError):
    """The command on the device was ended on request (Ctrl-C in another thread)."""


class BenchError(EdgezooError):
    """A measurement could not be made."""


class RunnerError(BenchError):
    """The benchmark program failed. `kind` is one of the contract's failure kinds."""

    def __init__(self, message: str, *, kind: str, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.log = log


class ContractError(BenchError):
    """Driver and runner speak different contract versions."""


class EvaluationError(EdgezooError):
    """An accuracy could not be measured."""


class ImageError(EvaluationError):
    """An image cannot be read."""


class ResultsError(EdgezooError):
    """The results database cannot be used."""


class UnknownResultError(ResultsError, UsageError):
    """No measurement of that id, or no baseline of that name."""


class NoDatabaseError(ResultsError, UsageError):
    """The file is no results database that this edgezoo can use: another program's, of a newer edgezoo, or not readable."""


class PackageError(EdgezooError):
    """A package could not be made or read."""


class AndroidToolsMissingError(PackageError, ToolchainError):
    """What makes and signs an APK is not installed."""


class OutputError(EdgezooError):
    """A file could not be written."""


class BugError(EdgezooError):
    """Something that nobody foresaw; its `__cause__` is the error itself."""

    exit_code = 70


@contextmanager
def refusals() -> Iterator[None]:
    """What goes wrong while a request is checked, before anything is begun, is wrong with the request: exit code 2.

    But for what this machine lacks, and its devices: with these the same request is right.
    """
    try:
        yield
    except (ToolchainError, DeviceError):
        raise
    except EdgezooError as error:
        error.exit_code = UsageError.exit_code
        raise
    except OSError as error:
        if error.errno not in _OF_A_PATH:
            raise
        told = foreseen(error)
        told.exit_code = UsageError.exit_code
        raise told from error


_OF_A_PATH = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENOENT, errno.EINVAL)


def foreseen(error: Exception) -> EdgezooError:
    """Any error as one that can be told in a sentence: itself, what the system refused, or a `BugError`."""
    if isinstance(error, EdgezooError):
        return error
    told: EdgezooError
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{error.filename}: " if error.filename else ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            told = OutputError(f"{where}no room left on the disk", hint="free some space, then run it again")
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            told = OutputError(
                f"{where}{error.strerror}",
                hint="check the permissions, or name another place: EDGEZOO_CACHE_DIR is that of the cache",
            )
        else:
            told = OutputError(f"{where}{error.strerror}", hint="`edgezoo --debug ...` shows where")
    else:
        message = str(error).partition("\n")[0]
        told = BugError(
            f"this is a bug in edgezoo: {type(error).__name__}: {message}",
            hint="run `edgezoo --debug ...` and report what it prints",
        )
    told.__cause__ = error
    return told
