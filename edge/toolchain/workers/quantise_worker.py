"""Paddle's post-training quantisation behind the line protocol. A process of its own: it needs Paddle's static mode.

Operations: `quantise`, `measure`, and `constants` of the plain Paddle worker.
"""

import gc
import os

import agreement
import numpy
import paddle_engine
import paddle_reference
import protocol

# Tensors of which the x86 engine rounds the end wrongly: see edge/convert/verify/x86_int8.py and batches.py.
_VECTOR, _SAFE_REST = 32, 8
_OPS = ["conv2d", "depthwise_conv2d"]


def info():
    """Load Paddle; the greeting carries its version."""
    paddle = paddle_engine.load()
    paddle.enable_static()
    return {"paddle": paddle.__version__}


def quantise(program, batched, params, images, algorithm, out_dir):
    """Write `inference.pdmodel` and `inference.pdiparams`, quantised, into `out_dir`.

    `batched` is the program for several images at once, None for files that run on x86. Convolutions of tensors of which the
    x86 engine rounds the end wrongly stay float for x86, and where `batched` does not compute the same: a twin on x86 could
    not verify them.

    `images` is a .npy file of float32 images (N, 3, H, W), which the ranges of the activations are learnt from;
    `algorithm` is how, in PostTrainingQuantization's words. The answer counts the operators with int8 activations and all
    that could have them, and compares with the float network on the same images: the share of equal top classes, and
    the mean cosine of the first output (after taking off its mean).
    """
    import paddle
    import paddle_program
    from paddle import static

    given = numpy.load(images, mmap_mode="r")
    with paddle.utils.unique_name.guard(), static.scope_guard(static.Scope()):
        executor = static.Executor(paddle.CPUPlace())
        network, feeds, fetches = _load(program, params, executor)
        before = _run(executor, network, feeds, fetches, given)
        skipped, possible = _left_float(executor, network, feeds, given)
        if skipped and batched is not None and _takes_batches(executor, batched, params, given):
            skipped = []
        quantiser = _quantiser(
            executor, program, params, network.global_block().var(feeds[0]), given, algorithm, skipped
        )
        quantised = quantiser.quantize()
        quantiser.save_quantized_model(out_dir, "inference.pdmodel", "inference.pdiparams")
        paddle_program.strip(os.path.join(out_dir, "inference.pdmodel"))
        count = sum(op.type == "fake_channel_wise_dequantize_max_abs" for op in quantised.global_block().ops)
    with static.scope_guard(static.Scope()):
        made = [os.path.join(out_dir, "inference" + suffix) for suffix in (".pdmodel", ".pdiparams")]
        after = _run(executor, *_load(*made, executor), given)
    gc.collect()
    return {"quantised": count, "possible": possible, **agreement.compared(before, after)}


def measure(program, params, quantised, quantised_params, weights, variants, images, count, beside_first=False):
    """How far variants of a quantised network are from the float one: `{figures: [{same_top, mean_cosine}]}`, as `quantise`.

    `variants` are pairs of a program and the names of those parameters that it takes from the .npz file `weights`, and not from
    the quantised network. Of `images`, as `quantise` takes them, `count` are run, evenly spread. With `beside_first`, what is
    compared with is the first variant.
    """
    import paddle
    from paddle import static

    given = numpy.load(images, mmap_mode="r")
    given = given[[k * len(given) // count for k in range(count)]]
    place = paddle.CPUPlace()
    executor = static.Executor(place)
    before, figures = None, []
    if not beside_first:
        with static.scope_guard(static.Scope()):
            before = _run(executor, *_load(program, params, executor), given)
    with static.scope_guard(static.Scope()), numpy.load(weights) as floats:
        _, feeds, _ = _load(quantised, quantised_params, executor)
        held = {name: static.global_scope().var(name).get_tensor() for name in floats.files}
        whole = {name: numpy.array(tensor) for name, tensor in held.items()}
        for path, names in variants:
            for name, tensor in held.items():
                tensor.set(floats[name] if name in names else whole[name], place)
            with open(path, "rb") as file:
                variant = static.Program.parse_from_string(file.read())
            fetches = [op.input("X")[0] for op in variant.global_block().ops if op.type == "fetch"]
            after = _run(executor, variant, feeds, fetches, given)
            before = after if before is None else before
            figures.append(agreement.compared(before, after))
    gc.collect()
    return {"figures": figures}


def _load(program, params, executor):
    from paddle import static

    folder = os.path.dirname(program)
    return static.load_inference_model(
        folder, executor, model_filename=os.path.basename(program), params_filename=os.path.relpath(params, folder)
    )


def _run(executor, network, feeds, fetches, given):
    return numpy.stack(
        [executor.run(network, feed={feeds[0]: image[numpy.newaxis]}, fetch_list=fetches)[0].ravel() for image in given]
    )


def _left_float(executor, network, feeds, given):
    """The inputs of operators that must not be quantised, and how many operators there are in all."""
    inputs = [op.input("Input")[0] for op in network.global_block().ops if op.type in _OPS]
    names = sorted(set(inputs))
    values = executor.run(network, feed={feeds[0]: given[:1]}, fetch_list=names) if names else []
    return [name for name, value in zip(names, values) if value.size % _VECTOR >= _SAFE_REST], len(inputs)


def _takes_batches(executor, batched, params, given):
    """Whether an image and its mirror image give together what each gives alone."""
    images = numpy.stack([given[0], given[0][:, :, ::-1]])
    loaded, feeds, fetches = _load(batched, params, executor)
    alone = _run(executor, loaded, feeds, fetches, images)
    try:
        together = executor.run(loaded, feed={feeds[0]: images}, fetch_list=fetches)[0]
    except (RuntimeError, ValueError, IndexError):
        return False
    same = together.shape[0] == len(images) and numpy.allclose(
        together.reshape(alone.shape), alone, rtol=1e-3, atol=1e-5
    )
    return bool(same)


def _quantiser(executor, program, params, feed, given, algorithm, skipped):
    from paddle import CPUPlace, io, static
    from paddle.static.quantization import PostTrainingQuantization

    class Images(io.Dataset):
        def __len__(self):
            return len(given)

        def __getitem__(self, index):
            return numpy.array(given[index])

    loader = io.DataLoader(Images(), places=CPUPlace(), feed_list=[feed], batch_size=1, return_list=False)
    folder = os.path.dirname(program)
    return PostTrainingQuantization(
        executor,
        folder,
        scope=static.global_scope(),
        model_filename=os.path.basename(program),
        params_filename=os.path.relpath(params, folder),
        data_loader=loader,
        batch_size=1,
        algo=algorithm,
        quantizable_op_type=list(_OPS),
        skip_tensor_list=skipped or None,
        onnx_format=False,
    )


if __name__ == "__main__":
    protocol.serve({"quantise": quantise, "measure": measure, "constants": paddle_reference.constants}, info)
