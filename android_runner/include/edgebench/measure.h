// Runs and their times.
#pragma once

#include <chrono>
#include <vector>

namespace edgebench {

struct Runs {
  std::vector<double> samples_ms;  // of every run, in order
  double elapsed_ms = 0;           // from the start of the first to the end of the last
};

// Milliseconds on a clock that never steps.
inline double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Calls `run` until it has been called at least `least_runs` times and `least_ms` have passed. The time between two
// samples, a few nanoseconds of bookkeeping, belongs to neither. `clock` returns milliseconds.
template <typename Run, typename Clock>
Runs repeat(Run&& run, int least_runs, double least_ms, Clock&& clock) {
  Runs done;
  done.samples_ms.reserve(static_cast<size_t>(least_runs) + 65536);  // growing in mid-measurement would be seen
  const double begin = clock();
  while (static_cast<int>(done.samples_ms.size()) < least_runs || done.elapsed_ms < least_ms) {
    const double start = clock();
    run();
    const double end = clock();
    done.samples_ms.push_back(end - start);
    done.elapsed_ms = end - begin;
  }
  return done;
}

}  // namespace edgebench
