// A naive buffer (.nb) file, looked at before the engine sees it. An engine given a broken file aborts; worse, one
// given a file for another CPU, or an input of another shape, may run it without a word and compute nothing.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "edgebench/input.h"

namespace edgebench {

// Paddle-Lite's numbers of the targets that kernels are for.
inline constexpr int kTargetX86 = 2, kTargetArm = 4;

// VarType.Type of lite/model_parser/flatbuffers/framework.fbs.
inline constexpr int kTypeBool = 0, kTypeInt16 = 1, kTypeInt32 = 2, kTypeInt64 = 3, kTypeFloat16 = 4, kTypeFloat32 = 5,
                     kTypeFloat64 = 6, kTypeUint8 = 20, kTypeInt8 = 21;

struct NbInput {
  std::string name;
  Shape dims;  // -1 where any size will do; empty when the file does not say
  int type = kTypeFloat32;
};

struct NbFile {
  int64_t bytes = 0;
  std::string opt_version;  // of the opt that wrote it, e.g. "v2.13-rc"
  std::vector<NbInput> inputs;
  std::set<int> targets;
};

// Throws Failure: kModelUnreadable when it cannot be opened or read, kModelInvalid when it is no whole .nb file.
NbFile read_nb(const std::string& path);

// Throws Failure (kModelInvalid) when the model's kernels are for another CPU than `target`.
void check_target(const NbFile& model, int target);

// Throws Failure (kInputInvalid) when an input of the model cannot have this shape.
void check_shape(const NbFile& model, const std::string& input, const Shape& shape);

// What an input of the model holds.
int type_of(const NbFile& model, const std::string& input);

}  // namespace edgebench
