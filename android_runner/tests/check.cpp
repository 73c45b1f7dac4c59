#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "check.h"

namespace check {

void fails(const char* file, int line, const std::function<void()>& action, edgebench::Exit code,
           const std::string& words) {
  try {
    action();
    ADD_FAIL_CHECK_AT(file, line, "nothing was thrown");
  } catch (const edgebench::Failure& failure) {
    if (failure.code() != code) {
      ADD_FAIL_CHECK_AT(file, line,
                        "exit code " << static_cast<int>(failure.code()) << ", not " << static_cast<int>(code));
    }
    if (std::string(failure.what()).find(words) == std::string::npos) {
      ADD_FAIL_CHECK_AT(file, line, "'" << failure.what() << "' does not say '" << words << "'");
    }
  }
}

}  // namespace check
