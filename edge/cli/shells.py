"""Where each shell looks for completions, and what has to stand there. click makes the scripts."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from click.shell_completion import get_completion_class

from edge.cache.files import atomic_write, write_text
from edge.untrusted.files import read_file

_MARK = "# edgezoo completion"
_ZSH = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }"
BASH_COMPLETION = (Path("/usr/share/bash-completion/bash_completion"), Path("/etc/bash_completion"))


@dataclass(frozen=True, slots=True)
class Changed:
    """The files that were written, changed or removed."""

    shell: str
    paths: tuple[Path, ...]


def script(shell: str) -> str:
    """What the shell reads."""
    from edge.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None  # click knows the three
    source = kind(cli, {}, "edgezoo", "_EDGEZOO_COMPLETE").source()
    if shell == "fish":  # a word may have commas in it: --columns id,model
        source = source.replace('string split ","', 'string split -m 1 ","')
    return source.strip() + "\n"


def install(shell: str) -> Changed:
    """Write the script, and a line that reads it into the shell's own file where the shell would not find it by itself."""
    place, content, changed = _place(shell), script(shell), []
    if not place.is_file() or _text(place) != content:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_text(place, content)
        changed.append(place)
    if (startup := _startup(shell)) is not None:
        before = _text(startup)
        after = _without(before)
        after += "\n" * bool(after and not after.endswith("\n")) + _lines(shell, place)
        if before != after:
            _rewrite(startup, after)
            changed.append(startup)
    return Changed(shell, tuple(changed))


def uninstall(shell: str) -> Changed:
    """Take both back."""
    place, changed = _place(shell), []
    if place.is_file():
        place.unlink()
        changed.append(place)
    for startup in (_home(".bashrc"),) if shell == "bash" else (_startup(shell),):
        if startup is not None and (before := _text(startup)) != (after := _without(before)):
            _rewrite(startup, after)
            changed.append(startup)
    return Changed(shell, tuple(changed))


def _place(shell: str) -> Path:
    data = Path(os.environ.get("XDG_DATA_HOME") or _home(".local/share"))
    if shell == "bash":
        return data / "bash-completion" / "completions" / "edgezoo"
    if shell == "zsh":
        return data / "edgezoo" / "completion.zsh"
    return Path(os.environ.get("XDG_CONFIG_HOME") or _home(".config")) / "fish" / "completions" / "edgezoo.fish"


def _startup(shell: str) -> Path | None:
    """The file that must read the script; None where the shell finds it: fish, and bash with bash-completion."""
    if shell == "zsh":
        return Path(os.environ.get("ZDOTDIR") or Path.home()) / ".zshrc"
    if shell == "bash" and not any(path.is_file() for path in BASH_COMPLETION):
        return _home(".bashrc")
    return None


def _lines(shell: str, place: Path) -> str:
    from shlex import quote

    before = f"{_ZSH}  {_MARK}\n" if shell == "zsh" else ""
    return f"{before}[ -r {quote(str(place))} ] && . {quote(str(place))}  {_MARK}\n"


def _without(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.rstrip().endswith(_MARK))


def _rewrite(path: Path, text: str) -> None:
    """Through a link, as people keep such files elsewhere."""
    target = Path(os.path.realpath(path))
    with atomic_write(target) as part:
        part.write_bytes(text.encode(errors="surrogateescape"))
        if target.is_file():
            shutil.copymode(target, part)


def _text(path: Path) -> str:
    return read_file(path).decode(errors="surrogateescape") if path.is_file() else ""


def _home(name: str) -> Path:
    return Path.home() / name
