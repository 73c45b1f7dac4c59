"""What opt and the engine print before they end, and what it means: a table of known messages.

The wordings are those of paddlelite 2.10 to 2.14rc0, which differ in line numbers only; tests/convert/captured/ has them.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from edge.errors import WorkerCrashedError, WorkerError


@dataclass(frozen=True, slots=True)
class Cause:
    """Why opt failed, in words, and what the user can do."""

    sentence: str
    advice: str

    def advice_in(self, engine: str) -> str:
        """The advice where opt is of that version: not to take that one."""
        return self.advice.replace(NEWEST, _BEFORE) if engine == NEWEST else self.advice


NEWEST, _BEFORE = "2.14rc0", "2.13rc0"
OTHER_ENGINE = f"another engine version may do: --engine {NEWEST} (`edgezoo doctor` lists them)"
# The versions that brought operators for ARM: opt's own list (`Opt.print_all_ops`), compared between them.
SINCE = {
    **dict.fromkeys(("gaussian_random", "log_softmax", "max_pool2d_with_index", "sampling_id", "unbind", "unfold"), "2.11"),
    **dict.fromkeys(("roll",), "2.12"),
    **dict.fromkeys(("bitwise_and", "bitwise_not", "linear_interp", "linear_interp_v2", "pad", "round", "set_value",
                     "share_data", "silu", "temporal_shift", "unique", "viterbi_decode"), "2.13rc0"),
    **dict.fromkeys(("bitwise_or", "bitwise_xor", "ceil", "empty", "log1p"), "2.14rc0"),
}  # fmt: skip
_NO_KERNEL = re.compile(
    r"This model is not supported, because \d+ ops are not supported on '([\w,]+)'.*?are: '([^\n]*?)'", re.S
)
_ONNX = "ONNX Runtime may run the network: --format onnx"
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
        r"kernel for '(\w+)' is not supported",
        "there is no kernel for the operator {0} on this target",
        OTHER_ENGINE,
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


def missing_kernels(log: str) -> tuple[str, tuple[str, ...]] | None:
    """The target, and the operators that opt says it has no kernel for; None where it says none."""
    found = _NO_KERNEL.search(log)
    return (found[1], tuple(name.strip(" ',") for name in found[2].split(","))) if found else None


def _without(target: str, names: Sequence[str]) -> str:
    if "arm" not in target:
        return f"Paddle-Lite's engine for x86 has fewer kernels than those for ARM; {_ONNX}"
    if all(name in SINCE for name in names):
        newest = max(SINCE[name] for name in names)
        return f"Paddle-Lite {newest} has {'it' if len(names) == 1 else 'them'}: --engine {newest}"
    return f"no version of Paddle-Lite has {' or '.join(name for name in names if name not in SINCE)}; {_ONNX}"


def explain(log: str, how: str) -> Cause:
    """The same of what it printed and how it ended."""
    if missing := missing_kernels(log):
        target, names = missing
        return Cause(f"the target {target} has no kernel for: {', '.join(names)}", _without(target, names))
    for pattern, sentence, advice in _KNOWN:
        if found := pattern.search(log):
            return Cause(sentence.format(*found.groups()), advice)
    if fatal := re.findall(r"^\[F [^\]]*\]\s*(.*)$", log, re.M):
        return Cause(f"{how}: {fatal[-1].strip()}", OTHER_ENGINE)
    return Cause(f"it {how} without a word" if "died" in how else how, OTHER_ENGINE)
