#include "check.h"
#include "edgebench/measure.h"

namespace {

// A clock that a run moves by `step` milliseconds.
edgebench::Runs repeat(int least_runs, double least_ms, double step) {
  double now = 100;
  return edgebench::repeat([&] { now += step; }, least_runs, least_ms, [&] { return now; });
}

}  // namespace

TEST(measure, at_least_so_many_runs) {
  const edgebench::Runs runs = repeat(5, 0, 2);
  CHECK((runs.samples_ms == std::vector<double>{2, 2, 2, 2, 2}));
  CHECK_EQUAL(runs.elapsed_ms, 10.0);
}

TEST(measure, and_at_least_so_long) { CHECK_EQUAL(repeat(2, 10, 3).samples_ms.size(), size_t{4}); }

TEST(measure, nothing_asked_nothing_run) { CHECK(repeat(0, 0, 1).samples_ms.empty()); }

TEST(measure, many_runs_lose_no_sample) { CHECK_EQUAL(repeat(200000, 0, 1).samples_ms.size(), size_t{200000}); }

TEST(measure, the_clock_goes_forward) {
  const double before = edgebench::now_ms();
  CHECK(edgebench::now_ms() >= before);
}
