#!/bin/bash
# linked.sh PROGRAM…: says which shared libraries each program needs, and fails if there is one that a
# machine with only the C library and an NVIDIA driver lacks. What lies beside the program is carried.

set -u
status=0
for program in "$@"; do
  needs=$(objdump -p "$program" | awk '$1 == "NEEDED" { print $2 }')
  echo "$program needs" $needs
  for library in $needs; do
    case $library in
      libc.so.* | libm.so.* | libdl.so.* | librt.so.* | libpthread.so.* | ld-linux-*) ;;
      *) [ -e "$(dirname "$program")/$library" ] || { echo "$program: $library is neither everywhere nor beside it" >&2; status=1; } ;;
    esac
  done
done
exit $status
