// NCCL in the emulator: processes of one machine, whose memory goes through a file that all of them
// have mapped. ROBMASK_EMULATED_NCCL=missing in the environment: there is none.

#include "engine/cuda/nccl.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace robmask::cuda {

namespace {

constexpr int most_processes = 16;
constexpr std::size_t box_bytes = std::size_t{64} << 10;
constexpr double patience = 60;  // seconds in which something must come or go
enum Status { success = 0, system_error = 2, invalid_argument = 4, remote_error = 6 };

/// What one process sends to another, box after box.
struct Box {
  std::atomic<std::uint64_t> sent, taken;
  std::size_t left;  // of what is being sent, with this box
  std::byte bytes[box_bytes];
};

struct Meeting {
  std::atomic<int> joined;
  std::atomic<pid_t> process[most_processes];
  Box boxes[most_processes][most_processes];  // from, to
};

}  // namespace

struct ncclComm {
  Meeting* meeting;
  int rank, count, failed = success;
};

namespace {

using Handle = NcclLibrary::Handle;

/// A send or receive of a group, without gaps: equal ones have equal bytes.
struct Part {
  Handle handle;
  std::byte* memory;
  std::size_t bytes;
  int rank, sends;
};

struct Group {
  bool open = false;
  gpu::Stream stream = nullptr;
  std::vector<Part> parts;
} group;

bool alive(pid_t process) { return ::kill(process, 0) == 0; }

/// Moves a box of a part on, if the other process lets it.
bool move(ncclComm& own, Part& part) {
  Box& box = part.sends ? own.meeting->boxes[own.rank][part.rank]
                        : own.meeting->boxes[part.rank][own.rank];
  const bool full = box.sent != box.taken;
  if (full == (part.sends != 0)) return false;
  const std::size_t bytes = std::min(part.bytes, box_bytes);
  if (part.sends) {
    box.left = part.bytes;
    std::memcpy(box.bytes, part.memory, bytes);
  } else {
    if (box.left != part.bytes)
      gpu::emulated::fail(fmt::format("receives {} bytes where process {} sends {}", part.bytes,
                                      part.rank, box.left));
    std::memcpy(part.memory, box.bytes, bytes);
  }
  ++(part.sends ? box.sent : box.taken);
  part.memory += bytes;
  part.bytes -= bytes;
  return true;
}

/// As NCCL does it, a kernel: its first thread copies.
struct Exchange {
  static constexpr int threads = gpu::warp_size;

  /// Of the parts of a group, which end with one that has no handle.
  static void run_thread(const void* launched) {
    if (gpu::thread() != 0) return;
    std::vector<Part> parts;
    for (const auto* part = static_cast<const Part*>(launched); part->handle != nullptr; ++part)
      parts.push_back(*part);
    run(*parts[0].handle, parts);
  }

  static void run(ncclComm& own, std::vector<Part>& parts) {
    const auto left = [&](auto&& holds) {
      return std::ranges::any_of(parts, [&](const Part& p) { return p.bytes > 0 && holds(p); });
    };
    while (own.failed == success && left([](const Part&) { return true; })) {
      bool moved = false;
      wait_until(patience, [&] {
        moved = move_some(own, parts);
        return moved || left([&](const Part& p) { return !alive(own.meeting->process[p.rank]); });
      });
      if (!moved) own.failed = remote_error;
    }
  }

  /// Parts between two processes go one after the other, others side by side.
  static bool move_some(ncclComm& own, std::vector<Part>& parts) {
    bool moved = false, busy[2][most_processes] = {};
    for (Part& part : parts)
      if (part.bytes > 0 && !std::exchange(busy[part.sends][part.rank], true))
        moved = move(own, part) || moved;
    return moved;
  }
};

int make_id(NcclLibrary::Id* id) {
  std::snprintf(id->bytes, sizeof id->bytes, "/robmask-nccl-%d", getpid());
  const int file = shm_open(id->bytes, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (file < 0) return system_error;
  const bool sized = ftruncate(file, sizeof(Meeting)) == 0;
  close(file);
  return sized ? success : system_error;
}

int join(Handle* handle, int count, NcclLibrary::Id id, int rank) {
  if (count > most_processes) return invalid_argument;
  const int file = shm_open(id.bytes, O_RDWR, 0600);
  if (file < 0) return system_error;
  void* memory = mmap(nullptr, sizeof(Meeting), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return system_error;
  auto* meeting = static_cast<Meeting*>(memory);
  meeting->process[rank] = getpid();
  if (++meeting->joined == count) shm_unlink(id.bytes);
  if (!wait_until(patience, [&] { return meeting->joined == count; })) return remote_error;
  *handle = new ncclComm{meeting, rank, count};
  return success;
}

int add(const Part& part, int type, gpu::Stream stream) {
  constexpr int bytes = 0;
  if (!group.open || type != bytes || part.rank == part.handle->rank || part.rank < 0 ||
      part.rank >= part.handle->count)
    return invalid_argument;
  group.stream = stream;
  group.parts.push_back(part);
  return success;
}

int end_group() {
  group.open = false;
  if (group.parts.empty()) return success;
  group.parts.push_back({});
  std::vector<std::byte> bytes(group.parts.size() * sizeof(Part));
  std::memcpy(bytes.data(), group.parts.data(), bytes.size());
  group.parts.clear();
  gpu::emulated::enqueue(group.stream, {typeid(Exchange).name(), Exchange::run_thread,
                                        std::move(bytes), Exchange::threads, 0, 1});
  return success;
}

}  // namespace

const NcclLibrary* nccl_library() {
  static const NcclLibrary functions{
      .version =
          [](int* number) {
            *number = 10000;
            return int{success};
          },
      .words_for =
          [](int status) {
            return status == remote_error ? "remote process exited or there was a network error"
                   : status == invalid_argument ? "invalid argument"
                                                : "unhandled system error";
          },
      .make_id = make_id,
      .join = join,
      .leave = [](Handle) { return int{success}; },
      .abort =
          [](Handle handle) {
            handle->failed = remote_error;
            return int{success};
          },
      .state =
          [](Handle handle, int* status) {
            *status = handle->failed;
            return int{success};
          },
      .begin_group =
          [] {
            group.open = true;
            return int{success};
          },
      .end_group = end_group,
      .send =
          [](const void* memory, std::size_t bytes, int type, int rank, Handle handle,
             gpu::Stream stream) {
            auto* from = static_cast<std::byte*>(const_cast<void*>(memory));
            return add({handle, from, bytes, rank, 1}, type, stream);
          },
      .receive =
          [](void* memory, std::size_t bytes, int type, int rank, Handle handle,
             gpu::Stream stream) {
            return add({handle, static_cast<std::byte*>(memory), bytes, rank, 0}, type, stream);
          }};
  const char* missing = std::getenv("ROBMASK_EMULATED_NCCL");
  return missing != nullptr && std::string_view(missing) == "missing" ? nullptr : &functions;
}

}  // namespace robmask::cuda
