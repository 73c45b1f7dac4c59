"""Operators whose outputs hang on the data in a way that rounding can turn: which they choose, and how many."""

from __future__ import annotations

# They choose, and how many depends on the data: boxes that survive, places that are not zero, words of a sentence.
_AS_MANY = frozenset({
    "multiclass_nms", "multiclass_nms2", "multiclass_nms3", "matrix_nms", "locality_aware_nms", "nms",
    "retinanet_detection_output", "generate_proposals", "generate_proposals_v2", "distribute_fpn_proposals",
    "collect_fpn_proposals", "where_index", "masked_select", "unique", "unique_with_counts", "unique_consecutive",
    "ctc_align", "beam_search", "beam_search_decode",
})  # fmt: skip
# They choose as many as the program says.
_SO_MANY = frozenset({"arg_max", "arg_min", "top_k", "top_k_v2", "argsort", "multinomial"})
# They choose nothing, and run as often as the data say.
_FLOW = frozenset({"while", "conditional_block", "write_to_array", "tensor_array_to_tensor"})

CHOOSING = _AS_MANY | _SO_MANY  # behind them two engines cannot be compared
SIZED_BY_DATA = _AS_MANY | _FLOW  # whose outputs are as large as their data make them
