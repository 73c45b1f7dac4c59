"""The protobuf messages of a Paddle program description, as far as edgezoo looks into them.

Field numbers are those of Paddle's framework.proto (2.0 to 2.6). Everything is optional and enumerations are plain
integers, so that a program of any version can be read; fields not named here survive reading and writing as unknown
fields.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "edgezoo.program"
_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALAR = {
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "float": _FIELD.TYPE_FLOAT,
    "double": _FIELD.TYPE_DOUBLE,
    "bool": _FIELD.TYPE_BOOL,
    "string": _FIELD.TYPE_STRING,
}

# message -> "[*]type name number"; a star marks a repeated field, a capital letter another message of this table.
_MESSAGES: dict[str, tuple[str, ...]] = {
    "Version": ("int64 version 1",),
    "Scalar": ("int32 type 1", "bool b 2", "int64 i 3", "double r 4"),
    "Attr": (
        "string name 1", "int32 type 2", "int32 i 3", "float f 4", "string s 5", "*int32 ints 6", "*float floats 7",
        "*string strings 8", "bool b 10", "*bool bools 11", "int32 block_idx 12", "int64 l 13", "*int32 blocks_idx 14",
        "*int64 longs 15", "*double float64s 16", "string var_name 17", "*string vars_name 18", "double float64 19",
        "Scalar scalar 20", "*Scalar scalars 21",
    ),
    "Slot": ("string parameter 1", "*string arguments 2"),
    "Op": ("*Slot inputs 1", "*Slot outputs 2", "string type 3", "*Attr attrs 4", "bool is_target 5"),
    "TensorDesc": ("int32 data_type 1", "*int64 dims 2"),
    "LodTensorDesc": ("TensorDesc tensor 1", "int32 lod_level 2"),
    "VarType": ("int32 type 1", "LodTensorDesc lod_tensor 3"),
    "Var": ("string name 1", "VarType type 2", "bool persistable 3", "bool need_check_feed 4"),
    "Block": ("int32 idx 1", "int32 parent_idx 2", "*Var vars 3", "*Op ops 4", "int32 forward_block_idx 5"),
    "Program": ("*Block blocks 1", "Version version 4"),
}  # fmt: skip


def _build() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="edgezoo/program.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for declaration in fields:
            kind, field_name, number = declaration.lstrip("*").split()
            field = message.field.add(name=field_name, number=int(number))
            field.label = _FIELD.LABEL_REPEATED if declaration.startswith("*") else _FIELD.LABEL_OPTIONAL
            if kind in _SCALAR:
                field.type = _SCALAR[kind]
            else:
                field.type = _FIELD.TYPE_MESSAGE
                field.type_name = f".{_PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _MESSAGES
    }


MESSAGES = _build()

# framework.proto's AttrType: number -> (name, field that holds the value, whether that field is repeated).
ATTR_TYPES: dict[int, tuple[str, str, bool]] = {
    0: ("INT", "i", False),
    1: ("FLOAT", "f", False),
    2: ("STRING", "s", False),
    3: ("INTS", "ints", True),
    4: ("FLOATS", "floats", True),
    5: ("STRINGS", "strings", True),
    6: ("BOOLEAN", "b", False),
    7: ("BOOLEANS", "bools", True),
    8: ("BLOCK", "block_idx", False),
    9: ("LONG", "l", False),
    10: ("BLOCKS", "blocks_idx", True),
    11: ("LONGS", "longs", True),
    12: ("FLOAT64S", "float64s", True),
    13: ("VAR", "var_name", False),
    14: ("VARS", "vars_name", True),
    15: ("FLOAT64", "float64", False),
    16: ("SCALAR", "scalar", False),
    17: ("SCALARS", "scalars", True),
}
ATTR_NUMBERS = {name: number for number, (name, _, _) in ATTR_TYPES.items()}

# framework.proto's VarType.Type for element types: number -> numpy's name.
DTYPES = {
    0: "bool", 1: "int16", 2: "int32", 3: "int64", 4: "float16", 5: "float32", 6: "float64", 20: "uint8", 21: "int8",
    22: "bfloat16",
}  # fmt: skip
DTYPE_NUMBERS = {name: number for number, name in DTYPES.items()}
LOD_TENSOR = 7
_UNKNOWN = "type "


def dtype_name(number: int) -> str:
    """numpy's name of an element type; of one that it has none for, the number in words."""
    return DTYPES.get(number) or f"{_UNKNOWN}{number}"


def dtype_number(name: str) -> int:
    """The element type that `dtype_name` calls so."""
    return int(name.removeprefix(_UNKNOWN)) if name.startswith(_UNKNOWN) else DTYPE_NUMBERS[name]
