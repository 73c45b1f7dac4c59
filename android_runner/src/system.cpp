#include "edgebench/system.h"

#include <dirent.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <sstream>

#include "edgebench/file.h"

namespace edgebench {
namespace {

constexpr size_t kMostOfTheKernel = 1 << 20;  // no file of /sys or of a process in /proc comes near
const std::string kCpus = "/sys/devices/system/cpu";
const std::string kZones = "/sys/class/thermal";

template <typename Number>
std::optional<Number> to_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::vector<std::pair<int64_t, int64_t>>> read_time_in_state(const SystemTree& tree,
                                                                           const std::string& path) {
  const auto content = tree.read(path);
  if (!content) return std::nullopt;
  std::istringstream lines(*content);
  std::vector<std::pair<int64_t, int64_t>> states;
  for (int64_t khz, ticks; lines >> khz >> ticks;) states.emplace_back(khz, ticks);
  return states;
}

}  // namespace

std::optional<std::string> SystemTree::read(const std::string& path) const {
  const FilePointer file = open_regular(root_ + path);
  if (!file) return std::nullopt;
  std::string content;
  char buffer[4096];
  size_t got;
  while ((got = std::fread(buffer, 1, sizeof buffer, file.get())) > 0) {
    content.append(buffer, got);
    if (content.size() > kMostOfTheKernel) return std::nullopt;
  }
  if (std::ferror(file.get())) return std::nullopt;  // a sensor that is switched off opens, but answers EINVAL
  content.erase(content.find_last_not_of(" \t\r\n") + 1);
  return content;
}

std::optional<int64_t> SystemTree::number(const std::string& path) const {
  const auto content = read(path);
  return content ? to_number<int64_t>(*content) : std::nullopt;
}

std::optional<std::vector<int>> SystemTree::numbered(const std::string& directory, const std::string& prefix) const {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir((root_ + directory).c_str()), closedir);
  if (!open) return std::nullopt;
  std::vector<int> found;
  while (const dirent* entry = readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    if (const auto number = to_number<int>(name.substr(prefix.size()))) found.push_back(*number);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<std::vector<int>> parse_cpu_list(const std::string& text) {
  std::vector<int> cpus;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const size_t dash = part.find('-');
    const auto first = to_number<int>(part.substr(0, dash));
    const auto last = dash == std::string::npos ? first : to_number<int>(part.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last > 4095) return std::nullopt;
    if (cpus.size() > 4095) return std::nullopt;
    for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

std::vector<Core> read_cores(const SystemTree& tree) {
  std::vector<Core> cores;
  const auto online_text = tree.read(kCpus + "/online");
  const auto online = online_text ? parse_cpu_list(*online_text) : std::nullopt;
  for (int index : tree.numbered(kCpus, "cpu").value_or(std::vector<int>{})) {
    const std::string frequency = kCpus + "/cpu" + std::to_string(index) + "/cpufreq/";
    Core core{};
    core.index = index;
    if (online) core.online = std::find(online->begin(), online->end(), index) != online->end();
    core.max_khz = tree.number(frequency + "cpuinfo_max_freq");
    core.min_khz = tree.number(frequency + "cpuinfo_min_freq");
    core.scaling_max_khz = tree.number(frequency + "scaling_max_freq");
    core.cur_khz = tree.number(frequency + "scaling_cur_freq");
    core.governor = tree.read(frequency + "scaling_governor");
    core.time_in_state = read_time_in_state(tree, frequency + "stats/time_in_state");
    cores.push_back(std::move(core));
  }
  return cores;
}

std::optional<std::vector<ThermalZone>> read_thermal_zones(const SystemTree& tree) {
  const auto indices = tree.numbered(kZones, "thermal_zone");
  if (!indices) return std::nullopt;
  std::vector<ThermalZone> zones;
  for (int index : *indices) {
    const std::string zone = kZones + "/thermal_zone" + std::to_string(index);
    zones.push_back({tree.read(zone + "/type"), tree.number(zone + "/temp")});
  }
  return zones;
}

std::optional<int64_t> peak_rss_bytes(const SystemTree& tree) {
  // Not getrusage: its ru_maxrss survives exec, so a small program inherits the peak of whoever started it.
  const auto status = tree.read("/proc/self/status");
  if (!status) return std::nullopt;
  std::istringstream lines(*status);
  for (std::string line; std::getline(lines, line);) {
    int64_t kib;
    if (std::sscanf(line.c_str(), "VmHWM: %" SCNd64 " kB", &kib) == 1) return kib * 1024;
  }
  return std::nullopt;
}

}  // namespace edgebench
