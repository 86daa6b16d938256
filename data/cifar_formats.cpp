#include "data/cifar.h"

namespace robmask {

const CifarFormat& cifar10_format() {
  static const CifarFormat format{
      .name = "cifar10",
      .archive_folder = "cifar-10-batches-bin",
      .train_files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                      "data_batch_4.bin", "data_batch_5.bin"},
      .test_file = "test_batch.bin",
      .label_counts = {10},
      .classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
                  "truck"},
      .normalization = normalizations::cifar10};
  return format;
}

const CifarFormat& cifar100_format() {
  static const CifarFormat format{
      .name = "cifar100",
      .archive_folder = "cifar-100-binary",
      .train_files = {"train.bin"},
      .test_file = "test.bin",
      .label_counts = {20, 100},
      .classes = {"apple",    "aquarium_fish", "baby",       "bear",         "beaver",
                  "bed",      "bee",           "beetle",     "bicycle",      "bottle",
                  "bowl",     "boy",           "bridge",     "bus",          "butterfly",
                  "camel",    "can",           "castle",     "caterpillar",  "cattle",
                  "chair",    "chimpanzee",    "clock",      "cloud",        "cockroach",
                  "couch",    "crab",          "crocodile",  "cup",          "dinosaur",
                  "dolphin",  "elephant",      "flatfish",   "forest",       "fox",
                  "girl",     "hamster",       "house",      "kangaroo",     "keyboard",
                  "lamp",     "lawn_mower",    "leopard",    "lion",         "lizard",
                  "lobster",  "man",           "maple_tree", "motorcycle",   "mountain",
                  "mouse",    "mushroom",      "oak_tree",   "orange",       "orchid",
                  "otter",    "palm_tree",     "pear",       "pickup_truck", "pine_tree",
                  "plain",    "plate",         "poppy",      "porcupine",    "possum",
                  "rabbit",   "raccoon",       "ray",        "road",         "rocket",
                  "rose",     "sea",           "seal",       "shark",        "shrew",
                  "skunk",    "skyscraper",    "snail",      "snake",        "spider",
                  "squirrel", "streetcar",     "sunflower",  "sweet_pepper", "table",
                  "tank",     "telephone",     "television", "tiger",        "tractor",
                  "train",    "trout",         "tulip",      "turtle",       "wardrobe",
                  "whale",    "willow_tree",   "wolf",       "woman",        "worm"},
      .normalization = normalizations::cifar100};
  return format;
}

}  // namespace robmask
