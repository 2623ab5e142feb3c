import { killScript } from '../shell/process-kill.js';

/** Sent for the harness when it has gone: everything of the computer is ended at once. */
export const farewell = 'farewell';
/** Sent by a harness that gives the computer back, and ends its processes itself. */
export const handedBack = 'handed back';

/** Ends every process of a computer and removes its files. `$$` is spared, and has to end itself. */
function endAll(marker: string): string {
  return `
round=0 count= complete=
while [ $round -lt 30 ] && [ "$count $complete" != '0 yes' ]; do
  round=$((round + 1))
  ${killScript({ marker: `${marker}.`, signal: 'KILL' })}
done >/dev/null
rm -rf -- "$folder" "$folder"+*
`;
}

/**
 * Stays inside, on its own: when the pulse has not changed for as many looks, it ends everything. It counts its own
 * sleeps, so that neither a clock that is set nor a machine that is suspended matters.
 */
export function keeperText(marker: string): string {
  return `
missed=0 last=
while sleep "$tick" && [ -d "$folder" ]; do
  now=
  IFS= read -r now <"$folder/pulse"
  if [ "$now" = "$last" ]; then missed=$((missed + 1)); else missed=0 last=$now; fi
  if [ $missed -ge "$ticks" ]; then
    ${endAll(marker)}
    exit
  fi
done
`;
}

/**
 * Reads the harness's signs of life and writes them down for the keeper, in place, which a full disk does not hinder, and
 * with built-ins only, which a machine without room for processes does not. Ends when there is no keeper: the next one
 * of these starts one, of `$1`.
 */
export function leaseText(marker: string): string {
  return `
keeper_runs() {
  keeper=
  IFS= read -r keeper <"$folder/keeper" && kill -0 "$keeper"
} 2>/dev/null
if [ ! -d "$folder" ]; then echo removed; exit 0; fi
if ! keeper_runs; then
  echo 0000000000 >"$folder/pulse"
  launch=; if command -v setsid >/dev/null 2>&1; then launch=setsid; fi
  $launch sh -c "$1" </dev/null >/dev/null 2>&1 &
  echo $! >"$folder/keeper" || exit 70
fi
echo held
while IFS= read -r line; do
  case $line in
    '${farewell}')
      ${endAll(marker)}
      exit 0 ;;
    '${handedBack}') exit 0 ;;
  esac
  if [ ! -d "$folder" ]; then echo removed; exit 0; fi
  if ! keeper_runs; then exit 0; fi
  printf '%s\\n' "$line" 1<>"$folder/pulse"
  echo held
done
`;
}
