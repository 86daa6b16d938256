#pragma once
// The system calls beneath all writing, with the failures that must not be lost: each returns 0 or
// an error number for write_error().

#include <cstddef>
#include <span>

#include "data/files/input_file.h"
#include "engine/check.h"

namespace robmask::disk {

/// Writes all of `bytes` to an open file.
int write_all(int descriptor, std::span<const std::byte> bytes);

/// Waits until an open file's bytes are on the disk; pipes and devices have nothing to wait for.
int sync(int descriptor);

/// The same for a folder's list of names, which a rename changes.
int sync_folder(const Path& folder);

/// The one line for a write that failed: the file and the reason in plain words.
RunError write_error(const std::string& name, int error);

}  // namespace robmask::disk
