#include "check.h"
#include "edgebench/clock.h"
#include "edgebench/cores.h"

using namespace edgebench;

TEST_CASE("clock: a core's clock is between 0.1 and 10 GHz, and five times the work takes as long for each addition") {
  const auto core = current_affinity().value().front();
  const auto one = read_clocks({core}, 25, 1), five = read_clocks({core}, 25, 5);
  REQUIRE((one[0].hz && five[0].hz));
  CHECK_EQ(one[0].core, core);
  CHECK(*one[0].hz > 100'000'000);
  CHECK(*one[0].hz < 10'000'000'000);
  const double ratio = static_cast<double>(*five[0].hz) / static_cast<double>(*one[0].hz);
  CHECK(ratio > 0.5);  // wide: other tests may be running beside this one
  CHECK(ratio < 2);
}

TEST_CASE("clock: of a core that cannot be had it is unknown") { CHECK(!read_clocks({1000}, 3, 1)[0].hz); }

TEST_CASE("clock: reading the others' clocks leaves this thread where it was") {
  const auto before = current_affinity();
  read_clocks(before.value(), 3, 1);
  CHECK(current_affinity() == before);
}
