#include <unistd.h>

#include "edgebench/program.h"

int main(int argc, char** argv) {
  const int code = edgebench::run_program({argv + 1, argv + argc}, edgebench::SystemTree());
  _exit(code);  // the last line is out: an engine that falls over its own destructors must not change the outcome
}
