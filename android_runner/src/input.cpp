#include "edgebench/input.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "edgebench/contract.h"

namespace edgebench {

size_t elements(const Shape& shape) {
  size_t product = 1;
  for (int64_t dimension : shape) product *= static_cast<size_t>(dimension);
  return product;
}

std::string Fill::str() const {
  switch (kind) {
    case Kind::kOnes:
      return "ones";
    case Kind::kSeed:
      return "seed:" + std::to_string(seed);
    case Kind::kFile:
      return "file:" + path;
    case Kind::kBytes:
      return "bytes:" + path;
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

constexpr size_t kLevels = 256;  // of a byte

}  // namespace

Source::Source(const Fill& fill, size_t index, const Shape& shape, int64_t images)
    : fill_(fill), index_(index), count_(elements(shape)) {
  const uint64_t all = count_ * static_cast<uint64_t>(images);  // where size_t has 32 bits, too
  if (fill.kind == Fill::Kind::kFile) open(all * sizeof(float));
  if (fill.kind != Fill::Kind::kBytes) return;
  if (shape.size() > 1) {
    channels_ = static_cast<size_t>(shape[1]);
    plane_ = elements(Shape(shape.begin() + 2, shape.end()));
  }
  open(channels_ * kLevels * sizeof(float) + all);  // before memory is taken for it
  tables_.resize(channels_ * kLevels);
  bytes_.resize(count_);
  read(tables_.data(), tables_.size() * sizeof(float));
}

void Source::next(float* out) {
  switch (fill_.kind) {
    case Fill::Kind::kOnes:
      std::fill_n(out, count_, 1.0f);
      break;
    case Fill::Kind::kSeed:
      for (size_t i = 0; i < count_; ++i) out[i] = seeded_value(fill_.seed, index_, i);
      break;
    case Fill::Kind::kFile:
      read(out, count_ * sizeof(float));
      break;
    case Fill::Kind::kBytes: {
      read(bytes_.data(), count_);
      for (size_t i = 0; i < count_; ++i) out[i] = tables_[i / plane_ % channels_ * kLevels + bytes_[i]];
      break;
    }
  }
}

std::vector<int64_t> Source::next_integers() {
  std::vector<float> values(count_);
  next(values.data());
  std::vector<int64_t> integers(count_);
  const bool seeded = fill_.kind == Fill::Kind::kSeed;
  std::transform(values.begin(), values.end(), integers.begin(), [&](float value) {
    if (!(std::abs(value) < 0x1p63f)) {
      throw Failure(Exit::kInputInvalid, "the input file " + fill_.path + " holds a number that is no whole one");
    }
    return static_cast<int64_t>(seeded ? std::floor((value + 1.0f) * 4.0f) : value);
  });
  return integers;
}

// The whole size is looked at before the first run, not found out by the last.
void Source::open(uint64_t bytes) {
  file_ = open_regular(fill_.path);
  if (!file_)
    throw Failure(Exit::kInputInvalid, "cannot open the input file " + fill_.path + ": " + std::strerror(errno));
  const long size = std::fseek(file_.get(), 0, SEEK_END) == 0 ? std::ftell(file_.get()) : -1;
  if (size < 0 || static_cast<uint64_t>(size) != bytes) {
    throw Failure(Exit::kInputInvalid, "the input file " + fill_.path + " has " + std::to_string(size) +
                                           " bytes, not the " + std::to_string(bytes) +
                                           " bytes that the shape and the number of images ask");
  }
  std::rewind(file_.get());
}

void Source::read(void* out, size_t bytes) {
  if (std::fread(out, 1, bytes, file_.get()) != bytes) {
    throw Failure(Exit::kInputInvalid, "the input file " + fill_.path + " cannot be read to its end");
  }
}

}  // namespace edgebench
