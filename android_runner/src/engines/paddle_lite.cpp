// Paddle-Lite's light predictor.
#ifdef EDGEBENCH_LITE_HEADER
#include "paddle_api.h"
#else
#include "lite_api.h"
#endif

#include <algorithm>
#include <cstdint>

#include "edgebench/contract.h"
#include "edgebench/engine.h"
#include "edgebench/nb.h"

namespace edgebench {
namespace {

namespace lite = paddle::lite_api;

class PaddleLite : public Engine {
 public:
  PaddleLite(const std::string& model, int threads, PowerMode mode) {
    lite::MobileConfig config;
    config.set_model_from_file(model);
    config.set_threads(threads);
    config.set_power_mode(static_cast<lite::PowerMode>(mode));
#ifdef __x86_64__
    config.set_x86_math_num_threads(threads);  // the x86 kernels know no other thread count
#endif
    predictor_ = lite::CreatePaddlePredictor<lite::MobileConfig>(config);
    if (!predictor_) throw Failure(Exit::kEngineFailed, "Paddle-Lite made no predictor");
  }

  std::string version() override { return predictor_->GetVersion(); }
  std::vector<std::string> input_names() override { return predictor_->GetInputNames(); }

  float* resize_input(size_t index, const Shape& shape) override {
    const auto tensor = predictor_->GetInput(static_cast<int>(index));
    tensor->Resize(shape);
    return tensor->mutable_data<float>();
  }

  void set_integers(size_t index, const Shape& shape, int type, const std::vector<int64_t>& values) override {
    const auto tensor = predictor_->GetInput(static_cast<int>(index));
    tensor->Resize(shape);
    switch (type) {
      case kTypeInt64:
        return copy(values, tensor->mutable_data<int64_t>());
      case kTypeInt32:
        return copy(values, tensor->mutable_data<int>());
      case kTypeUint8:
        return copy(values, tensor->mutable_data<uint8_t>());
      case kTypeInt8:
        return copy(values, tensor->mutable_data<int8_t>());
      default:
        throw Failure(Exit::kInputInvalid, "the model's input " + predictor_->GetInputNames()[index] +
                                               " holds a type (number " + std::to_string(type) +
                                               " of Paddle) that this program cannot fill");
    }
  }

  void run() override { predictor_->Run(); }

  std::vector<OutputTensor> outputs() override {
    std::vector<OutputTensor> found;
    const std::vector<std::string> names = predictor_->GetOutputNames();
    for (size_t i = 0; i < names.size(); ++i) {
      const auto tensor = predictor_->GetOutput(static_cast<int>(i));
      const bool is_float = tensor->precision() == lite::PrecisionType::kFloat;
      found.push_back({names[i], tensor->shape(), is_float ? tensor->data<float>() : nullptr});
    }
    return found;
  }

 private:
  template <typename T>
  static void copy(const std::vector<int64_t>& values, T* to) {
    std::transform(values.begin(), values.end(), to, [](int64_t value) { return static_cast<T>(value); });
  }

  std::shared_ptr<lite::PaddlePredictor> predictor_;
};

}  // namespace

EngineInfo engine_info() {
#ifdef EDGEBENCH_ENGINE_VERSION
  return {"paddle-lite", EDGEBENCH_ENGINE_VERSION, false};
#else
  return {"paddle-lite", std::nullopt, false};
#endif
}

NbFile read_model(const std::string& path, int target) {
  NbFile model = read_nb(path);
  check_target(model, target);
  return model;
}

std::unique_ptr<Engine> load_engine(const Options& options, const SystemTree&) {
  if (!options.library.empty())
    throw Failure(Exit::kBadArgument, "--library is for engines that are opened at run time");
  return std::make_unique<PaddleLite>(options.model, options.threads, options.power_mode);
}

}  // namespace edgebench
