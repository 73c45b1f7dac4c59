// A stand-in for an engine: an amount of arithmetic that grows with the model file and the input, shared among threads,
// whose outcome depends on every byte of both. It tests the contract and the driver where no engine was built for the
// device.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>

#include "edgebench/contract.h"
#include "edgebench/engine.h"
#include "edgebench/file.h"
#include "edgebench/nb.h"

#ifndef EDGEBENCH_VERSION
#error "EDGEBENCH_VERSION is not defined"
#endif

namespace edgebench {
namespace {

constexpr size_t kOutputs = 1000;
constexpr size_t kBlocks = 64;  // the unit of sharing: the outcome must not depend on the number of threads

// About 0.1 ms on a phone's big core for a small model and 1 ms for a large one: enough to be seen, little enough for
// an emulator that runs hundreds of launches.
size_t rounds_of(int64_t model_bytes) { return 1024 + static_cast<size_t>(model_bytes) / 4096; }

uint64_t fingerprint_of(const std::string& model) {
  const FilePointer file = open_regular(model);
  if (!file) throw Failure(Exit::kModelUnreadable, "the model " + model + " cannot be opened");
  std::vector<uint64_t> words(8192);
  uint64_t state = 0;
  size_t got;
  while ((got = std::fread(words.data(), 1, words.size() * sizeof words[0], file.get())) > 0) {
    std::memset(reinterpret_cast<char*>(words.data()) + got, 0, words.size() * sizeof words[0] - got);
    for (size_t i = 0; i < (got + 7) / 8; ++i) state = splitmix64(state ^ words[i]);
  }
  return state;
}

class Synthetic : public Engine {
 public:
  Synthetic(const std::string& model, int threads, PowerMode mode, const SystemTree& tree) : threads_(threads) {
    bind(mode, tree);
    const NbFile file = read_nb(model);
    for (const NbInput& input : file.inputs) names_.push_back(input.name);
    inputs_.resize(names_.size());
    fingerprint_ = fingerprint_of(model);
    rounds_ = rounds_of(file.bytes);
  }

  std::string version() override { return EDGEBENCH_VERSION; }
  std::vector<std::string> input_names() override { return names_; }

  float* resize_input(size_t index, const Shape& shape) override {
    inputs_[index].resize(elements(shape));
    return inputs_[index].data();
  }

  void set_integers(size_t index, const Shape&, int, const std::vector<int64_t>& values) override {
    inputs_[index].assign(values.begin(), values.end());
  }

  void run() override {
    std::vector<uint64_t> blocks(kBlocks);
    const auto work = [&](size_t first) {
      for (size_t block = first; block < kBlocks; block += static_cast<size_t>(threads_)) blocks[block] = mix(block);
    };
    std::vector<std::thread> helpers;
    for (int i = 1; i < threads_; ++i) helpers.emplace_back(work, static_cast<size_t>(i));
    work(0);
    for (std::thread& helper : helpers) helper.join();
    uint64_t state = fingerprint_;
    for (uint64_t block : blocks) state = splitmix64(state ^ block);
    output_.resize(kOutputs);
    for (size_t i = 0; i < kOutputs; ++i) output_[i] = seeded_value(state, 0, i);
  }

  std::vector<OutputTensor> outputs() override { return {{"synthetic", {1, kOutputs}, output_.data()}}; }

 private:
  // As Paddle-Lite does it, with its words for what it could not do: the driver reads them.
  void bind(PowerMode mode, const SystemTree& tree) {
    const std::vector<int> cores = cores_of(mode, threads_, read_cores(tree));
    if (cores.empty()) return;
    const int available = static_cast<int>(cores.size());
    if (available < threads_) {
      std::fprintf(stderr, "Request thread num: %d, exceed the %s cores size: %d, truncate thread num to %d\n",
                   threads_, mode == PowerMode::kLow || mode == PowerMode::kRandLow ? "little" : "big", available,
                   available);
      threads_ = available;
    }
    try {
      bind_to(cores, tree);
    } catch (const Failure&) {
      std::fputs("Some cores are offline, switch to NO BIND MODE\n", stderr);
    }
  }

  // One block of every input, and its share of the rounds.
  uint64_t mix(size_t block) const {
    uint64_t state = fingerprint_ + block;
    for (const std::vector<float>& input : inputs_) {
      for (size_t i = input.size() * block / kBlocks; i < input.size() * (block + 1) / kBlocks; ++i) {
        uint32_t bits;
        std::memcpy(&bits, &input[i], sizeof bits);
        state = (state ^ bits) * 0x100000001b3u;
      }
    }
    for (size_t i = 0; i < rounds_; ++i) state = splitmix64(state);
    return state;
  }

  int threads_;
  uint64_t fingerprint_ = 0;
  size_t rounds_ = 0;
  std::vector<std::string> names_;
  std::vector<std::vector<float>> inputs_;
  std::vector<float> output_;
};

}  // namespace

EngineInfo engine_info() { return {"synthetic", EDGEBENCH_VERSION, true}; }

NbFile read_model(const std::string& path, int target) {
  NbFile model = read_nb(path);
  check_target(model, target);
  return model;
}

std::unique_ptr<Engine> load_engine(const Options& options, const SystemTree& tree) {
  if (!options.library.empty())
    throw Failure(Exit::kBadArgument, "--library is for engines that are opened at run time");
  return std::make_unique<Synthetic>(options.model, options.threads, options.power_mode, tree);
}

}  // namespace edgebench
