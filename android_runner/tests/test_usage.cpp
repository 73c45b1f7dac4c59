#include <unistd.h>

#include <ctime>
#include <thread>

#include "check.h"
#include "edgebench/cores.h"
#include "edgebench/measure.h"
#include "edgebench/usage.h"
#include "tree.h"

using namespace edgebench;

namespace {

// Works for so much CPU time, however long a busy machine takes to give it.
void burn(double ms) {
  timespec now{};
  double end = 0;
  do {
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    const double used = static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
    if (end == 0) end = used + ms;
    if (used >= end) return;
  } while (true);
}

}  // namespace

TEST_CASE("usage: what the kernel writes of a thread is read") {
  check::Tree proc;
  proc.add("/proc/self/task/71/stat",
           "71 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20 0 1 0 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 10 17 6 0 0");
  proc.add("/proc/self/task/71/schedstat", "421500000 7250000 99");
  proc.add("/proc/self/task/71/status",
           "Name:\ta\nCpus_allowed:\tc0\nCpus_allowed_list:\t6-7\n"
           "voluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t12");
  proc.add("/proc/self/task/72/stat", "cut off");
  const Usage usage = read_usage(SystemTree(proc.root()));
  REQUIRE(usage.threads.has_value());
  REQUIRE_EQ(usage.threads->size(), size_t{2});
  const ThreadUsage& thread = usage.threads->front();
  CHECK_EQ(thread.tid, 71);
  CHECK_EQ(thread.cpu_ms.value(), 421.5);
  CHECK_EQ(thread.delay_ms.value(), 7.25);
  CHECK_EQ(thread.involuntary_switches.value(), 12);
  CHECK_EQ(thread.processor.value(), 6);
  CHECK((thread.affinity == std::vector<int>{6, 7}));
  const ThreadUsage& unknown = usage.threads->back();
  CHECK((!unknown.cpu_ms && !unknown.delay_ms && !unknown.processor && !unknown.affinity));
}

TEST_CASE("usage: without schedstat the CPU time is stat's, in ticks") {
  check::Tree proc;
  proc.add("/proc/self/task/71/stat", "71 (x) R 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20 0 1 0 5 6 7 8 9");
  const ThreadUsage thread = read_usage(SystemTree(proc.root())).threads->front();
  CHECK_EQ(thread.cpu_ms.value(), 42 * 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK)));
  CHECK((!thread.delay_ms && !thread.processor));
}

TEST_CASE("usage: a thread that works has CPU time, one that waits has none, others count for the process") {
  const Usage begin = read_usage(SystemTree());
  std::thread([] { burn(40); }).join();
  const Usage waited = usage_between(begin, read_usage(SystemTree()));
  CHECK(waited.wall_ms >= 40);
  CHECK(waited.cpu_ms > 30);
  CHECK(waited.thread_cpu_ms.value() < 0.5 * waited.cpu_ms);
  const Usage middle = read_usage(SystemTree());
  burn(40);
  const Usage worked = usage_between(middle, read_usage(SystemTree()));
  CHECK(worked.thread_cpu_ms.value() > 30);
  CHECK(worked.thread_cpu_ms.value() <= worked.wall_ms + 5);
}

TEST_CASE("usage: a thread that was not there before began at nothing") {
  Usage begin{}, end{};
  begin.threads = {{1, 10.0, 2.0, 3, 0, {}}};
  end.threads = {{1, 15.0, 2.5, 3, 0, {}}, {2, 4.0, std::nullopt, 1, 1, {}}};
  const Usage used = usage_between(begin, end);
  CHECK_EQ(used.threads->at(0).cpu_ms.value(), 5.0);
  CHECK_EQ(used.threads->at(0).delay_ms.value(), 0.5);
  CHECK_EQ(used.threads->at(1).cpu_ms.value(), 4.0);
  CHECK(!used.threads->at(1).delay_ms);
}

TEST_CASE("usage: a machine without /proc tells no threads") {
  const check::Tree nothing;
  CHECK(!read_usage(SystemTree(nothing.root())).threads);
}
