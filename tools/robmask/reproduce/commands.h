#pragma once
// From the paper's words to robmask's: what a scale makes of a training or a reading.

#include "tools/robmask/reproduce/job.h"
#include "tools/robmask/reproduce/scale.h"
#include "tools/robmask/reproduce/settings.h"

namespace robmask::reproduce {

class Commands {
 public:
  /// `settings` are resolved and outlive this.
  explicit Commands(const ReproduceSettings& settings)
      : settings_(settings), scale_(scale_of(settings.scale)) {}

  const ReproduceSettings& settings() const { return settings_; }
  const Scale& scale() const { return scale_; }

  /// A training run, with the seed of --seed plus `seed`. Like all of these, throws InputError if
  /// --data does not name the data set.
  Job train(const Training& training, Index seed = 0) const;
  Job evaluate(const Source& source, Index seed = 0) const;
  /// Writes features.npy into its folder: what a norm lets through, of one test image.
  Job features(const Source& source, const std::string& norm) const;

  /// What a reading reads: of each source one job, or one a seed.
  std::vector<Job> jobs(const Reading& reading) const;

 private:
  /// "cifar10:/data": where --data says that a data set of the paper lies.
  std::string data_spec(const std::string& name) const;
  /// How many images a model of the scale sees; 0 is all of them, and the paper's batch.
  Amount limits(const std::string& model) const;
  std::string seed_word(Index seed) const;
  /// A command that works in `kind`/`name`-hash, where `words` and `needs` decide the result.
  Job job(const Path& kind_and_name, std::vector<std::string> words, std::vector<Job> needs) const;

  const ReproduceSettings& settings_;
  const Scale& scale_;
};

}  // namespace robmask::reproduce
