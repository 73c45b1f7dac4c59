// The clock a core really runs at, measured by a piece of work of known length.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace edgebench {

// Additions of one spin: each needs the result of the one before, so each takes a cycle. About 20 us at 3 GHz.
inline constexpr int kSpinAdditions = 64'000;

struct ClockReading {
  int core;
  std::optional<int64_t> hz;  // nullopt: the thread could not be kept on that core
};

// The core this thread runs on at this moment; nullopt if the kernel does not say.
std::optional<int> current_core();

// The clock of the core this thread is on: the median over `repetitions` of `spins` spins each. Those during which the
// thread moved do not count; nullopt when they are most of them.
std::optional<ClockReading> read_clock(int repetitions, int spins);

// The same of each of these cores, one after another, by a thread of its own that is bound there: nothing is changed
// for the threads that are running already.
std::vector<ClockReading> read_clocks(const std::vector<int>& cores, int repetitions, int spins);

}  // namespace edgebench
