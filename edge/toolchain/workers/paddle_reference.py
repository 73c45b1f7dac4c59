"""Paddle's own outputs of an inference program, which conversions are judged by: Paddle 2.6 and 3 alike."""

import os

import numpy
import protocol


def unknown(operators):
    """Those that this Paddle does not have."""
    from paddle.base.framework import OpProtoHolder

    known = OpProtoHolder.instance().op_proto_map
    return {"unknown": [name for name in operators if name not in known]}


def run(program, params, inputs_npz, outputs_npz):
    """Paddle's own outputs for a list of inputs.

    Both files are numpy archives whose keys are `<number>/<variable name>`: input 0 of a program with inputs `x` and
    `y` is `0/x` and `0/y`. The answer lists the outputs' names and shapes in the program's order; of a program that Paddle 3
    wrote, the names are those of its fetch operators.
    """
    running = _predictor(program, params)
    samples, outputs = {}, {}
    with numpy.load(inputs_npz) as archive:
        for key in archive:
            number, name = key.split("/", 1)
            samples.setdefault(number, {})[name] = archive[key]
    for number, inputs in protocol.told(list(samples.items())):
        results = _outputs(running, inputs)
        outputs.update({"{}/{}".format(number, name): value for name, value in results.items()})
    beside = outputs_npz + ".part.npz"
    numpy.savez(beside, **outputs)
    os.replace(beside, outputs_npz)
    return {"outputs": [{"name": name, "shape": list(value.shape)} for name, value in results.items()]}


def constants(program, params, outputs_npz):
    """The outputs of a program without inputs, by name, as a numpy archive."""
    numpy.savez(outputs_npz, **_outputs(_predictor(program, params), {}))
    return {}


def _predictor(program, params):
    """Paddle's own executor over the program as it is written: no graph passes, no oneDNN, so it is the reference."""
    from paddle import inference

    config = inference.Config(program, params)
    config.disable_gpu()
    config.disable_glog_info()
    config.disable_mkldnn()  # oneDNN's former name; Paddle 3 runs a program with it by default
    config.switch_ir_optim(False)
    config.set_cpu_math_library_num_threads(1)
    return inference.create_predictor(config)


def _outputs(running, inputs):
    """Outputs by name for inputs by name."""
    for name, value in inputs.items():
        running.get_input_handle(name).copy_from_cpu(numpy.ascontiguousarray(value))
    running.run()
    return {name: running.get_output_handle(name).copy_to_cpu() for name in running.get_output_names()}
