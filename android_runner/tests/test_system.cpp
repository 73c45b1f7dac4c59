#include "check.h"
#include "edgebench/system.h"
#include "tree.h"

using namespace edgebench;

namespace {

struct Sm8150 : check::Tree {
  Sm8150() { add_listing(TEST_DATA "/sm8150.txt"); }
  SystemTree tree() const { return SystemTree(root()); }
};

}  // namespace

TEST_CASE("system: cores of an sm8150") {
  const Sm8150 phone;
  const std::vector<Core> cores = read_cores(phone.tree());
  CHECK_EQ(cores.size(), size_t{8});
  const int64_t tops[] = {1785600, 1785600, 1785600, 1785600, 2419200, 2419200, 2419200, 2841600};
  for (int i = 0; i < 8; ++i) {
    CHECK_EQ(cores[i].index, i);
    CHECK(cores[i].online == true);
    CHECK_EQ(cores[i].max_khz.value(), tops[i]);
    CHECK_EQ(cores[i].governor.value(), "schedutil");
  }
  CHECK_EQ(cores[7].min_khz.value(), 825600);
  CHECK_EQ(cores[7].scaling_max_khz.value(), 2841600);
  CHECK((cores[7].time_in_state->front() == std::pair<int64_t, int64_t>(825600, 0)));
}

TEST_CASE("system: thermal zones of an sm8150") {
  const Sm8150 phone;
  const auto zones = read_thermal_zones(phone.tree()).value();
  CHECK_EQ(zones[1].name.value(), "cpu-0-1-usr");
  CHECK_EQ(zones[1].millicelsius.value(), 33200);
  CHECK_EQ(zones.size(), size_t{4});
}

TEST_CASE("system: what cannot be read is unknown") {
  Sm8150 phone;
  phone.remove("/sys/devices/system/cpu/cpu7/cpufreq");
  phone.remove("/sys/devices/system/cpu/online");
  phone.add("/sys/class/thermal/thermal_zone2/temp", "hot");
  const std::vector<Core> cores = read_cores(phone.tree());
  CHECK((!cores[7].max_khz && !cores[7].governor && !cores[7].time_in_state && !cores[7].online));
  CHECK(cores[6].max_khz.has_value());
  CHECK(!read_thermal_zones(phone.tree()).value()[2].millicelsius);
  const check::Tree nothing;
  CHECK(read_cores(SystemTree(nothing.root())).empty());
  CHECK(!read_thermal_zones(SystemTree(nothing.root())));
  CHECK(!peak_rss_bytes(SystemTree(nothing.root())));
}

TEST_CASE("system: an offline core is seen") {
  Sm8150 phone;
  phone.add("/sys/devices/system/cpu/online", "0-5,7");
  const std::vector<Core> cores = read_cores(phone.tree());
  CHECK((cores[6].online == false && cores[7].online == true));
}

TEST_CASE("system: cpu lists") {
  CHECK((parse_cpu_list("0-2,7") == std::vector<int>{0, 1, 2, 7}));
  CHECK((parse_cpu_list("") == std::vector<int>{}));
  for (const char* text : {"a", "3-1", "1-", "-1", "0-99999999", "1 2"}) CHECK(!parse_cpu_list(text));
}

TEST_CASE("system: peak memory is this process own") {
  check::Tree proc;
  proc.add("/proc/self/status", "Name:\tedgebench\nVmPeak:\t  999 kB\nVmHWM:\t    1234 kB\nThreads:\t1");
  CHECK_EQ(peak_rss_bytes(SystemTree(proc.root())).value(), 1234 * 1024);
  CHECK(peak_rss_bytes(SystemTree()).value_or(0) > 0);
}
