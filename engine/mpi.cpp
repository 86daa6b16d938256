// MPI between processes. Every wait is ours: MPI's own would keep a core busy for as long as it lasts.

#include "engine/processes.h"

#if !__has_include(<mpi.h>) || defined(ROBMASK_WITHOUT_MPI)

namespace robmask {

std::unique_ptr<Processes> make_mpi_processes() {
  throw InputError(
      "a launcher started several processes of this program, which was built without MPI: each "
      "would "
      "do all of the work; start one alone, or install Open MPI (libopenmpi-dev) and build again");
}

}  // namespace robmask

#else

#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

#include <algorithm>
#include <climits>
#include <list>

namespace robmask {

namespace {

void check(int status) {
  if (status == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(status, text, &length);
  throw RunError(fmt::format("MPI: {}", std::string(text, length)));
}

int size_of(std::size_t bytes) {
  expect(bytes <= INT_MAX, "a message of {} bytes", bytes);
  return static_cast<int>(bytes);
}

class MpiTransfer final : public Transfer {
 public:
  MpiTransfer(MPI_Comm world, const std::vector<Message>& out, const std::vector<Message>& in,
              int tag) {
    for (const Message& m : in)
      check(MPI_Irecv(m.data, size_of(m.bytes), MPI_BYTE, m.process, tag, world, &add(m)));
    for (const Message& m : out)
      check(MPI_Isend(m.data, size_of(m.bytes), MPI_BYTE, m.process, tag, world, &add(m)));
  }

  bool done() override {
    int all = 0;
    check(MPI_Testall(size_of(requests_.size()), requests_.data(), &all, MPI_STATUSES_IGNORE));
    return all != 0;
  }

  std::vector<int> missing() override {
    std::vector<int> missing;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      int done = 0;
      check(MPI_Test(&requests_[i], &done, MPI_STATUS_IGNORE));
      if (done == 0) missing.push_back(partners_[i]);
    }
    return missing;
  }

 private:
  MPI_Request& add(const Message& m) {
    partners_.push_back(m.process);
    return requests_.emplace_back(MPI_REQUEST_NULL);
  }

  std::vector<int> partners_;
  std::vector<MPI_Request> requests_;
};

class MpiProcesses final : public Processes {
 public:
  MpiProcesses() {
    MPI_Init(nullptr, nullptr);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_));
    check(MPI_Comm_size(MPI_COMM_WORLD, &count_));
    for (MPI_Comm* world : {&memory_, &letters_, &talk_, &farewell_})
      check(MPI_Comm_dup(MPI_COMM_WORLD, world));
    MPI_Comm machine = MPI_COMM_NULL;
    check(
        MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &machine));
    check(MPI_Comm_rank(machine, &local_rank_));
    check(MPI_Comm_size(machine, &local_count_));
    check(MPI_Comm_free(&machine));
  }

  std::vector<std::string> gather(const std::string& mine) override { return gather(mine, talk_); }

  std::string broadcast(const std::string& text) override {
    long length = static_cast<long>(text.size());
    await([&](MPI_Request* r) { return MPI_Ibcast(&length, 1, MPI_LONG, 0, talk_, r); });
    std::string heard = text;
    heard.resize(length);
    await([&](MPI_Request* r) {
      return MPI_Ibcast(heard.data(), size_of(heard.size()), MPI_BYTE, 0, talk_, r);
    });
    return heard;
  }

  int largest(int mine) override {
    int all = 0;
    await(
        [&](MPI_Request* r) { return MPI_Iallreduce(&mine, &all, 1, MPI_INT, MPI_MAX, talk_, r); });
    return all;
  }

  void send(int to, const std::string& text) override {
    std::erase_if(posted_, [](Posted& p) {
      int done = 0;
      check(MPI_Test(&p.request, &done, MPI_STATUS_IGNORE));
      return done != 0;
    });
    Posted& letter = posted_.emplace_back(Posted{text, MPI_REQUEST_NULL});
    check(MPI_Isend(letter.text.data(), size_of(text.size()), MPI_BYTE, to, 0, letters_,
                    &letter.request));
  }

  std::optional<Letter> receive() override {
    accept_letters();
    std::vector<bool> waiting(count_);  // for a long one, whose sender is at other work
    for (auto next = coming_.begin(); next != coming_.end(); ++next) {
      const int from = next->letter.from;
      if (!waiting[from] && done(next->request)) {
        Letter letter = std::move(next->letter);
        coming_.erase(next);
        return letter;
      }
      waiting[from] = true;
    }
    return {};
  }

  std::unique_ptr<Transfer> transfer(const std::vector<Message>& out,
                                     const std::vector<Message>& in, int tag) override {
    traffic_.messages += out.size();
    for (const Message& m : out) traffic_.bytes += m.bytes;
    return std::make_unique<MpiTransfer>(memory_, out, in, tag);
  }

  std::string name() const override {
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    check(MPI_Get_library_version(text, &length));
    const std::string all(text, length);
    return all.substr(0, all.find_first_of(",\n"));
  }

  void leave() override {
    await([&](MPI_Request* r) { return MPI_Ibarrier(farewell_, r); });
    MPI_Finalize();
  }

  LastWords last_words(const std::string& line) override {
    constexpr double moment = 3;  // seconds
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibarrier(farewell_, &request);
    if (!wait_until(moment, [&] { return done(request); }))
      return {fmt::format("[process {}] {}", rank_, line), true};
    std::string all;
    const std::vector<std::string> lines = gather(line, farewell_);
    for (std::size_t i = 0; i < lines.size() && first(); ++i)
      if (lines[i] != line &&
          std::ranges::find(lines, lines[i]) - lines.begin() == std::ssize(lines))
        all += fmt::format("; [process {}] {}", i, lines[i]);
    return {first() ? line + all : ""};
  }

  void abort(int code) override { MPI_Abort(MPI_COMM_WORLD, code); }

 private:
  struct Posted {
    std::string text;
    MPI_Request request;
  };

  struct Coming {
    Letter letter;
    MPI_Request request;
  };

  /// Begins to receive every letter that is announced.
  void accept_letters() {
    for (;;) {
      int there = 0, length = 0;
      MPI_Status status;
      check(MPI_Iprobe(MPI_ANY_SOURCE, 0, letters_, &there, &status));
      if (there == 0) return;
      check(MPI_Get_count(&status, MPI_BYTE, &length));
      Coming& next = coming_.emplace_back(
          Coming{{status.MPI_SOURCE, std::string(length, '\0')}, MPI_REQUEST_NULL});
      check(MPI_Irecv(next.letter.text.data(), length, MPI_BYTE, next.letter.from, 0, letters_,
                      &next.request));
    }
  }

  static bool done(MPI_Request& request) {
    int done = 0;
    check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    return done != 0;
  }

  /// Begins what all take part in and waits for it.
  template <class Begin>
  void await(const Begin& begin) {
    MPI_Request request = MPI_REQUEST_NULL;
    check(begin(&request));
    wait([&] { return done(request); });
  }

  std::vector<std::string> gather(const std::string& mine, MPI_Comm world) {
    std::vector<int> lengths(count_), places(count_);
    const int length = size_of(mine.size());
    await([&](MPI_Request* r) {
      return MPI_Iallgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, world, r);
    });
    for (int i = 1; i < count_; ++i) places[i] = places[i - 1] + lengths[i - 1];
    std::string all(static_cast<std::size_t>(places.back()) + lengths.back(), '\0');
    await([&](MPI_Request* r) {
      return MPI_Iallgatherv(mine.data(), length, MPI_BYTE, all.data(), lengths.data(),
                             places.data(), MPI_BYTE, world, r);
    });
    std::vector<std::string> parts;
    parts.reserve(count_);
    for (int i = 0; i < count_; ++i) parts.push_back(all.substr(places[i], lengths[i]));
    return parts;
  }

  MPI_Comm memory_ = MPI_COMM_NULL, letters_ = MPI_COMM_NULL, talk_ = MPI_COMM_NULL,
           farewell_ = MPI_COMM_NULL;
  std::list<Posted> posted_;  // letters that may not have gone yet
  std::list<Coming> coming_;  // and those that have not come whole
};

}  // namespace

std::unique_ptr<Processes> make_mpi_processes() { return std::make_unique<MpiProcesses>(); }

}  // namespace robmask

#endif
