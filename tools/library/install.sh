#!/bin/sh
# usage: tools/library/install.sh install|uninstall      (make install, make uninstall)
#
# Copies the program, the library and what others need to build against it below $DESTDIR$PREFIX, and
# notes every file in share/robmask/installed there, by which a later install or uninstall removes them.
# BUILD, CXX, VERSION, LIBS (what programs link beside the library) and INCLUDES come from the Makefile.

set -eu
to=$DESTDIR$PREFIX
noted=share/robmask/installed
fail() { echo "robmask: $1" >&2; exit 1; }

# Looked at before anything is changed: the nearest folder that is there.
writable() {
  there=$to
  while [ ! -e "$there" ]; do there=$(dirname "$there"); done
  [ -d "$there" ] && [ -w "$there" ] ||
    fail "$to cannot be written: try sudo make $1, or make $1 PREFIX=\$HOME/.local"
}

# What an earlier version left is not mixed with this one.
remove() {
  [ -e "$to/$noted" ] || return 0
  while IFS= read -r file; do rm -f "$to/$file"; done <"$to/$noted"
  sed 's|/[^/]*$||' "$to/$noted" | sort -ru | while IFS= read -r folder; do
    [ ! -d "$to/$folder" ] || (cd "$to" && rmdir -p --ignore-fail-on-non-empty "$folder")
  done
  rm -f "$to/$noted"
  [ ! -d "$to/share/robmask" ] || (cd "$to" && rmdir -p --ignore-fail-on-non-empty share/robmask)
}

# put MODE FILE: standard input becomes that file, and is noted.
put() {
  mkdir -p "$to/$(dirname "$2")"
  cat >"$to/$2"
  chmod "$1" "$to/$2"
  echo "$2" >>"$to/$noted"
}

# The line that every installed header has: was the program given what links it, and of this version?
number=$(echo "$VERSION" | awk -F. '{ print 10000 * $1 + 100 * $2 + $3 }')
config() {
  cat <<END
#pragma once
// Written by make install. What pkg-config and CMake name beside the library belongs to its version.

#define ROBMASK_VERSION_NUMBER $number  // $VERSION
#ifndef ROBMASK_LINKED
#error robmask: build with what "pkg-config --cflags --libs robmask" prints, or with the target robmask::robmask of CMake: they name the libraries it needs
#elif ROBMASK_LINKED != ROBMASK_VERSION_NUMBER
#error robmask: these headers are of version $VERSION, the library that pkg-config or CMake found is of another: remove one, or point PKG_CONFIG_PATH or CMAKE_PREFIX_PATH at $VERSION
#elif __cplusplus < 202002L
#error robmask: needs C++20: compile with -std=c++20
#endif
END
}

# A header as it is found by <robmask/…>.
header() {
  sed -e '0,/^#pragma once$/s||#pragma once\n#include "robmask/config.h"|' \
    -e 's|^#include "\([a-z]*/.*\)"|#include "robmask/\1"|' -e 's|"robmask/robmask/|"robmask/|' "$1"
}

pkg_config() {
  cat <<END
prefix=\${pcfiledir}/../..
includedir=\${prefix}/include
libdir=\${prefix}/lib

Name: robmask
Description: adversarial training with several masks in one network
Version: $VERSION
Cflags: -I\${includedir} -DROBMASK_LINKED=$number
Libs: -L\${libdir} -lrobmask $LIBS
END
}

cmake_package() {
  cat <<END
# robmask::robmask, the library with all that links it.
get_filename_component(robmask_prefix "\${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET robmask::robmask)
  add_library(robmask::robmask STATIC IMPORTED)
  set_target_properties(robmask::robmask PROPERTIES
    IMPORTED_LOCATION "\${robmask_prefix}/lib/librobmask.a"
    INTERFACE_INCLUDE_DIRECTORIES "\${robmask_prefix}/include"
    INTERFACE_COMPILE_DEFINITIONS ROBMASK_LINKED=$number
    INTERFACE_COMPILE_FEATURES cxx_std_20
    INTERFACE_LINK_LIBRARIES "$(echo $LIBS | tr ' ' ';')")
endif()
END
}

# Before 1.0, what works with 0.1 may not work with 0.2.
cmake_version() {
  cat <<END
set(PACKAGE_VERSION $VERSION)
if(PACKAGE_FIND_VERSION_MAJOR EQUAL ${VERSION%%.*} AND
   PACKAGE_FIND_VERSION_MINOR EQUAL $(echo "$VERSION" | cut -d. -f2) AND
   NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
END
}

install_all() {
  mkdir -p "$to/share/robmask"
  put 755 bin/robmask <"$BUILD/robmask"
  put 644 lib/librobmask.a <"$BUILD/librobmask.a"
  config | put 644 include/robmask/config.h
  umbrella=tools/library/robmask.h
  header $umbrella | put 644 include/robmask/robmask.h
  # All that it includes, as the compiler sees it; what it does not is not for others.
  for file in $($CXX -std=c++20 $INCLUDES -MM $umbrella | tr -d '\\'); do
    case $file in *.o: | $umbrella) continue ;; esac
    header "$file" | put 644 "include/robmask/$file"
  done
  pkg_config | put 644 lib/pkgconfig/robmask.pc
  cmake_package | put 644 lib/cmake/robmask/robmaskConfig.cmake
  cmake_version | put 644 lib/cmake/robmask/robmaskConfigVersion.cmake
  "$BUILD/robmask" help --man | put 644 share/man/man1/robmask.1
  "$BUILD/robmask" help --bash | put 644 share/bash-completion/completions/robmask
  "$BUILD/robmask" help --zsh | put 644 share/zsh/site-functions/_robmask
  put 644 share/doc/robmask/LICENSE <LICENSE
}

case ${1:-} in
  install)
    writable install
    remove
    install_all
    echo "robmask $VERSION: $(wc -l <"$to/$noted") files below $to" ;;
  uninstall)
    [ -e "$to/$noted" ] || fail "expected what make install noted in $to/$noted, found none: which PREFIX was it?"
    writable uninstall
    remove ;;
  *) echo "usage: tools/library/install.sh install|uninstall" >&2; exit 2 ;;
esac
