"""What every exporter says of a cell, in one place: published numbers, sizes, the ratio to the published latency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.bench.host_engines import PADDLE_LITE
from edge.metadata.file import origin_of
from edge.metadata.model import Proof
from edge.metadata.published import of_origin
from edge.results.identity import number_in_words
from edge.results.measurement import Measurement, Subject
from edge.results.versions import as_named
from edge.toolchain.engines import formats
from edge.zoo.doubts import Doubt, doubts_of
from edge.zoo.model import Published
from edge.zoo.published import Facts


def proven(subject: Subject) -> Facts:
    """Which of PaddleClas' numbers are this network's, and why others are not; the name of a file proves nothing."""
    origin = origin_of(subject.metadata, subject.name)
    return of_origin(origin, subject.shapes, subject.params, subject.flops)


INTERVAL_LEGEND = (
    "± 95 % confidence interval of the median over launches, its farther end; within one session. Where they are too"
    " few for 95 %, the level is said"
)


def half_width(measurement: Measurement) -> str:
    """Of the median's interval, relative, with its level where that is below 95 %: `3.3% at 50 %`; "" where there is none."""
    statistics = measurement.statistics
    if statistics is None or statistics.interval is None or measurement.protocol.headline != "median":
        return ""
    level = "" if statistics.ci95 is not None else f" at {statistics.interval.level_text}"
    return f"{statistics.interval.half_width(statistics.median):.1%}{level}"


def proof(measurement: Measurement) -> Proof | None:
    """The newest comparison with Paddle of the file's outputs on that very device, by that program and number of threads."""
    place = measurement.identity
    asked = (measurement.subject.sha256, measurement.program.sha256, measurement.threads, place.serialno, place.address)
    for one in reversed(origin_of(measurement.subject.metadata, measurement.subject.name).proofs or ()):
        if (one.sha256, one.program_sha256, one.threads, one.device.serialno, one.device.address) == asked:
            return one
    return None


def published(subject: Subject) -> Published | None:
    """PaddleClas' numbers for the network, without accuracy for other weights; None where they are of another network."""
    return proven(subject).published


def doubts(subject: Subject, *numbers: str) -> tuple[Doubt, ...]:
    """What the published table contradicts itself in, of the numbers that are shown for this network."""
    facts = proven(subject)
    model = origin_of(subject.metadata, subject.name).model
    if facts.published is None or model is None:
        return ()
    return tuple(one for one in doubts_of(model.name, *numbers) if facts.published.top1 or one.number[:3] != "top")


def maker(subject: Subject) -> str:
    """What made the model file: `made for arm by opt 2.13rc0`, `ONNX by paddle2onnx 1.3.1`, `made by MNN 3.6.1`."""
    tool = origin_of(subject.metadata, subject.name).engine
    if tool is not None and tool.name == "paddle":
        return f"Paddle's inference program, written by {tool.version or 'an unknown version'}"
    if tool is not None and tool.name == "paddle2onnx":
        return f"ONNX by paddle2onnx {tool.version}"
    if tool is not None and tool.name != PADDLE_LITE.kind:
        title = next((one.title for one in formats().values() if one.kind == tool.name), tool.name)
        return f"made by {title} {tool.version}"
    if tool is None and subject.opt_version is None and subject.target is None:
        return "made by an unknown tool"
    return f"made for {subject.target or 'unknown'} by opt {as_named(subject.opt_version or 'unknown')}"


def verified(subject: Subject) -> str | None:
    """How the file was verified, where its own kernels were compared with Paddle, and which of them never were."""
    from edge.metadata.proofs import words

    origin = origin_of(subject.metadata, subject.name)
    status = origin.verification.status if origin.verification else None
    return "; ".join(one for one in (status, words(origin)) if one) or None


def unproven(subject: Subject) -> str | None:
    """What the reader of a number should know of the file it was measured with."""
    from edge.metadata.proofs import unproven, words

    origin = origin_of(subject.metadata, subject.name)
    return f"{subject.name}: {words(origin)}" if unproven(origin) else None


def int8(subject: Subject) -> str | None:
    """Whether an int8-static file pays on ARM, where it does not clearly."""
    from edge.metadata.gain import advice, gain_of

    gain = gain_of(origin_of(subject.metadata, subject.name))
    told = advice(gain) if gain is not None else None
    return f"{subject.name}: {told}" if told else None


def is_sd855(device: Mapping[str, Any]) -> bool:
    """Whether the device is what the published latencies were measured on: a Snapdragon 855 (SM8150, msmnile)."""
    return device.get("soc") == "msmnile" or str(device.get("soc_model") or "").startswith("SM8150")


def ratio_to_published(measurement: Measurement, *, anyway: bool = False) -> float | None:
    """Measured over published latency at that thread count; None on another SoC (unless `anyway`) or if unknown."""
    numbers = published(measurement.subject)
    reference = numbers.sd855_ms.get(measurement.threads) if numbers else None
    headline = measurement.headline_ms
    if reference is None or headline is None or not (anyway or is_sd855(measurement.device)):
        return None
    return headline / reference


def device_line(device: Mapping[str, Any]) -> str:
    """One line that names a device, its SoC and its cores."""
    name = " ".join(str(device[key]) for key in ("manufacturer", "model") if device.get(key))
    address = str(device.get("serial") or "unknown")
    itself = device.get("serialno")
    known = [name, number_in_words(device) if itself and itself != address and device.get("kind") != "host" else ""]
    description = ", ".join(one for one in known if one)
    parts = [address + (f" ({description})" if description else "")]
    parts += [str(device[key]) for key in ("soc_model", "soc") if device.get(key)]
    if device.get("android_release"):
        parts.append(f"Android {device['android_release']}")
    if cores := device.get("cores"):
        parts.append(f"{len(cores)} cores" + _frequencies(cores))
    return ", ".join(parts)


def _frequencies(cores: list[Mapping[str, Any]]) -> str:
    """' (4 x 1.79, 3 x 2.42, 1 x 2.84 GHz)' where the frequencies are known."""
    known = [core["max_khz"] for core in cores if core.get("max_khz")]
    if len(known) < len(cores):
        return ""
    return " (" + ", ".join(f"{known.count(khz)} x {khz / 1e6:.2f}" for khz in dict.fromkeys(known)) + " GHz)"
