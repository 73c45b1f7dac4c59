"""What was proven of a model file, and what was not: a comparison on this machine does not run a device's own kernels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge.cache.files import write_text
from edge.cache.locks import exclusive
from edge.cache.paths import cache_dir
from edge.metadata.file import as_document, as_text, changed, metadata_path, read
from edge.metadata.model import Metadata, Origin, Proof

# CLPrecisionType of Paddle-Lite's paddle_place.h: CL_PRECISION_AUTO, the default of set_opencl_precision, is float16 where the
# GPU has it. edgebench leaves it so; benchmark_bin asks for --gpu_precision (fp16) where its --backend is opencl.
OPENCL = "the GPU's precision is the program's choice when it runs (by default float16 where the GPU has it)"
HOW = "`edgezoo bench --check-output` on a device proves them"


def not_run(kernels: Mapping[str, int], *, sparse: bool) -> tuple[str, ...]:
    """The kinds of kernels of a file for which a twin on x86 says nothing: it computes in float32, and has none of them.

    `kernels` counts the file's operators by kind (`arm fp16`); `sparse`: it has sparse convolutions.
    """
    found = [kind for kind in kernels if kind.startswith("opencl ") or kind in ("arm fp16", "arm int8")]
    return tuple(sorted(found) + (["arm sparse"] if sparse else []))


def unproven(metadata: Metadata | Origin) -> tuple[str, ...]:
    """The kinds of kernels that ran nowhere yet; none once a device's outputs were compared and right."""
    kinds = (metadata.verification.unproven if metadata.verification else ()) or ()
    return () if any(proof.passed for proof in metadata.proofs or ()) else kinds


def words(metadata: Metadata | Origin) -> str:
    """`the arm fp16 kernels ran nowhere yet: ...`, or on which devices it was compared; "" where there is nothing to say."""
    told = [_of(proof) for proof in metadata.proofs or ()]
    if any(kind.startswith("opencl ") for kind in (metadata.verification and metadata.verification.unproven) or ()):
        told.append(OPENCL)
    if kinds := unproven(metadata):
        told.append(f"the {' and '.join(kinds)} kernels ran nowhere yet: {HOW}" if not metadata.proofs else
                    f"the {' and '.join(kinds)} kernels are not proven")  # fmt: skip
    return "; ".join(told)


def record(model: Path, proof: Proof) -> Metadata | None:
    """Write a proof into the metadata beside a model file; an earlier one of the same device, program and threads goes.

    None where there is no metadata of that very file. Raises `MetadataError`, or `OutputError` where it cannot be written.
    """
    path = metadata_path(model)
    if not path.is_file():
        return None
    with exclusive(cache_dir() / "proofs.lock"):  # two devices may have compared the same file
        metadata = read(path)
        if metadata.sha256 != proof.sha256:
            return None
        others = [one for one in metadata.proofs or () if _place(one) != _place(proof)]
        metadata = changed(metadata, proofs=(*others, proof))
        write_text(path, as_text(as_document(metadata)))
    return metadata


def _place(proof: Proof) -> tuple[object, ...]:
    return (proof.device.serialno or proof.device.address, proof.device.build, proof.engine, proof.program_sha256,
            proof.threads)  # fmt: skip


def _of(proof: Proof) -> str:
    device = proof.device
    where = " ".join(one for one in (device.name, device.soc) if one) or device.kind
    if not proof.passed:
        return f"its outputs on {where} differed from Paddle's ({proof.date})"
    figures = f", cosine {proof.cosine:.6f}" if proof.cosine is not None else ""
    return f"outputs on {where} compared with Paddle's ({proof.engine}{figures}, {proof.date})"
