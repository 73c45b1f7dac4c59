#include "check.h"

#include <set>
#include <vector>

namespace check {
namespace {

struct Test {
  std::string part, name;
  void (*function)();
};

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

int failures = 0;

}  // namespace

Registered::Registered(const char* part, const char* name, void (*test)()) { tests().push_back({part, name, test}); }

void failed(const char* file, int line, const std::string& what) {
  ++failures;
  std::cout << file << ":" << line << ": " << what << "\n";
}

void fails(const char* file, int line, const std::function<void()>& action, edgebench::Exit code,
           const std::string& words) {
  try {
    action();
    failed(file, line, "nothing was thrown");
  } catch (const edgebench::Failure& failure) {
    equal(file, line, "exit code", static_cast<int>(failure.code()), static_cast<int>(code));
    if (std::string(failure.what()).find(words) == std::string::npos) {
      failed(file, line, "'" + std::string(failure.what()) + "' does not say '" + words + "'");
    }
  }
}

}  // namespace check

int main(int argc, char** argv) {
  const std::set<std::string> parts(argv + 1, argv + argc);
  int run = 0;
  for (const auto& test : check::tests()) {
    if (!parts.empty() && parts.count(test.part) == 0) continue;
    const int before = check::failures;
    try {
      test.function();
    } catch (const std::exception& error) {
      check::failed(test.part.c_str(), 0, std::string("threw ") + error.what());
    }
    ++run;
    if (check::failures > before) std::cout << "FAILED " << test.part << "." << test.name << "\n";
  }
  std::cout << run << " tests, " << check::failures << " failures\n";
  return run == 0 || check::failures > 0 ? 1 : 0;
}
