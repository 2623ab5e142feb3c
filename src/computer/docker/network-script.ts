/** What a network policy script is told about the computer's network. */
export interface NetworkAddresses {
  /** The host's end of the bridge. Empty when there is none. */
  readonly gateway: string;
  /** An address a neighbour could have. */
  readonly neighbour: string;
}

const findTool = `
if command -v ip >/dev/null; then tool=ip; elif busybox ip route >/dev/null 2>&1; then tool="busybox ip"; else echo "no tool"; exit 9; fi`;

/** A table of our own, for sockets that are bound to a device. Busybox takes no number above 255. */
const boundTable = 251;
/** Nobody's address: the dummy of RFC 7600. */
const nobody = '192.0.0.8';

/** The devices that lead somewhere. */
const listDevices = `
devices=$($tool -4 -o addr show 2>/dev/null | while read -r number device rest; do
  if [ "$device" != lo ]; then echo "\${device%%@*}"; fi
done)`;

/**
 * Where a socket is bound to a device and no route of that device leads on, the kernel takes everybody to be on its link,
 * whatever the other routes say. So these have a route, which leads to nobody. Busybox knows no rules for that: there
 * nobody on the link is asked for any more, unless somebody is allowed. Broadcasts have routes of their own.
 */
const cutBound = (allowed: readonly string[]) => `${listDevices}
$tool -4 route show table local | while read -r line; do
  case $line in *" dev lo "*) continue ;; "broadcast "*) ;; *) continue ;; esac
  echo "broadcast $line"
  $tool -4 route del \${line%% scope *} table local
done
for device in $devices; do
  if $tool -4 rule add oif "$device" lookup ${boundTable} 2>/dev/null; then
    $tool -4 route replace default via ${nobody} dev "$device" onlink table ${boundTable} || exit 8
    ${allowed.map((address) => `if [ "$device" = "$5" ]; then $tool -4 route replace ${address} via "$3" dev "$5" onlink table ${boundTable} || exit 8; fi`).join('\n    ')}
  ${
    allowed.length > 0
      ? ''
      : `else
    $tool link set dev "$device" arp off && echo "noarp $device"`
  }
  fi
done`;

const restoreBound = `
while $tool -4 rule del lookup ${boundTable} 2>/dev/null; do :; done
$tool -4 route flush table ${boundTable} 2>/dev/null`;

/**
 * Prints the routes, takes all of them away and answers everything that is not local with "unreachable" at once. The
 * interface stays up with its address: a browser that sees none takes itself for offline and behaves differently.
 * Addresses that are allowed go over the gateway, which itself stays out of reach (`onlink`).
 */
export const cutScript = (allowed: readonly string[]) => `${findTool}
set -- $($tool -4 route show default)
$tool -4 route show | while read -r line; do echo "route4 $line"; done
$tool -6 route show 2>/dev/null | while read -r line; do echo "route6 $line"; done
$tool -4 route flush table main || exit 8
$tool -4 route replace unreachable default || exit 8
${allowed.map((address) => `$tool -4 route replace ${address} via "$3" dev "$5" onlink || exit 8`).join('\n')}
$tool -6 route flush table main 2>/dev/null
$tool -6 route replace unreachable default 2>/dev/null
${cutBound(allowed)}
true`;

/** Puts back the routes that \`cutScript\` printed; those of the link first, because gateways are reached over them. */
export function restoreScript(routes: {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly broadcasts: readonly string[];
  readonly withoutArp: readonly string[];
}): string {
  const linkFirst = (lines: readonly string[]) =>
    [...lines].sort((left, right) => Number(left.includes(' via ')) - Number(right.includes(' via ')));
  return `${findTool}
${restoreBound}
$tool -4 route flush table main 2>/dev/null
$tool -6 route flush table main 2>/dev/null
${linkFirst(routes.ipv4)
  .map((route) => `$tool -4 route replace ${route} || exit 8`)
  .join('\n')}
${linkFirst(routes.ipv6)
  .map((route) => `$tool -6 route replace ${route} 2>/dev/null`)
  .join('\n')}
${routes.withoutArp.map((device) => `$tool link set dev ${device} arp on`).join('\n')}
${routes.broadcasts.map((route) => `$tool -4 route replace ${route} table local 2>/dev/null`).join('\n')}
true`;
}

/**
 * Asks the kernel what it would do with a packet to each place, and asks for a name. One line for each check. Where the
 * kernel has no way, and to itself, a connection is really tried, with what the image has for that: who refuses one has
 * been reached. All at once, as each may take its time.
 */
export function verifyScript({ gateway, neighbour }: NetworkAddresses, allowed: readonly string[]): string {
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
      case $bound in *" ${nobody} "*) continue ;; esac
      case $($tool link show dev "$device") in *NOARP*) continue ;; esac
      ${allowed.length > 0 ? `case $($tool -V 2>&1) in *BusyBox*) detail="$detail; sockets bound to $device were not looked at" && continue ;; esac` : ''}
      if [ $found = unreachable ]; then found=reachable shown=route detail="$detail; from a socket of $device: $bound"; fi
    done ;;
  esac
  set -f
  echo "check $1 $found $shown" $detail
}
(
look loopback -4 127.0.0.1 &
look outside-ipv4 -4 1.1.1.1 &
look outside-ipv6 -6 2606:4700:4700::1111 &
${allowed.map((address) => `look allowed -4 ${address} &`).join('\n')}
${
  gateway === ''
    ? 'echo "check gateway unreachable route the network has none"\necho "check neighbour unreachable route the network has no IPv4 addresses"'
    : `look gateway -4 ${gateway} &\nlook neighbour -4 ${neighbour} &`
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
