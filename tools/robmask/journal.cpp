#include "tools/robmask/journal.h"

#include <algorithm>

#include "data/files/atomic_file.h"
#include "training/terminal.h"

namespace robmask {

namespace {

/// InputError unless both describe the same evaluation.
void require_same(const std::string& file, const Json& was, const Json& is) {
  for (const auto& [name, value] : is.items()) {
    const std::string mine = json_line(value);
    const std::string found = was.contains(name) ? json_line(was[name]) : "not set";
    require(
        found == mine,
        "--resume: {} is the journal of another evaluation: its {} is {}, not {}; give the same "
        "settings, or leave out --resume to start anew",
        file, name, printable(found), printable(mine));
  }
}

}  // namespace

Journal::Journal(const Path& path, const Json& evaluation, bool resume, const Path& kept)
    : path_(path), kept_(kept), evaluation_(evaluation) {
  remove_stale_temporaries(path_.parent_path());
  if (!resume || !std::filesystem::exists(path_)) return;
  lock();
  read();
}

void Journal::refuse(const std::string& what, const std::string& reason) const {
  throw InputError(
      fmt::format("--resume: {}: expected the journal of an evaluation, got {} ({}); leave out "
                  "--resume to start "
                  "anew",
                  path_.string(), what, reason));
}

void Journal::lock() {
  if (lock_.emplace(path_).lock()) return;
  lock_.reset();
  throw InputError(fmt::format(
      "{}: expected the journal of an evaluation that has ended, a running one writes it; wait for "
      "it, or give another --out",
      path_.string()));
}

Json Journal::parsed(const std::string& line, std::initializer_list<const char*> members) const {
  try {
    Json json = parse_json(line, "a line");
    const auto has = [&](const char* name) { return json.is_object() && json.contains(name); };
    if (std::ranges::all_of(members, has)) return json;
  } catch (const InputError& error) {
    refuse("something else", error.what());
  }
  refuse("a line that is no entry", printable(line));
}

void Journal::read() {
  const std::string text = read_text(path_);
  for (std::size_t end; (end = text.find('\n', whole_)) != std::string::npos; whole_ = end + 1) {
    const std::string line = text.substr(whole_, end - whole_);
    if (whole_ == 0) {
      require_same(path_.string(), parsed(line, {"evaluation"})["evaluation"], evaluation_);
    } else if (Json::accept(line)) {  // else torn where a disk was full
      const Json noted = parsed(line, {"key", "entry"});
      if (!noted["key"].is_string()) refuse("a line that is no entry", printable(line));
      known_[noted["key"].get<std::string>()].push_back(noted["entry"]);
    }
  }
}

const std::vector<Json>& Journal::known(const std::string& key) const {
  static const std::vector<Json> none;
  const auto at = known_.find(key);
  return at == known_.end() ? none : at->second;
}

void Journal::begin() {
  if (begun_) return;
  if (!lock_) lock();
  // Without a torn line to which the next one would be appended.
  std::filesystem::resize_file(path_, whole_);
  if (whole_ == 0) {
    std::error_code ignored;
    std::filesystem::remove(kept_, ignored);
    append_line(path_, json_line({{"evaluation", evaluation_}}));
  }
  begun_ = true;
}

void Journal::add(const std::string& key, const Json& entry) {
  begin();
  append_line(path_, json_line({{"key", key}, {"entry", entry}}));
  known_[key].push_back(entry);
}

void Journal::remove() {
  if (!lock_) return;  // what is there is another's
  std::error_code ignored;
  // A kill in between leaves no line that tells of what is gone, and nobody else writes here yet.
  std::filesystem::resize_file(path_, 0, ignored);
  std::filesystem::remove(kept_, ignored);
  std::filesystem::remove(path_, ignored);
}

void Journal::tell_how_to_go_on() const {
  if (!known_.empty())
    log("stopped; the same command with --resume goes on from {}", path_.string());
}

}  // namespace robmask
