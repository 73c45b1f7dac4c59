"""Reading a checkpoint without running it: `.pdparams`, `.pdema`, `.safetensors`; and finding the network's parameters in it.

`paddle.save` writes a pickle, and a pickle can call anything. Nothing is called here: the few names with which numpy arrays are
put together stand for descriptions, and an array is made at the end of a shape, an element type of a fixed list, and as many
bytes as these two ask for. The names themselves, and what a description is told, are checked; numpy's own `__setstate__` would
take a pointer out of the file. What is built is bounded by the file's size.
"""

import contextlib
import json
import math
import os
import pickle
import resource

import numpy

# What PaddleClas' constructors compute themselves; checkpoints of other releases may lack them or hold more of them.
DERIVED = ("relative_position_index", "relative_coords_table", "attention_bias_idxs", "attn_mask")
_PARAMETER_NAMES = "StructuredToParameterName@@"  # paddle.save's table of variable names
# Where training tools keep the parameters in a file with more in it (an epoch, an optimizer), averaged ones (EMA) first: they
# are what is evaluated and published.
_AVERAGED = ("state_dict_ema", "model_ema", "ema_state_dict", "ema_model", "ema")
_TABLES = (*_AVERAGED, "state_dict", "model_state_dict", "model", "params", "network", "net", "weights")
_LEVELS = 8  # of tables in tables; one may hold itself
_STUDENT = "Student"  # PaddleClas' name for the network that a distillation is for
_TYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
# What pickle makes of dictionaries, tuples, texts, bytes and numbers, and of calls.
_OPCODES = """PROTO FRAME STOP MARK POP NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT
BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BINSTRING SHORT_BINSTRING
EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_DICT SETITEM SETITEMS EMPTY_LIST APPEND APPENDS
BINGET LONG_BINGET BINPUT LONG_BINPUT MEMOIZE GLOBAL STACK_GLOBAL REDUCE BUILD""".split()  # noqa: SIM905
_SAFETENSORS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?",
    "BF16": "<u2",
}  # fmt: skip
_LARGEST_HEAD = 1 << 24  # bytes of JSON; a thousand tensors take 100 KB
_TIMES = 4  # the file's size: what may be built of it
_ROOM = 1 << 28  # bytes of address space beyond that


class CheckpointError(ValueError):
    """The file is no checkpoint, wants to run code, or belongs to another network."""


class _Type:
    """An element type as numpy pickles it: `numpy.dtype('f4', False, True)`, then a state that tells the order of the bytes."""

    def __init__(self, name, *_):
        if name not in _TYPES:
            raise CheckpointError("it holds elements of type {}".format(_brief(name)))
        self.name = name

    def __setstate__(self, state):
        if (
            not isinstance(state, tuple)
            or len(state) != 8
            or state[1] not in ("<", "|")
            or state[2:5] != (None, None, None)
        ):
            raise CheckpointError("it holds elements of a type with parts, or with their bytes in another order")


class _Array:
    """`_reconstruct(numpy.ndarray, (0,), b'b')`, then a state of version, shape, type, order by columns, bytes.

    A single number (`scalar`) has no state, and no value here.
    """

    def __init__(self, *_):
        self.value = None

    def __setstate__(self, state):
        if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[1], tuple):
            raise CheckpointError("it holds an array of a form that is not known")
        _, shape, kind, by_columns, content = state
        if (
            not isinstance(kind, _Type)
            or not isinstance(content, bytes)
            or not all(type(n) is int and n >= 0 for n in shape)
        ):
            raise CheckpointError("it holds an array of a form that is not known")
        wanted = numpy.dtype(kind.name).itemsize
        for n in shape:
            wanted *= n
        if wanted != len(content):
            raise CheckpointError("it holds {} bytes for an array of shape {}".format(len(content), list(shape)[:8]))
        values = numpy.frombuffer(content, kind.name)
        self.value = values.reshape(shape, order="F" if by_columns else "C")


def _encode(text, encoding):
    """Stands for `_codecs.encode`, by which pickle protocol 2 carries bytes."""
    if encoding != "latin1":
        raise CheckpointError("it encodes text as {}".format(_brief(encoding)))
    return text.encode("latin1")


def _named(pair):
    """Stands for `tuple`, of a name and an array: what Paddle makes of a tensor in a table in a table."""
    if type(pair) is not tuple or len(pair) != 2:
        raise CheckpointError("it makes a tuple of what is no name and array")
    return pair


_ADMITTED = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.multiarray", "scalar"): _Array,
    ("numpy._core.multiarray", "scalar"): _Array,
    ("collections", "OrderedDict"): dict,
    ("_codecs", "encode"): _encode,
    ("builtins", "tuple"): _named,
    ("__builtin__", "tuple"): _named,
}


class _Bounded:
    """A file of which no more can be asked than it has, and a sum of what was built of it."""

    def __init__(self, file):
        self._file, self._left = file, os.fstat(file.fileno()).st_size
        self._budget = _TIMES * self._left + (1 << 20)

    def read(self, size):
        if size > self._left:
            raise CheckpointError("it ends early")
        self._left -= size
        return self._file.read(size)

    def readline(self):
        line = self._file.readline(1 << 10)
        self._left -= len(line)
        return line

    def take(self, size):
        self._budget -= size
        if self._budget < 0:
            raise CheckpointError("it puts together much more than it holds")


def _is_name(name):
    """Texts, and the numbers of an optimizer's tables; not such ones as are made to fall into one place of a table."""
    return isinstance(name, str) or (type(name) is int and 0 <= name < 1 << 20)


class _Known(dict):
    def __missing__(self, opcode):
        message = "it asks for pickle's instruction {!r}, which holds no parameters and could run code"
        raise CheckpointError(message.format(chr(opcode)))


class _Unpickler(pickle._Unpickler):  # in Python: the one in C takes as much memory as a number in the file asks for
    def __init__(self, file):
        self.bounded = _Bounded(file)
        super().__init__(self.bounded)

    def find_class(self, module, name):
        if (module, name) not in _ADMITTED:
            raise CheckpointError(
                "it asks for {}.{}, which holds no parameters and could run code".format(_brief(module), _brief(name))
            )
        return _ADMITTED[module, name]

    def load_reduce(self):
        function, arguments = self.stack[-2], self.stack[-1]
        if function not in _ADMITTED.values() or not isinstance(arguments, tuple) or len(arguments) > 4:
            raise CheckpointError("it calls what holds no parameters")
        if function is dict and arguments:
            raise CheckpointError("it puts a table together in a form that is not known")
        self.bounded.take(64 + (len(arguments[0]) if arguments and isinstance(arguments[0], (str, bytes)) else 0))
        self.stack[-2:] = [function(*arguments)]

    def load_build(self):
        state = self.stack.pop()
        if not isinstance(self.stack[-1], (_Type, _Array)):
            raise CheckpointError("it changes what holds no parameters")
        self.stack[-1].__setstate__(state)

    def load_setitem(self):
        self.append(self.stack[-2:])
        del self.stack[-3:-1]
        self._fill(self.stack.pop())

    def load_setitems(self):
        self._fill(self.pop_mark())

    def _fill(self, items):
        table = self.stack[-1]
        if not isinstance(table, dict) or len(items) % 2 or not all(map(_is_name, items[::2])):
            raise CheckpointError("it holds a table whose names are no texts")
        table.update(zip(items[::2], items[1::2]))

    dispatch = _Known(
        {getattr(pickle, name)[0]: pickle._Unpickler.dispatch[getattr(pickle, name)[0]] for name in _OPCODES}
    )
    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems


@contextlib.contextmanager
def _limited(room):
    """The process may take no more than so many bytes of address space beyond what it has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        most = int(file.read().split()[0]) * resource.getpagesize() + room
    resource.setrlimit(resource.RLIMIT_AS, (most if soft == resource.RLIM_INFINITY else min(soft, most), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _brief(what):
    """A name out of the file, or what kind of thing it is: it may be of any length."""
    return repr(what[:60]) if isinstance(what, str) else "a {}".format(type(what).__name__)


def read(path):
    """The parameters as read-only numpy arrays by structured name, and sentences on which of the file they are.

    Raises CheckpointError.
    """
    try:
        with open(path, "rb") as file, _limited(_TIMES * os.path.getsize(path) + _ROOM):
            state = _safetensors(file) if path.endswith(".safetensors") else _Unpickler(file).load()
        state, told = _table(state)
    except CheckpointError as error:
        raise CheckpointError("the checkpoint {} is refused: {}".format(path, error)) from None
    except OSError as error:
        raise CheckpointError("the checkpoint {} cannot be read: {}".format(path, error.strerror)) from None
    except MemoryError:
        message = "the checkpoint {} is refused: it asks for much more memory than it has bytes, {}"
        raise CheckpointError(message.format(path, os.path.getsize(path))) from None
    except Exception as error:  # a damaged file can fail in any way
        message = "the checkpoint {} is no whole {} file: {} {}"
        kind = path[path.rindex(".") :]
        raise CheckpointError(message.format(path, kind, type(error).__name__, str(error)[:200])) from None
    arrays = {}
    for name, value in state.items():
        if name == _PARAMETER_NAMES:
            continue
        if not isinstance(name, str) or _array(value) is None:
            raise CheckpointError("the checkpoint {} holds {}, which is no array of numbers".format(path, _brief(name)))
        arrays[name] = _array(value)
    if not arrays:
        raise CheckpointError("the checkpoint {} holds no parameters".format(path))
    return arrays, told


def _array(value):
    """A parameter's array, None for what is none; in a table in a table, Paddle saves a tensor as its name and its array."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        value = value[1]
    value = value.value if isinstance(value, _Array) else value
    return value if isinstance(value, numpy.ndarray) else None


def _table(state):
    """The table of parameters in a table of several things, and which it is; else the table itself."""
    told = []
    for _ in range(_LEVELS):
        if not isinstance(state, dict):
            raise CheckpointError("it holds no table of parameters")
        inner = {name: value for name, value in state.items() if isinstance(value, dict) and name != _PARAMETER_NAMES}
        found = next((name for name in _TABLES if name in inner), None)
        if found is None and len(inner) == 1 and all(_array(value) is None for value in state.values()):
            found = next(iter(inner))
        if found is None:
            return state, told
        averaged = " (averaged, EMA)" if found in _AVERAGED else ""
        others = _listed([name for name in _TABLES if name in inner and name != found])
        said = "the parameters are those under {}{}{}"
        told.append(said.format(_brief(found), averaged, others and ", not under " + others))
        state = inner[found]
    raise CheckpointError("it holds tables in more than {} tables".format(_LEVELS))


def _listed(names):
    return ", ".join(map(_brief, names))


def _safetensors(file):
    """A .safetensors file: the length of its JSON in eight bytes, little-endian; the JSON, a type, shape and place for each
    tensor; the values, without gaps. Source: the format's description in the README of huggingface/safetensors."""
    data = file.read()
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise CheckpointError("it is cut off")
    if size > _LARGEST_HEAD:
        raise CheckpointError("its description has {} bytes, which cannot be right".format(size))
    described = json.loads(data[8 : 8 + size].decode("utf-8"))
    values, place, state = memoryview(data)[8 + size :], 0, {}
    described.pop("__metadata__", None)
    for name, one in sorted(described.items(), key=lambda item: item[1]["data_offsets"]):
        (begin, end), shape = one["data_offsets"], one["shape"]
        if one["dtype"] not in _SAFETENSORS:
            raise CheckpointError("it holds elements of type {}".format(_brief(one["dtype"])))
        if not all(type(n) is int and n >= 0 for n in (begin, end, *shape)):
            raise CheckpointError("its description of {} is of a form that is not known".format(_brief(name)))
        dtype = numpy.dtype(_SAFETENSORS[one["dtype"]])
        if begin != place or end > len(values) or end - begin != dtype.itemsize * math.prod(shape):
            raise CheckpointError("it is cut off or damaged at {}".format(_brief(name)))
        place = end
        array = numpy.ndarray(tuple(shape), dtype, values, begin)
        if one["dtype"] == "BF16":  # the upper half of a float32, which takes twice the bytes
            wide = numpy.zeros((*array.shape, 2), "<u2")
            wide[..., 1] = array
            array = wide.view("<f4")[..., 0]
            array.flags.writeable = False
        state[name] = array
    if place != len(values):
        raise CheckpointError("it holds more than it describes")
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
    told = "its names begin with {}, which was taken off".format(_brief(prefix))
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
