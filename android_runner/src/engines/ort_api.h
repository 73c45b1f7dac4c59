// ONNX Runtime's C interface, as far as this program uses it, declared anew: a library is opened at run time, and none
// of the packages that carry one has headers. The library hands out a table of functions; a place in it never changes,
// later versions add theirs at the end. Places and types were compared with the interface of version 21 by their
// offsets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace edgebench::ort {

inline constexpr uint32_t kApiVersion =
    8;  // of ONNX Runtime 1.8: all that is used here, and every later library has it

struct Env;
struct Status;
struct Session;
struct SessionOptions;
struct Value;
struct MemoryInfo;
struct TypeInfo;
struct TensorInfo;
struct Allocator;
using Function = void (*)();

enum ElementType : int { kFloat = 1, kUint8 = 2, kInt8 = 3, kInt32 = 6, kInt64 = 7 };
enum LogLevel : int { kError = 3 };
enum AllocatorKind : int { kArena = 1 };
enum MemoryKind : int { kDefault = 0 };

struct ApiBase {
  const Function* (*api)(uint32_t version);
  const char* (*version)();
};

// One function of the table: its place, and what it takes.
template <size_t kPlace, typename Returned, typename... Taken>
struct Entry {
  Returned operator()(Taken... given) const {
    return reinterpret_cast<Returned (*)(Taken...)>(table[kPlace])(given...);
  }
  const Function* const& table;
};

struct Api {
  const Function* table = nullptr;

  Entry<2, const char*, const Status*> message{table};
  Entry<3, Status*, LogLevel, const char*, Env**> create_env{table};
  Entry<7, Status*, const Env*, const char*, const SessionOptions*, Session**> create_session{table};
  Entry<9, Status*, Session*, const void*, const char* const*, const Value* const*, size_t, const char* const*, size_t,
        Value**>
      run{table};
  Entry<10, Status*, SessionOptions**> create_options{table};
  Entry<24, Status*, SessionOptions*, int> set_intra_threads{table};
  Entry<25, Status*, SessionOptions*, int> set_inter_threads{table};
  Entry<30, Status*, const Session*, size_t*> input_count{table};
  Entry<31, Status*, const Session*, size_t*> output_count{table};
  Entry<33, Status*, const Session*, size_t, TypeInfo**> input_type{table};
  Entry<36, Status*, const Session*, size_t, Allocator*, char**> input_name{table};
  Entry<37, Status*, const Session*, size_t, Allocator*, char**> output_name{table};
  Entry<49, Status*, const MemoryInfo*, void*, size_t, const int64_t*, size_t, ElementType, Value**> wrap{table};
  Entry<51, Status*, Value*, void**> data{table};
  Entry<55, Status*, const TypeInfo*, const TensorInfo**> as_tensor{table};
  Entry<60, Status*, const TensorInfo*, ElementType*> element_type{table};
  Entry<61, Status*, const TensorInfo*, size_t*> rank{table};
  Entry<62, Status*, const TensorInfo*, int64_t*, size_t> dimensions{table};
  Entry<65, Status*, const Value*, TensorInfo**> tensor_info{table};
  Entry<69, Status*, AllocatorKind, MemoryKind, MemoryInfo**> cpu_memory{table};
  Entry<76, Status*, Allocator*, void*> give_back{table};
  Entry<78, Status*, Allocator**> allocator{table};
  Entry<93, void, Status*> release_status{table};
  Entry<96, void, Value*> release_value{table};
  Entry<98, void, TypeInfo*> release_type{table};
  Entry<99, void, TensorInfo*> release_tensor_info{table};
};

}  // namespace edgebench::ort
