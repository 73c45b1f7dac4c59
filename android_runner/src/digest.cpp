#include "edgebench/digest.h"

#include <cinttypes>
#include <cstdio>

namespace edgebench {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the contract's digests and .nb files are little-endian");

uint64_t fnv1a64(const void* data, size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}

std::string output_digest(const float* values, size_t count) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "fnv1a64:%016" PRIx64, fnv1a64(values, count * sizeof(float)));
  return buffer;
}

}  // namespace edgebench
