#include "edgebench/clock.h"

#include <sched.h>

#include <algorithm>
#include <thread>

#include "edgebench/measure.h"

namespace edgebench {
namespace {

// Blocks of 1000, so that what the loop itself takes (a cycle a round on an in-order core) is below a thousandth.
// Register to register: some CPUs do an addition of a small constant in no time at all (x86, Golden Cove).
constexpr int kBlock = 1000;
static_assert(kSpinAdditions % kBlock == 0);

// Not inlined: GCC takes each line of assembly for one instruction, and would put constants of the code around it out
// of reach.
[[gnu::noinline]] void spin(int spins) {
  unsigned long sum = 0, one = 1;
  unsigned long rounds = static_cast<unsigned long>(spins) * (kSpinAdditions / kBlock);
#if defined(__aarch64__)
  asm volatile("1:\n\t.rept 1000\n\tadd %0, %0, %2\n\t.endr\n\tsubs %1, %1, #1\n\tb.ne 1b"
               : "+r"(sum), "+r"(rounds)
               : "r"(one)
               : "cc");
#elif defined(__arm__)
  asm volatile("1:\n\t.rept 1000\n\tadd %0, %0, %2\n\t.endr\n\tsubs %1, %1, #1\n\tbne 1b"
               : "+r"(sum), "+r"(rounds)
               : "r"(one)
               : "cc");
#elif defined(__x86_64__)
  asm volatile("1:\n\t.rept 1000\n\tadd %2, %0\n\t.endr\n\tdec %1\n\tjnz 1b"
               : "+r"(sum), "+r"(rounds)
               : "r"(one)
               : "cc");
#else
#error "no spin loop for this architecture"
#endif
}

}  // namespace

std::optional<int> current_core() {
  const int core = sched_getcpu();
  return core < 0 ? std::nullopt : std::optional<int>(core);
}

std::optional<ClockReading> read_clock(int repetitions, int spins) {
  const std::optional<int> core = current_core();
  if (!core) return std::nullopt;
  std::vector<double> times;
  for (int i = 0; i < repetitions; ++i) {
    const double start = now_ms();
    spin(spins);
    const double end = now_ms();
    if (current_core() == core) times.push_back(end - start);
  }
  if (times.size() * 2 <= static_cast<size_t>(repetitions)) return std::nullopt;
  const double cycles = static_cast<double>(kSpinAdditions) * spins;
  return ClockReading{*core, static_cast<int64_t>(cycles / median(times) * 1000)};
}

std::vector<ClockReading> read_clocks(const std::vector<int>& cores, int repetitions, int spins) {
  std::vector<ClockReading> readings;
  for (int core : cores) {
    ClockReading reading{core, std::nullopt};
    std::thread([&] {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(core, &set);
      if (sched_setaffinity(0, sizeof set, &set) != 0) return;
      const auto found = read_clock(repetitions, spins);
      if (found && found->core == core) reading.hz = found->hz;
    }).join();
    readings.push_back(reading);
  }
  return readings;
}

}  // namespace edgebench
