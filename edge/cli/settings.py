"""Options that were not typed: from the environment, the project's edgezoo.toml, or the user's (docs/reference/environment.md).

What is found goes in front of the words of the command line, so that it is checked and has its effect as if it had been
typed. An option that was typed, or another that chooses the same thing, comes before all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from edge.cli.running import Running, running

FILE = "edgezoo.toml"
SHARED = ("adb-server", "db", "debug", "quiet", "wide")
"""Keys that stand above all sections, and variables without a command: of every command that has such an option."""


class Setting(NamedTuple):
    """An option and its value, as words of a command line; `source` is where it stands: a variable, or a file and a key."""

    option: click.Option
    words: tuple[str, ...]
    source: str


class _Given(NamedTuple):
    """A value as it was found: text of a variable, or a value of TOML."""

    value: Any
    source: str


def add(context: click.Context, command: click.Command, words: list[str], typed: Sequence[click.Option]) -> list[str]:
    """The command line with the settings in front. Raises `UsageError` for one that is none."""
    if any(option.is_eager and option.name != "debug" for option in typed):
        return words  # --help is there whatever a file says
    found = resolve(context, command)
    taken = {option.name for option in typed}
    used = [one for name, ones in found.items() if name not in taken for one in ones]
    used = [one for one in used if _has_a_place(one.option, used, typed, words, context)]
    for one in used:
        check(one, context)
    known = context.find_object(Running) or Running()
    known.settings |= {one.option.name or "": one.source for one in used}
    return [*(word for one in used for word in one.words), *words]


def resolve(context: click.Context, command: click.Command) -> dict[str, list[Setting]]:
    """The settings of a command, by the name of the parameter; of several sources the first. Raises `UsageError`."""
    path = path_of(context)
    options = {_key(name): option for option in options_of(command) for name in _long(option)}
    found: dict[str, list[Setting]] = {}
    for source in _sources(path, options, context):
        here: dict[str, list[Setting]] = {}
        for key, given in source.items():
            option = options[key]
            if (option.name or "") not in found:
                here.setdefault(option.name or "", []).append(_setting(option, key, given))
        found |= here
    return found


def options_of(command: click.Command) -> list[click.Option]:
    """Those that can be set."""
    return [
        one for one in command.params if isinstance(one, click.Option) and (not one.is_eager or one.name == "debug")
    ]


def typed(name: str) -> bool:
    """Whether the parameter's value was typed."""
    return name not in running().settings


def variable(path: Sequence[str], key: str) -> str:
    """The environment variable of an option: all in capitals, `results list` with a line between."""
    return "_".join(("EDGEZOO", *path, key)).upper().replace("-", "_")


def path_of(context: click.Context) -> tuple[str, ...]:
    """`("results", "list")`."""
    names: list[str] = []
    at: click.Context | None = context
    while at is not None and at.parent is not None:
        names.insert(0, at.info_name or "")
        at = at.parent
    return tuple(names)


def files() -> list[Path]:
    """The files that are read, the project's before the user's."""
    from edge.cache.paths import config_dir

    named = os.environ.get("EDGEZOO_CONFIG")
    if named is not None:
        return [Path(named)] if named else []
    here = Path.cwd()
    project = next((folder / FILE for folder in (here, *here.parents) if (folder / FILE).is_file()), None)
    users = config_dir() / FILE
    return [path for path in (project, users if users.is_file() else None) if path is not None]


def _sources(
    path: tuple[str, ...], options: Mapping[str, click.Option], context: click.Context
) -> Iterator[dict[str, _Given]]:
    """What each source says of the command, the first first; its own before what it says of all commands."""
    if path:
        yield _of_environment(path, options)
    shared = {key: variable((), key) for key in SHARED if key in options}
    yield {key: _Given(os.environ[name], name) for key, name in shared.items() if os.environ.get(name)}
    for file in files():
        from edge.cli.settings_file import read

        values = read(file, context.find_root().command, path)
        if path:
            yield {key: _known(given, key, options, path) for key, given in values.own(path, _Given)}
        yield {key: given for key, given in values.shared(SHARED, _Given) if key in options}


def _of_environment(path: tuple[str, ...], options: Mapping[str, click.Option]) -> dict[str, _Given]:
    names = {variable(path, key): key for key in options}
    prefix = variable(path, "")
    found = {}
    for name, value in os.environ.items():
        if not name.startswith(prefix) or not value:
            continue
        if name not in names:
            raise unknown(f"{name}: {' '.join(path)} has no such option", name, names)
        found[names[name]] = _Given(value, name)
    return found


def _known(given: _Given, key: str, options: Mapping[str, click.Option], path: tuple[str, ...]) -> _Given:
    if key not in options:
        raise unknown(f"{given.source}: {' '.join(path)} has no option {key!r}", key, options)
    return given


def unknown(sentence: str, name: str, known: Iterable[str]) -> Exception:
    """A `UsageError` that names what is there."""
    from difflib import get_close_matches

    from edge.errors import UsageError

    there = sorted(known)
    near = get_close_matches(name, there, n=1)
    return UsageError(sentence, hint=f"did you mean {near[0]}?" if near else "there are: " + ", ".join(there))


def _setting(option: click.Option, key: str, given: _Given) -> Setting:
    """Raises `UsageError` for a value of another kind than the option's."""
    from edge.errors import UsageError

    try:
        values = _values(option, given.value)
    except UsageError as error:
        raise UsageError(f"{given.source}: {error.message}", hint=f"what {key} takes: --help") from None
    flag = [_flag(option, key, on=values == ["1"])] if option.is_flag else []
    words = flag or [f"{option_word(option)}={one}" for one in values]
    return Setting(option, tuple(word for word in words if word), given.source)


def check(setting: Setting, context: click.Context) -> None:
    """Raises `UsageError`, which names where it stands, for a value that the option cannot have."""
    from edge.errors import EdgezooError, UsageError

    option = setting.option
    try:
        for word in () if option.is_flag else setting.words:
            option.type.convert(word.partition("=")[2], option, context)
    except click.ClickException as error:
        raise UsageError(
            f"{setting.source}: {error.message}", hint=f"what {option_word(option)} takes: --help"
        ) from None
    except EdgezooError as error:
        raise UsageError(f"{setting.source}: {error.message}", hint=error.hint) from None


def _values(option: click.Option, value: Any) -> list[str]:
    """As text; of a flag "1" or "0". Raises `UsageError`."""
    from edge.errors import UsageError

    if option.is_flag:
        words = {"1": "1", "true": "1", "yes": "1", "on": "1", "0": "0", "false": "0", "no": "0", "off": "0"}
        known = words.get(value.lower()) if isinstance(value, str) else {True: "1", False: "0"}.get(value)
        if known is None:
            raise UsageError(f"{value!r} is neither true nor false")
        return [known]
    if isinstance(value, bool | dict) or not isinstance(value, str | int | float | list):
        raise UsageError(f"{value!r} is no value of {option_word(option)}")
    if isinstance(value, list):
        texts = [str(one) for one in value]
        return texts if option.multiple else [",".join(texts)]
    if option.multiple and isinstance(value, str):
        import shlex

        return shlex.split(value)
    return [str(value)]


def _flag(option: click.Option, key: str, *, on: bool) -> str:
    if option.secondary_opts:
        return next(name for name in (option.opts if on else option.secondary_opts) if name.startswith("--"))
    return f"--{key}" if on else ""


def _has_a_place(
    option: click.Option,
    used: Sequence[Setting],
    typed: Sequence[click.Option],
    words: Sequence[str],
    context: click.Context,
) -> bool:
    """Whether it means anything here: a server of adb for a device, a database for what reads one."""
    command = path_of(context)
    if option.name == "adb_server":
        settings = [word for one in used for word in one.words]
        spelled = [word for at, word in enumerate(words) if at and words[at - 1] in ("-s", "--device")]
        spelled += [w.partition("=")[2] for w in (*words, *settings) if w.startswith("--device=")]
        return "host" not in spelled and not (command == ("eval",) and not spelled)
    if command == ("estimate",) and option.name == "db":
        return "calibrate_on" in {one.name for one in (*typed, *(one.option for one in used))}
    return True


def option_word(option: click.Option) -> str:
    """Its long spelling."""
    return _long(option)[0]


def _long(option: click.Option) -> list[str]:
    return [name for name in option.opts if name.startswith("--")]


def _key(name: str) -> str:
    return name.removeprefix("--")
