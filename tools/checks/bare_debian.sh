#!/bin/bash
# Runs the README's two commands where nothing is installed but Debian 12, g++ and make: the committed
# tree, in a folder whose name has a space and a letter beyond ASCII, in the locale C. A user without
# sudo must be told all packages at once; for root they must be installed, and both commands work.
#   tools/checks/bare_debian.sh [SYSTEM]      as root; SYSTEM: such a Debian in a folder, to be copied
# QUICK=1 leaves out what compiles. The mirror is the one of this machine's apt.

set -uo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "bare_debian.sh: $1" >&2; exit 2; }
[ "$(id -u)" = 0 ] || fail "only root can make a system in a folder: try again as root"
command -v debootstrap >/dev/null || [ $# = 1 ] || fail "needs debootstrap: apt-get install debootstrap"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Codename: bookworm' \
  'Component: main' 'Origin: Debian' | head -n 1)
[ -n "$mirror" ] || fail "apt knows no mirror of bookworm main: apt-get update"

folder=$(mktemp -d) root=$folder/system home='/home/u/robmask ω' status=0
# Mounts are made in a namespace of their own, and end with it: there are none in what is removed.
trap 'rm -rf --one-file-system "$folder"' EXIT
trap 'exit 130' INT TERM

# inside USER COMMAND: in the folder of that user's copy
inside() {
  unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" \
    chroot --userspec="$1" "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "HOME=$home/$1" \
    "TMPDIR=/tmp/a space ω" sh -c "cd \"\$HOME\" && $2" </dev/null
}

# step NAME COMMAND…: with the seconds it took, of all processors too, and the end of what it printed if
# it failed
TIMEFORMAT='%0R %0U %0S'
step() {
  local log=$folder/log.$1 result=ok wall user system
  { time "${@:2}" >"$log" 2>&1; } 2>"$folder/time" || { result=FAILED status=1; }
  read -r wall user system <"$folder/time"
  printf '%-32s %5d s %5d CPU s   %s\n' "$1" "$wall" $((user + system)) $result
  [ $result = ok ] || { tail -n 40 "$log" | sed 's/^/  | /'; }
}

prepare() {
  if [ $# = 1 ]; then
    cp -a "$1" "$root"
  else
    debootstrap --variant=minbase --include=make,g++ bookworm "$root" "$mirror" || return
  fi
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  chroot "$root" useradd u
  mkdir -p "$root/tmp/a space ω" && chmod 1777 "$root/tmp/a space ω"
  for user in u root; do
    mkdir -p "$root$home/$user" && git archive HEAD | tar -x -C "$root$home/$user" || return
    chroot "$root" chown -R $user: "$home/$user"
  done
}

# All packages of both commands, in one line that is the same whatever is asked for, and in any order.
is_told() {
  local output code
  output=$(inside u "$1" 2>&1)
  code=$?
  echo "$output"
  [ $code = 2 ] || { echo "expected exit code 2, got $code"; return 1; }
  [ "$(grep -c 'apt-get install' <<<"$output")" = 1 ] || { echo "expected one apt-get line"; return 1; }
  grep -o 'apt-get install .*' <<<"$output" >>"$folder/named"
  for package in libcli11-dev gnuplot-nox libgtest-dev python3; do  # of the build, the demo, the tests
    grep -qw "apt-get install .*$package" <<<"$output" || { echo "$package is not named"; return 1; }
  done
  [ "$(sort -u "$folder/named" | wc -l)" = 1 ] || { echo "other packages than before"; return 1; }
}

demo() {
  local begin=$SECONDS
  inside root 'make demo' 2>&1 | while IFS= read -r line; do
    echo "$line"
    [[ $line != 'standard training'* ]] || echo $((SECONDS - begin)) >>"$folder/first_row"
  done
  [ "${PIPESTATUS[0]}" = 0 ] || return
  grep -q '^RobMask  *1.00' "$folder/log.make demo" || { echo "expected a table"; return 1; }
}

named_are_installed() {
  sed '1!d; s/.*apt-get install//; s/--[^ ]*//g' "$folder/named" | xargs chroot "$root" dpkg -s >/dev/null
}

runs_tests() {
  inside root 'make test' || return
  ! grep -q '^installing' "$folder/log.make test" || { echo "expected no more packages"; return 1; }
}

step "a bare Debian" prepare "$@"
[ $status = 0 ] || exit 1
for command in 'make demo' 'make test' 'make -j1 demo' 'make -j1 test'; do
  step "$command, without sudo" is_told "$command"
done
[ -z "${QUICK:-}" ] || exit $status
step 'make demo' demo
[ ! -e "$folder/first_row" ] || printf '%-32s %5d s\n' '  its first row' "$(head -n 1 "$folder/first_row")"
step 'packages named: installed' named_are_installed
step 'make test' runs_tests
step 'make install PREFIX="… …"' inside root \
  'make install PREFIX="/opt/a prefix" && "/opt/a prefix/bin/robmask" --help'
step 'make uninstall' inside root 'make uninstall PREFIX="/opt/a prefix" && [ -z "$(ls -A "/opt/a prefix")" ]'
step 'installed, sources removed' inside root \
  'make install PREFIX=/opt/try/prefix && mkdir /opt/try/checks && cp -r tools/examples /opt/try &&
   cp tools/checks/examples.sh /opt/try/checks && find . -mindepth 1 -delete'
step 'examples, packed program' inside root '/opt/try/checks/examples.sh /opt/try'
sed -n 's/^  [a-z]*: /&/p' "$folder/log.examples, packed program"
exit $status
