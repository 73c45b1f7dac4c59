"""Where a model's weights come from: said by the user, never guessed."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from pathlib import Path

from edge.errors import UsageError
from edge.source.model import Kind


@dataclass(frozen=True, slots=True)
class Weights:
    """`kind` says where they come from; `seed` belongs to random ones, `path` to a directory or checkpoint of yours."""

    kind: Kind
    seed: int = 0
    path: Path | None = None

    @classmethod
    def parse(cls, text: str, *, seed: int = 0) -> Weights:
        """What `--weights` says: `published`, `random`, or a path (a directory, or a .pdparams file).

        Raises `UsageError` for anything else, also for a file that begins or ends otherwise than a .pdparams file does.
        """
        if text == "published":
            return cls("published")
        if text == "random":
            return cls("random", seed=seed)
        path = Path(text).expanduser()
        if path.is_dir():
            return cls("own", path=path)
        if path.suffix == ".pdparams" and path.is_file():
            _check_pickle(path)
            return cls("checkpoint", path=path)
        what = "is neither a directory nor a .pdparams file" if path.exists() else "does not exist"
        raise UsageError(
            f"--weights {text}: that path {what}",
            hint="give `published`, `random`, a directory with an inference model, or a .pdparams checkpoint",
        )


def _check_pickle(path: Path) -> None:
    """A checkpoint is a pickle of protocol 2 or later (paddle.save), which has a mark at its beginning and its end."""
    try:
        with path.open("rb") as file:
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
