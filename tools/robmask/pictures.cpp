#include "tools/robmask/pictures.h"

#include <algorithm>
#include <iostream>
#include <numeric>
#include <optional>

#include "data/crops.h"
#include "data/files/csv.h"
#include "data/files/one_line.h"
#include "data/imagenet.h"
#include "data/listing.h"
#include "data/pictures.h"
#include "tools/robmask/text_table.h"
#include "training/images.h"
#include "training/likeliest.h"
#include "training/terminal.h"

namespace robmask {

namespace {

/// With the lines of standard input in the place of "-".
std::vector<Path> all_names(const std::vector<Path>& given) {
  std::vector<Path> names;
  for (const Path& name : given) {
    if (name != "-") {
      names.push_back(name);
      continue;
    }
    for (std::string line; std::getline(std::cin, line);)
      if (!line.empty()) names.emplace_back(line);
  }
  require(!names.empty(), "standard input: expected names of pictures, one a line, found none");
  return names;
}

/// "resized until the shorter side is 256, of which the central 224x224 counts"
std::string view_words(Index side) {
  return fmt::format("resized until the shorter side is {}, of which the central {}x{} counts",
                     shorter_side(side), side, side);
}

/// {"mask": 0.5, "classes": [{"class": 3, "name": "cat", "probability": 0.93, "logit": 4.1}, …]}
Json prediction_json(double mask, const std::vector<Likely>& classes) {
  Json list = Json::array();
  for (const Likely& c : classes)
    list.push_back({{"class", c.output},
                    {"name", c.name},
                    {"probability", c.probability},
                    {"logit", c.logit}});
  return {{"mask", mask}, {"classes", std::move(list)}};
}

/// The classes of each of some pictures, through each mask.
Json predictions(const LoadedModel& from, const std::vector<Classifier>& masked,
                 const PictureSettings& settings, Pictures pictures) {
  const Images images(from.model->machine(), std::move(pictures.split));
  std::vector<std::int32_t> all(images.size());
  std::iota(all.begin(), all.end(), 0);
  const Variable pixels(images.batch(from.model->dtype(), all).images);
  Json list = Json::array();
  for (std::size_t i = 0; i < all.size(); ++i)
    list.push_back({{"file", images.split().files[i].string()},
                    {"width", pictures.sizes[i].width},
                    {"height", pictures.sizes[i].height},
                    {"predictions", Json::array()}});
  for (std::size_t m = 0; m < masked.size(); ++m) {
    const auto rows = likeliest(masked[m](pixels).value(), from.info.class_names, settings.top);
    for (std::size_t i = 0; i < rows.size(); ++i)
      list[i]["predictions"].push_back(prediction_json(settings.masks[m], rows[i]));
  }
  return list;
}

/// A row for each class of each mask of each picture; in a table for people nothing is repeated.
TextTable table_of(const Json& pictures, bool masks, bool repeat) {
  TextTable table{.title = {},
                  .head = {"file", "width", "height", "mask", "class", "name", "probability"},
                  .rows = {}};
  for (const Json& picture : pictures) {
    bool told = false;
    for (const Json& prediction : picture["predictions"]) {
      bool told_mask = false;
      for (const Json& c : prediction["classes"]) {
        const auto once = [&](bool is_told, const Json& object, const char* field) {
          if (is_told && !repeat) return std::string();
          const std::string cell = cell_of(object, field);
          return repeat ? cell : one_line(cell);  // names of files may be any bytes
        };
        table.rows.push_back(
            {once(told, picture, "file"), once(told, picture, "width"),
             once(told, picture, "height"),
             masks || repeat ? once(told_mask, prediction, "mask") : "", cell_of(c, "class"),
             class_title(c["name"]),
             repeat ? cell_of(c, "probability") : per_cent(c["probability"]) + " %"});
        told = told_mask = true;
      }
    }
  }
  return table;
}

std::string text_of(const Json& pictures, const PictureSettings& settings) {
  const bool csv = settings.format == Format::csv;
  const TextTable table = table_of(pictures, settings.masks.size() > 1, csv);
  if (settings.format == Format::markdown) return as_markdown(table);
  if (!csv) return as_text(table);
  std::string text = csv_line(table.head) + "\n";
  for (const auto& row : table.rows) text += csv_line(row) + "\n";
  return text;
}

}  // namespace

void add_pictures(Options& o, PictureSettings& s) {
  Option& names = o.add("pictures", s.names,
                        "name what files, or all pictures of a folder, show; - reads their names");
  names.positional = names.several = true;
  o.add("mask", s.masks, "list of mask strengths p", from_to(0, 1));
  o.add("top", s.top, "likeliest classes to print of each picture", from_to(1, 1'000'000));
  o.add("format", s.format, "of what is printed of pictures");
}

void print_likeliest(const LoadedModel& from, const PictureSettings& settings,
                     const CommonSettings& common) {
  const Index side = from.info.image_size;
  require(side > 0,
          "`image_size`: the weights do not say the side of the images that they were "
          "trained on: give it");
  std::vector<Classifier> masked;
  for (const double p : settings.masks) masked.push_back(from.model->at(p));
  const Listing listing = list_pictures(all_names(settings.names));
  if (!listing.left_out.empty()) warn(listing.left_out);
  log("pictures are {}", view_words(side));

  std::optional<Progress> progress;
  if (listing.size() > settings.batch) progress.emplace("predicting", listing.size(), "picture");
  Json pictures = Json::array();
  for (Index first = 0; first < std::ssize(listing.files); first += settings.batch) {
    const auto begin = listing.files.begin() + first;
    const auto end = begin + std::min(settings.batch, std::ssize(listing.files) - first);
    Pictures some = read_pictures({begin, end}, side, common.broken_images, common.max_pixels);
    for (const std::string& problem : some.skipped) warn("skipped " + problem);
    if (!some.sizes.empty())
      for (Json& picture : predictions(from, masked, settings, std::move(some)))
        pictures.push_back(std::move(picture));
    if (progress) progress->update(first + (end - begin));
    stop_if_interrupted();
  }
  if (progress) progress->finish();
  require(!pictures.empty(), "expected a picture that can be read, found none");
  print_result(common,
               {{"model", from.info.spec.name},
                {"image_size", side},
                {"view", view_words(side)},
                {"pictures", pictures}},
               text_of(pictures, settings));
}

}  // namespace robmask
