#include "edgebench/system.h"

#include <cstdint>

#include "edgebench/json.h"

// What the kernel says of its CPUs, and any text on its way into a line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto cpus = edgebench::parse_cpu_list(text); cpus && cpus->size() > 8192) __builtin_trap();
  edgebench::json::text(text);
  return 0;
}
