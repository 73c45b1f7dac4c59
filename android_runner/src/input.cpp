#include "edgebench/input.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "edgebench/contract.h"

namespace edgebench {

size_t elements(const Shape& shape) {
  size_t product = 1;
  for (int64_t dimension : shape) product *= static_cast<size_t>(dimension);
  return product;
}

std::string Fill::str() const {
  switch (kind) {
    case Kind::kOnes: return "ones";
    case Kind::kSeed: return "seed:" + std::to_string(seed);
    case Kind::kFile: return "file:" + path;
  }
  return "";
}

uint64_t splitmix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

namespace {

void fill_from_file(const std::string& path, size_t count, float* out) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw Failure(Exit::kInputInvalid, "cannot open the input file " + path + ": " + std::strerror(errno));
  const size_t got = std::fread(out, sizeof(float), count, file.get());
  if (got != count || std::fgetc(file.get()) != EOF) {
    throw Failure(Exit::kInputInvalid, "the input file " + path + " is not " +
                                           std::to_string(count * sizeof(float)) + " bytes of float32 as the shape asks");
  }
}

}  // namespace

void fill_input(const Fill& fill, size_t index, size_t count, float* out) {
  switch (fill.kind) {
    case Fill::Kind::kOnes: std::fill_n(out, count, 1.0f); break;
    case Fill::Kind::kSeed:
      for (size_t i = 0; i < count; ++i) out[i] = seeded_value(fill.seed, index, i);
      break;
    case Fill::Kind::kFile: fill_from_file(fill.path, count, out); break;
  }
}

}  // namespace edgebench
