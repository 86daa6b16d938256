#pragma once
// From the paper's words to robmask's: what a scale makes of a training or a reading.

#include "tools/robmask/reproduce/job.h"
#include "tools/robmask/reproduce/settings.h"

namespace robmask::reproduce {

class Commands {
 public:
  /// `settings` are resolved and outlive this.
  explicit Commands(const ReproduceSettings& settings);

  const ReproduceSettings& settings() const { return settings_; }
  const Scale& scale() const { return scale_; }

  /// A training run, with the seed of --seed plus `seed`. Like all of these, throws InputError if
  /// --data does not name the data set.
  Job train(const Training& training, Index seed = 0) const;
  Job evaluate(const Accuracy& accuracy, Index seed = 0) const;
  /// Writes features.npy into its folder: what a norm lets through, of one test image.
  Job features(const View& view, const std::string& layer) const;
  /// The words that measure the seconds of a training step and of a PGD step of the work's model.
  std::vector<std::string> bench(const Work& work) const;

  /// What a reading reads: one job, or one a seed; of two things, those of the first before those of
  /// the second.
  std::vector<Job> jobs(const Reading& reading) const;
  /// Why the scale leaves a reading out; empty if it does not.
  std::string left_out(const Reading& reading) const;

 private:
  /// "cifar10:/data": where --data says that a data set of the paper lies.
  std::string data_spec(const std::string& name) const;
  /// How many images a model of the scale sees; 0 is all of them, and the paper's batch.
  Amount limits(const std::string& model) const;
  /// How images are taken from the data, where that is said.
  void add_data(std::vector<std::string>& words) const;
  /// The options that every command has and no result depends on.
  void add_common(std::vector<std::string>& words) const;
  /// A command that works in `kind`/`name`-hash, where `words` and `needs` decide the result.
  Job job(const std::string& kind, const std::string& name, std::vector<std::string> words,
          std::vector<Job> needs) const;

  const ReproduceSettings& settings_;
  const Scale& scale_;
};

}  // namespace robmask::reproduce
