#!/bin/bash
# carried.sh PROGRAM…: what to carry to a machine with a GPU. Says which shared libraries each program
# needs, and fails if there is one that a machine with only the C library and an NVIDIA driver lacks and
# that does not lie beside the program. Then names all files with their sizes; they and the repository
# must stay below 45 MB, so that they travel in one go.

set -u
status=0
declare -A files
for program in "$@"; do
  files[$program]=1
  needs=$(objdump -p "$program" | awk '$1 == "NEEDED" { print $2 }')
  echo "$program needs" $needs
  for library in $needs; do
    case $library in
      libc.so.* | libm.so.* | libdl.so.* | librt.so.* | libpthread.so.* | ld-linux-*) continue ;;
    esac
    beside=$(dirname "$program")/$library
    if [ -e "$beside" ]; then
      files[$beside]=1
    else
      echo "$program: $library is neither everywhere nor beside it" >&2
      status=1
    fi
  done
done

echo "to be carried:"
{
  stat -c '%s %n' "${!files[@]}" | sort -rn
  git ls-files -z | xargs -0 stat -c %s | awk '{ sum += $1 } END { print sum, "the repository" }'
} | awk '{ size = $1; sum += size; sub(/^[0-9]+ /, ""); printf "%7.1f MB  %s\n", size / 1e6, $0 }
  END { printf "%7.1f MB  in all\n", sum / 1e6; exit sum > 45e6 }' || {
  echo "more than 45 MB" >&2
  status=1
}
exit $status
