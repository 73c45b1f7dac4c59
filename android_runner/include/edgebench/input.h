// Input tensors: what is filled in before a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "edgebench/file.h"

namespace edgebench {

using Shape = std::vector<int64_t>;

size_t elements(const Shape& shape);

struct Fill {
  enum class Kind { kOnes, kSeed, kFile, kBytes };
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

// The values of input number `index`, image after image: a file holds those of all of them, one after another.
class Source {
 public:
  // Throws Failure (kInputInvalid) for a file that is not what the shape and the number of images ask.
  Source(const Fill& fill, size_t index, const Shape& shape, int64_t images);

  // Writes the values of the next image.
  void next(float* out);
  // The same for an input of whole numbers: of a seed, 0 to 7 for -1 to 1.
  std::vector<int64_t> next_integers();

 private:
  void open(uint64_t bytes);
  void read(void* out, size_t bytes);

  Fill fill_;
  size_t index_;
  size_t count_;                // elements of an image
  size_t channels_ = 1;         // kBytes: the shape's second dimension, each of which has a table of its own
  size_t plane_ = 1;            // kBytes: elements of a channel
  std::vector<float> tables_;   // kBytes: 256 values a channel
  std::vector<uint8_t> bytes_;  // kBytes: of one image
  FilePointer file_{nullptr, std::fclose};
};

}  // namespace edgebench
