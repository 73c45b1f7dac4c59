#include <cstdio>
#include <vector>

#include "check.h"
#include "edgebench/digest.h"
#include "edgebench/input.h"

using namespace edgebench;

TEST(input, splitmix64_is_the_published_one) {
  // The first outputs of the reference implementation (Vigna, splitmix64.c) for state 1234567.
  CHECK_EQUAL(splitmix64(1234567), 6457827717110365317u);
  CHECK_EQUAL(splitmix64(1234567 + 0x9E3779B97F4A7C15u), 3203168211198807973u);
}

TEST(input, seeded_values_are_in_range_and_differ_by_input) {
  std::vector<float> first(1000), second(1000);
  const Fill fill{Fill::Kind::kSeed, 7, ""};
  fill_input(fill, 0, first.size(), first.data());
  fill_input(fill, 1, second.size(), second.data());
  double sum = 0;
  for (float value : first) {
    CHECK(value >= -1.0f && value < 1.0f);
    sum += value;
  }
  CHECK(std::abs(sum / 1000) < 0.1);
  CHECK(first != second);
}

TEST(input, ones) {
  std::vector<float> values(3);
  fill_input({}, 0, 3, values.data());
  CHECK((values == std::vector<float>{1, 1, 1}));
}

TEST(input, a_file_must_have_the_size_of_the_shape) {
  const std::string path = "input_test.bin";
  const float written[] = {1.5f, -2.0f};
  FILE* file = std::fopen(path.c_str(), "wb");
  std::fwrite(written, sizeof written, 1, file);
  std::fclose(file);
  const Fill fill{Fill::Kind::kFile, 0, path};
  std::vector<float> values(3);
  fill_input(fill, 0, 2, values.data());
  CHECK_EQUAL(values[1], -2.0f);
  CHECK_FAILS(fill_input(fill, 0, 1, values.data()), Exit::kInputInvalid, "4 bytes");
  CHECK_FAILS(fill_input(fill, 0, 3, values.data()), Exit::kInputInvalid, "12 bytes");
  std::remove(path.c_str());
  CHECK_FAILS(fill_input(fill, 0, 2, values.data()), Exit::kInputInvalid, "cannot open");
}

TEST(input, fnv1a64_is_the_published_one) {
  // Test vectors of draft-eastlake-fnv, appendix C.
  CHECK_EQUAL(fnv1a64("", 0), 0xcbf29ce484222325u);
  CHECK_EQUAL(fnv1a64("a", 1), 0xaf63dc4c8601ec8cu);
  CHECK_EQUAL(fnv1a64("foobar", 6), 0x85944171f73967e8u);
}

TEST(input, output_digest_has_its_prefix_and_16_digits) {
  const float values[] = {1.0f};
  CHECK_EQUAL(output_digest(values, 0), "fnv1a64:cbf29ce484222325");
  CHECK_EQUAL(output_digest(values, 1).size(), size_t{24});
}
