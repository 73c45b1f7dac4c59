#include "edgebench/lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace edgebench {
namespace {

// What a signal handler may look at. It must be lock-free to be safe there.
std::atomic<int> g_output{-1};
std::atomic<int> g_printed{0};
std::atomic<bool> g_in_mid_line{false};
std::atomic<bool> g_ended{false};
std::atomic<bool> g_synthetic{false};
std::atomic<const char*> g_stage{"starting"};

bool write_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

// Text put together without the C library, as a signal handler must.
class SafeText {
 public:
  SafeText& add(const char* text) {
    while (*text != '\0' && used_ < sizeof buffer_) buffer_[used_++] = *text++;
    return *this;
  }
  SafeText& add(int number) {
    char digits[12];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do digits[--at] = static_cast<char>('0' + number % 10);
    while ((number /= 10) > 0);
    return add(digits + at);
  }
  void send(int fd) const { write_all(fd, buffer_, used_); }

 private:
  char buffer_[512];
  size_t used_ = 0;
};

void write_last_line(const char* status, int exit, const char* kind, const char* what) {
  if (g_output < 0 || g_ended.exchange(true)) return;
  SafeText line;
  if (g_in_mid_line) line.add("\n");
  line.add("{\"type\":\"end\"").add(g_synthetic ? ",\"synthetic\":true" : "");
  line.add(",\"status\":\"").add(status).add("\",\"exit\":").add(exit).add(",\"lines\":").add(g_printed);
  line.add(",\"kind\":\"").add(kind).add("\",\"message\":\"").add(what).add(" while ").add(g_stage).add("\"}\n");
  line.send(g_output);
}

const char* name_of(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV (bad memory access)";
    case SIGABRT:
      return "SIGABRT (the engine gave up)";
    case SIGBUS:
      return "SIGBUS (bad memory access)";
    case SIGILL:
      return "SIGILL (an instruction this CPU does not have)";
    case SIGFPE:
      return "SIGFPE (division by zero)";
    default:
      return "a signal";
  }
}

void on_fatal_signal(int signal) {
  write_last_line("crash", 128 + signal, "crash", name_of(signal));
  raise(signal);  // its handler is the default one again (SA_RESETHAND): the process dies of it when this returns
}

void on_exit() {
  if (g_ended) return;
  write_last_line("error", static_cast<int>(Exit::kEngineFailed), kind_of(Exit::kEngineFailed),
                  "the engine ended the process");
  _exit(static_cast<int>(Exit::kEngineFailed));
}

}  // namespace

Lines::Lines(bool synthetic) : synthetic_(synthetic) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is a write error, exit code 9
  g_output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  g_synthetic = synthetic;
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

json::Object Lines::line(const char* type) const {
  json::Object line;
  line.put("type", json::text(type));
  if (synthetic_) line.put("synthetic", json::text(true));
  return line;
}

void Lines::print(const json::Object& line) {
  const std::string text = line.str() + "\n";
  g_in_mid_line = true;
  const bool whole = write_all(g_output, text.data(), text.size());
  if (!whole) {
    g_ended = true;  // whoever reads must not take anything after this for sound
    throw Failure(Exit::kOutputFailed, std::string("cannot write to standard output: ") + std::strerror(errno));
  }
  g_in_mid_line = false;
  ++g_printed;
}

void Lines::end(Exit code, const std::string& message) {
  json::Object last = line("end");
  last.put("status", json::text(code == Exit::kDone ? "ok" : "error")).put("exit", json::text(static_cast<int>(code)));
  last.put("lines", json::text(g_printed.load()));
  if (code != Exit::kDone) last.put("kind", json::text(kind_of(code))).put("message", json::text(message));
  print(last);
  g_ended = true;
}

void set_stage(const char* stage) { g_stage = stage; }

void guard_against_crashes() {
  static char stack[64 * 1024];  // so that a stack overflow can be told, too
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE}) {
    struct sigaction action{};
    action.sa_handler = on_fatal_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK);
    sigaction(signal, &action, nullptr);
  }
  std::atexit(on_exit);
}

}  // namespace edgebench
