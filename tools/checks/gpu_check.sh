#!/bin/bash
# What only a GPU can show (GPU.md), in less than nine minutes and without network, compiler or
# libraries there: `make gpu-check-build` makes what is to be carried, build/gpu/. Run from the root of
# the repository. Everything goes to one file, $OUT/gpu-check.txt or build/gpu/report/gpu-check.txt, with
# a table last. Exit code 0 if all that could run passed, 1 if something failed, 77 without a GPU.

set -u
cd "$(dirname "$0")/../.."
programs=${PROGRAMS:-build/gpu}
folder=${OUT:-build/gpu/report}
report=$folder/gpu-check.txt
for program in tests robmask; do
  if [ ! -x "$programs/$program" ]; then
    echo "gpu-check: $programs/$program is missing; make gpu-check-build makes it, where there is nvcc" >&2
    exit 2
  fi
done
if ! nvidia-smi >/dev/null 2>&1; then
  echo "gpu-check: no NVIDIA GPU or driver here; nothing was checked" >&2
  exit 77
fi
usable=$("$programs/robmask" bench --device cuda --precision fp32 --width 2 --batch 2 --repeats 1 \
  --workload train --quiet 2>&1)
if [ $? = 77 ]; then
  echo "gpu-check: $usable; nothing was checked" >&2
  exit 77
fi
mkdir -p "$folder"
: >"$report"
table=() status=0
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT

# check NAME SECONDS COMMAND…: runs it, at most that long and not beyond the 520th second, into the
# report and a line of the table, with the last line it said that holds a figure.
check() {
  local name=$1 limit=$2 log=$runs/$1.log code began=$SECONDS result
  shift 2
  [ $((520 - SECONDS)) -ge "$limit" ] || limit=$((520 - SECONDS))
  if [ "$limit" -lt 1 ]; then
    status=1
    table+=("$(printf '%-24s %s' "$name" "not begun: no time was left")")
    return
  fi
  printf '\n== %s: %s\n' "$name" "$*" | tee -a "$report"
  timeout --kill-after=5 "$limit" "$@" >"$log" 2>&1
  code=$?
  cat "$log" >>"$report"
  case $code in
    0) result=passed ;;
    77) result=skipped ;;
    124 | 137) result="not done in $limit s" status=1 ;;
    *) result="failed ($code)" status=1 ;;
  esac
  table+=("$(printf '%-24s %-18s %4d s   %s' "$name" "$result" $((SECONDS - began)) \
    "$(grep -E '[0-9]' "$log" | tail -1 | cut -c1-100)")")
}
skip() { table+=("$(printf '%-24s %-18s          %s' "$1" skipped "$2")"); }

robmask() { check "$1" "$2" "$programs/robmask" "${@:3}" --device cuda --precision fp32; }
tests() { check "$1" "$2" "$programs/tests" --gtest_brief=1 "--gtest_filter=$3"; }
sanitize() { # which tool, and over which tests
  check "$1" 40 compute-sanitizer --tool "$1" --error-exitcode 3 "$programs/tests" --gtest_brief=1 \
    "--gtest_filter=$2"
}

check device 20 nvidia-smi
tests primitives 90 'Machine/*/cuda*'
tests replay 60 'Replay/*/cuda*'
tests networks-golden 60 'Networks/*/cuda*'
tests recipes-golden 90 'Recipes/*/cuda*'
if command -v compute-sanitizer >/dev/null; then
  sanitize memcheck 'Machine/Conv2d.*/cuda_f32:Machine/Mask.*/cuda_f32'
  sanitize racecheck 'Machine/Statistics.*/cuda_f32:Machine/Losses.*/cuda_f32'
  sanitize synccheck 'Machine/Statistics.*/cuda_f32:Machine/Losses.*/cuda_f32'
else
  skip compute-sanitizer "not installed here"
fi

for replay in on off; do
  robmask "bench-replay-$replay" 60 bench --model resnet18 --batch 128 --repeats 5 --replay $replay \
    --json
done
# The same run on both machines and twice on the GPU: losses agree to rounding, weights to the bit.
train=(train --method robmask --width 16 --epochs 3 --batch 64 --limit-train 960 --limit-test 200 --quiet)
robmask train 60 "${train[@]}" --out "$runs/a"
robmask train-again 60 "${train[@]}" --replay off --out "$runs/b"
check same-weights 10 cmp "$runs/a/model.safetensors" "$runs/b/model.safetensors"
robmask evaluate 30 evaluate --from "$runs/a" --mask 0,1 --attack clean,pgd --attack-steps 10 \
  --limit-test 200 --quiet

{
  printf '\n%s\n' "$(date -u +%FT%TZ) $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -1)"
  printf '%s\n' "${table[@]}"
  printf 'gpu-check: %s in %d s\n' "$([ $status = 0 ] && echo passed || echo FAILED)" "$SECONDS"
} | tee -a "$report"
exit $status
