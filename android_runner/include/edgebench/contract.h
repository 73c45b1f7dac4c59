// What the driver and this program owe each other: docs/reference/device-contract.md.
#pragma once

#include <stdexcept>
#include <string>

namespace edgebench {

inline constexpr int kContractVersion = 2;

enum class Exit : int {
  kDone = 0,
  kBadArgument = 2,
  kContractMismatch = 3,
  kModelUnreadable = 4,
  kModelInvalid = 5,
  kEngineFailed = 6,
  kCoresUnavailable = 7,
  kInputInvalid = 8,
  kOutputFailed = 9,
};

// The contract's name of a failure, as the end line carries it.
const char* kind_of(Exit code);

// A failure the contract knows: one sentence and its exit code.
class Failure : public std::runtime_error {
 public:
  Failure(Exit code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Exit code() const { return code_; }

 private:
  Exit code_;
};

}  // namespace edgebench
