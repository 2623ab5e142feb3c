import type { EventOf, SweLancerEvent } from '../../events/event.js';

/** Of each command, kept at its head and at its tail. Characters. */
const keptEachSide = 8_192;

export type CommandEnding = EventOf<
  'command.finished' | 'command.timed_out' | 'command.aborted' | 'command.failed'
>;

/** A command that has ended, with as much of what it printed as a log should hold. */
export interface EndedCommand {
  readonly started: EventOf<'command.started'>;
  readonly output: string;
}

/** Gathers what commands under way print. Both streams are one text, as Inspect shows them. */
export class CommandOutput {
  readonly #open = new Map<string, OpenCommand>();

  started(event: EventOf<'command.started'>): void {
    this.#open.set(event.commandId, { event, head: '', tail: '', omitted: 0 });
  }

  printed({ commandId, text }: EventOf<'command.output'>): void {
    const command = this.#open.get(commandId);
    if (command === undefined) return;
    const room = keptEachSide - command.head.length;
    command.head += text.slice(0, room);
    command.tail += text.slice(room);
    // Cut now and then only: each cut copies the tail.
    if (command.tail.length > 4 * keptEachSide) trim(command);
  }

  ended({ commandId }: CommandEnding): EndedCommand | undefined {
    const command = this.#open.get(commandId);
    if (command === undefined) return undefined;
    this.#open.delete(commandId);
    trim(command);
    const { event, head, tail, omitted } = command;
    const gap = omitted === 0 ? '' : `\n[… ${omitted} characters left out …]\n`;
    return { started: event, output: head + gap + tail };
  }
}

interface OpenCommand {
  readonly event: EventOf<'command.started'>;
  head: string;
  tail: string;
  omitted: number;
}

function trim(command: OpenCommand): void {
  const over = command.tail.length - keptEachSide;
  if (over <= 0) return;
  command.omitted += over;
  command.tail = command.tail.slice(over);
}

export function isCommandEnding(event: SweLancerEvent): event is CommandEnding {
  return (
    event.type === 'command.finished' ||
    event.type === 'command.timed_out' ||
    event.type === 'command.aborted' ||
    event.type === 'command.failed'
  );
}
