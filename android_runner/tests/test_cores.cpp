#include "check.h"
#include "edgebench/cores.h"
#include "tree.h"

using namespace edgebench;

namespace {

std::vector<Core> cores_with_tops(const std::vector<int64_t>& tops) {
  std::vector<Core> cores;
  for (size_t i = 0; i < tops.size(); ++i) {
    Core core{};
    core.index = static_cast<int>(i);
    if (tops[i] > 0) core.max_khz = tops[i];
    cores.push_back(core);
  }
  return cores;
}

const std::vector<Core> kSd855 =
    cores_with_tops({1785600, 1785600, 1785600, 1785600, 2419200, 2419200, 2419200, 2841600});

using List = std::vector<int>;

}  // namespace

TEST_CASE("cores: high takes the last big ones") {
  CHECK((cores_of(PowerMode::kHigh, 1, kSd855) == List{7}));
  CHECK((cores_of(PowerMode::kHigh, 2, kSd855) == List{6, 7}));
  CHECK((cores_of(PowerMode::kHigh, 4, kSd855) == List{4, 5, 6, 7}));
  CHECK((cores_of(PowerMode::kHigh, 8, kSd855) == List{4, 5, 6, 7}));
}

TEST_CASE("cores: the other modes") {
  CHECK((cores_of(PowerMode::kLow, 2, kSd855) == List{0, 1}));
  CHECK((cores_of(PowerMode::kFull, 6, kSd855) == List{4, 5, 6, 7, 0, 1}));
  CHECK((cores_of(PowerMode::kRandHigh, 2, kSd855) == List{4, 5}));
  CHECK((cores_of(PowerMode::kRandLow, 1, kSd855) == List{0}));
  CHECK(cores_of(PowerMode::kNoBind, 4, kSd855).empty());
}

TEST_CASE("cores: equal or unknown frequencies are all big") {
  CHECK((cores_of(PowerMode::kHigh, 1, cores_with_tops({0, 0})) == List{1}));
  CHECK((cores_of(PowerMode::kLow, 1, cores_with_tops({2000, 2000})) == List{0}));
  CHECK(cores_of(PowerMode::kHigh, 1, {}).empty());
}

TEST_CASE("cores: binding is checked against the machine") {
  check::Tree phone;
  phone.add_listing(TEST_DATA "/sm8150.txt");
  phone.add("/sys/devices/system/cpu/online", "0-6");
  const SystemTree tree(phone.root());
  CHECK_FAILS(bind_to({8}, tree), Exit::kCoresUnavailable, "no core 8");
  CHECK_FAILS(bind_to({0, 7}, tree), Exit::kCoresUnavailable, "core 7 is offline");
}

TEST_CASE("cores: binding holds") {
  const List before = current_affinity().value();
  bind_to({before.back()}, SystemTree());
  CHECK((current_affinity() == List{before.back()}));
  bind_to(before, SystemTree());
  CHECK(current_affinity() == before);
}

TEST_CASE("cores: a core the kernel does not have is refused") {
  const check::Tree nothing;  // a machine whose /sys says nothing: the kernel itself must be asked
  CHECK_FAILS(bind_to({1000}, SystemTree(nothing.root())), Exit::kCoresUnavailable, "cannot bind");
}
