#include "edgebench/nb.h"

#include "edgebench/contract.h"
#include "file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgebench;
  const MemoryFile file(data, size);
  try {
    const NbFile model = read_nb(file.path());
    check_target(model, kTargetArm);
    for (const NbInput& input : model.inputs) {
      type_of(model, input.name);
      check_shape(model, input.name, {1, 3, 224, 224});
    }
  } catch (const Failure&) {
  }
  return 0;
}
