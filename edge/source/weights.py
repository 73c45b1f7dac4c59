"""Where a model's weights come from: said by the user, never guessed."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from pathlib import Path

from edge.errors import UsageError
from edge.source.model import Kind
from edge.untrusted.files import open_file


@dataclass(frozen=True, slots=True)
class Weights:
    """`kind` says where they come from; `seed` belongs to random ones, `path` to a directory or checkpoint of yours."""

    kind: Kind
    seed: int = 0
    path: Path | None = None

    @classmethod
    def parse(cls, text: str, *, seed: int = 0) -> Weights:
        """What `--weights` says: `published`, `random`, or a path: an inference model (a directory, or a program in it), or a
        checkpoint (.pdparams, .pdema, .safetensors).

        Raises `UsageError` for anything else, also for a file that begins or ends otherwise than such a checkpoint does.
        """
        if text == "published":
            return cls("published")
        if text == "random":
            return cls("random", seed=seed)
        path = Path(text).expanduser()
        if path.is_dir() or names_program(path):
            return cls("own", path=path)
        if path.suffix in CHECKPOINTS and path.is_file():
            (_check_safetensors if path.suffix == ".safetensors" else _check_pickle)(path)
            return cls("checkpoint", path=path)
        if path.suffix == ".onnx" and path.is_file():
            from edge.paddle.pair import onnx_refused

            known = onnx_refused(path)
            raise UsageError(known.message, hint=known.hint)
        what = "is neither a directory nor a checkpoint" if path.exists() else "does not exist"
        raise UsageError(
            f"--weights {text}: that path {what}",
            hint="give `published`, `random`, a directory with an inference model, or a .pdparams or .safetensors checkpoint",
        )


CHECKPOINTS = (".pdparams", ".pdema", ".safetensors")


def names_program(path: Path) -> bool:
    """Whether it is a file with a name that programs have."""
    return (path.suffix in (".pdmodel", ".json") or path.name in ("__model__", "model")) and path.is_file()


def _check_safetensors(path: Path) -> None:
    """Eight bytes say how long the JSON is that comes next; the values follow it."""
    with open_file(path) as file:
        head = file.read(9)
    if len(head) < 9 or head[8:] != b"{" or int.from_bytes(head[:8], "little") > path.stat().st_size - 8:
        raise UsageError(f"--weights {path} is no whole .safetensors file", hint="copy it again")


def _check_pickle(path: Path) -> None:
    """A checkpoint is a pickle of protocol 2 or later (paddle.save), which has a mark at its beginning and its end."""
    try:
        with open_file(path) as file:
            head = file.read(2)
            file.seek(-1, os.SEEK_END) if head else None
            tail = file.read(1)
    except OSError as error:
        raise UsageError(f"--weights {path} cannot be read: {error.strerror}") from error
    if head[:1] != pickle.PROTO or not b"\2" <= head[1:] <= bytes([pickle.HIGHEST_PROTOCOL]):
        what = "is empty" if not head else "is no .pdparams checkpoint: it begins otherwise"
    elif tail != pickle.STOP:
        what = "is no whole .pdparams checkpoint: its end is missing"
    else:
        return
    raise UsageError(
        f"--weights {path} {what}", hint="write it with paddle.save(network.state_dict(), PATH), or copy it again"
    )
