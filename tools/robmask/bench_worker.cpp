// robmask bench --worker: one side of a comparison of speeds, told what to do line by line.

#include <cmath>
#include <fstream>
#include <iostream>
#include <sstream>

#include "data/files/json.h"
#include "engine/backend.h"
#include "tools/robmask/bench_inputs.h"
#include "tools/robmask/options/flags.h"
#include "tools/robmask/workloads.h"
#include "training/terminal.h"

namespace robmask {

namespace {

class BenchWorker {
 public:
  explicit BenchWorker(const BenchSettings& s)
      : machine_(machine_of(s.common)), s_(s), inputs_(bench_inputs(s)) {}

  Json answer(std::istream& line) {
    std::string verb;
    line >> verb;
    if (verb == "prepare") return prepare(line);
    if (verb == "run") return run(read<double>(line));
    if (verb == "check") return check(line);
    require(verb == "drop", "expected prepare, run, drop or check, got \"{}\"", verb);
    return drop();
  }

 private:
  template <class T>
  static T read(std::istream& line) {
    T value{};
    require(static_cast<bool>(line >> value), "a word is missing or is not a number");
    return value;
  }

  Json prepare(std::istream& line) {
    drop();
    const auto workload = from_string<Workload>(read<std::string>(line));
    timed_ = make_timed(workload, s_, inputs_, read<Index>(line));
    timed_->run(4);  // run, run, recorded and played, played
    return Json::object();
  }

  Json run(double seconds) {
    require(timed_ != nullptr, "run: nothing was prepared");
    const double one = time(1);  // and wakes the machine
    const auto iterations = static_cast<Index>(std::ceil(std::max(seconds / one, 1.0)));
    const double taken = time(iterations);
    return {{"iterations", iterations}, {"seconds", taken}, {"bytes", machine_.held()}};
  }

  double time(Index iterations) {
    stop_if_interrupted();
    return timed_->run(iterations);
  }

  Json drop() {
    timed_.reset();
    machine_.pool()->trim();
    return Json::object();
  }

  Json check(std::istream& line) {
    const auto batch = read<Index>(line);
    std::string path;  // to the end of the line: it may have spaces
    require(static_cast<bool>(std::getline(line >> std::ws, path)), "the file is missing");
    const FirstStep first = first_step(s_, inputs_, batch);
    const std::vector<float> gradient(first.gradient.begin(), first.gradient.end());
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(gradient.data()),
               static_cast<std::streamsize>(gradient.size() * sizeof(float)));
    require(static_cast<bool>(file.flush()), "{}: cannot be written", path);
    return {{"loss", first.loss}, {"loss_adv", first.loss_adv}};
  }

  Backend& machine_;
  BenchSettings s_;
  SafeTensors inputs_;
  std::unique_ptr<Timed> timed_;
};

}  // namespace

void serve(const BenchSettings& s) {
  BenchWorker worker(s);
  for (std::string line; std::getline(std::cin, line);) {
    Json answer;
    try {
      std::istringstream words(line);
      answer = worker.answer(words);
    } catch (const Interrupted&) {
      throw;
    } catch (const std::exception& e) {  // such as a lack of memory: other lines may go well
      answer = {{"error", as_flags(e.what())}};
    }
    std::cout << json_line(answer) << std::endl;
  }
}

}  // namespace robmask
