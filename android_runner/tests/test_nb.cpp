#include <sys/stat.h>

#include <cstring>
#include <fstream>

#include "check.h"
#include "edgebench/nb.h"
#include "tree.h"

using namespace edgebench;

namespace {

template <typename T>
void put(std::string* to, T value) {
  to->append(reinterpret_cast<const char*>(&value), sizeof value);
}

// A file of meta version 2 whose topology is a root table with one empty block, and whose parameters are of these
// sizes.
std::string small_nb(const std::string& version, const std::vector<uint32_t>& parameters) {
  std::string topology;
  put<uint32_t>(&topology, 12);                                       // root table
  for (uint16_t part : {6, 8, 4, 0}) put<uint16_t>(&topology, part);  // its vtable: one field, at 4
  put<int32_t>(&topology, 8);                                         // root: vtable is 8 bytes back
  put<uint32_t>(&topology, 4);                                        // field 0: the vector, 4 bytes on
  put<uint32_t>(&topology, 1);                                        // one block
  put<uint32_t>(&topology, 8);                                        // 8 bytes on
  for (uint16_t part : {4, 4}) put<uint16_t>(&topology, part);        // its vtable: no fields
  put<int32_t>(&topology, 4);                                         // the block
  std::string file;
  put<uint16_t>(&file, 2);
  std::string name = version;
  name.resize(16);
  file += name;
  put<uint64_t>(&file, topology.size());
  file += topology;
  for (uint16_t part : {0, 0, 6}) put<uint16_t>(&file, part);
  put<uint16_t>(&file, static_cast<uint16_t>(parameters.size()));
  put<uint32_t>(&file, 0);
  for (uint32_t size : parameters) {
    put<uint32_t>(&file, size);
    put<uint32_t>(&file, 4);
    file.append(size - 4, 'p');
  }
  return file;
}

struct Directory : check::Tree {
  std::string write(const std::string& content) {
    std::ofstream(root() + "/m.nb", std::ios::binary) << content;
    return root() + "/m.nb";
  }
};

}  // namespace

TEST_CASE("nb: a whole file") {
  Directory directory;
  const std::string content = small_nb("v2.13-rc", {16, 100});
  const NbFile file = read_nb(directory.write(content));
  CHECK_EQ(file.bytes, static_cast<int64_t>(content.size()));
  CHECK_EQ(file.opt_version, "v2.13-rc");
  CHECK((file.inputs.empty() && file.targets.empty()));
}

TEST_CASE("nb: cut off anywhere it is refused") {
  Directory directory;
  const std::string content = small_nb("v2.13-rc", {16, 40});
  for (size_t length = 0; length < content.size(); ++length) {
    CHECK_FAILS(read_nb(directory.write(content.substr(0, length))), Exit::kModelInvalid, "m.nb");
  }
}

TEST_CASE("nb: any broken topology is refused or read") {
  Directory directory;
  const std::string content = small_nb("v2.13-rc", {16});
  for (size_t at = 26; at < content.size(); ++at) {
    for (char byte : {'\0', '\x7F', '\xFF'}) {
      std::string broken = content;
      broken[at] = byte;
      try {
        read_nb(directory.write(broken));
      } catch (const Failure& failure) {
        CHECK(failure.code() == Exit::kModelInvalid);
      }
    }
  }
}

TEST_CASE("nb: what is no nb is named so") {
  Directory directory;
  CHECK_FAILS(read_nb(directory.write(std::string(100, '\0'))), Exit::kModelInvalid, "no .nb file");
  CHECK_FAILS(read_nb(directory.write(std::string(100, 'x'))), Exit::kModelInvalid, "no .nb file");
  CHECK_FAILS(read_nb(directory.write(small_nb("", {}))), Exit::kModelInvalid, "no .nb file");
  CHECK_FAILS(read_nb(directory.write(small_nb("\x80\x81", {}))), Exit::kModelInvalid, "no .nb file");
  CHECK_FAILS(read_nb(directory.root() + "/missing.nb"), Exit::kModelUnreadable, "No such file");
  CHECK_FAILS(read_nb(directory.root()), Exit::kModelUnreadable, "is no file");
  const std::string pipe = directory.root() + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_FAILS(read_nb(pipe), Exit::kModelUnreadable, "is no file");  // and does not wait for a writer
}

TEST_CASE("nb: kernels for another cpu are refused") {
  NbFile model;
  model.targets = {1, kTargetArm};
  check_target(model, kTargetArm);
  CHECK_FAILS(check_target(model, kTargetX86), Exit::kModelInvalid, "for ARM");
  model.targets = {1, kTargetX86};
  CHECK_FAILS(check_target(model, kTargetArm), Exit::kModelInvalid, "for x86");
  model.targets = {1, 5};  // OpenCL: the engine knows whether it can
  check_target(model, kTargetArm);
}

TEST_CASE("nb: an input must have the models shape") {
  NbFile model;
  model.inputs = {{"x", {-1, 3, 224, 224}}, {"y", {}}};
  check_shape(model, "x", {8, 3, 224, 224});
  check_shape(model, "y", {1, 2});
  check_shape(model, "z", {1, 2});
  CHECK_FAILS(check_shape(model, "x", {1, 3, 256, 224}), Exit::kInputInvalid, "-1,3,224,224, not 1,3,256,224");
  CHECK_FAILS(check_shape(model, "x", {3, 224, 224}), Exit::kInputInvalid, "input x");
}
