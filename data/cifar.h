#pragma once
// CIFAR-10 and CIFAR-100 in the binary version of A. Krizhevsky's page: records of one or two label
// bytes and 3,072 pixel bytes, the planes R, G, B of 32×32.

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/files/input_file.h"

namespace robmask {

struct CifarFormat {
  std::string name;
  std::string archive_folder;  // what the official archive unpacks to; looked for below DIR too
  std::vector<std::string> train_files;
  std::string test_file;
  std::vector<int> label_counts;  // values of each label byte; the last byte is the label we use
  std::vector<std::string> classes;
  Normalization normalization;

  Index record_bytes() const { return static_cast<Index>(label_counts.size()) + 3072; }
};

/// data_batch_1 … 5.bin (or data_batch_1.bin alone, for a small set of one's own), test_batch.bin.
const CifarFormat& cifar10_format();
/// train.bin, test.bin; coarse label, then the fine label, which is the one used.
const CifarFormat& cifar100_format();

/// Reads the wanted splits. Files may hold any whole number of records.
/// Throws InputError for a missing file, a size that is no multiple of a record, a label out of
/// range.
Dataset load_cifar(const CifarFormat& format, const Path& folder, const DataOptions& options);

}  // namespace robmask
