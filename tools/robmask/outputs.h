#pragma once
// Where results go, looked at before the work begins: hours must not end in "cannot be written".

#include <initializer_list>
#include <string>
#include <string_view>

#include "data/files/file_kind.h"
#include "data/files/input_file.h"

namespace robmask {

/// InputError, naming the option, unless a file can be written there: in a folder that is there and
/// can be written, where no folder stands, under a name that does not promise another format.
/// `endings` are those of its own format; a name without an ending, or with one that promises
/// nothing, is taken. An empty name, a device or a pipe is not looked at.
void require_output_file(const std::string& option, const Path& file,
                         std::initializer_list<std::string_view> endings);

/// InputError, naming the option, unless the folder can be written, or made. Makes nothing.
void require_output_folder(const std::string& option, const Path& folder);

/// Says that --resume found nothing in `folder` to go on with: a warning where the folder is not
/// even there, which a mistyped --out looks like, or is `strange`; else a line. `how` ends it.
void tell_of_new_start(const Path& folder, const std::string& sought, bool strange = false,
                       const std::string& how = {});

}  // namespace robmask
