#!/bin/sh
# usage: FUZZ=FOLDER PYTHON=python3 [SECONDS_EACH=60] [RUNS=N] tests/fuzz/run.sh READER…
#
# Feeds each reader for some seconds, or with RUNS as many inputs: those of tests/fuzz/corpus, those
# that earlier runs found worth keeping (FOLDER/corpus), and what libFuzzer makes of them. Prints a
# line a reader and ends with 1 if any had a finding, which lies in FOLDER/findings.

set -u
seconds=${SECONDS_EACH:-60}
here=$(dirname "$0")
[ -w /dev/shm ] && export TMPDIR=/dev/shm
TMPDIR=$(mktemp -d) || exit 1
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM
failed=0

fuzz() {  # reader: prints a line of the table
  reader=$1 program=$FUZZ/readers/$1 log=$FUZZ/readers/$1.log
  kept=$FUZZ/corpus/$1 found=$FUZZ/findings/$1 words=$here/$1.dict
  mkdir -p "$FUZZ/readers" "$kept" "$found" && ln -f "$FUZZ/fuzzer" "$program" || exit 1
  set -- -max_total_time="$seconds"
  [ -n "${RUNS:-}" ] && set -- -runs="$RUNS"
  [ -e "$words" ] && set -- "$@" -dict="$words"
  began=$(date +%s)
  "$program" "$@" -artifact_prefix="$found/" -print_final_stats=1 -timeout=10 \
    -entropic=0 -mutate_depth=2 -malloc_limit_mb=1500 -rss_limit_mb=3000 -max_len=65536 \
    "$kept" "$here/corpus/$reader" >"$log" 2>&1
  status=$?
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  printf '%-12s %10s %8s %9s %8s\n' "$reader" "${inputs:-?}" "${edges:-?}" \
    "$([ $status = 0 ] && echo none || echo 1)" $(($(date +%s) - began))
  [ $status = 0 ] && return
  failed=1
  input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  grep -a -m 1 -E 'finding:|ERROR|runtime error|what\(\)' "$log" | cut -c1-300 | sed 's/^/  /'
  echo "  again: $program ${input:-: see $log}"
}

printf '%-12s %10s %8s %9s %8s\n' reader inputs edges findings seconds
for reader; do
  if [ "$reader" = commands ]; then
    "$PYTHON" "$here/commands.py" "$FUZZ/robmask" "$FUZZ/findings/commands" "$seconds" || failed=1
  else
    fuzz "$reader"
  fi
done
exit $failed
