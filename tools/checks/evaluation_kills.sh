#!/bin/bash
# Square on fifty images at 500 queries: batches of 7 and of 250 give the same flags and the same
# adversarial bits, and so does an evaluation that is killed (SIGKILL) at random moments and resumed.
#   tools/checks/evaluation_kills.sh [KILLS=10] [SEED=1]        ROBMASK names the binary

set -u
robmask=${ROBMASK:-build/robmask}
kills=${1:-10} RANDOM=${2:-1}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$robmask" train --data synthetic --limit-train 480 --limit-test 50 --method pgd --attack-steps 2 \
  --width 4 --batch 32 --epochs 3 --device cpu --quiet --out "$folder/run" >/dev/null || exit 1
run() {  # in the background it is the evaluation itself
  exec "$robmask" evaluate --from "$folder/run" --attack square --queries 500 --limit-test 50 --eps 8/255 \
    --device cpu --checks off --quiet --json --out "$folder/$1" --per-image "$folder/$1/images.csv" \
    --save-adversarial "$folder/$1/images.npy" "${@:2}" >"$folder/$1.json"
}
# The report without times, the flags and the images; all must be those of `whole`.
require_same() {
  for name in whole "$1"; do
    sed -E 's/"seconds":[^,}]*//g' "$folder/$name.json" >"$folder/$name/report.json"
  done
  for file in report.json images.csv images.npy; do
    cmp "$folder/whole/$file" "$folder/$1/$file" || exit 1
  done
}

start=$(date +%s%N)
(run whole --batch 250) || { echo "the reference evaluation failed" >&2; exit 1; }
took=$((($(date +%s%N) - start) / 1000000))
(run small --batch 7) && require_same small

done_kills=0 finished=0
while [ "$done_kills" -lt "$kills" ]; do
  rm -rf "$folder/killed"
  while :; do
    run killed --batch 7 --resume & pid=$!
    sleep "$(awk -v r=$RANDOM -v ms=$took 'BEGIN { printf "%.3f", 0.05 + r / 32768 * ms / 1000 }')"
    [ "$done_kills" -lt "$kills" ] && kill -KILL "$pid" 2>/dev/null || break
    wait "$pid" 2>/dev/null
    done_kills=$((done_kills + 1))
  done
  wait "$pid" || { echo "a resumed evaluation failed" >&2; exit 1; }
  finished=$((finished + 1))
  require_same killed
done
robust=$(grep -o '"robust_accuracy":[^,]*' "$folder/whole.json" | head -1)
echo "batches of 7 and 250, and $done_kills kills in $finished evaluations: the same report, flags and" \
  "images ($robust)"
