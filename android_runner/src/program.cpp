#include "edgebench/program.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <set>

#include "edgebench/arguments.h"
#include "edgebench/clock.h"
#include "edgebench/digest.h"
#include "edgebench/engine.h"
#include "edgebench/lines.h"
#include "edgebench/measure.h"
#include "edgebench/nb.h"
#include "edgebench/usage.h"

namespace edgebench {
namespace {

constexpr size_t kSamplesPerLine = 256;

// Around the runs, of each core: 100 us a spin at 3 GHz, so that a counter of 19.2 MHz reads it to 0.05 %.
constexpr int kClockRepetitions = 9, kClockSpins = 5;
// Between two runs, of the core the calling thread is on: 100 us at 3 GHz every tenth of a second. The first ones read
// low (the loop is not in the cache); the median does not.
constexpr int kPauseRepetitions = 5, kPauseSpins = 1;
constexpr double kPauseEvery_ms = 100;
constexpr size_t kMostPauses = 1024;

#if defined(__aarch64__)
constexpr const char* kAbi = "arm64-v8a";
constexpr int kTarget = kTargetArm;
#elif defined(__arm__)
constexpr const char* kAbi = "armeabi-v7a";
constexpr int kTarget = kTargetArm;
#elif defined(__x86_64__)
constexpr const char* kAbi = "x86_64";
constexpr int kTarget = kTargetX86;
#else
#error "no name for this architecture"
#endif

#ifdef __clang__
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

void print_hello(Lines& lines) {
  const EngineInfo engine = engine_info();
  json::Object hello = lines.line("hello");
  hello.put("contract", json::text(kContractVersion)).put("runner", json::text(EDGEBENCH_VERSION));
  hello.put("engine", json::text(engine.name)).put("engine_version", json::text(engine.version));
  hello.put("abi", json::text(kAbi)).put("compiler", json::text(kCompiler));
  hello.put("pid", json::text(static_cast<int>(getpid())));
  lines.print(hello);
}

std::string core_json(const Core& core) {
  json::Object object;
  object.put("index", json::text(core.index)).put("online", json::text(core.online));
  object.put("max_khz", json::text(core.max_khz)).put("min_khz", json::text(core.min_khz));
  object.put("scaling_max_khz", json::text(core.scaling_max_khz)).put("cur_khz", json::text(core.cur_khz));
  object.put("governor", json::text(core.governor));
  std::vector<std::string> states;
  if (core.time_in_state) {
    for (const auto& [khz, ticks] : *core.time_in_state)
      states.push_back(json::list({json::text(khz), json::text(ticks)}));
  }
  object.put("time_in_state", core.time_in_state ? json::list(states) : "null");
  return object.str();
}

void print_environment(Lines& lines, const char* moment, const SystemTree& tree) {
  std::vector<std::string> cores;
  for (const Core& core : read_cores(tree)) cores.push_back(core_json(core));
  const auto affinity = current_affinity();
  const auto zones = read_thermal_zones(tree);
  std::vector<std::string> temperatures;
  for (const ThermalZone& zone : zones.value_or(std::vector<ThermalZone>{})) {
    json::Object object;
    object.put("name", json::text(zone.name)).put("millicelsius", json::text(zone.millicelsius));
    temperatures.push_back(object.str());
  }
  json::Object environment = lines.line("environment");
  environment.put("moment", json::text(moment)).put("cores", json::list(cores));
  environment.put("affinity", affinity ? json::list_of(*affinity) : "null");
  environment.put("thermal_zones", zones ? json::list(temperatures) : "null");
  lines.print(environment);
}

void fill_input(Engine& engine, Source& source, size_t index, const Shape& shape, int type) {
  if (type == kTypeFloat32) return source.next(engine.resize_input(index, shape));
  engine.set_integers(index, shape, type, source.next_integers());
}

// Sets the inputs' shapes, and their values for the first run.
std::vector<Source> set_inputs(Lines& lines, Engine& engine, const Options& options, const NbFile& model) {
  const std::vector<std::string> names = engine.input_names();
  if (names.size() != options.shapes.size()) {
    throw Failure(Exit::kInputInvalid, "the model has " + std::to_string(names.size()) + " inputs, but " +
                                           std::to_string(options.shapes.size()) + " --shape are given");
  }
  std::vector<Source> sources;
  for (size_t i = 0; i < names.size(); ++i) {
    const Shape& shape = options.shapes[i];
    check_shape(model, names[i], shape);
    sources.emplace_back(options.fills[i], i, shape, std::max(1, options.images));
    fill_input(engine, sources[i], i, shape, type_of(model, names[i]));
    json::Object input = lines.line("input");
    input.put("index", json::text(static_cast<int>(i))).put("name", json::text(names[i]));
    input.put("shape", json::list_of(shape)).put("fill", json::text(options.fills[i].str()));
    lines.print(input);
  }
  return sources;
}

// `run` is "first" or "last", or else `image` says which.
void print_outputs(Lines& lines, Engine& engine, Output what, const char* run,
                   std::optional<int> image = std::nullopt) {
  if (what == Output::kNone) return;
  int index = 0;
  for (const OutputTensor& tensor : engine.outputs()) {
    const size_t count = elements(tensor.shape);
    json::Object output = lines.line("output");
    if (run != nullptr) output.put("run", json::text(run));
    if (image) output.put("image", json::text(*image));
    output.put("index", json::text(index++)).put("name", json::text(tensor.name));
    output.put("shape", json::list_of(tensor.shape));
    output.put("digest", tensor.values ? json::text(output_digest(tensor.values, count)) : "null");
    if (what == Output::kValues) {
      std::vector<std::string> values;
      for (size_t i = 0; tensor.values && i < count; ++i) values.push_back(json::real(tensor.values[i]));
      output.put("values", tensor.values ? json::list(values) : "null");
    }
    lines.print(output);
  }
}

void print_samples(Lines& lines, const std::vector<double>& samples) {
  for (size_t start = 0; start < samples.size(); start += kSamplesPerLine) {
    std::vector<std::string> values;
    for (size_t i = start; i < std::min(samples.size(), start + kSamplesPerLine); ++i) {
      values.push_back(json::milliseconds(samples[i]));
    }
    lines.print(
        lines.line("samples").put("start", json::text(static_cast<int64_t>(start))).put("ms", json::list(values)));
  }
}

struct PauseReading {
  size_t runs;  // before it
  ClockReading clock;
};

// Everything that is read around the measured runs and between them; printed afterwards.
struct Probed {
  std::vector<Core> cores_begin, cores_end;
  std::vector<ClockReading> clocks_before, clocks_after;
  std::vector<PauseReading> clocks_between;
  std::optional<std::set<int>> cores_seen = std::set<int>();  // of the calling thread, after each run
  Usage usage{};
};

// The cores whose clock is read: those this process is bound to, if they are not more than its threads, else those on
// which its threads were last.
std::vector<int> used_cores(const Usage& usage, int threads) {
  const auto bound = current_affinity();
  if (bound && bound->size() <= static_cast<size_t>(threads)) return *bound;
  std::set<int> cores;
  if (const auto core = current_core()) cores.insert(*core);
  for (const ThreadUsage& thread : usage.threads.value_or(std::vector<ThreadUsage>{})) {
    if (thread.processor && thread.cpu_ms.value_or(0) > 0) cores.insert(*thread.processor);
  }
  return {cores.begin(), cores.end()};
}

// The measured runs, with a probe in the pauses and the readings of the kernel right before and after.
template <typename Run>
Runs probe(Run&& run, const Options& options, const SystemTree& tree, const Usage& warmed, Probed& probed) {
  const std::vector<int> cores = used_cores(warmed, options.threads);
  double due = now_ms() + kPauseEvery_ms;
  const auto pause = [&](size_t runs) {
    const auto core = current_core();
    if (!core) probed.cores_seen.reset();
    if (probed.cores_seen) probed.cores_seen->insert(*core);
    if (now_ms() < due || probed.clocks_between.size() == kMostPauses) return;
    if (const auto reading = read_clock(kPauseRepetitions, kPauseSpins))
      probed.clocks_between.push_back({runs, *reading});
    due = now_ms() + kPauseEvery_ms;
  };
  probed.clocks_between.reserve(kMostPauses);
  probed.clocks_before = read_clocks(cores, kClockRepetitions, kClockSpins);
  probed.cores_begin = read_cores(tree);
  const Usage begin = read_usage(tree);
  const Runs measured = repeat(run, options.repeats, now_ms, pause);
  probed.usage = usage_between(begin, read_usage(tree));
  probed.cores_end = read_cores(tree);
  probed.clocks_after = read_clocks(cores, kClockRepetitions, kClockSpins);
  return measured;
}

json::Object clock_json(const ClockReading& reading) {
  json::Object object;
  object.put("core", json::text(reading.core)).put("hz", json::text(reading.hz));
  return object;
}

std::string clocks_json(const std::vector<ClockReading>& readings) {
  std::vector<std::string> items;
  for (const ClockReading& reading : readings) items.push_back(clock_json(reading).str());
  return json::list(items);
}

void print_clocks(Lines& lines, const Probed& probed) {
  std::vector<std::string> between;
  for (const PauseReading& reading : probed.clocks_between) {
    between.push_back(clock_json(reading.clock).put("runs", json::text(static_cast<int64_t>(reading.runs))).str());
  }
  json::Object clock = lines.line("clock");
  clock.put("before", clocks_json(probed.clocks_before)).put("between", json::list(between));
  lines.print(clock.put("after", clocks_json(probed.clocks_after)));
}

void print_frequencies(Lines& lines, const Probed& probed) {
  json::Object frequencies = lines.line("frequencies");
  for (const auto& [name, cores] : {std::pair("begin", &probed.cores_begin), std::pair("end", &probed.cores_end)}) {
    std::vector<std::string> items;
    for (const Core& core : *cores) items.push_back(core_json(core));
    frequencies.put(name, json::list(items));
  }
  lines.print(frequencies);
}

std::string optional_ms(const std::optional<double>& value) { return value ? json::milliseconds(*value) : "null"; }

std::string thread_json(const ThreadUsage& thread) {
  json::Object object;
  object.put("tid", json::text(thread.tid)).put("cpu_ms", optional_ms(thread.cpu_ms));
  object.put("delay_ms", optional_ms(thread.delay_ms));
  object.put("involuntary_switches", json::text(thread.involuntary_switches));
  object.put("processor", json::text(thread.processor));
  object.put("affinity", thread.affinity ? json::list_of(*thread.affinity) : "null");
  return object.str();
}

// `seen`: the cores the calling thread was on, null where that was not looked at.
void print_usage(Lines& lines, const char* span, const Usage& usage, const std::optional<std::set<int>>& seen) {
  json::Object line = lines.line("usage");
  line.put("span", json::text(span)).put("wall_ms", json::milliseconds(usage.wall_ms));
  line.put("cpu_ms", json::milliseconds(usage.cpu_ms));
  line.put("involuntary_switches", json::text(usage.involuntary_switches));
  line.put("thread_cpu_ms", optional_ms(usage.thread_cpu_ms)).put("thread_switches", json::text(usage.thread_switches));
  line.put("cores", seen ? json::list_of(std::vector<int>(seen->begin(), seen->end())) : "null");
  std::vector<std::string> threads;
  for (const ThreadUsage& thread : usage.threads.value_or(std::vector<ThreadUsage>{})) {
    threads.push_back(thread_json(thread));
  }
  lines.print(line.put("threads", usage.threads ? json::list(threads) : "null"));
}

void measure(Lines& lines, Engine& engine, const Options& options, const SystemTree& tree, const Usage& started) {
  set_stage("running the model for the first time");
  const auto run = [&] { engine.run(); };
  const Runs first = repeat(run, {1, 0, 0}, now_ms);
  lines.print(lines.line("first_run").put("ms", json::milliseconds(first.samples_ms[0])));
  print_outputs(lines, engine, options.output, "first");

  set_stage("warming up");
  const Usage cold = read_usage(tree);
  const WarmUp warmed = warm_up(run, options.warmup, now_ms);
  set_stage("measuring");
  Probed probed;
  const Runs measured = probe(run, options, tree, usage_between(cold, read_usage(tree)), probed);

  set_stage("printing what was measured");
  json::Object warm = lines.line("warmup");
  warm.put("runs", json::text(static_cast<int64_t>(warmed.runs.samples_ms.size())));
  warm.put("ms", json::milliseconds(warmed.runs.elapsed_ms));
  lines.print(warm.put("settled", json::text(warmed.settled)));
  print_samples(lines, measured.samples_ms);
  print_outputs(lines, engine, options.output == Output::kNone ? Output::kNone : Output::kDigest, "last");
  print_frequencies(lines, probed);
  print_clocks(lines, probed);
  print_usage(lines, "measured", probed.usage, probed.cores_seen);
  Usage whole = usage_between(started, read_usage(tree));
  whole.threads.reset();
  print_usage(lines, "launch", whole, std::nullopt);
}

void run_images(Lines& lines, Engine& engine, std::vector<Source>& sources, const Options& options,
                const NbFile& model) {
  std::vector<int> types;
  for (const std::string& name : engine.input_names()) types.push_back(type_of(model, name));
  set_stage("running the model on the images");
  for (int image = 0; image < options.images; ++image) {
    // Set anew each time: an engine may have used an input's memory for something else.
    for (size_t i = 0; image > 0 && i < sources.size(); ++i)
      fill_input(engine, sources[i], i, options.shapes[i], types[i]);
    engine.run();
    print_outputs(lines, engine, options.output, nullptr, image);
  }
}

void launch(Lines& lines, const Options& options, const SystemTree& tree) {
  const Usage started = read_usage(tree);
  if (!options.cores.empty()) bind_to(options.cores, tree);
  print_environment(lines, "before", tree);
  NbFile model = read_model(options.model, kTarget);

  set_stage("loading the model");
  const double load_start = now_ms();
  const std::unique_ptr<Engine> engine = load_engine(options, tree);
  const double load_ms = now_ms() - load_start;
  json::Object load = lines.line("load");
  load.put("ms", json::milliseconds(load_ms)).put("model_bytes", json::text(model.bytes));
  const bool told = !model.opt_version.empty();
  load.put("model_opt_version", told ? json::text(model.opt_version) : "null")
      .put("engine_version", json::text(engine->version()));
  lines.print(load);

  set_stage("setting the inputs");
  if (model.inputs.empty()) model.inputs = engine->inputs();
  std::vector<Source> sources = set_inputs(lines, *engine, options, model);

  if (options.images > 0) {
    run_images(lines, *engine, sources, options, model);
  } else {
    measure(lines, *engine, options, tree, started);
  }
  print_environment(lines, "after", tree);
  lines.print(lines.line("memory").put("peak_rss_bytes", json::text(peak_rss_bytes(tree))));
}

void execute(Lines& lines, const std::vector<std::string>& arguments, const SystemTree& tree) {
  print_hello(lines);
  const Options options = parse_arguments(arguments);
  if (options.command == Command::kEnvironment) print_environment(lines, "before", tree);
  if (options.command == Command::kRun) launch(lines, options, tree);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, const SystemTree& tree) {
  if (arguments == std::vector<std::string>{"--help"}) {
    return std::fputs(kHelp, stdout) < 0 || std::fflush(stdout) != 0 ? static_cast<int>(Exit::kOutputFailed) : 0;
  }
  Exit code = Exit::kDone;
  std::string message;
  try {
    Lines lines(engine_info().synthetic);
    guard_against_crashes();
    try {
      execute(lines, arguments, tree);
    } catch (const Failure& failure) {
      code = failure.code();
      message = failure.what();
    } catch (const std::exception& error) {
      code = Exit::kEngineFailed;
      message = error.what();
    } catch (...) {
      code = Exit::kEngineFailed;
      message = "the engine threw something unknown";
    }
    if (code != Exit::kOutputFailed) lines.end(code, message);
  } catch (const Failure& failure) {
    code = failure.code();
    message = failure.what();
  }
  if (code != Exit::kDone) std::fprintf(stderr, "edgebench: %s\n", message.c_str());
  return static_cast<int>(code);
}

}  // namespace edgebench
