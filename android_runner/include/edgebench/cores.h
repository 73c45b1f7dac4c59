// On which cores this process runs.
#pragma once

#include <optional>
#include <vector>

#include "edgebench/system.h"

namespace edgebench {

// Paddle-Lite's power modes, with its numbers.
enum class PowerMode { kHigh = 0, kLow = 1, kFull = 2, kNoBind = 3, kRandHigh = 4, kRandLow = 5 };

// The cores this thread may run on, ascending; nullopt if the kernel does not say.
std::optional<std::vector<int>> current_affinity();

// Binds this thread, and those it starts later, to exactly these cores. Throws Failure (kCoresUnavailable) when one is
// missing, offline or not allowed.
void bind_to(const std::vector<int>& cores, const SystemTree& tree);

// The cores Paddle-Lite binds itself to in a power mode (lite/core/device_info.cc): big ones are those whose top
// frequency is at least midway between the lowest and the highest one; HIGH takes them from the end of the list. The
// two RAND modes wander among the cores that HIGH or LOW choose from; here they start at the first. Empty: it does not
// bind.
std::vector<int> cores_of(PowerMode mode, int threads, const std::vector<Core>& cores);

}  // namespace edgebench
