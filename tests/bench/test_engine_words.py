"""The engine's last words, as Paddle-Lite 2.10 and 2.13rc0 wrote them on this machine's processor."""

from __future__ import annotations

import pytest

from edge.bench.contract import parse_launch
from edge.bench.engine_words import engine_words, lacks_operator
from edge.bench.launch import LaunchSpec
from edge.bench.runners import flavour
from edge.errors import RunnerError

# 2.13rc0 with a model whose softmax asks for a precision that no kernel has.
NO_KERNEL = (
    "[F 11/26  0:16:25.  3 /island/Paddle-Lite/lite/core/program.cc RuntimeProgram:532] "
    "Check failed: (kernels.size() > 0): 0!>0 \n"
    "Error: This model is not supported, because kernel for 'softmax' is not supported by Paddle-Lite."
)
# 2.13rc0 with a model that has an operator of another name.
NO_OPERATOR = (
    "[F 11/26  0:16:27.314 /island/Paddle-Lite/lite/core/program.cc RuntimeProgram:316] Check failed: op: \n"
    "Error: This model is not supported, because operator 'softmay' is not supported by Paddle-Lite.\n"
)
# 2.13rc0 with an input of another size than the model's reshape has built in.
SHAPE = (
    "[F 11/25 23:38:33.171 ...Paddle-Lite/lite/operators/reshape_op.cc:264 ValidateShape] Check failed: "
    "(output_dims[unk_dim_idx] * capacity == -input_size): 0!==-112896 Invalid shape is given.\n"
)
# 2.10 with a model of opt 2.13rc0.
ACTIVATION = (
    "[F 11/26  0:15:50.861 ...te/lite/backends/x86/math/conv_direct.cc:824 conv_direct_3x3s2] "
    "[X86] unsupported Activation type\n"
)
QEMU = "qemu: uncaught target signal 6 (Aborted) - core dumped\n"  # the stand-in phone's


@pytest.mark.parametrize(
    ("stderr", "words", "operator"),
    [
        pytest.param(NO_KERNEL, "kernel for 'softmax' is not supported by Paddle-Lite", True, id="no kernel"),
        pytest.param(NO_OPERATOR, "operator 'softmay' is not supported by Paddle-Lite", True, id="no operator"),
        pytest.param(
            SHAPE,
            "Check failed: (output_dims[unk_dim_idx] * capacity == -input_size): 0!==-112896 Invalid shape is given",
            False,
            id="shape",
        ),
        pytest.param(ACTIVATION, "[X86] unsupported Activation type", False, id="activation"),
        pytest.param(ACTIVATION + SHAPE + QEMU, engine_words(SHAPE), False, id="the last one"),
        pytest.param(
            NO_KERNEL.replace("\n", "\r\n") + "\r\n" + QEMU, engine_words(NO_KERNEL), True, id="over a terminal"
        ),
        pytest.param("[I 11/26 device_info.cc:1309 Setup] ready\n" + QEMU, None, False, id="nothing said"),
        pytest.param("", None, False, id="nothing at all"),
    ],
)
def test_the_engines_own_words(stderr: str, words: str | None, operator: bool) -> None:
    told = engine_words(stderr)
    assert told == words
    assert lacks_operator(told or "") is operator


def test_words_without_end_are_cut() -> None:
    told = engine_words("[F file:1 f] " + "a" * 5000)
    assert told is not None
    assert len(told) == 300
    assert told.endswith("...")


@pytest.mark.parametrize("program", ["edgebench", "benchmark_bin"])
def test_a_crash_for_want_of_an_operator_asks_for_the_larger_library(program: str) -> None:
    spec = LaunchSpec(model="m.nb", shapes=((1, 3, 32, 32),))
    with pytest.raises(RunnerError) as caught:
        flavour(program).parse(spec, "", 134, NO_KERNEL + "\n" + QEMU)
    assert caught.value.message == (
        "the benchmark program died of SIGABRT: kernel for 'softmax' is not supported by Paddle-Lite"
    )
    assert "`with_extra`" in caught.value.hint


def test_a_crash_without_a_word_says_what_it_died_of() -> None:
    with pytest.raises(RunnerError) as caught:
        parse_launch("", 139, QEMU)
    assert caught.value.message == "the benchmark program died of SIGSEGV"
    assert "with_extra" not in caught.value.hint


def test_rows_that_a_table_has_not_are_the_inputs_fault() -> None:
    """Another version of the engine, or another processor, would change nothing."""
    words = "lookup_table_compute.h:59 Run] Check failed: (ids[i] < row_number): 3!<3 i = 0\n"
    with pytest.raises(RunnerError, match="row_number") as caught:
        parse_launch("", 134, f"[F 11/26  0:49:01.000 /island/Paddle-Lite/lite/kernels/x86/{words}")
    assert caught.value.hint.endswith("--input ones")
