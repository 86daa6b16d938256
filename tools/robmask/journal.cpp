#include "tools/robmask/journal.h"

#include "data/files/atomic_file.h"
#include "engine/check.h"

namespace robmask {

namespace {

/// InputError unless both describe the same evaluation.
void require_same(const std::string& file, const Json& was, const Json& is) {
  for (const auto& [name, value] : is.items())
    require(
        was.contains(name) && was[name] == value,
        "--resume: {} is the journal of another evaluation: its {} is {}, not {}; give the same "
        "settings, or leave out --resume to start anew",
        file, name, was.contains(name) ? was[name].dump() : "not set", value.dump());
}

}  // namespace

Journal::Journal(const std::filesystem::path& path, const Json& evaluation, bool resume)
    : path_(path), evaluation_(evaluation) {
  remove_stale_temporaries(path_.parent_path());
  if (resume && std::filesystem::exists(path_)) read();
}

void Journal::read() {
  const std::string text = read_text(path_);
  bool first = true;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    const Json line = Json::parse(text.substr(begin, end - begin), nullptr, false);
    if (first) {
      require(line.is_object() && line.contains("evaluation"),
              "--resume: {}: expected the journal of an evaluation, got something else; leave out "
              "--resume to start anew",
              path_.string());
      require_same(path_.string(), line["evaluation"], evaluation_);
      first = false;
    } else if (line.is_object() && line.contains("key") && line.contains("entry")) {
      known_[line["key"].get<std::string>()].push_back(line["entry"]);
    }
  }
}

const std::vector<Json>& Journal::known(const std::string& key) const {
  static const std::vector<Json> none;
  const auto at = known_.find(key);
  return at == known_.end() ? none : at->second;
}

void Journal::add(const std::string& key, const Json& entry) {
  known_[key].push_back(entry);
  const auto line = [](const std::string& name, const Json& noted) {
    return Json{{"key", name}, {"entry", noted}}.dump();
  };
  if (begun_) return append_line(path_, line(key, entry));
  // Written anew, without a torn line to which this one would be appended.
  std::string lines = Json{{"evaluation", evaluation_}}.dump() + '\n';
  for (const auto& [name, entries] : known_)
    for (const Json& noted : entries) lines += line(name, noted) + '\n';
  write_file(path_, lines);
  begun_ = true;
}

void Journal::remove() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace robmask
