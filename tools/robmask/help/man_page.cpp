#include "tools/robmask/help/man_page.h"

#include <map>

#include "engine/version.h"
#include "tools/robmask/help/command_table.h"

namespace robmask {

namespace {

// Set ragged, and no word cut: option names and command lines stay as they are typed.
constexpr std::string_view before_commands = R"(.nh
.ad l
.SH NAME
robmask \- adversarial training with several masks in one network
.SH SYNOPSIS
\fBrobmask\fR \fICOMMAND\fR [\fB\-\-option\fR \fIVALUE\fR ...]
.br
\fBrobmask help\fR [\fICOMMAND\fR]
.br
\fBrobmask \-\-version\fR
.SH DESCRIPTION
\fBrobmask\fR trains image classifiers so that one network holds several masks, batch norms of the
same convolutions, and blends them when it predicts: from mask strength p = 0, the most accurate on
clean images, to p = 1, the most robust against adversarial ones.
It also has the methods that this is compared with, the attacks that measure it, and the tables and
figures of the paper that proposes it.
.PP
An option is written \fB\-\-name\fR \fIVALUE\fR or \fB\-\-name=\fR\fIVALUE\fR; of one that is given
twice, the last counts.
Lists have commas: \fB\-\-eps 4/255,8/255\fR.
A file given by \fB\-\-config\fR sets options by the same names, in TOML, alone or in a section for
one command such as [train]; the command line beats it.
Below, an option's default stands in brackets.
.PP
Results go to standard output, progress and warnings to standard error.
The first SIGINT or SIGTERM ends a run after what it is in, and \fB\-\-resume\fR goes on from there.
)";

constexpr std::string_view after_commands = R"(.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
the run or a check failed: a loss that is not finite, a full disk, too little memory
.TP
.B 2
wrong usage or bad input: one line on standard error says what was expected and what came
.TP
.B 77
the machine that \fB\-\-device\fR asks for is not there
.TP
.BR 130 ", " 143
stopped by SIGINT or SIGTERM
.SH ENVIRONMENT
.TP
.B OMP_NUM_THREADS
threads on the CPU where \fB\-\-threads\fR is not given
.TP
.B NO_COLOR
if it is not empty, the bar of progress has no colours
.TP
.B TERM
if it is \fIdumb\fR, progress is told in lines instead of a bar
.TP
.B ROBMASK_SYNC
if it is 1, the host waits for each kernel of a GPU, and an error names the one that failed
.TP
.B ROBMASK_WITHOUT
a list of techniques that the GPU does without, to see what they are worth
.TP
.B ROBMASK_GUARD
if it is 1, tensors on a GPU lie apart, so that compute\-sanitizer sees whatever goes beyond one
.SH FILES
.TP
.I runs/<method>\-<model>\-<time>
a run directory, where \fB\-\-out\fR names no other:
.RS
.TP
.I config.json
every setting of the run
.TP
.I log.csv
a row an epoch
.TP
.I model.safetensors
the weights, with all that is needed to read them
.TP
.I state.safetensors
what \fB\-\-resume\fR goes on from
.TP
.I report.html
the page of \fBrobmask report\fR
.TP
.I evaluation.journal
what an evaluation that runs, or was interrupted, has done so far
.RE
.SH SEE ALSO
The paper: \fIAdversarial Masking: Towards Understanding Robustness Trade\-off for
Generalization\fR.
)";

/// Text as roff prints it unchanged.
std::string roff(std::string_view text) {
  std::string escaped(text.starts_with('.') || text.starts_with('\'') ? "\\&" : "");
  for (const char c : text) {
    if (c == '-' || c == '\\') escaped += '\\';
    escaped += c == '\\' ? 'e' : c;
  }
  return escaped;
}

std::string entry_of(const Option& option) {
  std::vector<std::string> names;
  if (option.name == "help") names.emplace_back("\\fB\\-h\\fR");
  for (const std::string& flag : flags_of(option))
    names.push_back(fmt::format("\\fB{}\\fR", roff(flag)));
  const std::string_view value = option.flag   ? ""
                                 : option.path ? " \\fIPATH\\fR"
                                               : " \\fIVALUE\\fR";
  return fmt::format(".TP\n{}{}\n{}{}\n", fmt::join(names, ", "), value, roff(option.help),
                     option.required ? " (needed)" : "");
}

/// How many commands have each option, with the same text, by both.
using Sharing = std::map<std::pair<std::string, std::string>, std::size_t>;

Sharing sharing_of(const std::vector<CommandTable>& tables) {
  Sharing sharing;
  for (const CommandTable& table : tables)
    for (const Option& option : table.options) ++sharing[{option.name, option.help}];
  return sharing;
}

/// " experiment", " [from]", " runs ...": the word without a name.
std::string positional_of(const CommandTable& table) {
  for (const Option& option : table.options) {
    if (!option.positional) continue;
    const std::string word = option.name + (option.several ? " ..." : "");
    return option.required ? " " + word : fmt::format(" [{}]", word);
  }
  return "";
}

std::string section_of(const CommandTable& table, const Sharing& sharing, std::size_t commands) {
  std::string text = fmt::format(".SS robmask {} [options]{}\n{}\n", table.entry.name,
                                 positional_of(table), roff(table.entry.summary));
  std::string group = "Options";
  for (const Option& option : table.options) {
    if (sharing.at({option.name, option.help}) == commands) continue;
    if (option.group != group) text += fmt::format(".PP\n\\fI{}\\fR\n", roff(option.group));
    group = option.group;
    text += entry_of(option);
  }
  text += ".PP\n\\fIExamples\\fR\n";
  for (const Example& example : table.entry.examples)
    text += fmt::format(".TP\n{}\n\\fB{}\\fR\n", roff(example.purpose), roff(example.line));
  return text;
}

}  // namespace

std::string man_page() {
  const std::vector<CommandTable> tables = command_tables();
  const Sharing sharing = sharing_of(tables);
  std::string text = fmt::format(".TH ROBMASK 1 {} \"robmask {}\" \"User Commands\"\n{}",
                                 version_date, version, before_commands);
  text += ".SH COMMANDS\n";
  for (const CommandTable& table : tables) text += section_of(table, sharing, tables.size());
  text += ".SH OPTIONS OF EVERY COMMAND\n";
  for (const Option& option : tables.front().options)
    if (sharing.at({option.name, option.help}) == tables.size()) text += entry_of(option);
  return text + std::string(after_commands);
}

}  // namespace robmask
