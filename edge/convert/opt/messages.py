"""What opt and the engine print before they end, and what it means: a table of known messages.

The wordings are those of paddlelite 2.10 to 2.14rc0, which differ in line numbers only; tests/convert/captured/ has them.
"""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

from edge.errors import WorkerCrashedError, WorkerError


@dataclass(frozen=True, slots=True)
class Cause:
    """Why opt failed, in words, and what the user can do."""

    sentence: str
    advice: str


_OTHER_ENGINE = "another engine version may do: --engine 2.14rc0 (`edgezoo doctor` lists them)"
_REPORT = "this is a gap in edgezoo's legaliser: please report the model and the Paddle version"
_FILES = "export or copy the model again"


def _known(pattern: str, sentence: str, advice: str) -> tuple[re.Pattern[str], str, str]:
    return re.compile(pattern, re.S | re.M), sentence, advice


# (what is looked for, the sentence, the advice); the first that matches is taken. Groups fill the sentence.
_KNOWN = (
    _known(
        r"Can't parse message of type .*?missing required fields: (\S+?)[,\s]",
        "it cannot read all of the program ({0} is of a kind newer than it is)",
        _REPORT,
    ),
    _known(
        r"No attributes called (\w+) found for (\w+)",
        "it wants the attribute {0} of the operator {1}, which this model's Paddle no longer writes",
        _REPORT,
    ),
    _known(
        r"required type is (\w+) not match the true type",
        "an operator has an attribute that should be of type {0} and is not",
        _REPORT,
    ),
    _known(
        r"op_desc\.cc:\d+ (Input|Output)\] Check failed: it != \w+_\.end\(\)",
        "an operator lacks a slot that it wants ({0})",
        _REPORT,
    ),
    _known(
        r"This model is not supported, because \d+ ops are not supported on '([\w,]+)'.*?are: '([^\n]*?)'",
        "the target {0} has no kernel for: {1}",
        _OTHER_ENGINE,
    ),
    _known(
        r"kernel for '(\w+)' is not supported",
        "there is no kernel for the operator {0} on this target",
        _OTHER_ENGINE,
    ),
    _known(r"Wrong target '([^']*)' found", "it knows no target {0}", "targets: arm, x86, opencl,arm"),
    _known(r"the (?:model|param) file '([^']*)' is not existed", "the file {0} is not there", _FILES),
    _known(r"GetBlock.*?idx >= blocks\.size\(\)", "the program is none that it can read", _FILES),
    _known(r"the weight file is not existed", "the parameters are empty", _FILES),
    _known(
        r"LoadCombinedParamsPb\] Check failed: reader->ReachEnd\(\)",
        "the parameters belong to another program",
        "put a program and the parameters that were saved with it into one directory",
    ),
    _known(r"io\.cc:\d+ Read\] .*?Failed to read \d+ ?bytes", "a file is cut off", _FILES),
    _known(
        r"io\.cc:\d+ Write\] Check failed|No space left on device",
        "no room was left on the disk",
        "free some space, then run it again",
    ),
    _known(r"Unable to open file: (\S+)", "the file {0} cannot be opened", "look at the directory and its permissions"),
    _known(r"The model format cannot be recognized", "the file is no .nb", "convert the model again"),
    _known(
        r"fill_constant_op\.cc:\d+ InferShapeImpl\] no valid out_shape",
        "a fill_constant has no shape that it can tell",
        _REPORT,
    ),
)


def cause_of(error: WorkerError) -> Cause:
    """Why an engine's worker failed: in words where what it printed is known, else its last fatal line, else how it ended."""
    how = error.message
    if isinstance(error, WorkerCrashedError):
        code = error.returncode
        how = f"died ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"
    return explain(error.log, how)


def explain(log: str, how: str) -> Cause:
    """The same of what it printed and how it ended."""
    for pattern, sentence, advice in _KNOWN:
        if found := pattern.search(log):
            return Cause(sentence.format(*found.groups()), advice)
    if fatal := re.findall(r"^\[F [^\]]*\]\s*(.*)$", log, re.M):
        return Cause(f"{how}: {fatal[-1].strip()}", _OTHER_ENGINE)
    return Cause(f"it {how} without a word" if "died" in how else how, _OTHER_ENGINE)
