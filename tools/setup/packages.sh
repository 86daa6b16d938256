#!/bin/sh
# usage: tools/setup/packages.sh STEP...     steps: build test demo report-check fetch golden lint
#
# Looks for what these steps need. Missing Debian packages are installed where that asks for no
# password; elsewhere the command that installs them is printed, and the exit code is 1.
# CXX, INCLUDES (its -I flags) and PYTHON come from the Makefile.

set -eu
CXX=${CXX:-g++}
INCLUDES=${INCLUDES:--isystem /usr/include/eigen3}
PYTHON=${PYTHON:-/usr/bin/python3}

needs() {  # step → lines of: kind, name, Debian package
  case $1 in
    build) cat <<END ;;
program make make
program ${CXX%% *} g++
program ld binutils
header Eigen/Core libeigen3-dev
header fmt/format.h libfmt-dev
header CLI/CLI.hpp libcli11-dev
header nlohmann/json.hpp nlohmann-json3-dev
header stb/stb_image.h libstb-dev
END
    test) cat <<END ;;
header gtest/gtest.h libgtest-dev
program gnuplot gnuplot-nox
END
    demo) echo program gnuplot gnuplot-nox ;;
    report-check) echo program chromium chromium ;;
    fetch) cat <<END ;;
program curl curl
file /etc/ssl/certs/ca-certificates.crt ca-certificates
END
    golden) echo module torch python3-torch ;;
    lint) cat <<END ;;
program clang-format clang-format
program clang-tidy clang-tidy
END
    *) echo "packages.sh: unknown step \"$1\"; expected build test demo report-check fetch golden lint" >&2; exit 2 ;;
  esac
}

here() {  # kind, name: is it on this machine?
  case $1 in
    program) command -v "$2" ;;
    file) [ -e "$2" ] ;;
    header) printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$2" |
      $CXX $INCLUDES -fsyntax-only -x c++ - ;;
    module) "$PYTHON" -c "import $2" ;;
  esac >/dev/null 2>&1
}

missing() {  # step… → the packages to install
  for step; do
    needs "$step" | while read -r kind name package; do
      here "$kind" "$name" || echo "$package"
    done
  done | sort -u | tr '\n' ' ' | sed 's/ $//'
}

may_install() {
  command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

install() {  # package… ; the lists of packages are fetched only if they do not serve as they are
  as_root=$([ "$(id -u)" = 0 ] || echo sudo -n)
  get="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300"
  $get install -y --no-install-recommends "$@" </dev/null >/dev/null 2>&1 && return
  $get update </dev/null >/dev/null && $get install -y --no-install-recommends "$@" </dev/null >/dev/null
}

for step; do needs "$step" >/dev/null; done
packages=$(missing "$@")
if [ -n "$packages" ] && may_install; then
  echo "installing $packages" >&2
  install $packages || true
  packages=$(missing "$@")
fi
needed=$(echo "$packages" | sed 's/gnuplot-nox//; s/chromium//; s/curl//; s/ca-certificates//; s/ //g')
if [ -n "$packages" ] && [ -z "$needed" ]; then
  echo "not on this machine: $packages; going on without" >&2
elif [ -n "$packages" ]; then
  echo "missing packages; install them and try again: apt-get install $packages" >&2
  exit 1
fi

version=$(echo __GNUC__ __clang_major__ | $CXX -E -P -x c++ - 2>/dev/null)
case $version in
  *__clang_major__) [ "${version%% *}" -ge 12 ] || {
    echo "g++ 12 or newer is needed; $CXX is ${version%% *}: give another with CXX=" >&2
    exit 1
  } ;;
esac
