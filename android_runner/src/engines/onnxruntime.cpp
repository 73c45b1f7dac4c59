// ONNX Runtime, opened at run time: one program for every library of its interface, in the file that lies beside this
// program or that EDGEBENCH_ORT_LIBRARY names.
#include <dlfcn.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "edgebench/contract.h"
#include "edgebench/engine.h"
#include "edgebench/nb.h"
#include "ort_api.h"

namespace edgebench {
namespace {

constexpr const char* kLibrary = "libonnxruntime.so";

const ort::ApiBase* opened(const std::string& file) {
  void* const library = dlopen(file.empty() ? kLibrary : file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) throw Failure(Exit::kEngineFailed, std::string("ONNX Runtime cannot be opened: ") + dlerror());
  const auto get = reinterpret_cast<const ort::ApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
  if (!get) throw Failure(Exit::kEngineFailed, "the library of ONNX Runtime has no OrtGetApiBase");
  return get();
}

class OnnxRuntime : public Engine {
 public:
  OnnxRuntime(const std::string& library, const std::string& model, int threads) : base_(opened(library)) {
    api_.table = base_->api(ort::kApiVersion);
    if (!api_.table) {
      throw Failure(Exit::kEngineFailed, "ONNX Runtime " + version() + " is older than 1.8, which this program needs");
    }
    ort::Env* env = nullptr;
    ort::SessionOptions* options = nullptr;
    check(api_.create_env(ort::kError, "edgebench", &env));
    check(api_.create_options(&options));
    check(api_.set_intra_threads(options, threads));
    check(api_.set_inter_threads(options, 1));
    check(api_.create_session(env, model.c_str(), options, &session_), Exit::kModelInvalid);
    check(api_.allocator(&allocator_));
    check(api_.cpu_memory(ort::kArena, ort::kDefault, &memory_));
    read_inputs();
    size_t count = 0;
    check(api_.output_count(session_, &count));
    for (size_t i = 0; i < count; ++i) output_names_.push_back(name(api_.output_name, i));
    values_.resize(inputs_.size());
    floats_.resize(inputs_.size());
    bytes_.resize(inputs_.size());
    results_.resize(count);
  }

  std::string version() override { return base_->version(); }

  std::vector<std::string> input_names() override {
    std::vector<std::string> names;
    for (const NbInput& input : inputs_) names.push_back(input.name);
    return names;
  }

  std::vector<NbInput> inputs() override { return inputs_; }

  float* resize_input(size_t index, const Shape& shape) override {
    floats_[index].resize(elements(shape));
    wrap(index, shape, floats_[index].data(), floats_[index].size() * sizeof(float), ort::kFloat);
    return floats_[index].data();
  }

  void set_integers(size_t index, const Shape& shape, int type, const std::vector<int64_t>& values) override {
    switch (type) {
      case kTypeInt64:
        return put<int64_t>(index, shape, values, ort::kInt64);
      case kTypeInt32:
        return put<int32_t>(index, shape, values, ort::kInt32);
      case kTypeUint8:
        return put<uint8_t>(index, shape, values, ort::kUint8);
      case kTypeInt8:
        return put<int8_t>(index, shape, values, ort::kInt8);
      default:
        throw Failure(Exit::kInputInvalid, "the model's input " + inputs_[index].name + " holds a type (number " +
                                               std::to_string(-type) + " of ONNX) that this program cannot fill");
    }
  }

  void run() override {
    std::vector<const char*> in, out;
    for (const NbInput& input : inputs_) in.push_back(input.name.c_str());
    for (const std::string& output : output_names_) out.push_back(output.c_str());
    for (ort::Value*& result : results_) {
      if (result) api_.release_value(result);
      result = nullptr;
    }
    check(api_.run(session_, nullptr, in.data(), values_.data(), in.size(), out.data(), out.size(), results_.data()));
  }

  std::vector<OutputTensor> outputs() override {
    std::vector<OutputTensor> found;
    for (size_t i = 0; i < results_.size(); ++i) {
      ort::TensorInfo* info = nullptr;
      check(api_.tensor_info(results_[i], &info));
      ort::ElementType type{};
      check(api_.element_type(info, &type));
      void* data = nullptr;
      check(api_.data(results_[i], &data));
      found.push_back({output_names_[i], shape_of(info), type == ort::kFloat ? static_cast<float*>(data) : nullptr});
      api_.release_tensor_info(info);
    }
    return found;
  }

 private:
  void check(ort::Status* status, Exit code = Exit::kEngineFailed) {
    if (!status) return;
    const std::string message = api_.message(status);
    api_.release_status(status);
    throw Failure(code, "ONNX Runtime: " + message);
  }

  template <typename Names>
  std::string name(const Names& names, size_t index) {
    char* given = nullptr;
    check(names(session_, index, allocator_, &given));
    const std::string copied = given;
    check(api_.give_back(allocator_, given));
    return copied;
  }

  Shape shape_of(const ort::TensorInfo* info) {
    size_t rank = 0;
    check(api_.rank(info, &rank));
    Shape shape(rank);
    check(api_.dimensions(info, shape.data(), rank));
    return shape;
  }

  void read_inputs() {
    size_t count = 0;
    check(api_.input_count(session_, &count));
    for (size_t i = 0; i < count; ++i) {
      ort::TypeInfo* type = nullptr;
      const ort::TensorInfo* info = nullptr;
      ort::ElementType element{};
      check(api_.input_type(session_, i, &type));
      check(api_.as_tensor(type, &info));
      if (!info) throw Failure(Exit::kModelInvalid, "an input of the model is no tensor");
      check(api_.element_type(info, &element));
      inputs_.push_back({name(api_.input_name, i), shape_of(info), number_of(element)});
      api_.release_type(type);
    }
  }

  // A type in the numbers that the rest of this program knows; of another one, its own number, negative.
  static int number_of(ort::ElementType type) {
    switch (type) {
      case ort::kFloat:
        return kTypeFloat32;
      case ort::kInt64:
        return kTypeInt64;
      case ort::kInt32:
        return kTypeInt32;
      case ort::kUint8:
        return kTypeUint8;
      case ort::kInt8:
        return kTypeInt8;
    }
    return -static_cast<int>(type);
  }

  template <typename T>
  void put(size_t index, const Shape& shape, const std::vector<int64_t>& values, ort::ElementType type) {
    bytes_[index].resize(values.size() * sizeof(T));
    T* const to = reinterpret_cast<T*>(bytes_[index].data());
    std::transform(values.begin(), values.end(), to, [](int64_t value) { return static_cast<T>(value); });
    wrap(index, shape, to, bytes_[index].size(), type);
  }

  void wrap(size_t index, const Shape& shape, void* data, size_t bytes, ort::ElementType type) {
    if (values_[index]) api_.release_value(values_[index]);
    values_[index] = nullptr;
    check(api_.wrap(memory_, data, bytes, shape.data(), shape.size(), type, &values_[index]));
  }

  const ort::ApiBase* base_;
  ort::Api api_;
  ort::Session* session_ = nullptr;
  ort::Allocator* allocator_ = nullptr;
  ort::MemoryInfo* memory_ = nullptr;
  std::vector<NbInput> inputs_;
  std::vector<std::string> output_names_;
  std::vector<ort::Value*> values_, results_;
  std::vector<std::vector<float>> floats_;
  std::vector<std::vector<uint8_t>> bytes_;
};

}  // namespace

EngineInfo engine_info() { return {"onnxruntime", std::nullopt, false}; }

NbFile read_model(const std::string& path, int) {
  struct stat known{};
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file || fstat(fileno(file.get()), &known) != 0 || !S_ISREG(known.st_mode)) {
    throw Failure(Exit::kModelUnreadable, "the model " + path + " cannot be opened");
  }
  NbFile model;
  model.bytes = known.st_size;
  return model;
}

// Paddle-Lite binds itself to the cores of a power mode; here the same ones are taken before the engine makes its
// threads.
std::unique_ptr<Engine> load_engine(const Options& options, const SystemTree& tree) {
  const std::vector<int> cores = cores_of(options.power_mode, options.threads, read_cores(tree));
  if (!cores.empty()) {
    try {
      bind_to(cores, tree);
    } catch (const Failure&) {
      std::fputs("Some cores are offline, switch to NO BIND MODE\n", stderr);
    }
  }
  return std::make_unique<OnnxRuntime>(options.library, options.model, options.threads);
}

}  // namespace edgebench
