#include "edgebench/contract.h"

namespace edgebench {

const char* kind_of(Exit code) {
  switch (code) {
    case Exit::kDone:
      return "";
    case Exit::kBadArgument:
      return "bad_argument";
    case Exit::kContractMismatch:
      return "contract_mismatch";
    case Exit::kModelUnreadable:
      return "model_unreadable";
    case Exit::kModelInvalid:
      return "model_invalid";
    case Exit::kEngineFailed:
      return "engine_failed";
    case Exit::kCoresUnavailable:
      return "cores_unavailable";
    case Exit::kInputInvalid:
      return "input_invalid";
    case Exit::kOutputFailed:
      return "output_failed";
  }
  return "engine_failed";
}

}  // namespace edgebench
