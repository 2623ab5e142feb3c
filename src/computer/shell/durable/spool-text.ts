import { shellQuote } from '../../shell-quote.js';
import { bootText } from '../boot.js';
import { markerVariable } from '../process-kill.js';

/**
 * What stands around a durable command inside, in POSIX sh. The shell that runs it keeps the command's output in
 * segments, files named after the offset they begin with, so that what has been collected can be removed while more
 * arrives; at its bound the command waits, as at a full pipe. State is told by empty files: `exit.<token>`,
 * `stdout.ended`, or `stdout.full` and `stdout.failed` where output could not be kept; there is one to rename for when a
 * full disk allows no new one. Output goes through pipes and not straight to the files, because a script that writes to
 * `/dev/stderr` would truncate them. Few programs are started, because that is what takes the time.
 */
const spoolFunctions = String.raw`
swl_collect() {
  swl_start=0
  while :; do
    swl_said=$(LC_ALL=C dd bs=65536 count="$swl_reads" of="$swl_dir/$1.$swl_start" 2>&1) || break
    # It says how many blocks it has read, whole ones and parts, as in "2+1 records in", perhaps after a warning.
    swl_blocks=${'$'}{swl_said%% records in*} swl_blocks=${'$'}{swl_blocks##*[!0-9+]}
    case $swl_blocks in
      [0-9]*+[0-9]*) if [ $(($swl_blocks)) -lt "$swl_reads" ]; then swl_record "$1.ended" "$1.open"; exit; fi ;;
    esac
    swl_size=$(wc -c <"$swl_dir/$1.$swl_start") || break
    if [ "$swl_size" -eq 0 ]; then swl_record "$1.ended" "$1.open"; exit; fi
    swl_start=$((swl_start + swl_size))
    swl_await_room "$1"
  done
  case $swl_said in *'No space'* | *quota*) swl_state=full ;; *) swl_state=failed ;; esac
  swl_record "$1.$swl_state" "$1.open"
  cat >/dev/null
}
swl_record() { true >"$swl_dir/$1" || mv "$swl_dir/$2" "$swl_dir/$1"; }
swl_await_room() {
  # Says that the segment before is whole, so that it can be removed.
  true >"$swl_dir/$1.$swl_start"
  swl_blocked=
  while [ -d "$swl_dir" ]; do
    swl_oldest=$swl_start swl_count=0
    for swl_file in "$swl_dir/$1".[0-9]*; do
      swl_count=$((swl_count + 1)) swl_number=${'$'}{swl_file##*.}
      if [ "$swl_number" -lt "$swl_oldest" ]; then swl_oldest=$swl_number; fi
    done
    if [ $((swl_start - swl_oldest)) -lt "$swl_bound" ] && [ $swl_count -lt 1000 ]; then break; fi
    if [ -z "$swl_blocked" ]; then swl_blocked=yes; mv "$swl_dir/$1.free" "$swl_dir/$1.blocked"; fi
    swl_pause 0.1
  done
  if [ -n "$swl_blocked" ]; then mv "$swl_dir/$1.blocked" "$swl_dir/$1.free"; fi
}
swl_pause() { sleep "$1" || sleep 1; }
`;

/**
 * Sends what a spool holds from an offset on, until the command and its output have ended, and then tells the end. What
 * goes over stderr is counted piece by piece: clients such as `kubectl` complain there when a link breaks.
 */
const followFunctions = String.raw`
swl_look() {
  set -- "$swl_dir"/exit.*
  swl_exit=gone
  if [ -e "$1" ]; then swl_exit=${'$'}{1##*.}; return; fi
  if [ ! -d "$swl_dir" ]; then swl_exit=removed; return; fi
  swl_pid= swl_began=
  IFS=' ' read -r swl_pid swl_began <"$swl_dir/runner"
  if [ -z "$swl_pid" ]; then
    swl_looks=$((swl_looks + 1))
    if [ $swl_looks -lt 100 ]; then swl_exit=; fi
  elif [ -n "$swl_began" ]; then
    swl_stat=
    IFS= read -r swl_stat <"/proc/$swl_pid/stat"
    set -- ${'$'}{swl_stat##*) }
    if [ "${'$'}{20-}" = "$swl_began" ] && [ "${'$'}{1-Z}" != Z ]; then swl_exit=; fi
  elif kill -0 "$swl_pid"; then swl_exit=
  fi
  # It may have ended between the two looks.
  if [ -n "$swl_exit" ]; then
    set -- "$swl_dir"/exit.*
    if [ -e "$1" ]; then swl_exit=${'$'}{1##*.}; fi
  fi
}
swl_follow() {
  swl_at=$2 swl_start=0 swl_idle=0 swl_quiet=0
  for swl_file in "$swl_dir/$1".[0-9]*; do
    swl_number=${'$'}{swl_file##*.}
    if [ "$swl_number" -le "$swl_at" ] && [ "$swl_number" -gt "$swl_start" ]; then swl_start=$swl_number; fi
  done
  while :; do
    # In this order: what is over by now cannot grow afterwards.
    swl_over=
    swl_state "$1"
    if [ "$swl_state" != open ] || [ ! -d "$swl_dir" ]; then swl_over=yes
    else
      swl_look
      if [ -n "$swl_exit" ]; then swl_over=soon; fi
    fi
    if [ "$swl_at" -gt "$swl_start" ] && [ -e "$swl_dir/$1.$swl_at" ]; then swl_start=$swl_at; fi
    swl_size=0
    if [ -s "$swl_dir/$1.$swl_start" ]; then swl_size=$(wc -c <"$swl_dir/$1.$swl_start"); fi
    swl_rest=$((swl_start + ${'$'}{swl_size:-0} - swl_at))
    if [ $swl_rest -gt 0 ]; then
      if [ "$1" = stderr ]; then
        if [ $swl_rest -gt 1048576 ]; then swl_rest=1048576; fi
        printf '\036%s %s\n' "$swl_end" $swl_rest
      fi
      tail -c "+$((swl_at - swl_start + 1))" "$swl_dir/$1.$swl_start" | head -c "$swl_rest" || exit
      swl_at=$((swl_at + swl_rest)) swl_idle=0 swl_quiet=0
      continue
    fi
    case $swl_over in
      yes) return ;;
      # Something that was left behind holds the stream open.
      soon) if [ ! -e "$swl_dir/$1.blocked" ]; then swl_quiet=$((swl_quiet + 1)); fi
        if [ $swl_quiet -gt 15 ]; then return; fi
        swl_pause 0.02 ;;
      *) swl_idle=$((swl_idle + 1))
        if [ $swl_idle -lt 50 ]; then swl_pause 0.02
        elif [ $swl_idle -lt 200 ]; then swl_pause 0.1
        else swl_pause 0.25
        fi ;;
    esac
  done
}
swl_state() {
  for swl_state in ended full failed; do
    if [ -e "$swl_dir/$1.$swl_state" ]; then return; fi
  done
  swl_state=open
}
# As swl_state, and lost where whoever kept the stream is no more: something is missing then.
swl_last_state() {
  swl_state "$1"
  if [ $swl_state != open ]; then return; fi
  swl_pid=
  IFS= read -r swl_pid <"$swl_dir/$1.collector"
  if [ -z "$swl_pid" ] || kill -0 "$swl_pid"; then return; fi
  swl_state "$1"
  if [ $swl_state = open ]; then swl_state=lost; fi
}
swl_tell() {
  printf '\036%s %s\n' "$swl_end" "$1" >&5
  printf '\036%s\n' "$swl_end" >&6
}
swl_refuse() {
  swl_refusal=unspooled
  if ! mkdir -m 700 "$swl_dir" && [ -d "$swl_dir" ]; then swl_refusal=taken; fi
  swl_tell "$swl_refusal open open"
  exit 0
}
swl_follow_both() {
  swl_looks=0
  swl_follow stderr "$swl_stderr_at" >&6 &
  (swl_follow stdout "$swl_stdout_at" >&5)
  wait $!
  swl_look
  while [ -z "$swl_exit" ]; do swl_pause 0.1; swl_look; done
  swl_last_state stdout
  swl_states=$swl_state
  swl_last_state stderr
  swl_tell "$swl_exit $swl_states $swl_state"
}
`;

/**
 * Starts the command and follows it. Whoever makes the folder decides whether the command runs; nobody else can make it
 * again. The command is not in the background, where a shell would let it ignore SIGINT.
 */
const startBody = String.raw`
if [ -n "$swl_input_end" ]; then
  (umask 077 && exec cat >"$swl_dir.input")
  swl_size=$(($(wc -c <"$swl_dir.input") - ${'$'}{#swl_input_end}))
  if [ "$(tail -c ${'$'}{#swl_input_end} "$swl_dir.input")" != "$swl_input_end" ]; then swl_refuse; fi
fi
# Where its parent has been removed, whoever asked for the command has given it up.
if [ ! -d "$swl_parent" ]; then swl_tell 'unspooled open open'; exit 0; fi
if ! mkdir -m 700 "$swl_dir"; then swl_refuse; fi
if [ ! -d "$swl_parent" ]; then rmdir "$swl_dir"; swl_tell 'unspooled open open'; exit 0; fi
swl_stat=
IFS= read -r swl_stat <"/proc/$$/stat"
set -- ${'$'}{swl_stat##*) }
echo "$$ ${'$'}{20-}" >"$swl_dir/runner" && mkfifo "$swl_dir/stdout.pipe" "$swl_dir/stderr.pipe" \
  && true >"$swl_dir/pending" && true >"$swl_dir/stdout.free" && true >"$swl_dir/stderr.free" \
  && true >"$swl_dir/stdout.open" && true >"$swl_dir/stderr.open" || { swl_tell 'unspooled open open'; exit 0; }
swl_follow_both &
swl_follower=$!
swl_collect stdout <"$swl_dir/stdout.pipe" 5>&- 6>&- &
echo $! >"$swl_dir/stdout.collector"
swl_collect stderr <"$swl_dir/stderr.pipe" 5>&- 6>&- &
echo $! >"$swl_dir/stderr.collector"
{
  printf '%s\n' "$swl_nonce" "$swl_prelude" "$swl_command"
  if [ -n "$swl_input_end" ]; then head -c "$swl_size" "$swl_dir.input"; fi
} 5>&- 6>&- | {
  swl_command=
  # Replaces a shell: the one that waits tells of a signal, as in "Killed", on what is its stderr meanwhile.
  (
    export ${markerVariable}=$swl_marker
    if command -v setsid >/dev/null
    then exec setsid sh -c "$swl_boot" >&3 2>&4 3>&- 4>&- 5>&- 6>&-
    else exec sh -c "$swl_boot" >&3 2>&4 3>&- 4>&- 5>&- 6>&-
    fi
  )
  swl_code=$?
  exec 3>&- 4>&-
  set -- $swl_tokens
  shift $swl_code
  swl_record "exit.$1" pending
  swl_record over stdout.free
} 3>"$swl_dir/stdout.pipe" 4>"$swl_dir/stderr.pipe"
# The command may have ended the shell that waited for it.
if [ ! -e "$swl_dir/over" ]; then swl_record exit.gone pending; fi
wait $swl_follower
`;

/** Claims what nobody has begun, so that nobody can any more; otherwise follows it. */
const findBody = String.raw`
if [ ! -d "$swl_dir" ]; then
  if [ ! -d "$swl_parent" ]; then swl_tell 'removed open open'; exit 0; fi
  if mkdir -m 700 "$swl_dir"; then swl_tell 'unclaimed open open'; exit 0; fi
fi
swl_follow_both
`;

/** The shell that runs all this is the command's shell to nobody: its own streams are put aside. */
const begin = 'exec 5>&1 6>&2 >/dev/null 2>&1';

export interface SpoolStart {
  /** Absolute. Does not exist yet; its parent does. The input is put beside it, as `<directory>.input`. */
  readonly directory: string;
  /** Whoever gives the command up removes it: the command does not begin without. */
  readonly parent: string;
  /** One word for each exit code from 0 on. */
  readonly tokens: readonly string[];
  /** What `commandHeader` gives. */
  readonly header: string;
  readonly marker: string;
  /** What follows the command's input on stdin, and tells that all of it is there. Absent: there is no input. */
  readonly inputEnd: string | undefined;
  /** Bytes of each stream that may wait to be collected. */
  readonly bound: number;
}

export interface SpoolPosition {
  readonly directory: string;
  /** Ends both streams; letters and digits nobody can guess. */
  readonly end: string;
  /** Bytes that have been received. */
  readonly stdoutAt: number;
  readonly stderrAt: number;
}

/** Shell text that starts a command and follows it. */
export function startText(start: SpoolStart, end: string): string {
  const [nonce = '', prelude = '', command = ''] = start.header.split('\n');
  const segmentReads = Math.min(128, Math.max(1, Math.floor(start.bound / 4 / readBytes)));
  return [
    begin,
    position({ directory: start.directory, end, stdoutAt: 0, stderrAt: 0 }),
    `swl_reads=${segmentReads} swl_bound=${Math.max(1, start.bound - segmentReads * readBytes)}`,
    `swl_parent=${shellQuote(start.parent)}`,
    `swl_tokens='${start.tokens.join(' ')}' swl_marker=${start.marker} swl_input_end=${start.inputEnd ?? ''}`,
    `swl_nonce=${shellQuote(nonce)} swl_prelude=${shellQuote(prelude)} swl_command=${shellQuote(command)}`,
    `swl_boot=${shellQuote(bootText)}`,
    spoolFunctions,
    followFunctions,
    startBody,
  ].join('\n');
}

/** Bytes that one read of a collector takes at most. */
const readBytes = 65_536;

/**
 * Shell text that follows a command from where its output was lost. With `parent`, the command may never have begun: it
 * is kept from it then. Only where that directory is still there, so that what has been removed is not taken for that.
 */
export function followText(from: SpoolPosition, parent: string | undefined): string {
  const body = parent === undefined ? 'swl_follow_both' : `swl_parent=${shellQuote(parent)}\n${findBody}`;
  return [begin, position(from), 'swl_pause() { sleep "$1" || sleep 1; }', followFunctions, body].join('\n');
}

/** Shell text that removes the segments that have been received as a whole. */
export function forgetText(
  directory: string,
  { stdout, stderr }: Readonly<Record<'stdout' | 'stderr', number>>,
): string {
  return `{
for swl_pair in stdout:${stdout} stderr:${stderr}; do
  swl_stream=\${swl_pair%:*} swl_at=\${swl_pair#*:} swl_keep=0
  for swl_file in ${shellQuote(directory)}/$swl_stream.[0-9]*; do
    swl_number=\${swl_file##*.}
    if [ "$swl_number" -le "$swl_at" ] && [ "$swl_number" -gt "$swl_keep" ]; then swl_keep=$swl_number; fi
  done
  for swl_file in ${shellQuote(directory)}/$swl_stream.[0-9]*; do
    if [ "\${swl_file##*.}" -lt "$swl_keep" ]; then rm -f -- "$swl_file"; fi
  done
done
} 2>/dev/null`;
}

/** Shell text that removes a spool with everything in it. */
export function removeText(directory: string): string {
  return `rm -rf -- ${shellQuote(directory)} ${shellQuote(`${directory}.input`)} 2>/dev/null`;
}

function position({ directory, end, stdoutAt, stderrAt }: SpoolPosition): string {
  return `swl_dir=${shellQuote(directory)} swl_end=${end} swl_stdout_at=${stdoutAt} swl_stderr_at=${stderrAt}`;
}
