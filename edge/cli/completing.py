"""What a shell offers for a half-typed word: networks, series, recipes, devices, ids, labels. Nothing is started for it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from edge.results.store import Store
    from edge.results.summary import Summary


def item(value: str, **more: Any) -> CompletionItem:
    """One thing that is offered."""
    from click.shell_completion import CompletionItem

    return CompletionItem(value, **more)


def models(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Networks of the catalogue."""
    from edge.zoo.catalogue import catalogue

    found = [model.name for model in catalogue() if model.name.lower().startswith(typed.lower())]
    return [item(name) for name in found]


def models_and_files(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The same, and files where the word is a path or names none of them."""
    found = [] if "/" in typed else models(context, parameter, typed)
    return found if found and typed else [*found, item(typed, type="file")]


def series(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Series of the catalogue."""
    from edge.zoo.catalogue import series as all_series

    return _those(all_series(), typed)


def recipes(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Recipes that come along, and files."""
    from edge.resources import resource

    found = _those(sorted(path.stem for path in resource("opt_configs").glob("*.toml")), typed)
    return found or [item(typed, type="file")]


def engines(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Engines by their whole names."""
    from edge.toolchain.engines import engines as all_engines

    return _those((engine.name for engine in all_engines()), typed)


def devices(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Words that name devices, what a running adb server sees, and where something was measured."""
    words = [word for word in ("host", "all", "android", "sd855") if word in (_metavar(parameter)).split("|")]
    seen: list[str] = []
    with suppress(Exception):
        from edge.device.adb import server
        from edge.device.adb.address import resolve_address

        seen = [one.serial for one in server.devices(resolve_address(context.params.get("adb_server")))]
    measured = [str(one.address) for one in _summaries(context)]
    return _those(dict.fromkeys([*words, *seen, *measured]), typed)


def ids(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Ids of measurements, each with what it is."""
    said = {str(one.id): f"{one.subject.name}, {one.threads} threads, {one.address}" for one in _summaries(context)}
    return [item(id, help=what) for id, what in reversed(said.items()) if id.startswith(typed)]


def accuracy_ids(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Ids of accuracies, each with what it is."""
    found = _of_store(context, lambda store: store.accuracies.all(model=None, device=None)[0])
    return [item(str(one.id), help=one.subject.name) for one in found if str(one.id).startswith(typed)]


def ids_and_labels(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Ids while numbers are typed, labels that were given before."""
    return [*ids(context, parameter, typed), *labels(context, parameter, typed)]


def labels(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Labels of measurements."""
    return _those(dict.fromkeys(label for one in _summaries(context) for label in one.labels), typed)


def baselines(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Names of baselines."""
    return _those((one.name for one in _of_store(context, lambda store: store.marks.baselines())), typed)


def measured_models(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Networks of which something was measured."""
    return _those(dict.fromkeys(one.subject.name for one in _summaries(context)), typed)


def commands(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:  # noqa: ARG001
    """Names of commands."""
    root = context.find_root()
    command = root.command
    for name in context.params.get("names") or ():
        command = command.get_command(root, name) if isinstance(command, click.Group) else None  # type: ignore[assignment]
    return _those(command.list_commands(root) if isinstance(command, click.Group) else (), typed)


def _those(words: Iterable[str], typed: str) -> list[CompletionItem]:
    return [item(word) for word in words if word.startswith(typed)]


def _metavar(parameter: click.Parameter) -> str:
    return parameter.metavar or ""


def _summaries(context: click.Context) -> list[Summary]:
    found: list[Summary] = _of_store(context, lambda store: store.summaries()[0])
    return found


def _of_store(context: click.Context, ask: Any) -> Any:
    """What the results say; nothing where there are none: a shell has no place for a reason."""
    from edge.cache.paths import results_database

    with suppress(Exception):
        from edge.results.store import Store

        store: Store
        with Store(context.params.get("db") or results_database(), create=False) as store:
            return ask(store)
    return []
