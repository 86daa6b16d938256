#!/bin/bash
# Kills a training run at random moments (SIGKILL, SIGTERM, SIGINT in turn), resumes it each time, and
# requires the same weights, last and best, bit for bit, as of a run that was never killed.
#   tools/checks/kills.sh [KILLS=30] [SEED=1]        ROBMASK names the binary

set -u
robmask=${ROBMASK:-build/robmask}
kills=${1:-30} RANDOM=${2:-1}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
run() {  # in the background it is the training process itself
  exec "$robmask" train --data synthetic --limit-train 480 --limit-test 50 --method robmask --width 8 \
    --batch 32 --epochs 4 --keep best --device cpu --quiet --out "$folder/$1" "${@:2}" >/dev/null 2>&1
}

start=$(date +%s%N)
(run whole) || { echo "the reference run failed" >&2; exit 1; }
took=$((($(date +%s%N) - start) / 1000000))
"$robmask" export --from "$folder/whole" --mask 0.5 --out "$folder/whole.safetensors" --quiet >/dev/null

done_kills=0 finished=0 signals=(KILL TERM INT)
while [ "$done_kills" -lt "$kills" ]; do
  rm -rf "$folder/killed"
  while :; do
    signal=${signals[done_kills % 3]}
    run killed --resume & pid=$!
    sleep "$(awk -v r=$RANDOM -v ms=$took 'BEGIN { printf "%.3f", 0.05 + r / 32768 * ms / 1000 }')"
    if [ "$done_kills" -lt "$kills" ] && kill -"$signal" "$pid" 2>/dev/null; then
      wait "$pid" 2>/dev/null; code=$?
      done_kills=$((done_kills + 1))
      case $signal:$code in
        KILL:137 | TERM:143 | INT:130 | *:0) ;;
        *) echo "SIG$signal ended the run with exit code $code" >&2; exit 1 ;;
      esac
      continue
    fi
    wait "$pid" || { echo "a resumed run failed" >&2; exit 1; }
    break
  done
  finished=$((finished + 1))
  "$robmask" export --from "$folder/killed" --mask 0.5 --out "$folder/killed.safetensors" --quiet >/dev/null
  cmp "$folder/whole.safetensors" "$folder/killed.safetensors" || exit 1
  cmp "$folder"/{whole,killed}/model-best.safetensors || exit 1
done
echo "$done_kills kills in $finished runs: all ended in the same bits as the run that was not killed"
