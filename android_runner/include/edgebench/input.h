// Input tensors: what is filled in before the first run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace edgebench {

using Shape = std::vector<int64_t>;

size_t elements(const Shape& shape);

struct Fill {
  enum class Kind { kOnes, kSeed, kFile };
  Kind kind = Kind::kOnes;
  uint64_t seed = 0;
  std::string path;

  std::string str() const;  // as on the command line
};

// The next value of the generator after state x (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
uint64_t splitmix64(uint64_t x);

// Element i of input k for a seed, in [-1, 1).
inline float seeded_value(uint64_t seed, uint64_t k, uint64_t i) {
  return static_cast<float>(splitmix64(seed + (k << 32) + i) >> 40) * 0x1p-23f - 1.0f;
}

// Writes `count` values for input number `index`. Throws Failure (kInputInvalid) for a file that does not fit.
void fill_input(const Fill& fill, size_t index, size_t count, float* out);

}  // namespace edgebench
