/** Ways to another machine, or to a server on this one. Nothing is sent beyond this host: a route is looked up only. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { perl, sh, type Probe } from "../probe.ts";

const group = "network";

const CONNECT =
  "sub reach { my ($family, $address, $type, $protocol) = @_; socket(my $s, $family, $type // SOCK_STREAM, $protocol // 0) or return; alarm 5; connect($s, $address) or return; my $t = ''; sysread($s, $t, 200); print $t }\n";
const ASK =
  "sub ask { my ($address) = @_; socket(my $s, AF_INET, SOCK_DGRAM, 0) or return; send($s, 'x', 0, $address) or return; my $r = ''; vec($r, fileno($s), 1) = 1; select($r, undef, undef, 0.3) > 0 or return; recv($s, my $t, 200, 0); print $t }\n";
/** Connecting a datagram socket sends nothing; it succeeds when the kernel knows a way. */
const ROUTE =
  "sub route { my ($family, $address) = @_; socket(my $s, $family, SOCK_DGRAM, 0) or return; did() if connect($s, $address) }\n";

const servers: readonly Probe[] = [
  {
    name: "tcp-loopback",
    group,
    attempt: "reach a server on the host's loopback",
    program: perl(`${CONNECT}reach(AF_INET, pack_sockaddr_in(@TCP_PORT@, inet_aton("127.0.0.1")))`),
  },
  {
    name: "tcp-any-address",
    group,
    attempt: "reach it by the address of all zeros",
    program: perl(`${CONNECT}reach(AF_INET, pack_sockaddr_in(@TCP_PORT@, inet_aton("0.0.0.0")))`),
  },
  {
    name: "tcp-own-address",
    group,
    attempt: "reach a server on the host's own address",
    program: perl(`${CONNECT}reach(AF_INET, pack_sockaddr_in(@OWN_PORT@, inet_aton("@OWN_ADDRESS@")))`),
  },
  {
    name: "tcp-six-loopback",
    group,
    attempt: "reach a server on the host's IPv6 loopback",
    program: perl(
      `${CONNECT}reach(AF_INET6, pack_sockaddr_in6(@TCP_SIX_PORT@, Socket::inet_pton(AF_INET6, "::1")))`,
    ),
  },
  {
    name: "tcp-mapped",
    group,
    attempt: "reach it by an IPv4 address in IPv6 clothes",
    program: perl(
      `${CONNECT}reach(AF_INET6, pack_sockaddr_in6(@TCP_PORT@, Socket::inet_pton(AF_INET6, "::ffff:127.0.0.1")))`,
    ),
  },
  {
    name: "tcp-multipath",
    group,
    attempt: "reach it by multipath TCP",
    program: perl(
      `${CONNECT}reach(AF_INET, pack_sockaddr_in(@TCP_PORT@, inet_aton("127.0.0.1")), SOCK_STREAM, 262)`,
    ),
  },
  {
    name: "tcp-fast-open",
    group,
    attempt: "reach it by TCP fast open",
    program: perl(
      'socket(my $s, AF_INET, SOCK_STREAM, 0); alarm 5; my $t; send($s, "x", 0x20000000, pack_sockaddr_in(@TCP_PORT@, inet_aton("127.0.0.1"))) and sysread($s, $t, 200) and print $t',
    ),
  },
  {
    name: "udp-loopback",
    group,
    attempt: "get an answer over UDP",
    program: perl(`${ASK}ask(pack_sockaddr_in(@UDP_PORT@, inet_aton("127.0.0.1")))`),
  },
  {
    name: "tcp-by-name",
    group,
    attempt: "reach a server of the host by the name localhost",
    program: sh(
      `(echo x; sleep 0.1) | timeout 3 bash -c 'cat <&3 & cat >&3; wait' 3<>/dev/null; bash -c 'timeout 3 cat < /dev/tcp/localhost/@TCP_PORT@'`,
    ),
  },
];

const routes: readonly Probe[] = (
  [
    ["internet", 'route(AF_INET, pack_sockaddr_in(443, inet_aton("203.0.113.5")))', "the internet"],
    [
      "metadata",
      'route(AF_INET, pack_sockaddr_in(80, inet_aton("169.254.169.254")))',
      "a cloud's metadata service",
    ],
    [
      "carrier",
      'route(AF_INET, pack_sockaddr_in(80, inet_aton("100.100.100.200")))',
      "another cloud's metadata service",
    ],
    ["private", 'route(AF_INET, pack_sockaddr_in(80, inet_aton("10.0.0.1")))', "a private network"],
    [
      "multicast",
      'route(AF_INET, pack_sockaddr_in(5353, inet_aton("224.0.0.251")))',
      "neighbours, by multicast",
    ],
    ["dns", 'route(AF_INET, pack_sockaddr_in(53, inet_aton("192.0.2.53")))', "a name server"],
    [
      "six",
      'route(AF_INET6, pack_sockaddr_in6(443, Socket::inet_pton(AF_INET6, "2001:db8::1")))',
      "the internet, by IPv6",
    ],
    [
      "six-multicast",
      'route(AF_INET6, pack_sockaddr_in6(5353, Socket::inet_pton(AF_INET6, "ff02::fb")))',
      "neighbours, by IPv6 multicast",
    ],
  ] as const
).map(([name, code, whom]): Probe => ({
  name: `route-${name}`,
  group,
  attempt: `find a way to ${whom}`,
  program: perl(ROUTE + code),
}));

/** Kinds of sockets that have nothing to do with the network namespace, or lay open much of the kernel. */
const families: readonly Probe[] = (
  [
    ["unix", 1, 1, 0],
    ["unix-datagram", 1, 2, 0],
    ["packet", 17, 2, 0],
    ["raw", 2, 3, 1],
    ["raw-six", 10, 3, 58],
    ["netlink-generic", 16, 3, 16],
    ["netlink-netfilter", 16, 3, 12],
    ["netlink-audit", 16, 3, 9],
    ["netlink-kernel-events", 16, 3, 15],
    ["netlink-socket-list", 16, 3, 4],
    ["netlink-crypto", 16, 3, 21],
    ["virtual-machine", 40, 1, 0],
    ["kernel-crypto", 38, 5, 0],
    ["bluetooth", 31, 3, 1],
    ["can", 29, 3, 1],
    ["tipc", 30, 1, 0],
    ["rds", 21, 5, 0],
    ["key-management", 15, 3, 2],
    ["express-data-path", 44, 3, 0],
    ["kernel-multiplexor", 41, 2, 0],
    ["shared-memory", 43, 1, 0],
    ["ppp", 24, 1, 0],
    ["nfc", 39, 2, 0],
    ["high-half", "0x100000001", 1, 0],
  ] as const
).map(([name, family, type, protocol]): Probe => ({
  name: `socket-${name}`,
  group,
  attempt: `make a socket of the kind ${name}`,
  // Perl's own socket would cut the number to an int.
  program: perl(`did() if socket(my $s, ${family}, ${type}, ${protocol})`),
}));

const unixPaths: readonly Probe[] = (
  [
    ["in-project", "workspace/run/docker.sock", "a socket of the host that lies in the project"],
    ["outside", "outside/docker.sock", "a socket of the host by its path"],
    ["home", "home/.gnupg/S.gpg-agent", "an agent's socket in the home"],
  ] as const
).map(([name, path, what]): Probe => ({
  name: `unix-${name}`,
  group,
  attempt: `reach ${what}`,
  program: perl(`${CONNECT}reach(AF_UNIX, pack_sockaddr_un("@BASE@/${path}"))`),
  prepare: async (world) => {
    const place = join(world.base, path);
    mkdirSync(dirname(place), { recursive: true });
    await world.listen(place);
  },
}));

export const networkProbes: readonly Probe[] = [
  ...servers,
  ...routes,
  ...families,
  ...unixPaths,
  {
    name: "unix-abstract",
    group,
    attempt: "reach a socket of the host that has a name but no path, as X11 has",
    program: perl(`${CONNECT}reach(AF_UNIX, pack_sockaddr_un("\\0cloister-@TOKEN@"))`),
    prepare: (world) => world.listen(`\0cloister-${world.token}`),
  },
  {
    name: "unix-seen",
    group,
    attempt: "see sockets of the host",
    program: sh(`[ -n "$(find /run /var/run /tmp /dev -maxdepth 4 -type s 2>/dev/null | head -1)" ] && did`),
  },
  {
    name: "interfaces",
    group,
    attempt: "see an interface other than loopback",
    program: sh(
      `tail -n +3 /proc/net/dev | grep -qv '^ *lo:' && did; for d in /sys/class/net/*; do [ -e $d ] && [ $d != /sys/class/net/lo ] && did; done`,
    ),
  },
  {
    name: "routing-table",
    group,
    attempt: "see a route",
    program: sh(`[ "$(tail -n +2 /proc/net/route | wc -l)" -gt 0 ] && did`),
  },
  {
    name: "connections-seen",
    group,
    attempt: "see the host's connections and listeners",
    program: sh(
      "grep -qi ':'$(printf '%04X' @TCP_PORT@) /proc/net/tcp && did; grep -q . /proc/net/unix && [ $(wc -l < /proc/net/unix) -gt 3 ] && did",
    ),
  },
  {
    name: "resolver",
    group,
    attempt: "learn of a name server",
    program: sh(
      "grep -qs '^nameserver' /etc/resolv.conf && did; [ -S /run/systemd/resolve/io.systemd.Resolve ] && did; [ -S /var/run/nscd/socket ] && did",
    ),
  },
  // A change to an interface that is not there: the permission is checked first.
  {
    name: "change-network",
    group,
    attempt: "change the network's configuration",
    program: perl(
      'socket(my $s, 16, 3, 0) or exit; my $m = pack("LSSLL CxSlLL", 32, 17, 5, 1, 0, 0, 0, 2147483000, 0, 0); send($s, $m, 0, pack("SxxLL", 16, 0, 0)); ' +
        'my $r = ""; vec($r, fileno($s), 1) = 1; select($r, undef, undef, 1) > 0 or exit; sysread($s, my $a, 200); my $e = unpack("x16 l", $a); did() if $e != -1',
    ),
  },
  {
    name: "forwarded-display",
    group,
    attempt: "reach a display of the host",
    program: sh(
      `[ -d /tmp/.X11-unix ] && [ -n "$(ls /tmp/.X11-unix)" ] && did; [ -n "$(ls /run/user 2>/dev/null)" ] && did; true`,
    ),
  },
];
