#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "check.h"
#include "edgebench/lines.h"

using namespace edgebench;

namespace {

struct Ended {
  std::string output;
  int status;  // as waitpid gives it
};

// What a process that does this prints to standard output, and how it ends.
template <typename Action>
Ended run(Action&& action) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    Lines lines(false);
    guard_against_crashes();
    set_stage("being tested");
    lines.print(lines.line("hello"));
    action(lines);
    _exit(0);
  }
  close(ends[1]);
  Ended ended{};
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    ended.output.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  waitpid(child, &ended.status, 0);
  return ended;
}

const std::string kHello = "{\"type\":\"hello\"}\n";

}  // namespace

TEST_CASE("lines: an end says how many lines there were") {
  const Ended ended = run([](Lines& lines) { lines.end(Exit::kDone); });
  CHECK_EQ(ended.output, kHello + R"({"type":"end","status":"ok","exit":0,"lines":1})"
                                  "\n");
}

TEST_CASE("lines: a failure is named") {
  const Ended ended = run([](Lines& lines) { lines.end(Exit::kModelInvalid, "no \"model\""); });
  CHECK_EQ(ended.output, kHello + R"({"type":"end","status":"error","exit":5,"lines":1,"kind":"model_invalid",)"
                                  R"("message":"no \"model\""})"
                                  "\n");
}

TEST_CASE("lines: what the engine prints goes elsewhere") {
  const Ended ended = run([](Lines& lines) {
    if (write(STDOUT_FILENO, "chatter", 7) < 0) lines.line("");
    lines.end(Exit::kDone);
  });
  CHECK(ended.output.find("chatter") == std::string::npos);
}

TEST_CASE("lines: fatal signals leave an end line and kill") {
  for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE}) {
    const Ended ended = run([&](Lines&) { raise(signal); });
    CHECK((WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == signal));
    const std::string begin =
        R"({"type":"end","status":"crash","exit":)" + std::to_string(128 + signal) + R"(,"lines":1,"kind":"crash")";
    CHECK(ended.output.find(begin) == kHello.size());
    CHECK(ended.output.find(" while being tested\"}\n") != std::string::npos);
  }
}

TEST_CASE("lines: an engine that exits has failed") {
  const Ended ended = run([](Lines&) { std::exit(0); });
  CHECK(WIFEXITED(ended.status));
  CHECK_EQ(WEXITSTATUS(ended.status), static_cast<int>(Exit::kEngineFailed));
  CHECK(ended.output.find("the engine ended the process while being tested") != std::string::npos);
}

TEST_CASE("lines: nothing follows an end") {
  const Ended ended = run([](Lines& lines) {
    lines.end(Exit::kDone);
    std::abort();
  });
  CHECK_EQ(ended.output, kHello + R"({"type":"end","status":"ok","exit":0,"lines":1})"
                                  "\n");
}

TEST_CASE("lines: a reader that left is a failure") {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    Lines lines(false);
    try {
      lines.print(lines.line("hello"));
      _exit(0);
    } catch (const Failure& failure) {
      _exit(static_cast<int>(failure.code()));
    }
  }
  close(ends[0]);
  close(ends[1]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK_EQ(WEXITSTATUS(status), static_cast<int>(Exit::kOutputFailed));
}
