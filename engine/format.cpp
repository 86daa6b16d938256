// fmt's functions as a part of this library. Debian has fmt as a shared library alone, and a program
// that stands by itself has none: what is inline with FMT_HEADER_ONLY is named here, so that this
// object holds it for all others. What misses one that is not named does not link.

#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <cstdint>
#include <locale>

namespace robmask {

namespace {

template <class Function>
const void* address(Function* function) {
  return reinterpret_cast<const void*>(function);
}

[[gnu::used]] const void* const named[] = {
    address<std::string(fmt::string_view, fmt::format_args)>(fmt::vformat),
    address<void(std::FILE*, fmt::string_view, fmt::format_args)>(fmt::vprint),
    address(fmt::detail::throw_format_error),
    address<bool(std::uint32_t)>(fmt::detail::is_printable),
    address(fmt::detail::thousands_sep_impl<char>),
    address(fmt::detail::decimal_point_impl<char>),
    address(fmt::detail::dragonbox::to_decimal<float>),
    address(fmt::detail::dragonbox::to_decimal<double>),
};

[[gnu::used]] std::locale (fmt::detail::locale_ref::*const named_member)() const =
    &fmt::detail::locale_ref::get<std::locale>;

/// Whose type others catch.
[[gnu::used]] void refuse(const char* text) { throw fmt::format_error(text); }

}  // namespace

}  // namespace robmask
