#!/bin/bash
# usage: tools/checks/examples.sh FOLDER      FOLDER/prefix holds what make install copies
#
# Builds tools/examples against an installed tree, away from the sources, by pkg-config and by CMake,
# and runs what comes out; then a packed program, alone in a directory if root may do that. CXX, WARNINGS
# and SANITIZE come from the Makefile.

set -euo pipefail
CXX=${CXX:-g++} WARNINGS=${WARNINGS:-} SANITIZE=${SANITIZE:-}
folder=$(realpath "$1") sources=$(realpath "$(dirname "$0")/../examples")
robmask=$folder/prefix/bin/robmask
fail() { echo "examples.sh: $1" >&2; exit 1; }
cd "$folder"
rm -rf source by-pkg-config by-cmake runs
mkdir source by-pkg-config runs
cp "$sources"/{predict,train,attack,mask}.cpp "$sources/CMakeLists.txt" source

export PKG_CONFIG_PATH=$folder/prefix/lib/pkgconfig
printf '%s\n' predict train attack mask | xargs -P "$(nproc)" -I '{}' sh -c "$CXX -std=c++20 -O1 $WARNINGS \
  $SANITIZE source/{}.cpp $(pkg-config --cflags --libs robmask) -o by-pkg-config/{}"
cmake -S source -B by-cmake -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_CXX_FLAGS="$SANITIZE" >log || { cat log; exit 1; }
MAKEFLAGS= cmake --build by-cmake -j "$(nproc)" >log || { cat log; exit 1; }

# refused WORDS COMMAND…: the compiler says so in one line
refused() {
  local words=$1
  shift
  ! "$@" -fsyntax-only -x c++ source/predict.cpp 2>log || fail "expected an error: $words"
  [ "$(grep -c ' error: ' log)" = 1 ] && grep -q " error: .*$words" log || { cat log; fail "expected $words"; }
}
include=$folder/prefix/include
refused 'pkg-config --cflags' $CXX -std=c++20 -I "$include"
refused 'of another' $CXX -std=c++20 -DROBMASK_LINKED=9 -I "$include"
# Each header stands for itself.
(cd "$include" && find robmask -name '*.h') | sed 's/.*/#include <&>/' >source/every.cpp
$CXX -std=c++20 -fsyntax-only $(pkg-config --cflags robmask) source/every.cpp

# quietly COMMAND…: of robmask; what it says is of interest only where it fails
quietly() { "$robmask" "$@" --quiet --device cpu >log 2>&1 || { cat log; exit 1; }; }
quietly train --method standard --width 4 --limit-train 400 --limit-test 100 --epochs 3 --batch 50 --out runs/first
quietly finetune --from runs/first --method pgd --eps 4/255 --epochs 1 --batch 50 --limit-train 400 --out runs/second
quietly interpolate --first runs/first --second runs/second --p 0 --eps 4/255 --attack-steps 2 --limit-test 20 \
  --save runs/both.safetensors
quietly evaluate --from runs/first --attack pgd --attack-steps 1 --limit-test 3 --quantize 8 \
  --save-adversarial-png runs/pictures
picture=$(find runs/pictures -name '*.png' | head -n 1)

# expect NAME PATTERN COMMAND…: both builds print it, and the same
expect() {
  local name=$1 pattern=$2
  shift 2
  for build in by-pkg-config by-cmake; do
    "$build/$name" "$@" >"$build.printed" 2>log || { cat log; fail "$build/$name $* failed"; }
  done
  grep -q "$pattern" by-cmake.printed || { cat by-cmake.printed; fail "$name: expected $pattern"; }
  cmp by-pkg-config.printed by-cmake.printed
  sed "s/^/  $name: /" by-cmake.printed
}
expect predict '^[a-z-]*  *[0-9.]* %$' runs/first "$picture"
expect train '^accuracy 1.00 at mask 0' runs/trained
expect attack '^of 50 images [0-9]* are right' runs/both.safetensors
expect mask '^p = 0.50: [0-9]* of 200 right' runs/first runs/second

# A packed program says what predict says, also where there is nothing but a picture. This build may have none.
"$robmask" pack --quiet --from runs/both.safetensors --out runs/classify >log 2>&1 || {
  [ $? = 77 ] && exit 0
  cat log
  exit 1
}
mkdir -p runs/empty && cp runs/classify runs/empty && cp "$picture" runs/empty/picture.png
[ "$(id -u)" = 0 ] && alone="chroot runs/empty /classify" || alone="env -C runs/empty ./classify"
$alone --mask 0,1 --json picture.png >printed
(cd runs/empty && "$robmask" predict --quiet --from ../both.safetensors --mask 0,1 --json picture.png) | cmp - printed
$alone --quiet --top 2 picture.png | sed 's/^/  classify: /'
