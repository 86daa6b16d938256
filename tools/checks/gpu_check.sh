#!/bin/bash
# What only a GPU can show (docs/gpu.md), in less than nine minutes and without network, compiler or
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

on_gpu() { # NAME SECONDS PRECISION COMMAND…
  check "$1" "$2" "$programs/robmask" "${@:4}" --device cuda --precision "$3"
}
tests() { check "$1" "$2" "$programs/tests" --gtest_brief=1 "--gtest_filter=$3"; }
sanitize() { # NAME TOOL TESTS
  check "$1" 60 compute-sanitizer --tool "$2" --error-exitcode 3 "$programs/tests" --gtest_brief=1 \
    "--gtest_filter=$3"
}
same_losses() { # of two runs, to a per cent: rounding grows from step to step
  paste -d, "$1/log.csv" "$2/log.csv" | awk -F, '
    NR == 1 { for (i = 1; i <= NF / 2; ++i) if ($i == "train_loss") { a = i; b = i + NF / 2 } next }
    { print "epoch " $1 ": " $a " and " $b; if ($a / $b > 1.01 || $b / $a > 1.01) bad = 1 }
    END { exit bad || NR < 2 }'
}
export -f same_losses

if command -v nvidia-smi >/dev/null; then
  check device 20 nvidia-smi
else
  skip device "no nvidia-smi here"
fi
tests primitives 90 'Machine/*/cuda*'
tests replay 60 'Replay/*/cuda*'
tests networks-golden 60 'Networks/*/cuda*'
tests recipes-golden 90 'Recipes/*/cuda*'

for precision in bf16 tf32 fp32; do
  on_gpu "bench-$precision" 30 $precision bench --model resnet18 --batch 128 --repeats 5 --json
done
on_gpu bench-bf16-no-replay 30 bf16 bench --model resnet18 --batch 128 --repeats 5 --replay off --json
if command -v python3 >/dev/null; then
  check beside-pytorch 90 env PROGRAMS="$programs" python3 tools/bench/gpu_bench.py --batch 128 --rounds 1 \
    --workload robmask --arms P0,P2,E0,E1,E3 --out "$runs"
else
  skip beside-pytorch "no python3 here"
fi

# The same run on the GPU, replayed and not: to the bit.
train=(train --method robmask --width 16 --epochs 3 --batch 64 --limit-train 960 --limit-test 200 --quiet)
for precision in bf16 tf32 fp32; do
  on_gpu "train-$precision" 40 $precision "${train[@]}" --out "$runs/$precision"
  on_gpu "train-$precision-again" 40 $precision "${train[@]}" --replay off --out "$runs/$precision-again"
  check "same-weights-$precision" 10 cmp "$runs/$precision/model.safetensors" \
    "$runs/$precision-again/model.safetensors"
done
on_gpu evaluate 30 fp32 evaluate --from "$runs/bf16" --mask 0,1 --attack clean,pgd --attack-steps 10 \
  --limit-test 200 --quiet
# The same on both machines: no attack, whose signs would make much of rounding.
standard=(train --method standard --width 16 --epochs 1 --lr 0.01 --batch 64 --limit-train 960
  --limit-test 200 --quiet)
on_gpu train-standard 30 fp32 "${standard[@]}" --out "$runs/standard"
check train-standard-cpu 60 "$programs/robmask" "${standard[@]}" --device cpu --precision fp32 \
  --out "$runs/cpu"
check same-losses 10 bash -c 'same_losses "$@"' same_losses "$runs/standard" "$runs/cpu"

if command -v compute-sanitizer >/dev/null; then
  sanitize memcheck memcheck 'Machine/Conv2d.*/cuda_f32:Machine/Mask.*/cuda_f32'
  sanitize memcheck-bf16 memcheck 'Machine/Conv2d.*/cuda_bf16'
  sanitize racecheck racecheck 'Machine/Statistics.*/cuda_f32:Machine/Losses.*/cuda_f32'
  sanitize racecheck-bf16 racecheck 'Machine/Conv2d.*/cuda_bf16' # copies that overtake their readers
  sanitize synccheck synccheck 'Machine/Statistics.*/cuda_f32:Machine/Conv2d.*/cuda_bf16'
else
  skip compute-sanitizer "not installed here"
fi

{
  card=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>&1 | head -1)
  printf '\n%s\n' "$(date -u +%FT%TZ) $card"
  printf '%s\n' "${table[@]}"
  printf 'gpu-check: %s in %d s\n' "$([ $status = 0 ] && echo passed || echo FAILED)" "$SECONDS"
} | tee -a "$report"
exit $status
