// The JSON lines on standard output, and what becomes of them when the engine brings the process down.
#pragma once

#include <string>

#include "edgebench/contract.h"
#include "edgebench/json.h"

namespace edgebench {

// Takes standard output for itself: what the engine prints there later goes to standard error. One object a process.
class Lines {
 public:
  // `synthetic` marks every line.
  explicit Lines(bool synthetic);

  // A line of this type: {"type": ..., fields..., }. Add the fields to what this returns, then hand it to `print`.
  json::Object line(const char* type) const;

  // Throws Failure (kOutputFailed) unless the whole line was written.
  void print(const json::Object& line);

  // The last line. Nothing is printed after it, whatever happens.
  void end(Exit code, const std::string& message = "");

 private:
  bool synthetic_;
};

// Says what is being done, for the end line of a crash; `stage` must live as long as the program.
void set_stage(const char* stage);

// From now on a fatal signal (SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE), and an exit() that is not ours, still writes
// the end line. The process then dies of the signal, or with kEngineFailed.
void guard_against_crashes();

}  // namespace edgebench
