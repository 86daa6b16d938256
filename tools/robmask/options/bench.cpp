#include "tools/robmask/options/groups.h"

namespace robmask {

Options options_of(BenchSettings& s) {
  Options o;
  o.add("workload", s.workloads, "list of what to time");
  o.add("repeats", s.repeats, "timed runs, of which the median counts", from_to(1, 100'000));
  o.add("save", s.save, "write weights and a batch to this file, and time nothing");
  o.add("init", s.init, "begin with the weights and images of such a file");
  o.flag("worker", s.worker, "do as lines on standard input say (tools/bench/gpu_bench.py)");
  add_batch(o, s.batch);
  add_replay(o, s.replay);
  add_network(o, s.model);
  add_common(o, s.common);
  return o;
}

void check(const BenchSettings& s) {
  check_common(s.common);
  check_model(s.model);
}

}  // namespace robmask
