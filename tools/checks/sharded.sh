#!/bin/bash
# sharded.sh TESTS [ARGUMENTS…]: runs a GoogleTest program in as many processes as there are cores, of
# one thread, each with its share of the tests, and prints what they say one after the other.

set -u
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export GTEST_TOTAL_SHARDS=$(nproc) OMP_NUM_THREADS=1
processes=()
for ((i = 0; i < GTEST_TOTAL_SHARDS; i++)); do
  GTEST_SHARD_INDEX=$i "$@" >"$logs/$i" 2>&1 &
  processes+=($!)
done
status=0
for i in "${!processes[@]}"; do
  wait "${processes[i]}" || status=1
  cat "$logs/$i"
done
exit $status
