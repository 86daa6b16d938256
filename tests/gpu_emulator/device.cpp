// The emulated device: its memory, which the host may not touch, and its streams, which run when
// they are waited for. Memory is closed until a kernel touches it, and closed again when the
// kernels are done: to open all of it for each run would take longer than most kernels.

#include <csignal>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <mutex>

#include "tests/gpu_emulator/block.h"
#include "tests/gpu_emulator/copies.h"
#include "tests/gpu_emulator/guarded.h"
#include "tests/gpu_emulator/source_line.h"

namespace robmask::gpu {

namespace emulated {

struct Recorded {
  std::vector<Launch> launches;
};

struct Queue {
  struct Wait {
    std::size_t before;  // this launch of the stream
    Queue* other;
    std::size_t launches;  // of it that come first
  };

  std::deque<Launch> launches;
  std::size_t done = 0;  // launches before these
  std::deque<Wait> waits;
  std::unique_ptr<Recorded> recorded;  // while the stream is recorded
  Queue* joined = nullptr;             // the recorded stream that it works for

  std::size_t given() const { return done + launches.size(); }
  Queue* recording() { return recorded ? this : joined; }
};

struct Mark {
  Queue *stream = nullptr, *recording = nullptr;
  std::size_t launches = 0;  // before it
};

namespace {

constexpr std::size_t usual_capacity = std::size_t{16} << 30;
// A stream that nobody waits for is run when it is this long.
constexpr std::size_t longest_queue = 4096;

struct Device {
  std::mutex guard;
  std::map<const std::byte*, std::unique_ptr<GuardedMemory>> memory;
  std::map<Queue*, std::unique_ptr<Queue>> streams;
  std::size_t capacity = usual_capacity, held = 0;
  std::string broken;   // part of the name of the kernel that will fail
  bool failed = false;  // it did

  std::vector<const GuardedMemory*> opened;
  bool running = false;

  Device();
  void append(Queue& stream, Launch launch);
  void run(Queue& stream);
  void run_until(Queue& stream, std::size_t launches);
  /// Throws RunError if a kernel has failed.
  void report() const;
  /// The memory of which the address, or the guards next to it, are part.
  const GuardedMemory* memory_at(const void* address) const;
};

const GuardedMemory* Device::memory_at(const void* address) const {
  const auto after = memory.upper_bound(static_cast<const std::byte*>(address));
  if (after != memory.begin() && std::prev(after)->second->covers(address))
    return std::prev(after)->second.get();
  return after != memory.end() && after->second->covers(address) ? after->second.get() : nullptr;
}

// Never destroyed: machines that live until the program ends give their memory back then.
Device& device() {
  static Device& made = *new Device;
  return made;
}

void require_untouched_before(const GuardedMemory& block) {
  block.open(true);
  if (!block.untouched_before())
    fail(fmt::format("some kernel wrote before the first byte of {} bytes of memory",
                     block.bytes()));
}

struct sigaction former_action;

/// A first touch opens the memory. Other faults are explained; then the access fails again, as it
/// would have without us.
void on_fault(int, siginfo_t* info, void* context) {
  Device& d = device();
  const auto* address = static_cast<const std::byte*>(info->si_addr);
  const GuardedMemory* memory = d.memory_at(address);
  if (d.running && memory != nullptr && memory->contains(address) && !memory->is_open()) {
    memory->open(true);
    d.opened.push_back(memory);
    return;
  }
  sigaction(SIGSEGV, &former_action, nullptr);
  const std::string thread = running_thread();
  const Where* copy = copy_being_done();
  const std::string where = copy ? " at " + in_words(*copy) : at_source_line(context);
  if (memory != nullptr)
    fmt::print(stderr, "GPU emulator: {}: touches byte {} of {} bytes of device memory{}\n",
               thread.empty() ? "the host" : thread, address - memory->begin(), memory->bytes(),
               where);
  else if (!thread.empty())
    fmt::print(stderr, "GPU emulator: {}: touches {}, which is not device memory{}\n", thread,
               info->si_addr, where);
}

/// Machines live until the program ends, and with them blocks of memory that nobody gives back.
void look_at_all_memory() {
  Device& d = device();
  const std::lock_guard lock(d.guard);
  for (const auto& [begin, block] : d.memory) require_untouched_before(*block);
}

Device::Device() {
  std::atexit(look_at_all_memory);
  static std::byte stack[64 * 1024];  // the fault may be the end of a fibre's stack
  stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof stack;
  sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &former_action);
}

void Device::append(Queue& stream, Launch launch) {
  stream.launches.push_back(std::move(launch));
  if (stream.launches.size() == longest_queue || !broken.empty()) run(stream);
}

void Device::run(Queue& stream) {
  opened.reserve(memory.size());  // a signal handler may not take memory
  running = true;
  run_until(stream, std::numeric_limits<std::size_t>::max());
  running = false;
  for (const GuardedMemory* block : opened) block->open(false);
  opened.clear();
}

/// Other streams run when this one comes to where it waits for them, and no sooner: what should have
/// waited for them is then seen not to.
void Device::run_until(Queue& stream, std::size_t launches) {
  while (stream.done < launches) {
    if (!stream.waits.empty() && stream.waits.front().before <= stream.done) {
      const Queue::Wait wait = stream.waits.front();
      stream.waits.pop_front();
      run_until(*wait.other, wait.launches);
      continue;
    }
    if (stream.launches.empty()) return;
    const Launch launch = std::move(stream.launches.front());
    stream.launches.pop_front();
    ++stream.done;
    failed =
        failed || (!broken.empty() && kernel_name(launch.type).find(broken) != std::string::npos);
    if (!failed) emulated::run(launch);
  }
}

void Device::report() const {
  if (failed) throw_failure("the emulator was told to break it");
}

/// Runs the stream, then `copy` with the memory at `address` open.
template <class Copy>
void copy_after(Queue& stream, const std::byte* address, std::size_t bytes, Copy copy) {
  Device& d = device();
  const std::lock_guard lock(d.guard);
  d.run(stream);
  d.report();
  const GuardedMemory* block = d.memory_at(address);
  expect(block != nullptr, "a copy of {} bytes outside device memory", bytes);
  expect(address >= block->begin() && address + bytes <= block->begin() + block->bytes(),
         "a copy of {} bytes at byte {} of {} bytes of device memory", bytes,
         address - block->begin(), block->bytes());
  block->open(true);
  copy();
  block->open(false);
}

}  // namespace

void enqueue(Queue* stream, Launch launch) {
  const auto [x, y, z] = launch.blocks;
  if (x > 0x7fffffff || y > 0xffff || z > 0xffff)
    fail(
        fmt::format("{} is started over a grid of {} x {} x {}, more than 2^31 - 1 x 65535 x 65535",
                    kernel_name(launch.type), x, y, z));
  Device& d = device();
  const std::lock_guard lock(d.guard);
  d.report();
  if (Queue* recording = stream->recording())
    return recording->recorded->launches.push_back(std::move(launch));
  d.append(*stream, std::move(launch));
}

const std::vector<Launch>& launches_of(Graph graph) { return graph->launches; }

void limit_memory(std::size_t bytes) { device().capacity = bytes; }
void unlimit_memory() { device().capacity = usual_capacity; }

void break_kernel(const std::string& part) {
  Device& d = device();
  const std::lock_guard lock(d.guard);
  for (const auto& [name, stream] : d.streams) d.run(*stream);
  d.broken = part;
  d.failed = false;
}

}  // namespace emulated

using emulated::device;

Stream make_stream() {
  auto stream = std::make_unique<emulated::Queue>();
  const std::lock_guard lock(device().guard);
  Stream name = stream.get();
  device().streams[name] = std::move(stream);
  return name;
}

void destroy_stream(Stream stream) {
  const std::lock_guard lock(device().guard);
  for (const auto& [name, other] : device().streams) device().run(*other);
  device().streams.erase(stream);
}

void synchronize(Stream stream) {
  refuse_in_capture(stream, "waiting for the GPU");
  const std::lock_guard lock(device().guard);
  device().run(*stream);
  device().report();
}

bool idle(Stream stream) {
  synchronize(stream);
  return true;
}

Event make_event() { return new emulated::Mark; }
void destroy_event(Event event) { delete event; }

void mark(Stream stream, Event event) {
  const std::lock_guard lock(device().guard);
  *event = {stream, stream->recording(), stream->given()};
}

void wait_for(Stream stream, Event event) {
  const std::lock_guard lock(device().guard);
  if (event->stream == nullptr) return;
  expect(event->recording == nullptr || event->recording->recorded,
         "a wait for a mark whose recording has ended");
  expect(stream->recording() == nullptr || stream->recording() == event->recording,
         "a recorded stream waits for what is not recorded with it");
  if (event->recording == nullptr)
    stream->waits.push_back({stream->given(), event->stream, event->launches});
  else if (stream == event->recording)
    event->stream->joined = nullptr;
  else
    stream->joined = event->recording;
}

void begin_capture(Stream stream) {
  refuse_in_capture(stream, "another recording");
  stream->recorded = std::make_unique<emulated::Recorded>();
}

bool is_capturing(Stream stream) { return stream->recording() != nullptr; }

Graph end_capture(Stream stream) {
  for (const auto& [name, other] : device().streams)
    expect(other->joined != stream,
           "a recording ends, and nothing waits for a stream that joined it");
  return stream->recorded.release();
}

void abandon_capture(Stream stream) {
  for (const auto& [name, other] : device().streams)
    if (other->joined == stream) other->joined = nullptr;
  stream->recorded.reset();
}

void launch(Stream stream, Graph graph) {
  const std::lock_guard lock(device().guard);
  device().report();
  for (const emulated::Launch& recorded : graph->launches) device().append(*stream, recorded);
  started_graph();
}

void destroy_graph(Graph graph) { delete graph; }

std::byte* allocate(std::size_t bytes) {
  emulated::Device& d = device();
  const std::lock_guard lock(d.guard);
  if (bytes > free_memory()) return nullptr;
  auto block = std::make_unique<emulated::GuardedMemory>(bytes);
  block->open(false);
  std::byte* begin = block->begin();
  d.memory[begin] = std::move(block);
  d.held += bytes;
  return begin;
}

void release(std::byte* memory) {
  emulated::Device& d = device();
  const std::lock_guard lock(d.guard);
  for (const auto& [name, stream] : d.streams) d.run(*stream);
  const auto found = d.memory.find(memory);
  expect(found != d.memory.end(), "memory was released that the device does not hold");
  emulated::require_untouched_before(*found->second);
  d.held -= found->second->bytes();
  d.memory.erase(found);
}

bool guards_memory() { return true; }

std::size_t free_memory() {
  const emulated::Device& d = device();
  return d.capacity - std::min(d.capacity, d.held);
}

void copy_to_device(Stream stream, std::byte* to, const void* host, std::size_t bytes) {
  emulated::copy_after(*stream, to, bytes, [&] { std::memcpy(to, host, bytes); });
}

void copy_to_host(Stream stream, void* host, const std::byte* from, std::size_t bytes) {
  emulated::copy_after(*stream, from, bytes, [&] { std::memcpy(host, from, bytes); });
}

}  // namespace robmask::gpu
