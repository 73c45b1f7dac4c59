// What the kernel says of cores, frequencies, temperatures and memory. Unreadable is nullopt, never a guess.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace edgebench {

// The files below a root: "" on a device, a captured tree in tests.
class SystemTree {
 public:
  explicit SystemTree(std::string root = "") : root_(std::move(root)) {}

  // Content without the trailing white space.
  std::optional<std::string> read(const std::string& path) const;
  std::optional<int64_t> number(const std::string& path) const;
  // The n of every entry `prefix`n of a directory, ascending; nullopt if it cannot be listed.
  std::optional<std::vector<int>> numbered(const std::string& directory, const std::string& prefix) const;

 private:
  std::string root_;
};

struct Core {
  int index;
  std::optional<bool> online;
  std::optional<int64_t> max_khz, min_khz, scaling_max_khz, cur_khz;
  std::optional<std::string> governor;
  std::optional<std::vector<std::pair<int64_t, int64_t>>> time_in_state;  // kHz, 10 ms ticks
};

struct ThermalZone {
  std::optional<std::string> name;
  std::optional<int64_t> millicelsius;
};

// "0-3,6" as the kernel writes lists of CPUs; nullopt if it is none.
std::optional<std::vector<int>> parse_cpu_list(const std::string& text);

std::vector<Core> read_cores(const SystemTree& tree);
std::optional<std::vector<ThermalZone>> read_thermal_zones(const SystemTree& tree);

// Peak resident bytes of this process since it was executed.
std::optional<int64_t> peak_rss_bytes(const SystemTree& tree);

}  // namespace edgebench
