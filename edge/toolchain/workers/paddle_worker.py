"""Paddle and PaddleClas behind the line protocol: exports networks and computes reference outputs.

Imports are inside the operations: the greeting needs Paddle only, and a worker that only runs programs needs no
PaddleClas.
"""

import gc

import paddle_engine
import paddle_reference
import program_to_onnx
import protocol

CLASSES = 1000


def export(architecture, input_shape, seed, out_dir, checkpoint=None, checkout=None):
    """Write `inference.pdmodel` and `inference.pdiparams` of a PaddleClas architecture into `out_dir`.

    `input_shape` is N, C, H, W, with N = -1 for an open batch. The weights are drawn from `seed`, or those of a
    checkpoint, whose number of classes is taken over. `checkout` is the folder `ppcls` of another PaddleClas than the engine's.
    The same arguments write the same bytes.
    """
    import contextlib

    import paddle
    import paddle_checkout
    import paddle_checkpoint
    import paddle_count
    import paddle_networks
    import paddle_program
    import paddle_weights

    paddle.set_flags({"FLAGS_use_stride_kernel": False})  # of transpositions, which are then copied number by number
    class_num, remarks, guard = CLASSES, [], paddle.utils.unique_name.guard
    with contextlib.nullcontext() if checkout is None else paddle_checkout.told(checkout, "fails"):
        if checkpoint is not None:
            state, remarks = paddle_checkpoint.read(checkpoint)
            with guard():
                network = paddle_networks.build(architecture, CLASSES, seed, checkout)
            state, fitted = paddle_checkpoint.fitted(network, state, checkpoint)
            class_num, remarks = paddle_checkpoint.class_num(network, state, CLASSES), remarks + fitted
            if class_num != CLASSES:
                remarks = [*remarks, "it has {} classes, and the table's network {}".format(class_num, CLASSES)]
        with guard():
            network = paddle_networks.build(architecture, class_num, seed, checkout)
            flops = paddle_count.flops(network, input_shape)
            if checkpoint is None:
                paddle_weights.randomise(network, input_shape, flops, class_num, seed)
            else:
                paddle_checkpoint.fill(network, state, checkpoint)
            if paddle_networks.reparameterise(network):
                flops = paddle_count.flops(network, input_shape)
            params = paddle_count.parameters(network)
            described = paddle_program.save(network, input_shape, out_dir)
    facts = {"flops": flops, "params": params, "class_num": class_num, "remarks": remarks}
    return {**facts, "paddle_version": paddle.__version__, **described}


def flops(architecture, input_shape):
    """Multiply-accumulates and parameters of an architecture as it is deployed, without exporting it."""
    import paddle
    import paddle_count
    import paddle_networks

    with paddle.utils.unique_name.guard():
        network = paddle_networks.build(architecture, CLASSES, 0)
        paddle_networks.reparameterise(network)
        return {"flops": paddle_count.flops(network, input_shape), "params": paddle_count.parameters(network)}


def program_flops(program, shapes):
    """Multiply-accumulates of an inference program for inputs of these shapes (by name), as far as they can be counted."""
    import paddle_program_count

    return {"flops": paddle_program_count.flops(program, shapes)}


def run_half(program, params, inputs_npz, outputs_npz):
    """As `run`, of a program whose sums are in float16."""
    import paddle_half

    return paddle_half.run(program, params, inputs_npz, outputs_npz)


def _freed(operation):
    """The operation, and the memory of its networks given back: they are cyclic, and Python sees only small objects."""

    def call(**arguments):
        try:
            return operation(**arguments)
        finally:
            gc.collect()

    return call


OPERATIONS = {
    "export": _freed(export),
    "flops": _freed(flops),
    "program_flops": program_flops,
    "run": paddle_reference.run,
    "constants": paddle_reference.constants,
    "run_half": run_half,
    "unknown": paddle_reference.unknown,
    "to_onnx": program_to_onnx.convert,
}

if __name__ == "__main__":
    protocol.serve(OPERATIONS, paddle_engine.info)
