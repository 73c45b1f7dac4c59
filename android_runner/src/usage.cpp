#include "edgebench/usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <iterator>
#include <sstream>

#include "edgebench/measure.h"

namespace edgebench {
namespace {

const std::string kTasks = "/proc/self/task";

double cpu_ms(const rusage& usage) {
  const auto ms = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e3 + time.tv_usec / 1e3; };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// stat: after the name in parentheses (which may hold anything) field 3 is the state, 14 and 15 are CPU ticks, 39 the
// core (man 5 proc).
void read_stat(const std::string& content, ThreadUsage& thread) {
  const size_t name_end = content.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(content.substr(name_end + 1));
  std::vector<std::string> values(std::istream_iterator<std::string>(fields), {});
  const auto field = [&](size_t number) -> std::optional<int64_t> {
    int64_t value;
    if (number - 3 >= values.size() || std::sscanf(values[number - 3].c_str(), "%" SCNd64, &value) != 1) return {};
    return value;
  };
  if (const auto core = field(39)) thread.processor = static_cast<int>(*core);
  const auto user = field(14), system = field(15);
  if (user && system)
    thread.cpu_ms = static_cast<double>(*user + *system) * 1000 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// schedstat: nanoseconds on a core, nanoseconds waiting for one, slices (Documentation/scheduler/sched-stats.rst).
void read_schedstat(const std::string& content, ThreadUsage& thread) {
  int64_t ran, waited;
  if (std::sscanf(content.c_str(), "%" SCNd64 " %" SCNd64, &ran, &waited) != 2) return;
  thread.cpu_ms = static_cast<double>(ran) / 1e6;
  thread.delay_ms = static_cast<double>(waited) / 1e6;
}

void read_status(const std::string& content, ThreadUsage& thread) {
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(":\t");
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(0, colon), value = line.substr(colon + 2);
    int64_t count;
    if (name == "Cpus_allowed_list") thread.affinity = parse_cpu_list(value);
    if (name == "nonvoluntary_ctxt_switches" && std::sscanf(value.c_str(), "%" SCNd64, &count) == 1) {
      thread.involuntary_switches = count;
    }
  }
}

ThreadUsage read_thread(const SystemTree& tree, int tid) {
  const std::string place = kTasks + "/" + std::to_string(tid) + "/";
  ThreadUsage thread{};
  thread.tid = tid;
  if (const auto stat = tree.read(place + "stat")) read_stat(*stat, thread);
  if (const auto schedstat = tree.read(place + "schedstat")) read_schedstat(*schedstat, thread);
  if (const auto status = tree.read(place + "status")) read_status(*status, thread);
  return thread;
}

template <typename Number>
std::optional<Number> difference(const std::optional<Number>& end, const std::optional<Number>& begin) {
  return end && begin ? std::optional<Number>(std::max(Number{0}, *end - *begin)) : std::nullopt;
}

}  // namespace

Usage read_usage(const SystemTree& tree) {
  Usage usage{};
  usage.wall_ms = now_ms();
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  usage.cpu_ms = cpu_ms(own);
  usage.involuntary_switches = own.ru_nivcsw;
  if (getrusage(RUSAGE_THREAD, &own) == 0) {
    usage.thread_cpu_ms = cpu_ms(own);
    usage.thread_switches = own.ru_nivcsw;
  }
  if (const auto tids = tree.numbered(kTasks, "")) {
    usage.threads.emplace();
    for (int tid : *tids) usage.threads->push_back(read_thread(tree, tid));
  }
  return usage;
}

Usage usage_between(const Usage& begin, const Usage& end) {
  Usage used = end;
  used.wall_ms -= begin.wall_ms;
  used.cpu_ms -= begin.cpu_ms;
  used.involuntary_switches -= begin.involuntary_switches;
  used.thread_cpu_ms = difference(end.thread_cpu_ms, begin.thread_cpu_ms);
  used.thread_switches = difference(end.thread_switches, begin.thread_switches);
  if (!used.threads || !begin.threads) return used;
  for (ThreadUsage& thread : *used.threads) {
    const auto before = std::find_if(begin.threads->begin(), begin.threads->end(),
                                     [&](const ThreadUsage& other) { return other.tid == thread.tid; });
    if (before == begin.threads->end()) continue;
    thread.cpu_ms = difference(thread.cpu_ms, before->cpu_ms);
    thread.delay_ms = difference(thread.delay_ms, before->delay_ms);
    thread.involuntary_switches = difference(thread.involuntary_switches, before->involuntary_switches);
  }
  return used;
}

}  // namespace edgebench
