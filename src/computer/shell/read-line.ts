/**
 * Defines `swelancer_read_line` in POSIX sh: reads a line into `line`, and sets `unread` to `no` at the last one, which may
 * have no end. Where reading fails, because a process ends while its files are read, Bash leaves what was there before.
 */
export const readLineFunction = String.raw`
swelancer_read_line() {
  line=
  IFS= read -r line || unread=no
}
`;
