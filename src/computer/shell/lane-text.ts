import { readLineFunction } from './read-line.js';

/**
 * What a lane runs: a supervisor that starts one command after another, each in a session and a shell of its own. It
 * reads a line with an id and the marker; the lines that `bootText` reads follow, and the command's shell takes them
 * itself from the same pipe. Once that shell's start frame has come, all of them have been read. Without one the pipe may
 * hold a rest, and the lane is of no more use.
 *
 * When the command has ended the supervisor prints the id on both streams (after a byte that output hardly ever ends
 * with, so that nothing has to be held back for want of knowing whether an id follows), so that the end is exact although
 * the streams stay open. The command cannot see the id: it is in no argument and in no environment of its processes.
 *
 * Starting processes is what takes time, so nothing here starts one but the command's own shell. Needs `setsid` beside
 * the shell, and says so in its greeting.
 */
export const laneText = String.raw`
IFS= read -r nonce || exit 125
stat=
IFS= read -r stat 2>/dev/null </proc/$$/stat
set -- "$1" ${'$'}{stat##*) }
if command -v setsid >/dev/null 2>&1
then printf '%s lane %s:%s\n' "$nonce" $$ "${'$'}{21-}"
else printf '%s no setsid\n' "$nonce"
fi
boot="exec 2>&3 3>&-
$1"
# Whether a process is the shell of another lane's command: its parent was there before, and is such a shell as this one.
# What adopts orphans may have been there before, too, but is none. This is many times quicker than the looks below.
is_of_other_lane() {
  while IFS=' 	' read -r name value; do
    case $name in PPid:)
      case $before in *" /proc/$value "*) ;; *) return 1 ;; esac
      is_other_lane "$value" || return
      lanes="$lanes $value"
      return 0 ;;
    esac
  done
  return 1
}
is_other_lane() { [ "$1" != 1 ] && [ "$1" != $$ ] && [ "/proc/$1/exe" -ef "/proc/$$/exe" ]; }
# Their children now, of the lanes that were met so far: one look for all of them is quicker than one at each.
lanes=
children_of_lanes() {
  for lane in $lanes; do
    case $before in *" /proc/$lane "*) ;; *) continue ;; esac
    line=
    IFS= read -r line <"/proc/$lane/task/$lane/children"
    if is_other_lane "$lane"; then theirs="$theirs $line"; fi
  done
}
${readLineFunction}
# Whether a process was started by another command, which is no leftover of this one. Of what is being replaced by a program
# only the beginning may be read, and that may end within the marker.
is_foreign() {
  other=no unread=yes
  while [ $unread = yes ]; do
    swelancer_read_line
    case $line in
      *"SWELANCER_COMMAND=$marker"*) return 1 ;;
      *SWELANCER_COMMAND=*)
        case $marker in "${'$'}{line##*SWELANCER_COMMAND=}"*) ;; *) other=yes ;; esac ;;
    esac
  done
  [ $other = yes ]
}
# Whether a process has one of the lane's streams open, under any number: a child may have copied a stream before it closed
# the usual ones. Whoever can read stdin would read what the next command is given.
holds() {
  for file in "$1"/fd/*; do
    if [ "$file" -ef /proc/$$/fd/1 ] || [ "$file" -ef /proc/$$/fd/2 ] || [ "$file" -ef /proc/$$/fd/0 ]
    then return 0
    fi
  done
  return 1
}
# Where the kernel lists the children of the process that adopts orphans, when that is known to be the first one: whoever
# has no parent here was put into this process namespace from outside, so that nobody between the two can adopt. Whatever
# outlives its command's shell is in the list, or comes from one that is. A list that is as before saves all looks above,
# unless it has become so long, as where nobody waits for orphans that end, that reading it takes longer.
adopted_file=
if [ "${'$'}{3-}" = 0 ]; then adopted_file=/proc/1/task/1/children; fi
list_adopted() {
  adopted=unknown
  IFS= read -r adopted <"$adopted_file"
}
# Whether orphans have come, or may have. A child of the supervisor that is none of its own starting counts, too.
has_adopted() {
  if [ "$adopted" = unknown ]; then return 0; fi
  earlier=$adopted
  list_adopted
  if [ "$adopted" != "$earlier" ]; then return 0; fi
  line=unknown
  IFS= read -r line <"/proc/$$/task/$$/children"
  [ -n "$line" ]
}
adopted=unknown
while IFS=' ' read -r id marker; do
  new= held=no code=0
  if [ "$marker" = holders ]; then
    for directory in /proc/[0-9]*; do
      if [ "$directory" != /proc/$$ ] && holds "$directory"; then held=yes; break; fi
    done
  elif [ "$marker" != ping ]; then
    set -- /proc/[0-9]*
    before=" $* "
    if [ -n "$adopted_file" ]; then { list_adopted; } 2>/dev/null; fi
    if [ ${'$'}{#adopted} -gt 500 ]; then adopted_file= adopted=unknown; fi
    # The supervisor's remarks, such as that a child was killed, are not the command's output. Some shells make them where
    # the child's redirections lead, so that the child has to make its own.
    { SWELANCER_COMMAND=$marker setsid sh -c "$boot"; } 3>&2 2>/dev/null
    code=$?
    set -- /proc/[0-9]*
    if [ " $* " != "$before" ] && { has_adopted; } 2>/dev/null; then
      theirs=
      { children_of_lanes; } 2>/dev/null
      for directory; do
        case $before in *" $directory "*) continue ;; esac
        case "$theirs " in *" ${'$'}{directory#/proc/} "*) continue ;; esac
        if { is_of_other_lane <"$directory/status"; } 2>/dev/null; then continue; fi
        if holds "$directory"; then held=yes; fi
        if { is_foreign <"$directory/environ"; } 2>/dev/null; then continue; fi
        new="$new $directory"
      done
    fi
  fi
  printf '\036%s\n' "$id" >&2
  printf '\036%s %s %s%s\n' "$id" "$code" "$held" "$new"
done
`;

/** The end of a command as the supervisor tells it. */
export interface LaneEnd {
  readonly exitCode: number;
  /** Something still has the lane's streams open, and may write to them. */
  readonly isHeld: boolean;
  /** Processes have appeared since the start that may be the command's. */
  readonly hasNewProcesses: boolean;
}

/** Reads what follows the id. */
export function parseLaneEnd(text: string): LaneEnd | undefined {
  const match = /^ (\d+) (yes|no)(.*)$/.exec(text);
  if (match === null) return undefined;
  return { exitCode: Number(match[1]), isHeld: match[2] === 'yes', hasNewProcesses: match[3] !== '' };
}
