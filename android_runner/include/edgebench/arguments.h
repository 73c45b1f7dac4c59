// The command line, as docs/reference/device-contract.md describes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgebench/cores.h"
#include "edgebench/input.h"
#include "edgebench/measure.h"

namespace edgebench {

enum class Command { kRun, kVersion, kEnvironment };
enum class Output { kNone, kDigest, kValues };

struct Options {
  Command command = Command::kRun;
  std::string model;
  std::string library;  // of an engine that is opened at run time; empty: the one beside this program
  int threads = 1;
  PowerMode power_mode = PowerMode::kHigh;
  std::vector<int> cores;  // empty: the engine's power mode decides
  Amount warmup{10, 500, 0};
  Amount repeats{30, 1000, 0};
  int images = 0;             // run once for each of so many images, and measure nothing; 0: measure
  std::vector<Shape> shapes;  // one for each input
  std::vector<Fill> fills;    // one for each input
  Output output = Output::kDigest;
};

// Throws Failure: kContractMismatch before anything else is looked at, else kBadArgument.
Options parse_arguments(const std::vector<std::string>& arguments);

extern const char* const kHelp;

}  // namespace edgebench
