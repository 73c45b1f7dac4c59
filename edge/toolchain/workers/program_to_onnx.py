"""An inference program and its parameters as an ONNX file: paddle2onnx, inside the paddle engine's interpreter."""

import os


def convert(program, params, out, opset):
    """Write `out` in exactly that opset; paddle2onnx ends the process where an operator needs a later one."""
    import paddle2onnx

    paddle2onnx.export(
        program, params, save_file=out, opset_version=opset, auto_upgrade_opset=False, enable_onnx_checker=False
    )
    return {"bytes": os.path.getsize(out), "paddle2onnx": paddle2onnx.__version__}
