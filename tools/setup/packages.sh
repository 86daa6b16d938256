#!/bin/sh
# usage: tools/setup/packages.sh STEP...
#   steps: build demo test fuzz report-check pictures-check onnx-check gpu-bench fetch golden lint
#
# Looks for what these steps need. Missing Debian packages are installed where that asks for no
# password; elsewhere the command that installs them is printed, and the exit code is 1. What the two
# commands of the README need, `make demo` and `make test`, is named and installed in one go.
# CXX, INCLUDES (its -I flags) and PYTHON come from the Makefile.

set -eu
CXX=${CXX:-g++}
INCLUDES=${INCLUDES:-}
PYTHON=${PYTHON:-/usr/bin/python3}
two_commands="build demo test"

# step, must it be there?, what to look for, Debian's package, what it is for
everything() {
  cat <<END
build must program make make runs the steps
build must program ${CXX%% *} g++ compiles
build must program ld binutils links
build must header fmt/format.h libfmt-dev text
build must header CLI/CLI.hpp libcli11-dev the command line
build must header nlohmann/json.hpp nlohmann-json3-dev JSON
build must header stb/stb_image.h libstb-dev writes PNGs, reads BMPs
build must header png.h libpng-dev reads PNGs
build must header jpeglib.h libjpeg-dev reads JPEGs
build must header zlib.h zlib1g-dev checksums
build may header onnx/onnx_pb.h libonnx-dev reads and writes ONNX
build may header google/protobuf/message.h libprotobuf-dev reads and writes ONNX
build may program pkg-config pkgconf finds MPI
build may library mpi-c libopenmpi-dev connects processes
demo may program gnuplot gnuplot-nox draws curves
test must header gtest/gtest.h libgtest-dev the tests
test must header eigen3/Eigen/Core libeigen3-dev a rung of the ladders
test must program $PYTHON python3 checks the benchmarks
test must program pkg-config pkgconf builds the examples
test must program cmake cmake builds the examples
test may program mpirun openmpi-bin starts processes
test may program gnuplot gnuplot-nox draws curves
test may program groff groff-base reads the manual page
test may program zsh zsh reads its completions
fuzz must program ${FUZZ_CXX:-clang++} clang compiles for the fuzzer
fuzz must fuzzer ${FUZZ_CXX:-clang++} libclang-rt-14-dev fuzzes
fuzz must header zlib.h zlib1g-dev checksums of PNG
fuzz must program $PYTHON python3 damages runs
report-check must program $PYTHON python3 steers the browser
report-check may program chromium chromium the browser
pictures-check must module PIL python3-pil reads pictures, to compare
onnx-check must program $PYTHON python3 compares
onnx-check may program node nodejs has the runtime
onnx-check may program npm npm fetches the runtime
onnx-check may module onnx python3-onnx checks the graphs
gpu-bench must program $PYTHON python3 runs the benchmark
fetch may program curl curl fetches data
fetch may file /etc/ssl/certs/ca-certificates.crt ca-certificates whom to trust
golden must module torch python3-torch computes the expected numbers
lint must program clang-format clang-format layout
lint must program clang-tidy clang-tidy habits
END
}

here() {  # kind, name: is it on this machine?
  case $1 in
    program) command -v "$2" ;;
    file) [ -e "$2" ] ;;
    library) pkg-config --exists "$2" ;;
    header) printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$2" |
      $CXX $INCLUDES -fsyntax-only -x c++ - ;;
    fuzzer) echo 'extern "C" int LLVMFuzzerTestOneInput(char*, unsigned long) { return 0; }' |
      "$2" -fsanitize=fuzzer,address -x c++ - -o /dev/null ;;
    module) "$PYTHON" -c "import $2" ;;
  esac >/dev/null 2>&1
}

missing() {  # step… → lines of: package, must or may, what for
  everything | while read -r step must kind name package purpose; do
    case " $* " in *" $step "*) here "$kind" "$name" || echo "$package $must $purpose" ;; esac
  done | sort -u
}

one_go() {  # step… → the same, of both commands if these steps are among theirs
  for step; do
    case " $two_commands " in *" $step "*) set -- "$@" $two_commands ;; esac
  done
  missing "$@"
}

names() { echo "$1" | cut -d' ' -f1 | sort -u | tr '\n' ' ' | sed 's/ $//'; }

list() { echo "$1" | while read -r package _ purpose; do printf '  %-20s %s\n' "$package" "$purpose"; done; }

to_fetch() {  # package… → ", 12 MB to fetch", where apt-get knows them
  { apt-get -qq --print-uris --no-install-recommends install "$@" || true; } 2>/dev/null |
    awk '{ bytes += $3 } END { if (bytes) printf ", %.0f MB to fetch", bytes / 1e6 }'
}

may_install() {
  command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

install() {  # lines of `missing`; the lists of packages are fetched only if they do not serve as they are
  packages=$(names "$1")
  get="$([ "$(id -u)" = 0 ] || echo sudo -n) env DEBIAN_FRONTEND=noninteractive apt-get -qq"
  get="$get -o DPkg::Lock::Timeout=300"
  apt-get -qq -s install $packages >/dev/null 2>&1 || $get update </dev/null >/dev/null || return
  { echo "installing Debian's packages$(to_fetch $packages):"; list "$1"; } >&2
  get_them="$get install -y --no-install-recommends $packages"
  $get_them </dev/null >/dev/null 2>&1 ||
    { $get update </dev/null >/dev/null && $get_them </dev/null >/dev/null; }
}

for step; do
  everything | grep -q "^$step " && continue
  echo "packages.sh: unknown step \"$step\"; expected one of:" $(everything | cut -d' ' -f1 | uniq) >&2
  exit 2
done

lacking=$(missing "$@")
if [ -n "$lacking" ] && may_install; then
  install "$(one_go "$@")" || true
  lacking=$(missing "$@")
fi
if echo "$lacking" | grep -q ' must '; then
  lacking=$(one_go "$@")
  { echo "missing packages$(to_fetch $(names "$lacking")):"; list "$lacking"
    echo "install them and try again: apt-get install --no-install-recommends $(names "$lacking")"; } >&2
  exit 1
elif [ -n "$lacking" ]; then
  echo "not on this machine: $(names "$lacking"); going on without" >&2
fi

case " $* " in *" build "*) ;; *) exit 0 ;; esac
version=$(echo __GNUC__ __clang_major__ | $CXX -E -P -x c++ - 2>/dev/null)
case $version in
  *__clang_major__) [ "${version%% *}" -ge 12 ] || {
    echo "g++ 12 or newer is needed; $CXX is ${version%% *}: give another with CXX=" >&2
    exit 1
  } ;;
esac
