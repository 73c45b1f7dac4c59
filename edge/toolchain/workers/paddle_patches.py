"""Defects of PaddleClas 2.6.0 that keep networks of its own table from being built: one function each, with its reason."""

import importlib

import numpy
import paddle


def apply():
    """Mend the imported `ppcls.arch.backbone`."""
    se_hrnet_without_an_address()
    swin_v2_half_rewritten()


def _module(name):
    return importlib.import_module("ppcls.arch.backbone." + name)


def se_hrnet_without_an_address():
    """SE_HRNet_W64_C looks its pretrained address up even when none is wanted, and has none: KeyError."""
    _module("legendary_models.hrnet").MODEL_URLS.setdefault("SE_HRNet_W64_C", None)


def swin_v2_half_rewritten():
    """Swin V2 was half rewritten for inputs of any size (commit e1a784081): NameError at the first forward pass.

    Layers hand `input_dimensions` down, but the patch embedding, the blocks and the merging still take none, and the
    blocks ask for padding and for a mask that nobody makes. What the network computes is defined by the paper (Liu et
    al. 2022, "Swin Transformer V2": cosine attention in windows, every second block shifted by half a window and masked
    as in Swin V1, norm after each branch), and its sizes are always multiples of the window: so no padding.
    """
    module = _module("model_zoo.swin_transformer_v2")
    module.PatchEmbed.forward = _embed
    module.SwinTransformerBlock.forward = _block
    module.PatchMerging.forward = _merge


def _embed(self, x):
    x = self.proj(x).flatten(2).transpose([0, 2, 1])
    return (x if self.norm is None else self.norm(x)), tuple(self.patches_resolution)


def _block(self, x, input_dimensions):
    module = _module("model_zoo.swin_transformer_v2")
    height, width = input_dimensions
    batch, channels, window, shift = x.shape[0], x.shape[2], self.window_size, self.shift_size
    windows = x.reshape([batch, height, width, channels])
    if shift:
        windows = paddle.roll(windows, shifts=(-shift, -shift), axis=(1, 2))
        if "shift_mask" not in self._buffers:
            mask = paddle.to_tensor(_shift_mask(height, width, window, shift))
            self.register_buffer("shift_mask", mask, persistable=False)  # no checkpoint holds it
    windows = module.window_partition(windows, window).reshape([-1, window * window, channels])
    windows = self.attn(windows, mask=self.shift_mask if shift else None).reshape([-1, window, window, channels])
    attended = module.window_reverse(windows, window, height, width)
    if shift:
        attended = paddle.roll(attended, shifts=(shift, shift), axis=(1, 2))
    x = x + self.drop_path(self.norm1(attended.reshape([batch, height * width, channels])))
    return x + self.drop_path(self.norm2(self.mlp(x)))


def _shift_mask(height, width, window, shift):
    """-100 between positions of one window that are neighbours only because the image was rolled, else 0."""
    rows, columns = (
        numpy.searchsorted([size - window, size - shift], numpy.arange(size), side="right") for size in (height, width)
    )
    region = rows[:, None] * 3 + columns[None, :]
    region = region.reshape(height // window, window, width // window, window).transpose(0, 2, 1, 3)
    region = region.reshape(-1, window * window)
    return numpy.where(region[:, :, None] == region[:, None, :], 0.0, -100.0).astype("float32")


def _merge(self, x, input_dimensions):
    height, width = input_dimensions
    batch, channels = x.shape[0], x.shape[2]
    x = x.reshape([batch, height // 2, 2, width // 2, 2, channels]).transpose([0, 1, 3, 4, 2, 5])
    return self.norm(self.reduction(x.reshape([batch, height * width // 4, 4 * channels])))
