"""Reading a `.pdparams` checkpoint without running it.

`paddle.save` writes a pickle, and a pickle can call anything. This reader admits the few names with which numpy arrays
are put together and refuses the rest before it is looked up, let alone called.
"""

import collections
import pickle

import numpy

try:
    from numpy._core import multiarray as _multiarray  # numpy 2
except ImportError:
    from numpy.core import multiarray as _multiarray

# What PaddleClas' constructors compute themselves; checkpoints of other releases may lack them or hold more of them.
DERIVED = ("relative_position_index", "relative_coords_table", "attention_bias_idxs", "attn_mask")
_PARAMETER_NAMES = "StructuredToParameterName@@"  # paddle.save's table of variable names


class CheckpointError(ValueError):
    """The file is no checkpoint, wants to run code, or belongs to another network."""


def _encode(text, encoding):
    """Stands for `_codecs.encode`, by which pickle protocol 2 carries bytes."""
    if encoding != "latin1":
        raise CheckpointError("it encodes text as {!r}".format(encoding))
    return text.encode("latin1")


_ADMITTED = {
    ("numpy", "ndarray"): numpy.ndarray,
    ("numpy", "dtype"): numpy.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _multiarray._reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _multiarray._reconstruct,
    ("numpy.core.multiarray", "scalar"): _multiarray.scalar,
    ("numpy._core.multiarray", "scalar"): _multiarray.scalar,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("_codecs", "encode"): _encode,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in _ADMITTED:
            raise CheckpointError(
                "it asks for {}.{}, which holds no parameters and could run code".format(module, name)
            )
        return _ADMITTED[module, name]

    def persistent_load(self, pid):
        raise CheckpointError("it refers to an object outside of the file")


def read(path):
    """The parameters by structured name, as numpy arrays. Raises CheckpointError."""
    try:
        with open(path, "rb") as file:
            state = _Unpickler(file).load()
    except CheckpointError as error:
        raise CheckpointError("the checkpoint {} is refused: {}".format(path, error)) from None
    except OSError as error:
        raise CheckpointError("the checkpoint {} cannot be read: {}".format(path, error.strerror)) from None
    except Exception as error:  # a damaged pickle can fail in any way
        message = "the checkpoint {} is no whole .pdparams file: {} {}"
        raise CheckpointError(message.format(path, type(error).__name__, error)) from None
    if not isinstance(state, dict):
        raise CheckpointError("the checkpoint {} holds no table of parameters".format(path))
    state = {name: value for name, value in state.items() if name != _PARAMETER_NAMES}
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, numpy.ndarray) or value.dtype.kind not in "fiub":
            raise CheckpointError("the checkpoint {} holds {!r}, which is no array of numbers".format(path, name))
    if not state:
        raise CheckpointError("the checkpoint {} holds no parameters".format(path))
    return state


def class_num(network, state, built_with):
    """Number of classes of the checkpoint: another one than the network was built with if only its classifier differs."""
    found = set()
    for name, value in network.state_dict().items():
        ours, theirs = tuple(value.shape), numpy.shape(state.get(name, value))
        if ours != theirs and len(ours) == len(theirs):
            found.update(b for a, b in zip(ours, theirs) if a == built_with != b)
    return found.pop() if len(found) == 1 else built_with


def fill(network, state, path):
    """Give the network the checkpoint's values. Raises CheckpointError naming the first few that do not fit."""
    wanted = network.state_dict()
    problems = []
    for name, tensor in wanted.items():
        if name not in state:
            if not name.endswith(DERIVED):
                problems.append("{} is missing".format(name))
        elif tuple(tensor.shape) != state[name].shape:
            shapes = list(state[name].shape), list(tensor.shape)
            problems.append("{} has shape {} instead of {}".format(name, *shapes))
        elif not numpy.isfinite(state[name]).all():
            problems.append("{} holds values that are not finite".format(name))
    problems += ["{} is not in the network".format(n) for n in state if n not in wanted and not n.endswith(DERIVED)]
    if problems:
        more = ", and {} more".format(len(problems) - 3) if len(problems) > 3 else ""
        message = "the checkpoint {} does not fit the architecture: {}{}"
        raise CheckpointError(message.format(path, ", ".join(problems[:3]), more))
    for name, tensor in wanted.items():
        if name in state and not name.endswith(DERIVED):
            tensor.set_value(state[name].astype(tensor.numpy().dtype))
