"""edgezoo: the PaddleClas ImageNet models on edge devices. Convert, verify, bench, package.

What is exported here is the public Python API (docs/reference/python-api.md), imported when it is first asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False  # for type checkers true; importing it from typing would take longer than all else here

if TYPE_CHECKING:
    from typing import Any

    from edge.api import (
        BenchResult,
        bench_models,
        bench_plan,
        choose_models,
        convert_models,
        estimate_latency,
        list_architectures,
        list_models,
        list_results,
        show_model,
    )

__version__ = "0.1.0"

__all__ = [
    "BenchResult",
    "__version__",
    "bench_models",
    "bench_plan",
    "choose_models",
    "convert_models",
    "estimate_latency",
    "list_architectures",
    "list_models",
    "list_results",
    "show_model",
]


if not TYPE_CHECKING:  # else a type checker would take every name for one of ours

    def __getattr__(name: str) -> Any:
        if name in __all__:
            from importlib import (
                import_module,
            )  # no import statement: for tools that read them this file imports nothing

            return getattr(import_module("edge.api"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
