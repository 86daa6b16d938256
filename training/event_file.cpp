#include "training/event_file.h"

#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "data/files/record_file.h"

namespace robmask {

namespace {

// Protocol buffers: a field is its number and kind of coding, then its value. Of TensorFlow's
// event.proto and summary.proto these are used:
//   Event          double wall_time = 1, int64 step = 2, string file_version = 3, Summary summary = 5
//   Summary        repeated Value value = 1
//   Summary.Value  string tag = 1, float simple_value = 2

std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
  return bytes += static_cast<char>(number);
}

std::string key(std::uint64_t field, std::uint64_t coding) { return varint(field << 3 | coding); }

std::string whole_field(std::uint64_t field, Index value) {
  return key(field, 0) + varint(static_cast<std::uint64_t>(value));
}

/// A double or a float.
template <class T>
std::string number_field(std::uint64_t field, T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return key(field, sizeof(T) == 8 ? 1 : 5) + bytes;
}

/// A text, or a message.
std::string field(std::uint64_t number, std::string_view bytes) {
  return key(number, 2) + varint(bytes.size()) + std::string(bytes);
}

/// The time it is, in seconds since 1970.
std::string wall_time() {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return number_field(1, now.count());
}

/// Each curve's tag, and its value in a row of the log.
std::vector<std::pair<std::string_view, std::optional<double>>> scalars(const EpochSummary& e) {
  // The log has a 0 where the method has no such images; a loss is larger.
  const auto loss = [](double value) { return value > 0 ? std::optional(value) : std::nullopt; };
  return {{"learning_rate", e.lr},
          {"loss/train", e.train_loss},
          {"loss/clean", loss(e.loss_clean)},
          {"loss/adversarial", loss(e.loss_adv)},
          {"accuracy/train", e.train_acc},
          {"accuracy/test", e.test_acc},
          {"accuracy/test_mask_max", e.test_acc_mask_max},
          {"accuracy/probe_training_attack", e.probe_training_attack},
          {"accuracy/probe_pgd", e.probe_pgd},
          {"seconds", e.seconds}};
}

}  // namespace

void append_events(const std::filesystem::path& file, const EpochSummary& epoch) {
  std::string summary;
  for (const auto& [tag, value] : scalars(epoch))
    if (value) summary += field(1, field(1, tag) + number_field(2, static_cast<float>(*value)));
  append_record(file, wall_time() + whole_field(2, epoch.epoch) + field(5, summary));
}

void mend_events(const std::filesystem::path& file, const std::vector<EpochSummary>& logged) {
  Index kept = keep_records(file, 1 + std::ssize(logged));
  if (kept == 0) {
    append_record(file, wall_time() + field(3, "brain.Event:2"));
    ++kept;
  }
  for (Index i = kept - 1; i < std::ssize(logged); ++i)
    append_events(file, logged[static_cast<std::size_t>(i)]);
}

}  // namespace robmask
