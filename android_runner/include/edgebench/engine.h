// What runs a model. One engine is linked into a program: src/engines/paddle_lite.cpp, onnxruntime.cpp or
// synthetic.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edgebench/arguments.h"
#include "edgebench/cores.h"
#include "edgebench/input.h"
#include "edgebench/nb.h"

namespace edgebench {

struct EngineInfo {
  const char* name;                    // of the contract: "paddle-lite", "onnxruntime" or "synthetic"
  std::optional<std::string> version;  // as known when this program was linked
  bool synthetic;                      // no inference is done: its times say nothing about a network
};

struct OutputTensor {
  std::string name;
  Shape shape;
  const float* values;  // null when it does not hold float32; valid until the next run
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string version() = 0;
  virtual std::vector<std::string> input_names() = 0;
  // What the engine knows of the inputs where the model's file could not be asked (read_model).
  virtual std::vector<NbInput> inputs() { return {}; }
  // Gives an input its shape; returns where its float32 values go.
  virtual float* resize_input(size_t index, const Shape& shape) = 0;
  // Gives an input of whole numbers its shape and values. Throws Failure (kInputInvalid) for a type it does not take.
  virtual void set_integers(size_t index, const Shape& shape, int type, const std::vector<int64_t>& values) = 0;
  virtual void run() = 0;
  virtual std::vector<OutputTensor> outputs() = 0;
};

EngineInfo engine_info();

// What the file says before the engine has it, as far as this program can read its format: looked at because an engine
// may run a wrong file without a word. Throws Failure (kModelUnreadable, kModelInvalid), also for another CPU than
// `target`.
NbFile read_model(const std::string& path, int target);

// Throws Failure (kEngineFailed) or whatever the engine throws; an engine may also abort.
std::unique_ptr<Engine> load_engine(const Options& options, const SystemTree& tree);

}  // namespace edgebench
