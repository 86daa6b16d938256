#include "tools/robmask/reproduce/words.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "training/settings.h"

namespace robmask::reproduce {
namespace {

const std::map<std::string, Measure> measures{
    {"parameters", Measure::parameters}, {"seconds", Measure::seconds},
    {"cosine", Measure::cosine},         {"gap", Measure::gap},
    {"blocked", Measure::blocked},       {"magnified", Measure::magnified}};

/// Makes p·before + (1−p)·after of a finetuned source; its ends are the two networks themselves.
void interpolate(Source& s, double p) {
  s.p = p;
  if (p > 0 && p < 1) s.second = std::make_shared<const Training>(s.training);
  if (p > 0) s.training = Training(*s.training.base);
}

using Setter = void (*)(Source&, const std::string& value);
const std::map<std::string, Setter> setters{
    {"model", [](Source& s, const std::string& value) { s.training.model = value; }},
    {"data", [](Source& s, const std::string& value) { s.training.data = value; }},
    {"epochs", [](Source& s, const std::string& value) { s.training.epochs = std::stoi(value); }},
    {"batch", [](Source& s, const std::string& value) { s.training.batch = std::stoi(value); }},
    {"tune",
     [](Source& s, const std::string& value) {
       s.training.options = {"--tune", value};
     }},
    {"p", [](Source& s, const std::string& value) { interpolate(s, std::stod(value)); }},
    {"mask", [](Source& s, const std::string& value) { s.mask = value; }},
    {"seeds", [](Source& s, const std::string&) { s.repeated = true; }}};

/// Reads the words of one source. What is measured, and of which tensor, is the reading's.
Source source_of(const std::string& words, Reading& reading) {
  Source s;
  std::string norm, tensor, next;
  std::istringstream rest(words);
  for (std::string word; rest >> word;) {
    const std::size_t end = std::min(word.find_first_of("=@"), word.size());
    const std::string key = word.substr(0, end),
                      value = word.substr(std::min(end + 1, word.size()));
    if (word.starts_with("--") && rest >> next)
      s.training.options.insert(s.training.options.end(), {word, next});
    else if (word == "then" && rest >> next)
      s.training = finetuned(s.training, next);
    else if (setters.contains(key))
      setters.at(key)(s, value);
    else if (measures.contains(key))
      reading.measure = measures.at(key);
    else if (key == "norm")
      norm = value;
    else if (key == "tensor")
      tensor = "." + value;
    else if (word[end] == '@')
      s.attack = key, s.eps = value;
    else
      s.training.method = to_string(from_string<Method>(word));
  }
  if (!norm.empty()) reading.tensors = {norm + tensor};
  return s;
}

}  // namespace

std::vector<std::string> parts_of(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    at = text.find(separator);
    std::string_view part = text.substr(0, at);
    if (at != std::string_view::npos) text.remove_prefix(at + separator.size());
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.emplace_back(part);
  }
  return parts;
}

Reading reading_of(const std::string& row, const std::string& column) {
  const std::vector<std::string> rows = parts_of(row, "versus"),
                                 columns = parts_of(column, "versus");
  Reading reading{.of = {}};
  for (std::size_t i = 0; i < std::max(rows.size(), columns.size()); ++i)
    reading.of.push_back(source_of(
        rows[std::min(i, rows.size() - 1)] + " " + columns[std::min(i, columns.size() - 1)],
        reading));
  return reading;
}

}  // namespace robmask::reproduce
