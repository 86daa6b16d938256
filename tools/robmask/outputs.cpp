#include "tools/robmask/outputs.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "data/files/atomic_file.h"
#include "training/terminal.h"

namespace robmask {

namespace {

namespace fs = std::filesystem;

/// Endings that tell what is in a file.
constexpr auto telling = std::to_array<std::string_view>(
    {".safetensors", ".pt",   ".pth",  ".ckpt", ".pkl", ".pickle", ".onnx", ".h5",
     ".hdf5",        ".npy",  ".npz",  ".csv",  ".tsv", ".txt",    ".md",   ".json",
     ".toml",        ".yaml", ".html", ".htm",  ".pdf", ".svg",    ".png",  ".jpg",
     ".jpeg",        ".gif",  ".bmp",  ".zip",  ".tar", ".gz",     ".xlsx"});

bool tells(const std::string& ending) { return std::ranges::count(telling, ending) > 0; }

/// The folder that an empty path means.
Path named(const Path& folder) { return folder.empty() ? Path(".") : folder; }

/// "cannot be written: " and why, of a file of that name, which does not stay; empty if it can.
std::string reason_against(const Path& file) {
  try {
    const AtomicFile probe(file);
    return {};
  } catch (const RunError& error) {
    return std::string(error.what()).substr(file.string().size() + 2);  // after "file: "
  }
}

}  // namespace

void require_output_file(const std::string& option, const Path& file,
                         std::initializer_list<std::string_view> endings) {
  if (file.empty()) return;
  const std::string ending = ending_of(file);
  require(!tells(ending) || std::ranges::count(endings, ending) > 0,
          "--{} {}: expected the name of a {} file, which is what it writes, got {}; call it {}",
          option, file.string(), *endings.begin(), ending,
          Path(file).replace_extension(*endings.begin()).string());
  std::error_code none;
  const fs::file_status status = fs::status(file, none);
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status))
    return;  // opening a pipe to look would end it
  const std::string reason = reason_against(file);
  require(reason.empty(), "--{} {}: {}; name a file in a folder that is there and can be written",
          option, file.string(), reason);
}

void require_output_folder(const std::string& option, const Path& path) {
  const Path folder = named(path);
  Path there = fs::absolute(folder);
  std::error_code error;
  fs::file_status status = fs::status(there, error);
  require(fs::is_directory(status) || !tells(ending_of(folder)),
          "--{} {}: expected a folder, got the name of a {} file", option, folder.string(),
          ending_of(folder));
  while (status.type() == fs::file_type::not_found && there.has_relative_path()) {
    there = there.parent_path();
    status = fs::status(there, error);
  }
  std::string reason = error ? error.message() : "is no folder";
  if (fs::is_directory(status)) reason = reason_against(there / ".robmask-probe");
  require(reason.empty(), "--{} {}: expected a folder that can be made and written: {}: {}", option,
          folder.string(), there.string(), reason);
}

void tell_of_new_start(const Path& path, const std::string& sought, bool strange,
                       const std::string& how) {
  const Path folder = named(path);
  std::error_code none;
  const std::string line = fmt::format("--resume: {} holds no {} to go on from: it starts anew{}",
                                       folder.string(), sought, how);
  if (strange || !fs::exists(folder, none))
    warn(line);
  else
    log_line(line);
}

}  // namespace robmask
