// A library with the interface of Paddle-Lite's light predictor, for tests of the way from a release to a phone: it reads a
// model's file and makes of each input the sums of ten slices. What it computes is no inference.
#include "paddle_api.h"

#include <cstdio>
#include <cstdlib>
#include <new>

namespace paddle {
namespace lite_api {
namespace {

struct Raw {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

std::vector<std::unique_ptr<Raw>>& tensors() {
  static std::vector<std::unique_ptr<Raw>> all;
  return all;
}

class Light : public PaddlePredictor {
 public:
  Light() {
    for (int i = 0; i < 2; ++i) tensors().push_back(std::make_unique<Raw>());
  }
  std::unique_ptr<Tensor> GetInput(int) override { return tensor(0); }
  std::unique_ptr<const Tensor> GetOutput(int) const override { return tensor(1); }
  void Run() override {
    const Raw& in = *tensors()[0];
    Raw& out = *tensors()[1];
    out.shape = {1, 10};
    out.values.assign(10, 0);
    for (size_t i = 0; i < in.values.size(); ++i) out.values[i * 10 / in.values.size()] += in.values[i];
  }
  std::shared_ptr<PaddlePredictor> Clone() override { return nullptr; }
  std::shared_ptr<PaddlePredictor> Clone(const std::vector<std::string>&) override { return nullptr; }
  std::string GetVersion() const override { return "v2.13-rc"; }
  std::vector<std::string> GetInputNames() override { return {"x"}; }
  std::vector<std::string> GetOutputNames() override { return {"scores"}; }
  ~Light() = default;

 private:
  static std::unique_ptr<Tensor> tensor(size_t index) {
    auto* made = static_cast<Raw**>(std::calloc(1, sizeof(Raw*)));
    *made = tensors()[index].get();
    return std::unique_ptr<Tensor>(reinterpret_cast<Tensor*>(made));
  }
};

}  // namespace

const char kVersion[] = "\0v2.13-rc\0";

void Tensor::Resize(const std::vector<int64_t>& shape) {
  Raw* raw = static_cast<Raw*>(raw_);
  raw->shape = shape;
  size_t count = 1;
  for (int64_t size : shape) count *= static_cast<size_t>(size);
  raw->values.resize(count);
}
std::vector<int64_t> Tensor::shape() const { return static_cast<Raw*>(raw_)->shape; }
PrecisionType Tensor::precision() const { return PrecisionType::kFloat; }
template <>
const float* Tensor::data<float>() const {
  return static_cast<Raw*>(raw_)->values.data();
}
template <typename T>
T* Tensor::mutable_data(TargetType) const {
  return reinterpret_cast<T*>(static_cast<Raw*>(raw_)->values.data());
}
template float* Tensor::mutable_data<float>(TargetType) const;
template int64_t* Tensor::mutable_data<int64_t>(TargetType) const;
template int* Tensor::mutable_data<int>(TargetType) const;
template uint8_t* Tensor::mutable_data<uint8_t>(TargetType) const;
template int8_t* Tensor::mutable_data<int8_t>(TargetType) const;

ConfigBase::ConfigBase(PowerMode, int) {}
void ConfigBase::set_threads(int) {}
void ConfigBase::set_power_mode(PowerMode) {}
void ConfigBase::set_x86_math_num_threads(int) {}
void MobileConfig::set_model_from_file(const std::string&) {}

template <>
std::shared_ptr<PaddlePredictor> CreatePaddlePredictor<MobileConfig>(const MobileConfig&) {
  return std::make_shared<Light>();
}

}  // namespace lite_api
}  // namespace paddle
