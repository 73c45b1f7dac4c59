#include "edgebench/arguments.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "edgebench/contract.h"

namespace edgebench {

const char* const kHelp =
    R"(edgebench: measure a model (.nb; .onnx, built with ONNX Runtime) on this machine and print JSON lines.

edgebench --contract 2 --model FILE [options]

  --threads N             engine threads (1)
  --power-mode M          0 HIGH, 1 LOW, 2 FULL, 3 NO_BIND, 4 RAND_HIGH, 5 RAND_LOW (0)
  --cores 7,6             bind to these cores, and use NO_BIND; not together with --power-mode
  --warmup N              warm up for at least N runs (10)
  --warmup-ms T           and T milliseconds (500)
  --warmup-max-ms T       then until the runs settle, at most T milliseconds in all; 0: no further (0)
  --repeats N             measure at least N runs (30)
  --repeats-ms T          and T milliseconds (1000)
  --repeats-max-ms T      but begin no run after T milliseconds, once there are 5; 0: no bound (0)
  --shape 1,3,224,224     input shape; repeat it for several inputs (1,3,224,224)
  --input FILL            ones, seed:S, file:PATH or bytes:PATH; repeat it for several inputs (ones)
  --output WHAT           none, digest or values (digest)
  --library FILE          the engine's library, where it is opened at run time (libonnxruntime.so beside this program)
  --images N              run once for each of the N images in the input files, tell the outputs, measure nothing

edgebench --version       what this program is
edgebench --env           and what it sees of this machine
)";

namespace {

constexpr int kMostThreads = 256;
constexpr int kMostRuns = 10'000'000;
constexpr int kMostImages = 1'000'000;
constexpr double kMostMilliseconds = 86'400'000;  // a day
constexpr int64_t kMostElements = int64_t{1} << 31;

[[noreturn]] void bad(const std::string& message) { throw Failure(Exit::kBadArgument, message); }

template <typename Number>
Number whole(const std::string& option, const std::string& text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    bad(option + " takes a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", not '" +
        text + "'");
  }
  return value;
}

double milliseconds(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);  // from_chars of a double is missing in older NDKs
  const bool plain = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
  if (!plain || *end != '\0' || value > kMostMilliseconds) {
    bad(option + " takes milliseconds, at most a day, not '" + text + "'");
  }
  return value;
}

template <typename Number>
std::vector<Number> comma_list(const std::string& option, const std::string& text, Number least, Number most) {
  std::vector<Number> values;
  std::istringstream parts(text + ",");
  for (std::string part; std::getline(parts, part, ',');) values.push_back(whole<Number>(option, part, least, most));
  return values;
}

Shape shape(const std::string& option, const std::string& text) {
  const Shape dimensions = comma_list<int64_t>(option, text, 1, kMostElements);
  int64_t product = 1;
  for (int64_t dimension : dimensions) {
    if (dimension > kMostElements / product) bad(option + " " + text + " has more than 2^31 elements");
    product *= dimension;
  }
  return dimensions;
}

std::vector<int> core_list(const std::string& option, const std::string& text) {
  const std::vector<int> cores = comma_list<int>(option, text, 0, 1023);
  if (std::set<int>(cores.begin(), cores.end()).size() != cores.size()) bad(option + " names a core twice: " + text);
  return cores;
}

Fill fill(const std::string& option, const std::string& text) {
  if (text == "ones") return {};
  if (text.rfind("seed:", 0) == 0) {
    return {Fill::Kind::kSeed, whole<uint64_t>(option + " seed:", text.substr(5), 0, UINT64_MAX), ""};
  }
  if (text.rfind("file:", 0) == 0 && text.size() > 5) return {Fill::Kind::kFile, 0, text.substr(5)};
  if (text.rfind("bytes:", 0) == 0 && text.size() > 6) return {Fill::Kind::kBytes, 0, text.substr(6)};
  bad(option + " takes ones, seed:S, file:PATH or bytes:PATH, not '" + text + "'");
}

Output output(const std::string& option, const std::string& text) {
  if (text == "none") return Output::kNone;
  if (text == "digest") return Output::kDigest;
  if (text == "values") return Output::kValues;
  bad(option + " takes none, digest or values, not '" + text + "'");
}

// Another contract may have other options: its number is looked at before anything else can be called wrong.
void check_contract(const std::vector<std::string>& arguments) {
  const auto option = std::find(arguments.begin(), arguments.end(), "--contract");
  if (option == arguments.end()) bad("--contract " + std::to_string(kContractVersion) + " is missing");
  if (option + 1 == arguments.end()) bad("--contract needs a value");
  if (*(option + 1) != std::to_string(kContractVersion)) {
    throw Failure(Exit::kContractMismatch, "the driver speaks device contract " + *(option + 1) +
                                               ", this program speaks " + std::to_string(kContractVersion));
  }
}

}  // namespace

Options parse_arguments(const std::vector<std::string>& arguments) {
  Options options;
  if (arguments.size() == 1 && (arguments[0] == "--version" || arguments[0] == "--env")) {
    options.command = arguments[0] == "--env" ? Command::kEnvironment : Command::kVersion;
    return options;
  }
  check_contract(arguments);

  using Reader = std::function<void(const std::string&, const std::string&)>;
  const std::map<std::string, Reader> readers = {
      {"--contract", [](auto&, auto&) {}},
      {"--model", [&](auto&, auto& text) { options.model = text; }},
      {"--library", [&](auto&, auto& text) { options.library = text; }},
      {"--threads", [&](auto& name, auto& text) { options.threads = whole<int>(name, text, 1, kMostThreads); }},
      {"--power-mode",
       [&](auto& name, auto& text) { options.power_mode = static_cast<PowerMode>(whole<int>(name, text, 0, 5)); }},
      {"--cores", [&](auto& name, auto& text) { options.cores = core_list(name, text); }},
      {"--warmup", [&](auto& name, auto& text) { options.warmup.runs = whole<int>(name, text, 0, kMostRuns); }},
      {"--warmup-ms", [&](auto& name, auto& text) { options.warmup.ms = milliseconds(name, text); }},
      {"--warmup-max-ms", [&](auto& name, auto& text) { options.warmup.most_ms = milliseconds(name, text); }},
      {"--repeats", [&](auto& name, auto& text) { options.repeats.runs = whole<int>(name, text, 1, kMostRuns); }},
      {"--repeats-ms", [&](auto& name, auto& text) { options.repeats.ms = milliseconds(name, text); }},
      {"--repeats-max-ms", [&](auto& name, auto& text) { options.repeats.most_ms = milliseconds(name, text); }},
      {"--shape", [&](auto& name, auto& text) { options.shapes.push_back(shape(name, text)); }},
      {"--input", [&](auto& name, auto& text) { options.fills.push_back(fill(name, text)); }},
      {"--output", [&](auto& name, auto& text) { options.output = output(name, text); }},
      {"--images", [&](auto& name, auto& text) { options.images = whole<int>(name, text, 1, kMostImages); }},
  };
  std::set<std::string> seen;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    const auto reader = readers.find(name);
    if (reader == readers.end()) bad("unknown option '" + name + "'; edgebench --help lists them");
    if (i + 1 == arguments.size()) bad(name + " needs a value");
    if (!seen.insert(name).second && name != "--shape" && name != "--input") bad(name + " is given twice");
    reader->second(name, arguments[i + 1]);
  }
  if (options.model.empty()) bad("--model FILE is missing");
  if (seen.count("--cores") && seen.count("--power-mode")) bad("--cores and --power-mode exclude each other");
  if (seen.count("--cores")) options.power_mode = PowerMode::kNoBind;
  for (const char* other :
       {"--warmup", "--warmup-ms", "--warmup-max-ms", "--repeats", "--repeats-ms", "--repeats-max-ms"}) {
    if (options.images && seen.count(other)) bad(std::string("--images and ") + other + " exclude each other");
  }
  for (const auto& [name, amount] : {std::pair("--warmup", options.warmup), std::pair("--repeats", options.repeats)}) {
    if (amount.most_ms > 0 && amount.most_ms < amount.ms) {
      bad(std::string(name) + "-max-ms is less than " + name + "-ms");
    }
  }
  if (options.shapes.empty()) options.shapes = {{1, 3, 224, 224}};
  if (options.fills.empty()) options.fills.resize(options.shapes.size());
  if (options.fills.size() != options.shapes.size()) {
    bad("there are " + std::to_string(options.shapes.size()) + " --shape but " + std::to_string(options.fills.size()) +
        " --input");
  }
  return options;
}

}  // namespace edgebench
