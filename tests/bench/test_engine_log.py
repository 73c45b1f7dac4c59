"""The engine's warnings, as it printed them on devices and in its wheel."""

from __future__ import annotations

import pytest

from edge.bench.engine_log import engine_warnings

# Paddle-Lite 2.13rc0 on an SM8150, 8 threads, power mode HIGH.
TRUNCATED = (
    "[I 11/20 12:20:46.980 ...ddle-Lite/lite/core/device_info.cc:1309 Setup] ARM multiprocessors number: 8\n"
    "\n"
    "[I 11/20 12:20:46.986 ...ddle-Lite/lite/core/device_info.cc:1107 RequestPowerHighMode] "
    "Request thread num: 8, exceed the big cores size: 4, truncate thread num to 4\n"
)
# The same with core 7 taken offline.
OFFLINE = (
    "[I 11/20 12:21:18.772 ...ddle-Lite/lite/core/device_info.cc:522 check_cpu_online] CPU id:7 is offine\n"
    "\n"
    "[W 11/20 12:21:18.773 ...ddle-Lite/lite/core/device_info.cc:1385 SetRunMode] "
    "Some cores are offline, switch to NO BIND MODE\n"
)
# The x86 wheel of 2.13rc0 with a model of 2.14rc0.
MISMATCH = (
    "[W 11/20 12:22: 6.597 ...e-Lite/lite/model_parser/model_parser.cc:856 LoadModelFbsFromFile] \n"
    "warning: the version of opt that transformed this model is not consistent with current Paddle-Lite version.\n"
    "      version of opt:v2.14-rc\n"
    "      version of current Paddle-Lite:v2.13-rc\n"
)


@pytest.mark.parametrize(
    ("stderr", "kinds", "words"),
    [
        pytest.param(TRUNCATED, ["threads_truncated"], "4 threads instead of 8", id="threads"),
        pytest.param(OFFLINE, ["cores_offline", "cores_offline"], "core 7 was offline", id="offline"),
        pytest.param(MISMATCH, ["version_mismatch"], "opt v2.14-rc, the engine is v2.13-rc", id="version"),
        pytest.param(
            "[I device_info.cc:604 bind_threads] Set cpu affinity failed, core id: 7\n",
            ["binding_failed"],
            "could not bind its threads to core 7",
            id="binding",
        ),
        pytest.param(
            "[I device_info.cc:1140 x] HIGH POWER MODE is not support, switch to little cores.\n",
            ["other_cores"],
            "no cores for power mode HIGH: the little ones ran",
            id="mode",
        ),
    ],
)
def test_each_is_recognised(stderr: str, kinds: list[str], words: str) -> None:
    for text in (stderr, stderr.replace("\n", "\r\n")):
        warnings = engine_warnings(text)
        assert [warning.kind for warning in warnings] == kinds
        assert words in warnings[0].message


def test_what_comes_with_every_run_is_told_once_and_in_order() -> None:
    warnings = engine_warnings((MISMATCH + TRUNCATED) * 40)
    assert [warning.kind for warning in warnings] == ["version_mismatch", "threads_truncated"]


def test_ordinary_chatter_is_no_warning() -> None:
    chatter = TRUNCATED.splitlines(keepends=True)[0] + "[3 11/20 x.cc:1 y] number of threads is:2\n"
    assert engine_warnings(chatter) == ()
