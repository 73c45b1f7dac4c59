"""Loading Paddle, of any version, in a worker: on the CPU, and quiet."""

import os
import warnings


def load():
    """Import Paddle and return it."""
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["GLOG_minloglevel"] = "2"
    warnings.filterwarnings("ignore")
    import paddle

    return paddle


def info():
    """Load Paddle; the greeting carries its version."""
    paddle = load()
    paddle.set_device("cpu")
    return {"paddle": paddle.__version__}
