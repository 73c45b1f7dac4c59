#include "check.h"
#include "edgebench/arguments.h"

using edgebench::Exit;
using edgebench::Fill;
using edgebench::Options;
using edgebench::parse_arguments;

namespace {

using Arguments = std::vector<std::string>;

Options parse(Arguments more) {
  Arguments all = {"--contract", "2", "--model", "m.nb"};
  all.insert(all.end(), more.begin(), more.end());
  return parse_arguments(all);
}

}  // namespace

TEST_CASE("arguments: defaults are the contracts") {
  const Options options = parse({});
  CHECK_EQ(options.model, "m.nb");
  CHECK_EQ(options.threads, 1);
  CHECK(options.power_mode == edgebench::PowerMode::kHigh);
  CHECK_EQ(options.warmup.runs, 10);
  CHECK_EQ(options.warmup.ms, 500.0);
  CHECK_EQ(options.repeats.runs, 30);
  CHECK_EQ(options.repeats.ms, 1000.0);
  CHECK((options.shapes == std::vector<edgebench::Shape>{{1, 3, 224, 224}}));
  CHECK((options.fills.size() == 1 && options.fills[0].kind == Fill::Kind::kOnes));
  CHECK(options.output == edgebench::Output::kDigest);
}

TEST_CASE("arguments: every option is read") {
  const Options options =
      parse({"--threads",   "4",        "--power-mode", "3",     "--warmup",     "0",
             "--warmup-ms", "0.5",      "--repeats",    "7",     "--repeats-ms", "0",
             "--shape",     "1,3,8,8",  "--shape",      "2,5",   "--input",      "seed:18446744073709551615",
             "--input",     "file:a b", "--output",     "values"});
  CHECK_EQ(options.threads, 4);
  CHECK(options.power_mode == edgebench::PowerMode::kNoBind);
  CHECK_EQ(options.warmup.runs, 0);
  CHECK_EQ(options.warmup.ms, 0.5);
  CHECK_EQ(options.repeats.runs, 7);
  CHECK((options.shapes == std::vector<edgebench::Shape>{{1, 3, 8, 8}, {2, 5}}));
  CHECK_EQ(options.fills[0].seed, UINT64_MAX);
  CHECK_EQ(options.fills[1].path, "a b");
  CHECK_EQ(options.fills[1].str(), "file:a b");
  CHECK(options.output == edgebench::Output::kValues);
}

TEST_CASE("arguments: cores mean no bind") {
  const Options options = parse({"--cores", "7,6"});
  CHECK((options.cores == std::vector<int>{7, 6}));
  CHECK(options.power_mode == edgebench::PowerMode::kNoBind);
  CHECK_FAILS(parse({"--cores", "7", "--power-mode", "0"}), Exit::kBadArgument, "exclude each other");
  CHECK_FAILS(parse({"--cores", "7,7"}), Exit::kBadArgument, "twice");
  CHECK_FAILS(parse({"--cores", "7,"}), Exit::kBadArgument, "--cores");
  CHECK_FAILS(parse({"--cores", "-1"}), Exit::kBadArgument, "--cores");
}

TEST_CASE("arguments: wrong values name the option") {
  for (const char* text : {"", "0", "-1", "1.5", "2x", "99999999999999999999", " 1"}) {
    CHECK_FAILS(parse({"--threads", text}), Exit::kBadArgument, "--threads");
    CHECK_FAILS(parse({"--repeats", text}), Exit::kBadArgument, "--repeats");
  }
  for (const char* text : {"", "-1", "nan", "inf", "1e3", "0x10", "1.2.3", "86400001"}) {
    CHECK_FAILS(parse({"--repeats-ms", text}), Exit::kBadArgument, "--repeats-ms");
  }
  for (const char* text : {"", "1,", ",1", "1,0", "1,-3", "1;3", "65536,65536"}) {
    CHECK_FAILS(parse({"--shape", text}), Exit::kBadArgument, "--shape");
  }
  for (const char* text : {"", "twos", "seed:", "seed:-1", "seed:1x", "file:", "bytes:"}) {
    CHECK_FAILS(parse({"--input", text}), Exit::kBadArgument, "--input");
  }
  CHECK_FAILS(parse({"--output", "all"}), Exit::kBadArgument, "--output");
  CHECK_FAILS(parse({"--power-mode", "6"}), Exit::kBadArgument, "--power-mode");
}

TEST_CASE("arguments: both amounts have a bound, which is no less than they are") {
  CHECK_EQ(parse({}).warmup.most_ms, 0.0);
  CHECK_EQ(parse({}).repeats.most_ms, 0.0);
  const Options options = parse({"--warmup-max-ms", "5000", "--repeats-max-ms", "1000"});
  CHECK_EQ(options.warmup.most_ms, 5000.0);
  CHECK_EQ(options.repeats.most_ms, 1000.0);
  CHECK_FAILS(parse({"--warmup-max-ms", "499"}), Exit::kBadArgument, "--warmup-max-ms is less than --warmup-ms");
  CHECK_FAILS(parse({"--repeats-max-ms", "999"}), Exit::kBadArgument, "--repeats-max-ms is less than --repeats-ms");
}

TEST_CASE("arguments: images are run and not measured") {
  const Options options = parse({"--images", "55", "--input", "bytes:a b", "--output", "values"});
  CHECK_EQ(options.images, 55);
  CHECK_EQ(options.fills[0].str(), "bytes:a b");
  CHECK_EQ(parse({}).images, 0);
  CHECK_FAILS(parse({"--images", "0"}), Exit::kBadArgument, "--images");
  CHECK_FAILS(parse({"--images", "2", "--warmup", "0"}), Exit::kBadArgument, "--images and --warmup exclude");
}

TEST_CASE("arguments: structure is checked") {
  CHECK_FAILS(parse({"--frobnicate", "1"}), Exit::kBadArgument, "--frobnicate");
  CHECK_FAILS(parse({"--threads"}), Exit::kBadArgument, "needs a value");
  CHECK_FAILS(parse({"--threads", "1", "--threads", "2"}), Exit::kBadArgument, "given twice");
  CHECK_FAILS(parse({"--shape", "1", "--shape", "2", "--input", "ones"}), Exit::kBadArgument,
              "2 --shape but 1 --input");
  CHECK_FAILS(parse_arguments({"--contract", "2"}), Exit::kBadArgument, "--model");
  CHECK_FAILS(parse_arguments({"--model", "m.nb"}), Exit::kBadArgument, "--contract");
  CHECK_FAILS(parse_arguments({}), Exit::kBadArgument, "--contract");
}

TEST_CASE("arguments: another contract is refused before anything else") {
  CHECK_FAILS(parse_arguments({"--new-option", "--contract", "1"}), Exit::kContractMismatch, "contract 1");
  CHECK_FAILS(parse_arguments({"--contract", "01"}), Exit::kContractMismatch, "contract 01");
}

TEST_CASE("arguments: questions need no contract") {
  CHECK(parse_arguments({"--version"}).command == edgebench::Command::kVersion);
  CHECK(parse_arguments({"--env"}).command == edgebench::Command::kEnvironment);
}
