"""Reading a checkpoint without running it: `.pdparams`, `.pdema`, `.safetensors`; and finding the network's parameters in it.

`paddle.save` writes a pickle, and a pickle can call anything. This reader admits the few names with which numpy arrays
are put together and refuses the rest before it is looked up, let alone called.
"""

import collections
import json
import math
import pickle

import numpy

try:
    from numpy._core import multiarray as _multiarray  # numpy 2
except ImportError:
    from numpy.core import multiarray as _multiarray

# What PaddleClas' constructors compute themselves; checkpoints of other releases may lack them or hold more of them.
DERIVED = ("relative_position_index", "relative_coords_table", "attention_bias_idxs", "attn_mask")
_PARAMETER_NAMES = "StructuredToParameterName@@"  # paddle.save's table of variable names
# Where training tools keep the parameters in a file with more in it (an epoch, an optimizer), averaged ones (EMA) first: they
# are what is evaluated and published.
_AVERAGED = ("state_dict_ema", "model_ema", "ema_state_dict", "ema_model", "ema")
_TABLES = (*_AVERAGED, "state_dict", "model_state_dict", "model", "params", "network", "net", "weights")
_STUDENT = "Student"  # PaddleClas' name for the network that a distillation is for


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
    ("builtins", "tuple"): tuple,  # of a name and an array: what Paddle makes of a tensor in a table in a table
    ("__builtin__", "tuple"): tuple,
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
    """The parameters as numpy arrays by structured name, and sentences on which of the file they are.

    Raises CheckpointError.
    """
    try:
        with open(path, "rb") as file:
            state = _safetensors(file) if path.endswith(".safetensors") else _Unpickler(file).load()
    except CheckpointError as error:
        raise CheckpointError("the checkpoint {} is refused: {}".format(path, error)) from None
    except OSError as error:
        raise CheckpointError("the checkpoint {} cannot be read: {}".format(path, error.strerror)) from None
    except Exception as error:  # a damaged file can fail in any way
        message = "the checkpoint {} is no whole {} file: {} {}"
        kind = path[path.rindex(".") :]
        raise CheckpointError(message.format(path, kind, type(error).__name__, error)) from None
    if not isinstance(state, dict):
        raise CheckpointError("the checkpoint {} holds no table of parameters".format(path))
    state, told = _table(state)
    state = {name: _array(value) for name, value in state.items() if name != _PARAMETER_NAMES}
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, numpy.ndarray) or value.dtype.kind not in "fiub":
            raise CheckpointError("the checkpoint {} holds {!r}, which is no array of numbers".format(path, name))
    if not state:
        raise CheckpointError("the checkpoint {} holds no parameters".format(path))
    return state, told


def _array(value):
    """A parameter; in a table in a table, Paddle saves a tensor as its name and its array."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        return value[1]
    return value


def _table(state):
    """The table of parameters in a table of several things, and which it is; else the table itself."""
    inner = {name: value for name, value in state.items() if isinstance(value, dict) and name != _PARAMETER_NAMES}
    found = next((name for name in _TABLES if name in inner), None)
    if found is None and len(inner) == 1 and not any(isinstance(_array(v), numpy.ndarray) for v in state.values()):
        found = next(iter(inner))
    if found is None:
        return state, []
    averaged = " (averaged, EMA)" if found in _AVERAGED else ""
    others = _listed([name for name in _TABLES if name in inner and name != found])
    told = ["the parameters are those under {!r}{}{}".format(found, averaged, others and ", not under " + others)]
    table, deeper = _table(inner[found])
    return table, told + deeper


def _listed(names):
    return ", ".join(repr(name) for name in names)


_SAFETENSORS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?",
    "BF16": "<u2",
}  # fmt: skip


def _safetensors(file):
    """A .safetensors file: the length of its JSON in eight bytes, little-endian; the JSON, a type, shape and place for each
    tensor; the values. Source: the format's description in the README of huggingface/safetensors."""
    data = file.read()
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise ValueError("it is cut off")
    described = json.loads(data[8 : 8 + size].decode("utf-8"))
    values, state = memoryview(data)[8 + size :], {}
    for name, one in described.items():
        if name == "__metadata__":
            continue
        begin, end = one["data_offsets"]
        dtype, shape = numpy.dtype(_SAFETENSORS[one["dtype"]]), tuple(one["shape"])
        if not 0 <= begin <= end <= len(values) or end - begin != dtype.itemsize * math.prod(shape):
            raise ValueError("it is cut off at {!r}".format(name))
        array = numpy.frombuffer(values[begin:end], dtype).reshape(shape)
        if one["dtype"] == "BF16":  # the upper half of a float32
            array = (array.astype("<u4") << 16).view("<f4")
        state[name] = array
    return state


def fitted(network, state, path):
    """The parameters under the network's own names, where all have one prefix in front; and a sentence on that, in a list.

    Training tools wrap the network: `module.`, `_layers.` (several cards), `backbone.`, `Student.` (distillation). Raises
    CheckpointError where it is there twice under different prefixes, and neither is the student.
    """
    wanted = [name for name in network.state_dict() if not name.endswith(DERIVED)]
    if any(name in state for name in wanted):
        return state, []
    telling = max(wanted, key=lambda name: (name.count("."), len(name)))
    prefixes = sorted({name[: -len(telling)] for name in state if name.endswith("." + telling)})
    prefixes = [prefix for prefix in prefixes if all(prefix + name in state for name in wanted)] or prefixes[:1]
    prefixes = [prefix for prefix in prefixes if _STUDENT in prefix] or prefixes
    if len(prefixes) > 1:
        message = "the checkpoint {} holds the network several times ({}): save one of them"
        raise CheckpointError(message.format(path, _listed(prefixes)))
    if not prefixes:
        return state, []
    prefix = prefixes[0]
    mine = {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}
    others = sorted({name.split(".")[0] + "." for name in state if not name.startswith(prefix)})
    told = "its names begin with {!r}, which was taken off".format(prefix)
    return mine, [told + ("; what begins with {} was left aside".format(_listed(others[:4])) if others else "")]


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
