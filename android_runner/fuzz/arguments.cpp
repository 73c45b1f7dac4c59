#include "edgebench/arguments.h"

#include <cstdint>
#include <sstream>

#include "edgebench/contract.h"

// A word a line, behind those without which nothing is looked at.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgebench;
  std::vector<std::string> words{"--contract", std::to_string(kContractVersion), "--model", "m.nb"};
  std::istringstream lines(std::string(reinterpret_cast<const char*>(data), size));
  for (std::string line; std::getline(lines, line);) words.push_back(line);
  try {
    for (const Fill& fill : parse_arguments(words).fills) fill.str();
  } catch (const Failure&) {
  }
  return 0;
}
