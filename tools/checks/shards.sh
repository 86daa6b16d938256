#!/bin/bash
# shards.sh PROGRAM: the same bits for any number of processes? Trains by each method with 1, 2, 4 and 8
# shards, each on 1, 2, 4 and 8 processes, then evaluates, and prints a table: one hash a row, where a
# hash is of the weights and of all that a run keeps to go on from. METHODS, SHARDS and PROCESSES (lists)
# and TRAIN (more options) change what is tried.

set -u
program=$1
methods=${METHODS:-standard pgd trades advprop robmask}
shards=${SHARDS:-1 2 4 8}
processes=${PROCESSES:-1 2 4 8}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# As many as are asked for, on machines with fewer cores, too, and where everything belongs to root.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
status=0

hash_of() { cat "$1/model.safetensors" "$1/state.safetensors" | sha256sum | cut -c1-16; }

printf '%-10s %6s  %-16s  %s\n' method shards hash "processes $(echo $processes)"
for method in $methods; do
  for s in $shards; do
    first= same=
    for p in $processes; do
      run=$folder/$method-$s-$p
      mpirun --oversubscribe -n "$p" "$program" train --method "$method" --shards "$s" --width 4 \
        --limit-train 40 --limit-test 20 --batch 16 --epochs 2 --attack-steps 2 --threads 1 --quiet \
        --out "$run" ${TRAIN:-} >"$folder/log" 2>&1 || { cat "$folder/log" >&2; status=1; }
      hash=$(hash_of "$run")
      first=${first:-$hash}
      if [ "$hash" = "$first" ]; then same="$same same"; else same="$same $hash" status=1; fi
    done
    printf '%-10s %6s  %-16s %s\n' "$method" "$s" "$first" "$same"
  done
done
exit $status
