#include <sys/stat.h>

#include <cstdio>
#include <vector>

#include "check.h"
#include "edgebench/digest.h"
#include "edgebench/input.h"

using namespace edgebench;

namespace {

std::vector<float> image_of(Source&& source, size_t count) {
  std::vector<float> values(count);
  source.next(values.data());
  return values;
}

void write(const std::string& path, const std::vector<float>& values, const std::vector<unsigned char>& bytes = {}) {
  FILE* file = std::fopen(path.c_str(), "wb");
  std::fwrite(values.data(), sizeof(float), values.size(), file);
  if (!bytes.empty()) std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
}

}  // namespace

TEST_CASE("input: splitmix64 is the published one") {
  // The first outputs of the reference implementation (Vigna, splitmix64.c) for state 1234567.
  CHECK_EQ(splitmix64(1234567), 6457827717110365317u);
  CHECK_EQ(splitmix64(1234567 + 0x9E3779B97F4A7C15u), 3203168211198807973u);
}

TEST_CASE("input: seeded values are in range and differ by input") {
  const Fill fill{Fill::Kind::kSeed, 7, ""};
  const std::vector<float> first = image_of(Source(fill, 0, {1000}, 1), 1000);
  const std::vector<float> second = image_of(Source(fill, 1, {1000}, 1), 1000);
  double sum = 0;
  for (float value : first) {
    CHECK((value >= -1.0f && value < 1.0f));
    sum += value;
  }
  CHECK(std::abs(sum / 1000) < 0.1);
  CHECK(first != second);
}

TEST_CASE("input: ones") { CHECK((image_of(Source({}, 0, {3}, 1), 3) == std::vector<float>{1, 1, 1})); }

TEST_CASE("input: a file must have the size of the shape") {
  const std::string path = "input_test.bin";
  write(path, {1.5f, -2.0f});
  const Fill fill{Fill::Kind::kFile, 0, path};
  CHECK_EQ(image_of(Source(fill, 0, {2}, 1), 2)[1], -2.0f);
  CHECK_FAILS(Source(fill, 0, {1}, 1), Exit::kInputInvalid, "has 8 bytes, not the 4 bytes");
  CHECK_FAILS(Source(fill, 0, {3}, 1), Exit::kInputInvalid, "12 bytes");
  CHECK_FAILS(Source(fill, 0, {2}, 2), Exit::kInputInvalid, "16 bytes");
  std::remove(path.c_str());
  CHECK_FAILS(Source(fill, 0, {2}, 1), Exit::kInputInvalid, "cannot open");
}

TEST_CASE("input: a pipe is no file, and is not waited for") {
  const std::string pipe = "input_test.pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const Fill fill{Fill::Kind::kFile, 0, pipe};
  CHECK_FAILS(Source(fill, 0, {3}, 1), Exit::kInputInvalid, "cannot open");
  std::remove(pipe.c_str());
}

TEST_CASE("input: a file of several images gives one after another") {
  const std::string path = "images_test.bin";
  write(path, {1, 2, 3, 4, 5, 6});
  Source source({Fill::Kind::kFile, 0, path}, 0, {1, 2}, 3);
  std::vector<float> values(2);
  for (float first : {1.0f, 3.0f, 5.0f}) {
    source.next(values.data());
    CHECK((values == std::vector<float>{first, first + 1}));
  }
  CHECK_FAILS(source.next(values.data()), Exit::kInputInvalid, "cannot be read to its end");
  std::remove(path.c_str());
}

TEST_CASE("input: bytes are looked up in the table of their channel") {
  const std::string path = "bytes_test.bin";
  std::vector<float> tables(3 * 256);
  for (size_t i = 0; i < tables.size(); ++i) tables[i] = static_cast<float>(i) / 7;
  write(path, tables, {0, 255, 1, 2, 3, 4, 9, 9, 9, 9, 9, 255});
  Source source({Fill::Kind::kBytes, 0, path}, 0, {1, 3, 1, 2}, 2);
  std::vector<float> values(6);
  source.next(values.data());
  CHECK((values == std::vector<float>{tables[0], tables[255], tables[257], tables[258], tables[515], tables[516]}));
  source.next(values.data());
  CHECK_EQ(values[5], tables[767]);
  const Fill fill{Fill::Kind::kBytes, 0, path};
  CHECK_FAILS(Source(fill, 0, {1, 3, 1, 2}, 1), Exit::kInputInvalid, "not the 3078 bytes");
  CHECK_FAILS(Source(fill, 0, {1, 1, 1, 2}, 2), Exit::kInputInvalid, "not the 1028 bytes");
  std::remove(path.c_str());
}

TEST_CASE("input: fnv1a64 is the published one") {
  // Test vectors of draft-eastlake-fnv, appendix C.
  CHECK_EQ(fnv1a64("", 0), 0xcbf29ce484222325u);
  CHECK_EQ(fnv1a64("a", 1), 0xaf63dc4c8601ec8cu);
  CHECK_EQ(fnv1a64("foobar", 6), 0x85944171f73967e8u);
}

TEST_CASE("input: output digest has its prefix and 16 digits") {
  const float values[] = {1.0f};
  CHECK_EQ(output_digest(values, 0), "fnv1a64:cbf29ce484222325");
  CHECK_EQ(output_digest(values, 1).size(), size_t{24});
}
