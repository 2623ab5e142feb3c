import { revealEnvironment, type Environment } from '../../redaction.js';
import type { CallOptions, ComputerDescription } from '../computer-interface.js';
import { ComputerStartError } from '../errors.js';
import { runTransfer } from './run-transfer.js';
import type { RunningScript, ScriptHost } from './remote-script.js';

/** What stands for a container's own command on a machine where nothing has run it. */
export interface EntryCommand {
  /** Shell text. */
  readonly command: string;
  /** Shell text that ends with 0 where the command is not to be run. Default: it always is. */
  readonly unless?: string | undefined;
}

export interface EntryOptions {
  /** Holds the log. */
  readonly folder: string;
  readonly workingDirectory: string;
  readonly environment: Environment;
}

const outputBytes = 64 * 1024;

/**
 * Outlives its channel, so that neither a lost link nor the end of the harness ends the machine's services. Whoever hears
 * nothing of the first try, over a link that breaks, tries again: what is begun takes the turn first, and so runs once.
 */
const startText = String.raw`
if [ -n "$swelancer_unless" ] && (eval "$swelancer_unless") >/dev/null 2>&1 </dev/null; then exit 0; fi
cd -- "$swelancer_directory" || exit 70
export swelancer_folder
launch=; if command -v setsid >/dev/null 2>&1; then launch=setsid; fi
$launch sh -c '
  set -- "$swelancer_folder" "$swelancer_entry"
  unset swelancer_folder swelancer_entry swelancer_directory swelancer_unless
  mkdir -- "$1/entry.begun" || exit
  echo $$ >"$1/entry.pid"
  (eval "shift $#
$2") >"$1/entry.log" 2>&1
  echo $? >"$1/entry.exit.part" && mv "$1/entry.exit.part" "$1/entry.exit"
' </dev/null >/dev/null 2>&1 &
while [ ! -d "$swelancer_folder/entry.begun" ] && kill -0 $! 2>/dev/null; do sleep 0.05 || sleep 1; done
if [ ! -d "$swelancer_folder/entry.begun" ]; then echo "nothing can be written to $swelancer_folder" >&2; exit 71; fi
`;

const describeText = String.raw`
if [ -e "$folder/entry.exit" ]; then echo "ended $(cat "$folder/entry.exit")"
elif [ ! -e "$folder/entry.pid" ]; then echo running
elif kill -0 "$(cat "$folder/entry.pid")" 2>/dev/null; then echo running
else echo ended
fi
tail -n 50 "$folder/entry.log" 2>/dev/null
`;

/** @throws ComputerStartError when it could not be begun; what becomes of it is told by `describeEntry`. */
export async function startEntry(
  host: ScriptHost,
  { command, unless = '' }: EntryCommand,
  { folder, workingDirectory, environment }: EntryOptions,
  options: CallOptions,
): Promise<void> {
  const script = {
    text: startText,
    environment: {
      ...revealEnvironment(environment),
      swelancer_entry: command,
      swelancer_unless: unless,
      swelancer_directory: workingDirectory,
      swelancer_folder: folder,
    },
  };
  const { exitCode, message } = await runTransfer(
    host,
    'The start of the entry command',
    options,
    () => script,
    async (running) => (await collect(running)).end,
  );
  if (exitCode === 0) return;
  throw new ComputerStartError(
    `The entry command could not be started on computer ${host.computerId}: ${message}.`,
    { reason: 'other', computerId: host.computerId },
  );
}

/** Whether the entry command is well, and the end of its log. Where there is none, whether the machine answers. */
export async function describeEntry(
  host: ScriptHost,
  folder: string,
  options: CallOptions,
): Promise<ComputerDescription> {
  const script = { text: describeText, environment: { folder } };
  const { output } = await runTransfer(host, 'The description', options, () => script, collect);
  const [state = '', ...lines] = output.trimEnd().split('\n');
  const lastLogLines = lines.map((line) => line.slice(0, 2000));
  const [, code] = /^ended ?(\d*)$/.exec(state) ?? [];
  if (code === undefined) return { state: state === 'running' ? 'running' : 'unknown', lastLogLines };
  // A set-up script that is done is no reason to give the machine up.
  if (code === '0') return { state: 'running', lastLogLines };
  return { state: 'ended', exitCode: code === '' ? null : Number(code), lastLogLines };
}

async function collect({ output, end }: RunningScript) {
  let text = Buffer.alloc(0);
  for await (const chunk of output as AsyncIterable<Buffer>)
    text = Buffer.concat([text, chunk]).subarray(0, outputBytes);
  return { output: text.toString(), end: await end };
}
