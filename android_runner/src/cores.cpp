#include "edgebench/cores.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "edgebench/contract.h"

namespace edgebench {

std::optional<std::vector<int>> current_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return std::nullopt;
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

void bind_to(const std::vector<int>& wanted, const SystemTree& tree) {
  const std::vector<Core> cores = read_cores(tree);
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int index : wanted) {
    const auto core = std::find_if(cores.begin(), cores.end(), [&](const Core& c) { return c.index == index; });
    if (core == cores.end() && !cores.empty()) {
      throw Failure(Exit::kCoresUnavailable, "this machine has no core " + std::to_string(index));
    }
    if (core != cores.end() && core->online == false) {
      throw Failure(Exit::kCoresUnavailable, "core " + std::to_string(index) + " is offline");
    }
    CPU_SET(index, &set);
  }
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    throw Failure(Exit::kCoresUnavailable, std::string("cannot bind to the cores: ") + std::strerror(errno));
  }
  // The kernel silently leaves out what a cpuset forbids.
  std::vector<int> sorted = wanted;
  std::sort(sorted.begin(), sorted.end());
  if (current_affinity() != sorted) {
    throw Failure(Exit::kCoresUnavailable, "the system does not allow this process to run on all of these cores");
  }
}

std::vector<int> cores_of(PowerMode mode, int threads, const std::vector<Core>& cores) {
  if (mode == PowerMode::kNoBind || cores.empty()) return {};
  int64_t lowest = INT64_MAX, highest = 0;
  for (const Core& core : cores) {
    lowest = std::min(lowest, core.max_khz.value_or(0));
    highest = std::max(highest, core.max_khz.value_or(0));
  }
  std::vector<int> big, little;
  for (const Core& core : cores) {
    (core.max_khz.value_or(0) >= (lowest + highest) / 2 ? big : little).push_back(core.index);
  }
  const bool low = mode == PowerMode::kLow || mode == PowerMode::kRandLow;
  std::vector<int> pool = low && !little.empty() ? little : big;
  if (mode == PowerMode::kFull) pool.insert(pool.end(), little.begin(), little.end());
  const size_t count = std::min(pool.size(), static_cast<size_t>(threads));
  if (mode == PowerMode::kHigh) return {pool.end() - static_cast<std::ptrdiff_t>(count), pool.end()};
  pool.resize(count);
  return pool;
}

}  // namespace edgebench
