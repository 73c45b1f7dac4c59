// Paddle-Lite's public C++ interface, as far as this program uses it, declared anew for libraries that come without
// headers (the Python wheels). It must match the library's binary interface: vtable order, object sizes, mangled names.
// Checked for 2.11 to 2.14 on x86-64; a release's own paddle_api.h is used instead wherever there is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#if !defined(EDGEBENCH_LITE_MINOR) || EDGEBENCH_LITE_MINOR < 11 || EDGEBENCH_LITE_MINOR > 14
#error "EDGEBENCH_LITE_MINOR must say which Paddle-Lite 2.x the library is: 11 to 14"
#endif

namespace paddle {
namespace lite_api {

enum PowerMode : unsigned {};  // 0 to 5, see edgebench/cores.h
enum class TargetType : int { kHost = 1 };
enum class PrecisionType : int { kFloat = 1 };

struct Tensor {
  void Resize(const std::vector<int64_t>& shape);
  std::vector<int64_t> shape() const;
  PrecisionType precision() const;
  template <typename T>
  const T* data() const;
  template <typename T>
  T* mutable_data(TargetType target = TargetType::kHost) const;

 private:
  void* raw_;
};

// Only the order of the first virtual functions matters: it is the library that makes the objects and destroys them.
class PaddlePredictor {
 public:
  virtual std::unique_ptr<Tensor> GetInput(int index) = 0;
  virtual std::unique_ptr<const Tensor> GetOutput(int index) const = 0;
  virtual void Run() = 0;
  virtual std::shared_ptr<PaddlePredictor> Clone() = 0;
  virtual std::shared_ptr<PaddlePredictor> Clone(const std::vector<std::string>& names) = 0;
  virtual std::string GetVersion() const = 0;
  virtual std::vector<std::string> GetInputNames() = 0;
  virtual std::vector<std::string> GetOutputNames() = 0;

 protected:
  ~PaddlePredictor() = default;
};

// The members are the library's secret; its constructor fills them. What they own is not given back: one object a
// process.
class ConfigBase {
 public:
  explicit ConfigBase(PowerMode mode = PowerMode{3}, int threads = 1);
  void set_threads(int threads);
  void set_power_mode(PowerMode mode);
  void set_x86_math_num_threads(int threads);

 private:
#if EDGEBENCH_LITE_MINOR >= 13
  alignas(8) unsigned char members_[528];
#else
  alignas(8) unsigned char members_[480];
#endif
};

// Its constructor is inline in the original, so the members' initial values are this header's business.
class MobileConfig : public ConfigBase {
 public:
  void set_model_from_file(const std::string& path);

 private:
  bool model_from_memory_ = false;
#if EDGEBENCH_LITE_MINOR >= 12
  int precision_mode_ = 0;
#endif
  std::string model_file_;
#if EDGEBENCH_LITE_MINOR >= 13
  const char* model_memory_ = nullptr;
  size_t model_memory_size_ = 0;
#endif
  std::string model_buffer_, param_buffer_;
};

#if EDGEBENCH_LITE_MINOR >= 13
static_assert(sizeof(void*) != 8 || (sizeof(ConfigBase) == 528 && sizeof(MobileConfig) == 648), "binary interface");
#endif

template <typename Config>
std::shared_ptr<PaddlePredictor> CreatePaddlePredictor(const Config& config);

}  // namespace lite_api
}  // namespace paddle
