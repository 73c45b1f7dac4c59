// Runs and their times.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace edgebench {

struct Runs {
  std::vector<double> samples_ms;  // of every run, in order
  double elapsed_ms = 0;           // from the start of the first to the end of the last
};

// How many runs, and for how long: at least both. `most_ms` bounds it for networks that take seconds: after so long no
// run is begun any more once there are `kFewestRuns`; 0 is no bound.
struct Amount {
  int runs = 0;
  double ms = 0;
  double most_ms = 0;
};

inline constexpr int kFewestRuns = 5;

// Milliseconds on a clock that never steps.
inline double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The middle value, the upper one of an even number. Not of nothing.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Calls `run` as often as `amount` says, and `pause(runs so far)` after each, which belongs to no sample: a few
// nanoseconds of bookkeeping and what the probes take. `clock` returns milliseconds.
template <typename Run, typename Clock, typename Pause>
Runs repeat(Run&& run, const Amount& amount, Clock&& clock, Pause&& pause) {
  Runs done;
  done.samples_ms.reserve(static_cast<size_t>(amount.runs) + 65536);  // growing in mid-measurement would be seen
  const double begin = clock();
  const auto enough = [&] {
    const int count = static_cast<int>(done.samples_ms.size());
    if (count >= amount.runs && done.elapsed_ms >= amount.ms) return true;
    return amount.most_ms > 0 && count >= kFewestRuns && done.elapsed_ms >= amount.most_ms;
  };
  while (!enough()) {
    const double start = clock();
    run();
    const double end = clock();
    done.samples_ms.push_back(end - start);
    done.elapsed_ms = end - begin;
    pause(done.samples_ms.size());
  }
  return done;
}

template <typename Run, typename Clock>
Runs repeat(Run&& run, const Amount& amount, Clock&& clock) {
  return repeat(run, amount, clock, [](size_t) {});
}

inline constexpr size_t kWarmWindow = 5;   // runs
inline constexpr double kWarmFall = 0.01;  // of the median

// Whether the runs became no faster of late: the median of their last quarter (at least kWarmWindow runs) is not more
// than kWarmFall below that of as many runs before it. nullopt for too few runs to tell.
inline std::optional<bool> settled(const std::vector<double>& samples) {
  const size_t window = std::max(kWarmWindow, samples.size() / 4);
  if (samples.size() < 2 * window) return std::nullopt;
  const auto end = samples.end();
  const auto size = static_cast<std::ptrdiff_t>(window);
  return median({end - size, end}) >= (1 - kWarmFall) * median({end - 2 * size, end - size});
}

struct WarmUp {
  Runs runs;
  std::optional<bool> settled;  // nullopt: it was not asked for, or there were too few runs to tell
};

// At least as many runs and as long as `amount` says; with `most_ms`, on until they have settled or so much time has
// passed. A network that takes seconds may end here after one run.
template <typename Run, typename Clock>
WarmUp warm_up(Run&& run, const Amount& amount, Clock&& clock) {
  WarmUp warm;
  std::vector<double>& samples = warm.runs.samples_ms;
  const double begin = clock();
  size_t judged = 0;  // judging takes time: again only when there is a tenth more
  while (true) {
    const bool least = static_cast<int>(samples.size()) >= amount.runs && warm.runs.elapsed_ms >= amount.ms;
    if (least && (amount.most_ms <= 0 || samples.empty())) return warm;
    if (least && samples.size() >= judged + judged / 10) {
      judged = samples.size();
      warm.settled = settled(samples);
      if (warm.settled == true) return warm;
    }
    if (amount.most_ms > 0 && !samples.empty() && warm.runs.elapsed_ms >= amount.most_ms) {
      warm.settled = settled(samples);
      return warm;
    }
    const double start = clock();
    run();
    const double end = clock();
    samples.push_back(end - start);
    warm.runs.elapsed_ms = end - begin;
  }
}

}  // namespace edgebench
