/** What a network policy script is told about the computer's network. */
export interface NetworkAddresses {
  /** The host's end of the bridge. Empty when there is none. */
  readonly gateway: string;
  /** An address a neighbour could have. */
  readonly neighbour: string;
}

const findTool = `
if command -v ip >/dev/null; then tool=ip; elif busybox ip route >/dev/null 2>&1; then tool="busybox ip"; else echo "no tool"; exit 9; fi`;

/** What a cut computer has in place of its devices: a link whose other end is its own, too. */
const standIn = { device: 'swelancer0', otherEnd: 'swelancer1' } as const;
/** Nobody's address: the dummy of RFC 7600. */
const nobody = '192.0.0.8';

/** The devices that lead somewhere. */
const listDevices = `
devices=$($tool -o link show up | while read -r number device rest; do
  device=\${device%%[@:]*}
  case $device in lo | ${standIn.device} | ${standIn.otherEnd}) ;; *) echo "$device" ;; esac
done)`;

/**
 * Takes the devices down and has the stand-in carry their addresses. Routes alone are not enough: a socket that is bound
 * to a device does not ask them where none of that device leads on, and nothing that is sent to everybody does.
 *
 * The stand-in has an address all the time, so that a browser that runs does not take itself for offline in between. Of one
 * that two devices have, it sees the one whose device is down. IPv6 is off on new devices in a container, and on on `lo`.
 */
const takeDown = `${listDevices}
$tool link add ${standIn.device} type veth || exit 8
otherEnd=$($tool -o link show dev ${standIn.device}) otherEnd=\${otherEnd#*@} otherEnd=\${otherEnd%%:*}
$tool link set dev "$otherEnd" name ${standIn.otherEnd} || exit 8
$tool link set dev ${standIn.otherEnd} up && $tool link set dev ${standIn.device} up || exit 8
$tool -4 addr add ${nobody}/32 dev ${standIn.device} || exit 8
moved=
for device in $devices; do
  addresses=$($tool -4 -o addr show dev "$device" scope global | while read -r number name family address rest; do echo "$address"; done)
  for address in $addresses; do echo "address4 $address dev $device"; done
  # Those of a subnet may go with its first one.
  for address in $addresses; do $tool -4 addr del "$address" dev "$device" 2>/dev/null; done
  if $tool -4 -o addr show dev "$device" scope global | grep -q inet; then exit 8; fi
  for address in $addresses; do
    $tool -4 addr add "\${address%/*}/32" dev ${standIn.device} || exit 8
    moved=yes
  done
  $tool -6 -o addr show dev "$device" scope global 2>/dev/null | while read -r number name family address rest; do
    echo "address6 $address dev $device"
    $tool -6 addr del "$address" dev "$device"
    $tool -6 addr add "\${address%/*}/128" dev lo nodad 2>/dev/null || $tool -6 addr add "\${address%/*}/128" dev lo
  done
  $tool link set dev "$device" down || exit 8
  echo "down $device"
done
if [ -n "$moved" ]; then $tool -4 addr del ${nobody}/32 dev ${standIn.device}; fi`;

const bringUp = ({ down, addresses4, addresses6 }: CutNetwork) => `
$tool -4 addr add ${nobody}/32 dev ${standIn.device} 2>/dev/null
$tool -6 -o addr show dev lo scope global 2>/dev/null | while read -r number name family address rest; do
  $tool -6 addr del "$address" dev lo
done
${addresses4.map((address) => `$tool -4 addr del ${address.replace(/\/.*/, '')}/32 dev ${standIn.device} 2>/dev/null`).join('\n')}
${addresses4.map((address) => `$tool -4 addr add ${address} brd + || exit 8`).join('\n')}
${down.map((device) => `$tool link set dev ${device} up || exit 8`).join('\n')}
${addresses6.map((address) => `$tool -6 addr add ${address} nodad 2>/dev/null || $tool -6 addr add ${address} 2>/dev/null`).join('\n')}
# Busybox cannot leave out the look for another one with the same address, which takes a second or two.
for look in ${addresses6.length === 0 ? '' : Array.from({ length: 30 }, (_, look) => look).join(' ')}; do
  if ! $tool -6 -o addr show scope global | grep -q tentative; then break; fi
  sleep 0.1
done
$tool link del dev ${standIn.device} 2>/dev/null`;

/** A table of our own, for sockets that are bound to a device. Busybox takes no number above 255. */
const boundTable = 251;

/**
 * For devices that have to stay, because of hosts that are allowed. Where no route of a device leads on, the kernel takes
 * everybody to be on its link; and a socket may want hosts on its link only. So for sockets that are bound to one, whatever is not
 * allowed is this computer itself. Busybox knows no rules for that. Broadcasts have routes of their own.
 */
const leadBoundBackHere = (allowed: readonly string[]) => `${listDevices}
$tool -4 route show table local | while read -r line; do
  case $line in *" dev lo "*) continue ;; "broadcast "*) ;; *) continue ;; esac
  echo "broadcast $line"
  $tool -4 route del \${line%% scope *} table local
done
for device in $devices; do
  if $tool -4 rule add oif "$device" lookup ${boundTable} 2>/dev/null; then
    $tool -4 route append local default dev "$device" table ${boundTable} || exit 8
    ${allowed.map((address) => `if [ "$device" = "$5" ]; then $tool -4 route replace ${address} via "$3" dev "$5" onlink table ${boundTable} || exit 8; fi`).join('\n    ')}
  fi
done`;

/**
 * The engine's own in each container, which leaves unanswered what it cannot ask others: a program would wait for it, 20 s
 * with the usual C library. Out of reach, names fail at once.
 */
const engineResolver = '127.0.0.11';

const forgetBound = `
while $tool -4 rule del lookup ${boundTable} 2>/dev/null; do :; done
$tool -4 route flush table ${boundTable} 2>/dev/null`;

/**
 * Prints what it takes away: the devices, where nobody is allowed, and all routes. Everything that is not local is answered
 * with "unreachable" at once. An interface stays up with its address: a browser that sees none takes itself for offline
 * and behaves differently. Addresses that are allowed go over the gateway, which itself stays out of reach unless it is one (`onlink`).
 */
export const cutScript = (allowed: readonly string[]) => `${findTool}
set -- $($tool -4 route show default)
$tool -4 route show | while read -r line; do echo "route4 $line"; done
$tool -6 route show 2>/dev/null | while read -r line; do echo "route6 $line"; done
${allowed.length === 0 ? takeDown : ''}
$tool -4 route flush table main || exit 8
$tool -4 route replace unreachable default || exit 8
${allowed.map((address) => `$tool -4 route replace ${address} via "$3" dev "$5" onlink || exit 8`).join('\n')}
$tool -6 route flush table main 2>/dev/null
$tool -6 route replace unreachable default 2>/dev/null
$tool -4 route replace unreachable ${engineResolver} table local
${allowed.length === 0 ? '' : leadBoundBackHere(allowed)}
true`;

/** What a cut has taken away, in the words of \`ip\`. */
export interface CutNetwork {
  readonly routes4: readonly string[];
  readonly routes6: readonly string[];
  /** Of the devices' links. */
  readonly broadcasts: readonly string[];
  readonly addresses4: readonly string[];
  readonly addresses6: readonly string[];
  readonly down: readonly string[];
}

/** Puts back what `cutScript` printed; the routes of the link first, because gateways are reached over them. */
export function restoreScript(cut: CutNetwork): string {
  const linkFirst = (lines: readonly string[]) =>
    [...lines].sort((left, right) => Number(left.includes(' via ')) - Number(right.includes(' via ')));
  return `${findTool}
${forgetBound}
$tool -4 route del unreachable ${engineResolver} table local 2>/dev/null
$tool -4 route flush table main 2>/dev/null
$tool -6 route flush table main 2>/dev/null
${bringUp(cut)}
${linkFirst(cut.routes4)
  .map((route) => `$tool -4 route replace ${route} || exit 8`)
  .join('\n')}
${linkFirst(cut.routes6)
  .map((route) => `$tool -6 route replace ${route} 2>/dev/null`)
  .join('\n')}
${cut.broadcasts.map((route) => `$tool -4 route replace ${route} table local 2>/dev/null`).join('\n')}
true`;
}

/** Anybody's resolvers; the first that is not allowed is taken. */
const outsideAddresses = ['1.1.1.1', '9.9.9.9', '8.8.8.8', '208.67.222.222'] as const;

/**
 * Asks the kernel what it would do with a packet to each place, and asks for a name. One line for each check. Where the
 * kernel has no way, and to itself, a connection is really tried, with what the image has for that: who refuses one has
 * been reached. All at once, as each may take its time.
 */
export function verifyScript({ gateway, neighbour }: NetworkAddresses, allowed: readonly string[]): string {
  const outside: string =
    outsideAddresses.find((address) => !allowed.includes(address)) ?? outsideAddresses[0];
  return `${findTool}
${listDevices}
connect() {
  if command -v bash >/dev/null; then timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/9"' "$1" 2>&1
  elif command -v nc >/dev/null; then
    verbose=-v
    case $(nc -h 2>&1) in *BusyBox*) verbose= ;; esac
    timeout 2 nc $verbose -w 1 "$1" 9 </dev/null 2>&1
  else echo "no tool"
  fi && echo "succeeded"
}
look() {
  found=reachable shown=route
  detail=$($tool $2 route get $3 2>&1) || found=unreachable
  if [ $found = unreachable ] || [ "$1" = loopback ]; then
    said=$(connect "$3")
    case $said in
      *[Nn]"o tool"*) said="none was tried" ;;
      *efused* | *succeeded*) found=reachable shown=connection ;;
      *nreachable* | *"o route to host"* | *"annot assign"*) found=unreachable shown=connection ;;
      *) said="no answer $said" ;;
    esac
    detail="$detail; a connection: $said"
  fi
  case $1 in gateway | neighbour | outside-ipv4)
    for device in $devices; do
      bound=$($tool -4 route get "$3" oif "$device" 2>&1) || continue
      case $bound in "local "*) continue ;; esac
      ${allowed.length > 0 ? `case $($tool -V 2>&1) in *BusyBox*) detail="$detail; sockets bound to $device were not looked at" && continue ;; esac` : ''}
      if [ $found = unreachable ]; then found=reachable shown=route detail="$detail; from a socket of $device: $bound"; fi
    done ;;
  esac
  set -f
  echo "check $1 $found $shown" $detail
}
(
look loopback -4 127.0.0.1 &
look outside-ipv4 -4 ${outside} &
look outside-ipv6 -6 2606:4700:4700::1111 &
${allowed.map((address) => `look allowed -4 ${address} &`).join('\n')}
${
  gateway === ''
    ? 'echo "check gateway unreachable route the network has none"\necho "check neighbour unreachable route the network has no IPv4 addresses"'
    : `${allowed.includes(gateway) ? '' : `look gateway -4 ${gateway} &`}\nlook neighbour -4 ${neighbour} &`
}
wait
) &
resolve() {
  if command -v getent >/dev/null; then RES_OPTIONS='timeout:2 attempts:1' timeout 5 getent hosts example.com
  else timeout 5 nslookup example.com; fi
}
if detail=$(resolve 2>/dev/null); then
  echo "check dns reachable resolver example.com was resolved"
else
  echo "check dns unreachable resolver example.com was not resolved"
fi
if $tool -4 addr show scope global up | grep -q inet; then echo "check interface reachable interface up, with an address"
else echo "check interface unreachable interface none is up"; fi
wait`;
}
