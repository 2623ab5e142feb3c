/** What a network policy script is told about the computer's network. */
export interface NetworkAddresses {
  /** The host's end of the bridge. Empty when there is none. */
  readonly gateway: string;
  /** An address a neighbour could have. */
  readonly neighbour: string;
}

const findTool = `
if command -v ip >/dev/null; then tool=ip; elif busybox ip route >/dev/null 2>&1; then tool="busybox ip"; else echo "no tool"; exit 9; fi`;

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
true`;

/** Puts back the routes that \`cutScript\` printed; those of the link first, because gateways are reached over them. */
export function restoreScript(routes: {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}): string {
  const linkFirst = (lines: readonly string[]) =>
    [...lines].sort((left, right) => Number(left.includes(' via ')) - Number(right.includes(' via ')));
  return `${findTool}
$tool -4 route flush table main 2>/dev/null
$tool -6 route flush table main 2>/dev/null
${linkFirst(routes.ipv4)
  .map((route) => `$tool -4 route replace ${route} || exit 8`)
  .join('\n')}
${linkFirst(routes.ipv6)
  .map((route) => `$tool -6 route replace ${route} 2>/dev/null`)
  .join('\n')}
true`;
}

/**
 * Asks the kernel what it would do with a packet to each place, and asks for a name. One line for each check. Where the
 * kernel has no way, and to itself, a connection is really tried, with what the image has for that: who refuses one has
 * been reached. All at once, as each may take its time.
 */
export function verifyScript({ gateway, neighbour }: NetworkAddresses, allowed: readonly string[]): string {
  return `${findTool}
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
