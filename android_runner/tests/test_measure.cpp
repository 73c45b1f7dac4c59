#include "check.h"
#include "edgebench/measure.h"

namespace {

// A clock that a run moves by `step` milliseconds.
edgebench::Runs repeat(int least_runs, double least_ms, double step) {
  double now = 100;
  return edgebench::repeat([&] { now += step; }, least_runs, least_ms, [&] { return now; });
}

}  // namespace

TEST_CASE("measure: at least so many runs") {
  const edgebench::Runs runs = repeat(5, 0, 2);
  CHECK((runs.samples_ms == std::vector<double>{2, 2, 2, 2, 2}));
  CHECK_EQ(runs.elapsed_ms, 10.0);
}

TEST_CASE("measure: and at least so long") { CHECK_EQ(repeat(2, 10, 3).samples_ms.size(), size_t{4}); }

TEST_CASE("measure: nothing asked nothing run") { CHECK(repeat(0, 0, 1).samples_ms.empty()); }

TEST_CASE("measure: many runs lose no sample") { CHECK_EQ(repeat(200000, 0, 1).samples_ms.size(), size_t{200000}); }

TEST_CASE("measure: the clock goes forward") {
  const double before = edgebench::now_ms();
  CHECK(edgebench::now_ms() >= before);
}
