#include "data/listing.h"
#include "data/files/file_kind.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "data/decode.h"

namespace robmask {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const Path& path) { return path.filename().string().starts_with('.'); }

/// Pictures of formats that are not read here: to pass over them in silence would lose data.
struct Foreign {
  std::map<std::string, Index> counts;  // by ending
  Path first;                           // empty: none

  void look_at(const Path& path) {
    static const std::set<std::string> endings{".webp", ".avif", ".tif", ".tiff", ".gif", ".heic",
                                               ".heif", ".svg",  ".jxl", ".jp2",  ".psd", ".tga",
                                               ".ico",  ".exr",  ".pam", ".pfm",  ".dng", ".raw"};
    if (const auto ending = ending_of(path); endings.contains(ending)) {
      ++counts[ending];
      if (first.empty() || path.native() < first.native()) first = path;
    }
  }
  void add(const Foreign& more) {
    for (const auto& [ending, count] : more.counts) counts[ending] += count;
    if (first.empty()) first = more.first;
  }
  /// "3 .webp and 1 .avif files, the first is …; convert them"
  std::string words() const {
    std::vector<std::string> parts;
    for (const auto& [ending, count] : counts) parts.push_back(fmt::format("{} {}", count, ending));
    const bool one = counts.size() == 1 && counts.begin()->second == 1;
    return fmt::format("{} {} {}; convert {} to JPEG or PNG", fmt::join(parts, " and "),
                       one ? "file:" : "files, the first is", first.string(), one ? "it" : "them");
  }
};

std::vector<Path> images_below(const Path& folder, Foreign& foreign) {
  std::vector<Path> files;
  if (!fs::is_directory(folder)) return files;
  const auto links = fs::directory_options::follow_directory_symlink;
  for (auto entry = fs::recursive_directory_iterator(folder, links);
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (!entry->is_directory()) {
      foreign.look_at(entry->path());
      if (is_image_file(entry->path())) files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end(),
            [](const Path& a, const Path& b) { return a.native() < b.native(); });
  return files;
}

/// The same, at least one; InputError that says what was expected.
std::vector<Path> some_images_below(const Path& folder, std::string_view what, Foreign& foreign) {
  Foreign here;
  std::vector<Path> files = images_below(folder, here);
  require(!files.empty(), "{}: expected {}, found none{}; add some or remove the folder",
          folder.string(), what, here.first.empty() ? "" : " but " + here.words());
  foreign.add(here);
  return files;
}

/// One name a line; blanks at the ends are dropped, empty lines passed over.
std::vector<std::string> read_class_list(const Path& path) {
  std::istringstream lines(read_text(path));
  std::vector<std::string> classes;
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find_first_not_of(" \t\r"), last = line.find_last_not_of(" \t\r");
    if (first != std::string::npos) classes.push_back(line.substr(first, last - first + 1));
  }
  require(!classes.empty(), "{}: expected one class name a line, found none", path.string());
  std::set<std::string> seen;
  for (const std::string& name : classes) {
    require(seen.insert(name).second, "{}: expected each class once, got {} twice", path.string(),
            printable(name));
  }
  return classes;
}

/// The visible sub-folders of a folder, in alphabetical (byte) order.
std::vector<std::string> class_folders(const Path& split) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(split)) {
    if (entry.is_directory() && !is_hidden(entry.path())) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  require(!names.empty(), "{}: expected one folder a class, found none; put the images into {}",
          split.string(), (split / "<class>").string());
  return names;
}

}  // namespace

void Listing::keep(const std::vector<Index>& places) {
  Listing kept;
  for (const Index i : places) {
    kept.files.push_back(std::move(files[i]));
    kept.labels.push_back(labels[i]);
  }
  *this = std::move(kept);
}

std::vector<Path> images_below(const Path& folder) {
  Foreign passed_over;
  return images_below(folder, passed_over);
}

std::vector<std::string> find_classes(const Path& folder, const Path& train, const Path& test) {
  const Path list = folder / "classes.txt";
  if (fs::exists(list)) return read_class_list(list);
  return class_folders(fs::is_directory(train) ? train : test);
}

Listing list_images(const Path& split, const std::vector<std::string>& classes) {
  const std::vector<std::string> folders = class_folders(split);
  const std::set<std::string> known(classes.begin(), classes.end());
  for (const std::string& name : folders)
    require(
        known.contains(name),
        "{}: expected the folder of one of the {} classes ({} … {}), got {}; rename or remove it",
        (split / name).string(), classes.size(), printable(classes.front()),
        printable(classes.back()), printable(name));
  Listing listing;
  Foreign foreign;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    if (!std::ranges::binary_search(folders, classes[label])) continue;
    const Path folder = split / classes[label];
    for (Path& file : some_images_below(folder, "images of this class", foreign)) {
      listing.files.push_back(std::move(file));
      listing.labels.push_back(static_cast<std::int32_t>(label));
    }
  }
  if (!foreign.first.empty())
    listing.left_out = fmt::format("{}: left out {}", split.string(), foreign.words());
  return listing;
}

Listing list_pictures(const std::vector<Path>& names) {
  Listing listing;
  Foreign foreign;
  for (const Path& name : names) {
    std::error_code none;  // a name that cannot be is not there
    if (!fs::is_directory(name, none)) {
      require(fs::exists(name, none), "{}: expected a picture or a folder of them, found nothing",
              name.string());
      listing.files.push_back(name);
      continue;
    }
    const std::vector<Path> files = some_images_below(name, "pictures", foreign);
    listing.files.insert(listing.files.end(), files.begin(), files.end());
  }
  if (!foreign.first.empty()) listing.left_out = "left out " + foreign.words();
  return listing;
}

}  // namespace robmask
