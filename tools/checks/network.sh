#!/bin/bash
# Two machines, as two network namespaces with a cable each: a run over TCP has the bits of one process, and one
# whose cable is pulled ends by itself, with a line that names who was waited for. Needs root and iproute2.
#   tools/checks/network.sh        ROBMASK names the binary

set -u
robmask=$(realpath "${ROBMASK:-build/robmask}")
[ "$(id -u)" = 0 ] && command -v ip >/dev/null || { echo "network.sh: needs root and ip" >&2; exit 77; }
folder=$(mktemp -d)
hosts=(robmask-a robmask-b)
bridge=robmask-br
clean() {
  for host in "${hosts[@]}"; do ip netns pids $host 2>/dev/null | xargs -r kill -9; ip netns del $host; done
  ip link del $bridge
  rm -rf "$folder"
} 2>/dev/null
trap clean EXIT

ip link add $bridge type bridge && ip addr add 10.213.0.1/24 dev $bridge && ip link set $bridge up || exit 77
for i in 0 1; do
  ip netns add ${hosts[i]}
  ip link add robmask-v$i type veth peer name eth0 netns ${hosts[i]}
  ip link set robmask-v$i master $bridge up
  ip -n ${hosts[i]} addr add 10.213.0.$((2 + i))/24 dev eth0
  ip -n ${hosts[i]} link set eth0 up
  ip -n ${hosts[i]} link set lo up
done
# What mpirun takes for ssh: enters the namespace, under its name.
cat >"$folder/enter" <<'END'
#!/bin/bash
while [[ $1 == -* ]]; do shift; done
host=$1; shift
exec ip netns exec "$host" unshare -u bash -c "hostname $host; \
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; $*"
END
chmod +x "$folder/enter"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
train() { echo train --method robmask --width 16 --limit-train 256 --limit-test 10 --batch 32 --shards 2 \
  --attack-steps 3 --device cpu --threads 1 --quiet "$@"; }
on_two() {
  mpirun --mca plm_rsh_agent "$folder/enter" --mca btl tcp,self --mca oob_tcp_if_include 10.213.0.0/24 \
    --mca btl_tcp_if_include 10.213.0.0/24 -H "${hosts[0]},${hosts[1]}" -n 2 "$robmask" "$@"
}

"$robmask" $(train --epochs 1 --out "$folder/one") >/dev/null || exit 1
on_two $(train --epochs 1 --out "$folder/two") >/dev/null || exit 1
cmp "$folder"/{one,two}/state.safetensors || exit 1
echo "over TCP: the bits of one process"

on_two $(train --epochs 500 --patience 8 --out "$folder/cut") >"$folder/log" 2>&1 &
until [ -e "$folder/cut/state.safetensors" ]; do sleep 0.2; done
sleep 1
pulled=$(date +%s)
ip link set robmask-v1 down
for host in "${hosts[@]}"; do
  while ip netns pids $host | xargs -r ps -o args= -p | grep -q "^$robmask"; do
    [ $(($(date +%s) - pulled)) -lt 60 ] || { echo "still there after a minute" >&2; cat "$folder/log" >&2; exit 1; }
    sleep 0.2
  done
done
echo "without the cable: all gone after $(($(date +%s) - pulled)) s of --patience 8"
grep '^robmask: ' "$folder/log"
grep -q 'robmask: .*has not answered for 8 seconds' "$folder/log" || { cat "$folder/log" >&2; exit 1; }
