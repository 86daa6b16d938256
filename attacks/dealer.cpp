#include "attacks/dealer.h"

#include <algorithm>
#include <utility>

#include "engine/bytes.h"

namespace robmask {

enum Dealer::Kind : char {
  asks = 'a',
  images = 'i',
  finding = 'f',
  signalled = 's',
  stop = 'x',
  left = 'l',
  over = 'o',
  busy = 'b'
};

Dealer::Dealer(Processes& processes, const Ids& all, Index batch, Host host)
    : processes_(processes),
      host_(std::move(host)),
      undealt_(all.begin(), all.end()),
      dealt_(processes.count()),
      finished_(processes.count()),
      told_(processes.count()) {
  slots_ = std::clamp<Index>(share(), 1, batch);
  told_[0] = true;
}

/// Half of what each process would get of all that are left.
Index Dealer::share() const {
  const Index parts = Index{2} * processes_.count();
  return (std::ssize(undealt_) + parts - 1) / parts;
}

Dealer::Ids Dealer::deal(int to, Index most) {
  const auto end = undealt_.begin() + std::min(most, share());
  Ids ids(undealt_.begin(), end);
  undealt_.erase(undealt_.begin(), end);
  dealt_[to] += std::ssize(ids);
  return ids;
}

Dealer::Ids Dealer::take(Index unfinished) {
  if (processes_.first()) return deal(0, std::max<Index>(slots_ - unfinished, 0));
  const Index ahead = std::max<Index>(slots_ / 8, 1);
  const auto ask = [&] {
    const Index more = slots_ + ahead - unfinished - std::ssize(arrived_);
    if (more <= 0 || asked_ || none_left_) return;
    write(0, asks, std::to_string(more));
    asked_ = true;
  };
  ask();
  while (unfinished == 0 && arrived_.empty() && !none_left_) wait();
  ask();
  return std::exchange(arrived_, {});
}

void Dealer::found(Index images, const std::string& what) {
  if (processes_.first())
    finished_[0] += images;
  else
    write(0, finding, bytes_of<Index>({images}) + what);
}

void Dealer::look() {
  notice_signals();
  while (const auto letter = processes_.receive()) read(*letter);
  say_busy();
  stop_if_asked();
}

void Dealer::finish() {
  if (!processes_.first()) {
    while (!over_) wait();
    return;
  }
  while (!missing().empty()) wait();
  write_others(over);
}

std::vector<int> Dealer::missing() const {
  if (!processes_.first()) return {0};
  std::vector<int> others;
  for (int p = 1; p < processes_.count(); ++p)
    if (!told_[p] || finished_[p] < dealt_[p]) others.push_back(p);
  return others;
}

void Dealer::write(int to, Kind kind, const std::string& text) {
  processes_.send(to, std::string(1, kind) + text);
}

void Dealer::write_others(Kind kind, const std::string& text) {
  if (!processes_.first()) return write(0, kind, text);
  for (int p = 1; p < processes_.count(); ++p) write(p, kind, text);
}

void Dealer::read(const Letter& letter) {
  const std::string text = letter.text.substr(1);
  switch (Kind(letter.text[0])) {
    case asks: {
      const Ids ids = deal(letter.from, std::stol(text));
      told_[letter.from] = ids.empty();
      return write(letter.from, images, bytes_of(ids));
    }
    case images:
      arrived_ = from_bytes<std::int32_t>(text);
      asked_ = false;
      none_left_ = arrived_.empty();
      return;
    case finding: {
      const Index count = from_bytes<Index>(text.substr(0, sizeof(Index)))[0];
      finished_[letter.from] += count;
      return host_.found(count, text.substr(sizeof(Index)));
    }
    case signalled: signal_ = std::stoi(text); return;
    case stop: return leave(std::stoi(text));
    case left: ++left_; return;
    case over: over_ = true; return;
    case busy: return;
  }
}

/// For the next letter, or a signal to process 0.
void Dealer::wait() {
  constexpr auto pause = std::chrono::milliseconds(50);
  Clock::time_point noticed = Clock::now();
  std::optional<Letter> letter;
  processes_.wait(
      [&] {
        if (Clock::now() - noticed > pause) {
          noticed = Clock::now();
          notice_signals();
          if (processes_.first()) say_busy();
        }
        letter = processes_.receive();
        return letter || (processes_.first() && signal_ != 0);
      },
      [&] { return missing(); });
  if (letter) read(*letter);
  stop_if_asked();
}

void Dealer::notice_signals() {
  try {
    host_.look();
  } catch (const Interrupted& interruption) {
    if (signal_ == 0 && !processes_.first())
      write(0, signalled, std::to_string(interruption.signal));
    signal_ = interruption.signal;
  }
}

void Dealer::say_busy() {
  constexpr double times = 8;  // within the patience of others
  const std::chrono::duration<double> since = Clock::now() - busy_said_;
  if (since.count() * times < processes_.patience()) return;
  write_others(busy);
  busy_said_ = Clock::now();
}

void Dealer::stop_if_asked() {
  if (!processes_.first() || signal_ == 0) return;
  write_others(stop, std::to_string(signal_));
  while (left_ + 1 < processes_.count()) read(processes_.wait_for_letter());
  leave(signal_);
}

/// All leave together, so that none takes another for lost.
void Dealer::leave(int signal) {
  if (!processes_.first()) write(0, left);
  throw Interrupted(processes_.largest(signal));
}

}  // namespace robmask
