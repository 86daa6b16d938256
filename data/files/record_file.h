#pragma once
// Files of records that grow, as TensorFlow writes them (TFRecord): of each record its length (u64),
// a checksum of the length, the data, a checksum of the data, all little-endian.

#include <cstdint>
#include <string>
#include <string_view>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask {

/// CRC-32C, Castagnoli's (RFC 3720): e3069283 of "123456789".
std::uint32_t crc32c(std::string_view data);

/// Appends a record durably; creates the file if need be. One that does not fit is taken back, and
/// RunError thrown.
void append_record(const Path& path, std::string_view data);

/// Cuts a file behind its first `most` records, or before the first that is torn or damaged, and
/// returns how many are left. They stay where they stand, so that a program which follows the file
/// as it grows goes on reading. A missing file has none and stays missing.
Index keep_records(const Path& path, Index most);

}  // namespace robmask
