// What the kernel counted of this process and its threads: CPU time, waiting for a core, being pushed off one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "edgebench/system.h"

namespace edgebench {

// One thread. What cannot be read is nullopt.
struct ThreadUsage {
  int tid;
  std::optional<double> cpu_ms;    // running
  std::optional<double> delay_ms;  // ready to run, but another had the core
  std::optional<int64_t> involuntary_switches;
  std::optional<int> processor;  // the core it was on last
  std::optional<std::vector<int>> affinity;
};

// Since the process began, or between two moments.
struct Usage {
  double wall_ms;
  double cpu_ms;                           // user and system, all threads, those that ended included
  int64_t involuntary_switches;            // of all threads
  std::optional<double> thread_cpu_ms;     // of the calling thread, which runs the model
  std::optional<int64_t> thread_switches;  // its involuntary ones
  std::optional<std::vector<ThreadUsage>> threads;
};

// `wall_ms` is the clock's own.
Usage read_usage(const SystemTree& tree);

// What was used between two readings. Threads are those of the second one; one that was not there before began at
// nothing.
Usage usage_between(const Usage& begin, const Usage& end);

}  // namespace edgebench
