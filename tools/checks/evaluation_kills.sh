#!/bin/bash
# Square on fifty images at 500 queries: batches of 7 and of 250 give the same flags and the same
# adversarial bits, and so does an evaluation that is killed (SIGKILL) at random moments, and at each step
# of its end, and resumed.
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
    --save-adversarial "$folder/$1/images.npy" "${@:2}" >"${printed:-$folder/$1.json}"
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
# Its end: files in this order, the result, the journal, the images that the journal keeps. A pipe in the
# place of a file holds it up there.
resume() { (run killed --batch 7 --resume) || { echo "not resumed after $1" >&2; exit 1; }
  require_same killed
  ls "$folder"/killed/evaluation.* 2>/dev/null && { echo "left behind after $1" >&2; exit 1; }
  steps=$((steps + 1)); }
kill_before() {  # kill_before OPTION, once the file before it is written
  rm -rf "$folder/killed"; mkdir "$folder/killed"; mkfifo "$folder/killed/pipe"
  run killed --batch 7 "--$1" "$folder/killed/pipe" & pid=$!
  until [ -e "$folder/killed/$2" ]; do kill -0 "$pid" || exit 1; sleep 0.1; done
  sleep 0.1; kill -KILL "$pid"; wait "$pid" 2>/dev/null
  rm "$folder/killed/pipe"
}
steps=0
kill_before save-adversarial images.csv; resume "the first file"
kill_before robustbench-json images.npy; resume "the second file"
rm -rf "$folder/killed"
(printed=/dev/full && run killed --batch 7) 2>/dev/null && { echo "it printed nowhere" >&2; exit 1; }
resume "all files"
for left in "journal images" journal images; do  # of what is removed one after the other
  kill_before robustbench-json images.npy
  case $left in journal*) : >"$folder/killed/evaluation.journal" ;; *) rm "$folder/killed/evaluation.journal" ;; esac
  case $left in *images) ;; *) rm "$folder/killed/evaluation.images" ;; esac
  resume "a removal that left: $left"
done
robust=$(grep -o '"robust_accuracy":[^,]*' "$folder/whole.json" | head -1)
echo "batches of 7 and 250, $done_kills kills in $finished evaluations and $steps at their ends: the same" \
  "report, flags and images ($robust)"
