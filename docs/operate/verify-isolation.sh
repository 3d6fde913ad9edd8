#!/bin/sh
# Is a running agent cut off from every network? Asked of the kernel; nothing of the product is used.
#   sh verify-isolation.sh [PID…]     as root, or as the agent's user; without PID: every agent of Cloister
# Needs /proc, ss (iproute2), awk. Exit code 0: all are cut off. 1: at least one is not, with the reasons. 2: none found.
LC_ALL=C
fail() { echo "  FAIL $*"; bad=1; }
field() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$pid/status"; }
sockets() { find "/proc/$1/fd" -type l -printf '%l\n' 2>/dev/null | sed -n 's/^socket:\[\(.*\)\]$/\1/p'; }

check() {
  pid=$1 bad=0 net=/proc/$1/net
  echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-400)"
  [ -r "/proc/$pid/ns/net" ] && readlink "/proc/$pid/ns/net" >/dev/null || { fail "it cannot be examined: not there, or not yours"; return 1; }
  [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ] || fail "it shares the network of this host"
  others=$(awk -F: 'NR > 2 { gsub(/ /, "", $1); if ($1 != "lo") printf "%s ", $1 }' "$net/dev")
  [ -z "$others" ] || fail "it has network interfaces: $others"
  [ "$(tail -n +2 "$net/route" | wc -l)" -eq 0 ] || fail "it has IPv4 routes"
  [ "$(awk '$NF != "lo"' "$net/ipv6_route" 2>/dev/null | wc -l)" -eq 0 ] || fail "it has IPv6 routes"
  for kind in tcp tcp6 udp udp6 raw raw6 packet; do
    [ "$(tail -n +2 "$net/$kind" 2>/dev/null | wc -l)" -eq 0 ] || fail "it has $kind sockets"
  done
  for name in CapEff CapPrm CapInh CapBnd CapAmb; do
    [ -z "$(field $name | tr -d 0)" ] || fail "it has capabilities: $name $(field $name)"
  done
  [ "$(field NoNewPrivs)" = 1 ] || fail "it could gain rights from a program (NoNewPrivs is not 1)"
  [ "$(field Seccomp)" = 2 ] || fail "its system calls are not filtered (Seccomp is not 2)"
  # Whom can it talk to? The other ends of its sockets may be held by one process only: the keeper.
  peers="" own=" $(sockets "$pid" | tr '\n' ' ')"
  inside=$(awk 'NR > 1 { print $7 }' "$net/unix")
  for inode in $own; do
    outside=$(ss -xH | awk -v inode="$inode" '$6 == inode { print $8 }')
    [ -n "$outside" ] || echo "$inside" | grep -qx "$inode" || fail "socket $inode is of another kind than Unix"
    peers="$peers $outside"
  done
  if [ $bad -eq 0 ]; then
    for inode in $inside; do case $own in *" $inode "*) ;; *) peers="$peers $inode" ;; esac; done
    holders=$(find /proc/[0-9]*/fd -lname 'socket:*' -printf '%l %p\n' 2>/dev/null |
      awk -v peers="$peers" -F '[][/]' 'BEGIN { split(peers, list, " "); for (i in list) is[list[i]] = 1 } is[$2] { print $5 }' | sort -u)
    [ "$(echo "$holders" | grep -c .)" -eq 1 ] || fail "not exactly one process is at the other end of its sockets:" $holders
  fi
  [ $bad -eq 0 ] && echo "  ok   no network, no capability, filtered; its only peer is process $holders: $(tr '\0' ' ' <"/proc/$holders/cmdline" | cut -c1-400)"
  return $bad
}

agents() { for file in /proc/[0-9]*/cmdline; do tr '\0' '\n' <"$file" 2>/dev/null | awk -v pid="${file%/cmdline}" 'NR == 1 && /bwrap/ { exit } $0 == "agent-process" { print substr(pid, 7) }'; done; }

[ $# -gt 0 ] || set -- $(agents)
[ $# -gt 0 ] || { echo "no agent of Cloister is running"; exit 2; }
code=0
for each in "$@"; do check "$each" || code=1; done
exit $code
