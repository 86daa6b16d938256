#include "tools/robmask/journal.h"

#include <fstream>

#include "data/files/atomic_file.h"
#include "data/files/json.h"

namespace robmask {

Journal::Journal(const std::filesystem::path& path, bool resume) : path_(path) {
  if (!resume) {
    remove();
    return;
  }
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    const Json entry = Json::parse(line, nullptr, false);  // a torn line is discarded
    if (!entry.is_object() || !entry.contains("key") || !entry.contains("verdicts")) continue;
    for (const Json& v : entry["verdicts"])
      if (v.is_array() && v.size() == 6)
        known_[entry["key"].get<std::string>()].push_back(
            {v[0], v[1], from_string<AttackName>(v[2].get<std::string>()), v[3], v[4], v[5]});
  }
}

std::vector<Verdict> Journal::known(const std::string& key) const {
  const auto at = known_.find(key);
  return at == known_.end() ? std::vector<Verdict>{} : at->second;
}

void Journal::add(const std::string& key, const std::vector<Verdict>& batch) {
  Json verdicts = Json::array();
  for (const Verdict& v : batch)
    verdicts.push_back(
        {v.image, v.robust, to_string(v.broken_by), v.restart, v.iteration, v.perturbation});
  append_line(path_, Json{{"key", key}, {"verdicts", verdicts}}.dump());
}

void Journal::remove() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace robmask
