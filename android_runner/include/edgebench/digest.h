// The output digest of the contract.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace edgebench {

// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
uint64_t fnv1a64(const void* data, size_t size);

// "fnv1a64:" and 16 hex digits over the little-endian bytes of `count` float32.
std::string output_digest(const float* values, size_t count);

}  // namespace edgebench
