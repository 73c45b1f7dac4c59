#include <cmath>

#include "check.h"
#include "edgebench/measure.h"

using edgebench::Amount;
using edgebench::settled;

namespace {

using Times = std::vector<double>;

// A clock that a run moves by `step` milliseconds.
edgebench::Runs repeat(const Amount& amount, double step) {
  double now = 100;
  return edgebench::repeat([&] { now += step; }, amount, [&] { return now; });
}

// Runs that take what `pace` says of their number.
template <typename Pace>
edgebench::WarmUp warm_up(const Amount& amount, Pace&& pace) {
  double now = 0;
  int number = 0;
  return edgebench::warm_up([&] { now += pace(number++); }, amount, [&] { return now; });
}

}  // namespace

TEST_CASE("measure: at least so many runs") {
  const edgebench::Runs runs = repeat({5, 0, 0}, 2);
  CHECK((runs.samples_ms == Times{2, 2, 2, 2, 2}));
  CHECK_EQ(runs.elapsed_ms, 10.0);
}

TEST_CASE("measure: and at least so long") { CHECK_EQ(repeat({2, 10, 0}, 3).samples_ms.size(), size_t{4}); }

TEST_CASE("measure: nothing asked, nothing run") {
  CHECK(repeat({0, 0, 0}, 1).samples_ms.empty());
  CHECK(warm_up({0, 0, 0}, [](int) { return 1.0; }).runs.samples_ms.empty());
  CHECK(warm_up({0, 0, 9}, [](int) { return 1.0; }).runs.samples_ms.empty());
}

TEST_CASE("measure: many runs lose no sample") {
  CHECK_EQ(repeat({200000, 0, 0}, 1).samples_ms.size(), size_t{200000});
}

TEST_CASE("measure: a bound ends slow runs, but not before there are five") {
  CHECK_EQ(repeat({30, 1000, 10000}, 2000).samples_ms.size(), size_t{5});
  CHECK_EQ(repeat({30, 1000, 10000}, 9000).samples_ms.size(), size_t{5});
  CHECK_EQ(repeat({30, 1000, 10000}, 1000).samples_ms.size(), size_t{10});
  CHECK_EQ(repeat({30, 1000, 10000}, 100).samples_ms.size(), size_t{30});
  CHECK_EQ(repeat({3, 0, 1}, 2000).samples_ms.size(), size_t{3});
}

TEST_CASE("measure: what a pause takes is no part of a sample") {
  double now = 0;
  size_t heard = 0;
  const auto pause = [&](size_t runs) {
    now += 50;
    heard = runs;
  };
  const auto runs = edgebench::repeat([&] { now += 1; }, {4, 0, 0}, [&] { return now; }, pause);
  CHECK((runs.samples_ms == Times{1, 1, 1, 1}));
  CHECK_EQ(heard, size_t{4});
}

TEST_CASE("measure: settled is no further fall of the median") {
  CHECK(!settled(Times(9, 1.0)));  // too few to tell
  CHECK(settled(Times(10, 1.0)) == true);
  CHECK(settled({5, 5, 5, 5, 5, 4, 4, 4, 4, 4}) == false);
  CHECK(settled({4, 4, 4, 4, 4, 5, 5, 5, 5, 5}) == true);           // slower is no fall
  CHECK(settled({5, 5, 5, 5, 5, 4.96, 4.96, 4.96, 9, 1}) == true);  // within a hundredth, whatever single runs do
}

TEST_CASE("measure: a warm-up goes on until the runs settle") {
  const auto falling = [](int number) { return number < 100 ? 20.0 - 0.1 * number : 10.0; };
  const edgebench::WarmUp warm = warm_up({10, 0, 60000}, falling);
  CHECK(warm.settled == true);
  CHECK(warm.runs.samples_ms.size() > 100);
  CHECK(warm.runs.samples_ms.size() < 200);
  CHECK_EQ(warm.runs.samples_ms.back(), 10.0);
  const edgebench::WarmUp steady = warm_up({10, 50, 60000}, [](int) { return 1.0; });
  CHECK_EQ(steady.runs.samples_ms.size(), size_t{50});
}

TEST_CASE("measure: a warm-up without a bound is what was asked for") {
  const edgebench::WarmUp warm = warm_up({12, 0, 0}, [](int number) { return 100.0 / (number + 1); });
  CHECK_EQ(warm.runs.samples_ms.size(), size_t{12});
  CHECK(!warm.settled);
}

TEST_CASE("measure: a warm-up that does not settle ends at its bound, and says so") {
  const edgebench::WarmUp warm = warm_up({10, 0, 2000}, [](int number) { return 100.0 * std::pow(0.98, number); });
  CHECK(warm.settled == false);
  CHECK(warm.runs.elapsed_ms >= 2000);
  CHECK(warm.runs.elapsed_ms < 2200);
  const edgebench::WarmUp slow = warm_up({10, 500, 5000}, [](int) { return 3000.0; });
  CHECK_EQ(slow.runs.samples_ms.size(), size_t{2});
  CHECK(!slow.settled);
}

TEST_CASE("measure: the clock goes forward") {
  const double before = edgebench::now_ms();
  CHECK(edgebench::now_ms() >= before);
}
