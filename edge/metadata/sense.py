"""Whether what metadata says fits together: what its types cannot tell."""

from __future__ import annotations

from edge.metadata.model import Metadata

# numpy's names, and Paddle's for what numpy does not have.
DTYPES = frozenset(
    {"bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "bfloat16", "float32",
     "float64", "complex64", "complex128"}
)  # fmt: skip


def contradiction(metadata: Metadata) -> tuple[str, str] | None:
    """The first field that cannot be, and why: an element type that is none, classes that the only output does not have."""
    for field, tensors in (("inputs", metadata.inputs), ("outputs", metadata.outputs)):
        for place, tensor in enumerate(tensors):
            if tensor.dtype is not None and tensor.dtype not in DTYPES and not tensor.dtype.startswith("type "):
                return f"{field}[{place}].dtype", f"there is no type {tensor.dtype!r}"
    classes, shapes = metadata.class_num, [one.shape for one in metadata.outputs]
    if classes is not None and len(shapes) == 1 and len(shapes[0]) == 2 and shapes[0][1] not in (-1, classes):
        return "class_num", f"{classes} classes, and the output has {shapes[0][1]} values"
    return None
