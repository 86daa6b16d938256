#!/bin/bash
# What only a GPU can show (docs/gpu.md), in less than five minutes and without network, compiler or
# libraries there, the most telling first: does anything run, how fast, which kernels fail; then beside
# PyTorch, other precisions, the time of each kernel, and sanitizers. `make gpu-check-build` names what is
# to be carried. All goes to $OUT/gpu-check.txt (build/gpu/report/gpu-check.txt) as it comes, with a table
# last; logs of what failed to logs.tgz beside it. Exit code 0 if all that could run passed, 1 if
# something failed, 2 if a program is missing, 77 without a GPU.
#
# In the environment: PROGRAMS, where they are; STEPS, which (in their order: facts times beside tests
# techniques trainings kernels sanitizers and, only if asked for, stalls: where the warps of the kernels
# wait whose names PROFILE, a regular expression, matches); TESTS, a filter; JOBS, how many at once;
# PATIENCE, seconds for each; LIMIT, seconds in all; REHEARSAL=1 for tiny networks and time for them, with
# which the emulator's programs go through all of this.

set -u
cd "$(dirname "$0")/../.." || exit 2
export programs work deadline patience
programs=$(realpath -m "${PROGRAMS:-build/gpu}")
folder=${OUT:-build/gpu/report}
report=$folder/gpu-check.txt
limit=${LIMIT:-270} patience=${PATIENCE:-25} jobs=${JOBS:-12}
filter=${TESTS:-Machine/*/cuda*:Replay/*/cuda*:Networks/*/cuda*:Recipes/*/cuda*}
network=() batches=(128 512) repeats=10 timing=(--rounds 2 --seconds 0.5) slower=1
training=(--width 16 --batch 64 --limit-train 960) epochs=3 tested=200
if [ -n "${REHEARSAL:-}" ]; then
  network=(--width 2) batches=(2 3) repeats=1 timing=(--rounds 1 --seconds 0) slower=20
  training=(--width 2 --batch 10 --limit-train 20) epochs=1 tested=10
fi
training+=(--limit-test "$tested")

for program in tests robmask; do
  if [ ! -x "$programs/$program" ]; then
    echo "gpu-check: $programs/$program is missing; make gpu-check-build makes it, where there is nvcc" >&2
    exit 2
  fi
done
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/logs"
touch "$work/table" "$work/running"
# Into files, here and below: a pipe would wait for whoever holds it, and be it a child that hangs.
timeout --kill-after=2 40 "$programs/robmask" bench --device cuda --precision fp32 --width 2 --batch 2 \
  --repeats 1 --workload train --quiet >"$work/logs/usable" 2>&1
if [ $? = 77 ]; then
  echo "gpu-check: $(cat "$work/logs/usable"); nothing was checked" >&2
  exit 77
fi

# ---- steps ------------------------------------------------------------------------------------------

declare -A process began
say() { printf '\n== %3d s: %s\n' "$SECONDS" "$*"; }
record() { printf '%-22s %-18s %4s s   %s\n' "$1" "$2" "$3" "${4:0:120}" | tee -a "$work/table"; }
skip() { record "$1" skipped 0 "$2"; }
within() { # SECONDS: no more than are left
  local left=$((limit - 2 - SECONDS))
  echo $((left < $1 ? left : $1))
}

# begin NAME SECONDS COMMAND…: starts it, to run at most that long; its output goes to a log.
begin() {
  local name=$1 seconds
  seconds=$(within $(($2 * slower)))
  shift 2
  printf '%s\n' "$*" | head -n 1 >"$work/$name.command"
  began[$name]=$SECONDS
  if [ "$seconds" -lt 1 ]; then return; fi
  : >"$work/logs/$name"
  timeout --kill-after=2 "$seconds" "$@" </dev/null >"$work/logs/$name" 2>&1 &
  process[$name]=$!
  echo "$!" >>"$work/running"
}

# finish NAME [FIGURE]: shows what it says as it comes, until it ended, and its line of the table, with
# the last line that FIGURE, a program for sed, prints.
finish() {
  local name=$1 log=$work/logs/$1 code result seconds
  say "$name: $(cat "$work/$name.command")"
  if [ -z "${process[$name]:-}" ]; then
    record "$name" "FAILED: not begun" 0 "no time was left"
    return
  fi
  tail -n +1 -s 0.1 -f --pid="${process[$name]}" "$log"
  wait "${process[$name]}"
  code=$?
  seconds=$((SECONDS - ${began[$name]}))
  ! grep -q 'Device not supported' "$log" || code=77 # by compute-sanitizer
  case $code in
    0) result=passed ;;
    77) result=skipped ;;
    124 | 137) result="FAILED: not done" ;;
    *) result="FAILED: exit $code" ;;
  esac
  record "$name" "$result" "$seconds" "$(sed -nE "${2:-/[0-9]/p}" "$log" | tail -n 1)"
}
step() {
  begin "$@"
  finish "$1"
}

on_gpu() { # NAME SECONDS PRECISION COMMAND…, begun
  begin "$1" "$2" "$programs/robmask" "${@:4}" --device cuda --precision "$3" --quiet
}
bench() { # NAME PRECISION ARGUMENT…
  local number='([^,]*),'
  on_gpu "$1" 40 "$2" bench "${network[@]}" --repeats "$repeats" --json "${@:3}"
  finish "$1" "s/.*\"train_step_seconds\":$number\"fastest\":\{[^}]*\},\"pgd_step_seconds\":$number\
\"robmask_iteration_seconds\":$number.*/RobMask iteration \3 s, PGD step \2, training step \1/p"
}

# ---- tests ------------------------------------------------------------------------------------------

# group FILTER: these tests in one process. Says what failed, and leaves what did not pass to `alone`.
group() {
  local log=$work/logs/${1//[^A-Za-z0-9_]/-} seconds=$((deadline - EPOCHSECONDS)) code
  if [ "$seconds" -lt 1 ]; then
    echo "FAILED $1: not begun, no time was left"
    return
  fi
  timeout --kill-after=2 $((seconds < patience ? seconds : patience)) "$programs/tests" "--gtest_filter=$1" \
    >"$log" 2>&1
  code=$?
  if [ "$code" = 0 ]; then
    rm "$log"
    return
  fi
  awk -v group="$1" '
    FILENAME == ARGV[1] { if ($2 == "OK" || $2 == "SKIPPED") passed[$4] = 1; next }
    $1 == group && !($2 in passed) { print $2 }' "$log" "$work/list" >"$log.open"
  case $code in
    124 | 137) echo "FAILED $1: not done, stands in $(head -n 1 "$log.open")" ;;
    1) echo "FAILED $1: $(grep -c '^\[  FAILED  \] .* ms)$' "$log") of its tests" ;;
    *) echo "FAILED $1: exit $code in $(head -n 1 "$log.open")" ;;
  esac
}

# alone TEST: in a process of its own that waits for each kernel, so that the one that fails is named.
alone() {
  local log=$work/logs/alone-${1//[^A-Za-z0-9_]/-} seconds=$((deadline - EPOCHSECONDS)) said kernel
  if [ "$seconds" -lt 1 ]; then
    echo "not run alone for lack of time: $1"
    return
  fi
  ROBMASK_SYNC=1 timeout --kill-after=2 $((seconds < patience ? seconds : patience)) \
    "$programs/tests" "--gtest_filter=$1" >"$log" 2>&1
  case $? in
    0)
      echo "passes alone: $1"
      return
      ;;
    124 | 137) said=HANGS ;;
    1) said=FAILS ;;
    *) said=DIES ;;
  esac
  kernel=$(grep -om 1 'kernel .* failed on the GPU: [^"]*' "$log")
  echo "$said: $1${kernel:+: $kernel}"
  grep -E 'Failure$|Expected|actual|Which is|exceeds|error|wrong' "$log" | head -n 4 | sed 's/^/    /'
}
export -f group alone

tests() {
  local start=$SECONDS groups failed open
  say "tests, each group of them in a process, $jobs at once"
  timeout 30 "$programs/tests" --gtest_list_tests "--gtest_filter=$filter" 2>&1 | awk '
    /^[^ ]/ { suite = $1; next }
    { split($1, part, "/"); print suite "*/" part[2], suite $1 }' >"$work/list"
  awk '!seen[$1]++ { print $1 }' "$work/list" >"$work/groups"
  groups=$(wc -l <"$work/groups")
  deadline=$((EPOCHSECONDS + $(within 90)))
  xargs -a "$work/groups" -d '\n' -P "$jobs" -I{} bash -c 'group "$1"' _ {} 2>/dev/null | tee "$work/failed"
  failed=$(wc -l <"$work/failed")
  echo "$((groups - failed)) of $groups groups passed, with $(wc -l <"$work/list") tests"
  if [ "$groups" = 0 ]; then
    record tests "FAILED: none" $((SECONDS - start)) "the program lists no test"
  elif [ "$failed" = 0 ]; then
    record tests passed $((SECONDS - start)) "$groups groups, $(wc -l <"$work/list") tests"
  else
    record tests FAILED $((SECONDS - start)) "$failed of $groups groups: $(cut -d' ' -f2 "$work/failed" |
      tr -d '\n' | sed 's/:/ /g')"
  fi

  # The first that did not pass of each group, then the others.
  mapfile -t open < <(find "$work/logs" -name '*.open' | sort)
  [ ${#open[@]} != 0 ] || return
  say "what did not pass, alone"
  deadline=$((EPOCHSECONDS + $(within 45)))
  { head -q -n 1 "${open[@]}" && tail -q -n +2 "${open[@]}"; } | head -n 200 >"$work/again"
  xargs -a "$work/again" -d '\n' -P "$jobs" -I{} bash -c 'alone "$1"' _ {} 2>/dev/null | tee "$work/alone"
  sed -nE 's/^(HANGS|FAILS|DIES): /  \1 /p' "$work/alone" | head -n 40 >>"$work/table"
}

# ---- the order --------------------------------------------------------------------------------------

# Ours finds cuBLAS where the loader does, or where PyTorch's packages have it.
find_cublas() {
  local found
  found=$(ldconfig -p | grep -m 1 'libcublas\.so\.1[23]')
  if [ -z "$found" ]; then
    found=$(timeout 10 find /usr/local /opt -name 'libcublas.so.1[23]' -print -quit 2>/dev/null)
    [ -z "$found" ] || export LD_LIBRARY_PATH=${found%/*}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  fi
  echo "cuBLAS: ${found##* }"
}

facts() {
  say facts
  find_cublas
  if command -v nvidia-smi >/dev/null; then
    step device 20 nvidia-smi \
      --query-gpu=name,driver_version,clocks.sm,clocks.mem,power.draw,memory.used --format=csv,noheader
  else
    skip device "no nvidia-smi here"
  fi
  if [ -x "$programs/probe" ]; then
    step probe 30 "$programs/probe"
  else
    skip probe "$programs/probe is not here"
  fi
}

# PyTorch's import and torch.compile take their time while the tests run.
begin_beside() {
  command -v python3 >/dev/null || return
  begin beside-pytorch "$limit" env PROGRAMS="$programs" python3 tools/bench/gpu_bench.py \
    --limit $((85 * slower)) --after "$work/idle" --arms P2,P3,P4,P5,E2,E3 --workload robmask,train \
    --batch "$(IFS=,; echo "${batches[*]}")" "${timing[@]}" "${network[@]}" --out "$folder"
}
finish_beside() {
  touch "$work/idle"
  if command -v python3 >/dev/null; then
    finish beside-pytorch "s/^resnet18 ${batches[0]} bf16 +robmask +([^ ]+) +([^ ]+) +([^ ]+) .*/RobMask iteration \
\1 ms, PyTorch eager \2, its best \3/p"
  else
    skip beside-pytorch "no python3 here"
  fi
}

# The same run ends in the same bits replayed and not, and has the CPU's losses, without an attack, whose
# signs would make much of rounding, and to a per cent, since rounding grows from step to step. Nothing is
# timed: all at once.
trainings() {
  local precision standard=(train --method standard --epochs 1 --lr 0.01 "${training[@]}")
  local robmask=(train --method robmask --epochs "$epochs" "${training[@]}") runs=$work/runs
  for precision in bf16 tf32 fp32; do
    on_gpu "train-$precision" 40 $precision "${robmask[@]}" --out "$runs/$precision"
    on_gpu "train-$precision-again" 40 $precision "${robmask[@]}" --replay off --out "$runs/$precision-again"
  done
  on_gpu train-standard 40 fp32 "${standard[@]}" --out "$runs/standard"
  begin train-cpu 40 "$programs/robmask" "${standard[@]}" --device cpu --precision fp32 --quiet --out "$runs/cpu"
  for precision in bf16 tf32 fp32; do
    finish "train-$precision"
    finish "train-$precision-again"
    step "same-bits-$precision" 10 cmp "$runs/$precision/model.safetensors" \
      "$runs/$precision-again/model.safetensors"
  done
  finish train-standard
  finish train-cpu
  step same-losses 10 awk -F, '
    FNR == 1 { for (i = 1; i <= NF; ++i) if ($i == "train_loss") column = i; next }
    NR == FNR { gpu[$1] = $column; next }
    { print "epoch " $1 ": " gpu[$1] " and " $column; ++epochs
      if (!($1 in gpu) || gpu[$1] / $column > 1.01 || $column / gpu[$1] > 1.01) bad = 1 }
    END { exit bad || !epochs }' "$runs/standard/log.csv" "$runs/cpu/log.csv"
  on_gpu evaluate 30 fp32 evaluate --from "$runs/bf16" --mask 0,1 --attack clean,pgd --attack-steps 10 \
    --limit-test "$tested"
  finish evaluate
}

# under_ncu NAME SECONDS WORKLOAD REPEATS FIGURE SCRIPT: SCRIPT finds the benchmark in "${@:2}", and leaves its
# files where $1 begins their names, among the logs.
under_ncu() {
  if ! command -v ncu >/dev/null || ! command -v python3 >/dev/null; then
    skip "$1" "no ncu or no python3 here"
    return
  fi
  begin "$1" "$2" bash -c "$6 || exit 77" _ "$work/logs/$1" "$programs/robmask" bench --device cuda \
    --precision bf16 "${network[@]}" --batch "${batches[0]}" --workload "$3" --replay off --repeats "$4" --quiet
  finish "$1" "$5"
}

kernel_times() { # WORKLOAD
  under_ncu "ncu-$1" 45 "$1" 2 '/^[0-9]+ launches/p' '
    ncu --clock-control none --cache-control none --csv --print-units base --launch-count 2000 \
      --metrics gpu__time_duration.sum,lts__t_bytes.sum,dram__bytes.sum "${@:2}" >"$1.csv" &&
      python3 tools/checks/kernel_times.py "$1.csv"'
}

kernel_stalls() { # WORKLOAD
  under_ncu "stalls-$1" 60 "$1" 8 '/ samples /p' '
    ncu --clock-control none --cache-control none --section SourceCounters --kernel-name-base demangled \
      --kernel-name "regex:${PROFILE:-Product}" --launch-skip 60 --launch-count 12 -f -o "$1" "${@:2}" &&
      ncu --import "$1.ncu-rep" --page source --csv >"$1.csv" && python3 tools/checks/kernel_stalls.py "$1.csv"'
}

sanitizers() {
  local name tool filter
  if ! command -v compute-sanitizer >/dev/null; then
    skip sanitizers "no compute-sanitizer here"
    return
  fi
  # Of bf16, copies that overtake their readers.
  local each=("memcheck f32 Machine/Conv2d.*/cuda_f32:Machine/Mask.*/cuda_f32"
    "memcheck bf16 Machine/Conv2d.*/cuda_bf16:Machine/Mask.*/cuda_bf16"
    "racecheck bf16 Machine/Conv2d.*/cuda_bf16"
    "racecheck f32 Machine/Statistics.*/cuda_f32:Machine/Losses.*/cuda_f32"
    "synccheck all Machine/Statistics.*/cuda_f32:Machine/Conv2d.*/cuda_bf16")
  for one in "${each[@]}"; do
    read -r tool name filter <<<"$one"
    begin "$tool-$name" 60 env ROBMASK_GUARD=1 compute-sanitizer --tool "$tool" --error-exitcode 3 "$programs/tests" \
      --gtest_brief=1 "--gtest_filter=$filter"
  done
  for one in "${each[@]}"; do
    read -r tool name filter <<<"$one"
    finish "$tool-$name" '/SUMMARY/p'
  done
}

times() {
  for batch in "${batches[@]}"; do bench "bf16-$batch" bf16 --batch "$batch"; done
}

# What folded masks are worth, other precisions and replay, against the first times.
techniques() {
  ROBMASK_WITHOUT=folded-masks bench without-folded-masks bf16 --batch "${batches[0]}"
  bench tf32 tf32 --batch "${batches[0]}"
  bench fp32 fp32 --batch "${batches[0]}"
  bench bf16-no-replay bf16 --batch "${batches[0]}" --replay off
}

kernels() {
  kernel_times pgd
  kernel_times train
}

stalls() {
  kernel_stalls pgd
  kernel_stalls train
}

in_order() {
  local steps=" ${STEPS:-facts times beside tests techniques trainings kernels sanitizers} " one
  for one in facts times begin_beside tests finish_beside techniques trainings kernels stalls sanitizers; do
    if [[ $steps == *" ${one#*_} "* ]]; then $one; fi
  done
}

# ---- all of it --------------------------------------------------------------------------------------

: >"$report"
in_order >"$report" 2>&1 &
steps=$!
stop() { mapfile -t running <"$work/running" && kill $steps $shown "${running[@]}" 2>/dev/null; }
trap 'stop; exit 1' INT TERM
# Whatever hangs, and be it the driver, this ends; and at once where it is interrupted.
timeout $((limit > SECONDS ? limit - SECONDS : 1)) tail -n +1 -s 0.2 -f --pid=$steps "$report" &
shown=$!
wait $shown
if kill -0 $steps 2>/dev/null; then
  stop
  record all "FAILED: not done" "$SECONDS" "the limit of $limit s was reached" >/dev/null
fi
tar czf "$folder/logs.tgz" -C "$work" logs
{
  printf '\n%s %s\n' "$(date -u +%FT%TZ)" "$(timeout 10 nvidia-smi --query-gpu=name,driver_version \
    --format=csv,noheader 2>/dev/null | head -n 1)"
  cat "$work/table"
  ! grep -qE 'FAILED|FAILS|HANGS|DIES' "$work/table"
  status=$?
  printf 'gpu-check: %s in %d s\n' "$([ $status = 0 ] && echo passed || echo FAILED)" "$SECONDS"
  exit $status
} | tee -a "$report"
exit "${PIPESTATUS[0]}"
