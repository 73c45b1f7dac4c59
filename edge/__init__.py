"""edgezoo: the PaddleClas ImageNet models on edge devices. Convert, verify, bench, package."""

__version__ = "0.1.0"
