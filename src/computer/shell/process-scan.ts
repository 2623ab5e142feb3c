import { readLineFunction } from './read-line.js';

/**
 * Finds processes by what they were started with, in POSIX sh, with built-ins only: at the process limit nothing can
 * fork, and a kill must work then too. Runs on dash, bash and busybox.
 *
 * A process belongs to a command when the needle is in its initial environment, or (which gets those who cleared their
 * environment) when its session, its process group or its parent belongs, or when an earlier scan had found it. Zombies
 * do not count.
 *
 * With `services`, everything else on the machine belongs too, but for those processes themselves, the first one, and
 * what has one of them for its parent or session leader. (Orphans become children of the first process, so being its
 * child says nothing, but being in its process group does.)
 *
 * A list of processes is out of date when it is there: one of them may start another and end before it is looked at. So
 * the scan goes on to the processes that were started meanwhile, until none was: their numbers rise one by one, and the
 * kernel tells the last. A process that is being started has its number before it can be seen, so the numbers below are
 * looked at, too. Only then is a scan `complete`, and finding none a proof.
 *
 * With `none` for services, all but the first process belongs.
 *
 * `swelancer_scan` expects `needle`, `known`, `services`, `since`, `others` and `act`, and sets `count`, `found` (words
 * `pid:starttime`), `pids` and `complete` (`yes` or `no`). With `act=freeze` what is found is stopped at once, a process
 * group in one go, so that it cannot fork away from the rest of the scan.
 */
export const scanFunction = String.raw`${readLineFunction}swelancer_read_stat() {
  text=
  # A process may put newlines and brackets into its own name; what follows the last bracket is the kernel's.
  unread=yes
  while [ $unread = yes ]; do
    swelancer_read_line
    text="$text $line"
  done
  text=${'$'}{text##*) }
}
swelancer_read_environment() {
  empty=yes marked=no unread=yes
  while [ $unread = yes ]; do
    swelancer_read_line
    if [ -n "$line" ]; then empty=no; fi
    case $line in *"$needle"*) marked=yes; return ;; esac
  done
}
# Where a process has its environment, by its columns of the kernel's: another place after it was replaced by a program, and
# none while it is being replaced, which may take long on a busy machine. Only this kernel knows whether it tells.
swelancer_place() {
  place=${'$'}{24-}:${'$'}{26-}:${'$'}{48-}:${'$'}{49-}
  if [ "${'$'}{21:-0}" != 0 ] && [ "${'$'}{49:-0}" = 0 ]; then place=none; fi
}
# What is replaced by a program while its environment is read has lost the rest of it: nothing, or a part, is read then.
swelancer_marked() {
  attempts=$most_attempts
  while :; do
    before=$place
    swelancer_read_environment <"/proc/$1/environ" || return 1
    if [ $marked = yes ]; then return; fi
    if [ $tells_place = yes ]; then
      swelancer_read_stat <"/proc/$1/stat" || return 1
      swelancer_place $text
      if [ "$place" = "$before" ] && [ "$place" != none ]; then return 1; fi
    elif [ $empty = no ]; then return 1
    fi
    attempts=$((attempts - 1))
    if [ $attempts -le 0 ]; then break; fi
  done
  if [ $tells_place = yes ]; then complete=no; fi
  return 1
}
# Whose number is that of a thread, it is looked at under the number of its process.
swelancer_is_thread() {
  while IFS=' 	' read -r name value; do
    case $name in Tgid:) [ "$value" != "$1" ]; return ;; esac
  done
  return 1
}
swelancer_newest() {
  newest=0
  IFS= read -r newest </proc/loadavg
  newest=${'$'}{newest##* }
  case $newest in '' | *[!0-9]*) newest=0 ;; esac
}
swelancer_take() {
  taken="$taken$1 "
  count=$((count + 1)) found="$found $1:$2" pids="$pids $1"
  if [ "$act" != freeze ]; then return; fi
  # A group that is named after a process of the command is all the command's, and cannot fork while it gets a signal.
  if [ "$1" = "$3" ]; then kill -STOP "-$1"; else kill -STOP "$1"; fi
}
# What was known may have ended, and its number is its group's and its session's for as long as there is one of them.
swelancer_claim() {
  text=
  swelancer_read_stat <"/proc/$1/stat"
  set -- "$1" "$2" $text
  if [ $# -gt 2 ] && [ "${'$'}{22}" != "$2" ]; then return; fi
  taken="$taken$1 "
  if [ "$act" = freeze ]; then kill -STOP "-$1"; fi
}
swelancer_visit() {
  pid=$1
  if [ "$pid" = $$ ]; then return; fi
  case "$seen" in *" $pid "*) return ;; esac
  case " $others " in *" /proc/$pid "*) return ;; esac
  text=
  swelancer_read_stat <"/proc/$pid/stat" || return
  set -- $text
  case ${'$'}{1:-Z} in Z | X | x) return ;; esac
  started=${'$'}{20}
  if [ "$started" -lt "$since" ]; then return; fi
  seen="$seen$pid "
  case " $known " in *" $pid:$started "*) swelancer_take "$pid" "$started" "$3"; return ;; esac
  case "$taken" in *" $2 "* | *" $3 "* | *" $4 "*) swelancer_take "$pid" "$started" "$3"; return ;; esac
  swelancer_place "$@"
  if swelancer_marked "$pid"; then swelancer_take "$pid" "$started" "$3"; return; fi
  case " $services " in
    *" $pid:$started "*) kept="$kept$pid " ;;
    *) if [ "$3:$4" = "$first" ]; then kept="$kept$pid "; else rows="$rows $pid:$started:$2:$3:$4"; fi ;;
  esac
}
swelancer_visit_all() {
  for directory in /proc/[0-9]*; do swelancer_visit "${'$'}{directory##*/}"; done
}
# Looks at what has been started, and says whether nothing was meanwhile.
swelancer_is_still() {
  swelancer_newest
  upto=$newest
  if [ "$upto" -lt "$checked" ] || [ $((upto - checked)) -gt 1000 ]; then swelancer_visit_all; checked=$upto; fi
  number=$((checked - 64)) checked=$upto
  if [ $number -lt 0 ]; then number=0; fi
  while [ $number -lt "$upto" ]; do
    number=$((number + 1))
    case "$seen" in *" $number "*) continue ;; esac
    if [ -e "/proc/$number/stat" ] && ! swelancer_is_thread "$number" <"/proc/$number/status"
    then swelancer_visit "$number"; tries=$((tries - 1))
    fi
  done
  swelancer_newest
  [ "$newest" = "$upto" ]
}
swelancer_scan() {
  count=0 found= pids= rows= taken=' ' kept=' ' seen=' ' complete=yes
  tells_place=yes most_attempts=1000
  swelancer_read_stat </proc/$$/stat
  swelancer_place $text
  if [ "$place" = none ]; then tells_place=no most_attempts=5; fi
  for word in $known; do swelancer_claim "${'$'}{word%:*}" "${'$'}{word#*:}"; done
  first=
  case $services in
    # Whatever runs is a service, also what is about to leave the group of the first process.
    '' | none) ;;
    *) kept=' 1 '
      swelancer_read_stat </proc/1/stat
      set -- $text
      first=$3:$4 ;;
  esac
  swelancer_newest
  checked=$newest tries=500
  swelancer_visit_all
  until swelancer_is_still; do
    tries=$((tries - 1))
    # Others may start processes faster than they can be looked at. That some are left is known with the first of them.
    if [ $tries -le 0 ] || { [ "$act" != freeze ] && [ $count -gt 0 ]; }; then complete=no; break; fi
  done
  if [ $count -gt 0 ]; then swelancer_spread taken; fi
  if [ -z "$services" ]; then return 0; fi
  swelancer_spread kept
  for row in $rows; do
    swelancer_columns "$row"
    if [ "$pid" != 1 ]; then swelancer_take "$pid" "$started" "$group"; fi
  done
}
swelancer_columns() {
  IFS=:
  set -- $1
  IFS=$whitespace
  pid=$1 started=$2 parent=$3 group=$4 session=$5
}
# Moves the rows that are related to what is taken, or kept, to it.
swelancer_spread() {
  moved=1
  while [ $moved -gt 0 ]; do
    moved=0 rest=
    for row in $rows; do
      swelancer_columns "$row"
      if [ "$1" = kept ] && [ "$parent" = 1 ]; then parent=none; fi
      eval "related=\$$1"
      case "$related" in *" $parent "* | *" $group "* | *" $session "*) ;; *) rest="$rest $row"; continue ;; esac
      moved=1
      if [ "$1" = kept ]; then kept="$kept$pid "; else swelancer_take "$pid" "$started" "$group"; fi
    done
    rows=$rest
  done
}
whitespace=' 	
'
IFS=$whitespace
`;
