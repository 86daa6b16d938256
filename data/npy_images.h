#pragma once
// Test images and their labels as NumPy arrays: CIFAR-10.1, or what --save-adversarial wrote.

#include <string>

#include "data/dataset.h"

namespace robmask {

/// Where the labels of an array of images lie: cifar10.1_v6_labels.npy beside
/// cifar10.1_v6_data.npy, test_labels.npy beside test_images.npy, adversarial.labels.npy beside
/// adversarial.npy.
Path labels_beside(const Path& images);

/// uint8, int32 or int64 [N], each from 0 to `most`. InputError, naming the file and the row, for
/// others.
std::vector<std::int32_t> read_labels(const Path& file, Index most);

/// Loads `files`, IMAGES.npy or IMAGES.npy,LABELS.npy, as test images: uint8, or floating numbers
/// that are whole multiples of 1/255 in [0,1]; [N,H,W,3] or [N,3,H,W]. The classes have no names.
/// InputError for anything else, and if training images are wanted.
Dataset load_npy(const std::string& files, const DataOptions& options);

}  // namespace robmask
