#!/bin/bash
# Kills one of several training processes at random moments (SIGKILL, SIGTERM in turn), goes on each time with
# another number of processes, and requires the bits of a run that was never killed. After each kill all processes
# have to be gone within ten seconds.
#   tools/checks/process_kills.sh [KILLS=20] [SEED=1]        ROBMASK names the binary

set -u
robmask=${ROBMASK:-build/robmask}
kills=${1:-20} RANDOM=${2:-1}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
run() {  # processes, run
  exec mpirun --oversubscribe -n "$1" "$robmask" train --resume --limit-train 96 --limit-test 20 \
    --method robmask --shards 4 --width 8 --batch 16 --epochs 6 --device cpu --threads 1 --quiet \
    --out "$folder/$2" >"$folder/log" 2>&1
}
members() { pgrep -f "$robmask train.*$folder/$1"; }

(run 1 whole) || { cat "$folder/log" >&2; exit 1; }
start=$(date +%s%N)
(run 2 timed) || { cat "$folder/log" >&2; exit 1; }
took=$((($(date +%s%N) - start) / 1000000))

done_kills=0 finished=0 slowest=0
while [ "$done_kills" -lt "$kills" ]; do
  rm -rf "$folder/killed"
  while :; do
    processes=$((2 + RANDOM % 3)) signal=$([ $((done_kills % 2)) = 0 ] && echo KILL || echo TERM)
    run $processes killed & launcher=$!
    sleep "$(awk -v r=$RANDOM -v ms=$took 'BEGIN { printf "%.3f", 0.5 + r / 32768 * ms / 1500 }')"
    victims=($(members killed))
    if [ "$done_kills" -lt "$kills" ] && [ ${#victims[@]} -gt 1 ]; then
      # The launcher's own line holds the same words: its processes come after it.
      victim=${victims[1 + RANDOM % (${#victims[@]} - 1)]}
      at=$(date +%s%N)
      kill -$signal "$victim" 2>/dev/null || continue
      wait $launcher; code=$?
      gone=$((($(date +%s%N) - at) / 1000000))
      [ "$gone" -gt "$slowest" ] && slowest=$gone
      [ -z "$(members killed)" ] || { echo "processes are left" >&2; exit 1; }
      [ "$gone" -lt 10000 ] || { echo "SIG$signal: gone after $gone ms" >&2; exit 1; }
      case $signal:$code in
        KILL:137 | TERM:143 | *:0) ;;
        *) echo "SIG$signal ended the run with exit code $code" >&2; cat "$folder/log" >&2; exit 1 ;;
      esac
      [ $signal:$code != KILL:137 ] || grep -q 'process rank .* exited on signal 9' "$folder/log" ||
        { echo "nobody named the process that was killed" >&2; cat "$folder/log" >&2; exit 1; }
      done_kills=$((done_kills + 1))
      continue
    fi
    wait $launcher || { echo "a resumed run failed" >&2; cat "$folder/log" >&2; exit 1; }
    break
  done
  finished=$((finished + 1))
  for name in whole killed; do
    "$robmask" export --from "$folder/$name" --mask 0.5 --out "$folder/$name.safetensors" --quiet >/dev/null
  done
  cmp "$folder/whole.safetensors" "$folder/killed.safetensors" || exit 1
done
echo "$done_kills kills in $finished runs on 2 to 4 processes: all ended within $slowest ms, and in the same bits"
