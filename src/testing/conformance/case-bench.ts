import { randomBytes } from 'node:crypto';
import type { CompletedCommand } from '../../computer/completed-command.js';
import { Computer } from '../../computer/computer.js';
import type { ComputerInterface, ShellCommandOptions } from '../../computer/computer-interface.js';
import { shellQuote } from '../../computer/shell-quote.js';
import type { SweLancerEvent } from '../../events/event.js';
import { RunEvents } from '../../events/run-events.js';
import { ConformanceFailure } from './assertions.js';
import type { CaseBench, CaseDefinition } from './case-definition.js';
import type { ComputerSupply } from './computer-supply.js';
import type { ConformanceOptions } from './conformance-options.js';
import {
  caseVariable,
  countProcesses,
  countProcessHandlers,
  expectNoListeners,
  expectNoProcesses,
  expectNoStrayFiles,
} from './leftovers.js';
import { unmatchedStarts } from './unmatched-starts.js';

/** Thrown by `bench.skip`. */
export class CaseSkipped extends Error {}

/** Characters of output that are kept as events. */
const keptOutputCharacters = 4 * 1024 * 1024;
/** Milliseconds that a command of a case may take. */
const commandTimeoutMs = 60_000;

export interface OpenBench extends CaseBench, AsyncDisposable {
  /** After the body: events and leftovers. @throws ConformanceFailure */
  checkAfterwards(): Promise<void>;
}

export async function openBench(
  definition: CaseDefinition,
  implementation: ComputerInterface,
  options: ConformanceOptions,
  supply: ComputerSupply,
): Promise<OpenBench> {
  const token = randomBytes(12).toString('hex');
  const recorder = new RunEvents();
  const events: SweLancerEvent[] = [];
  let outputCharacters = 0;
  recorder.on('*', (event) => {
    if (event.type === 'command.output') outputCharacters += event.text.length;
    // A flood of output would fill the memory that the case measures.
    if (event.type !== 'command.output' || outputCharacters < keptOutputCharacters) events.push(event);
  });
  const scope = recorder.scope({ runId: 'conformance', taskId: definition.id });
  const computer = Computer.from(implementation, { events: scope });
  const observer = Computer.from(implementation, { owned: false });
  const handlersBefore = countProcessHandlers();
  const folder = `${options.scratchFolder ?? `${computer.root}/tmp`}/swelancer-conformance-${token}`;
  const names = new Set<string>();
  const controllers: AbortController[] = [];
  const others: Computer[] = [];
  // Uploads make it where the case ends its computer: most of these need none, which somebody would have to remove.
  if (definition.endsComputer !== true) {
    await observer.checkShellCommand(`mkdir ${shellQuote(folder)} && chmod 777 ${shellQuote(folder)}`, {
      timeoutMs: commandTimeoutMs,
      label: 'make a folder for the case',
    });
  }

  const runOn = async (
    target: Computer,
    command: string,
    commandOptions: ShellCommandOptions = {},
  ): Promise<CompletedCommand> =>
    target.sendShellCommand(command, {
      timeoutMs: commandTimeoutMs,
      ...commandOptions,
      env: { ...commandOptions.env, [caseVariable]: token },
    });
  return {
    computer,
    implementation,
    events,
    scope,
    options,
    run: async (command, commandOptions) => runOn(computer, command, commandOptions),
    runOn,
    path: (name) => {
      names.add(name.split('/')[0] ?? name);
      return `${folder}/${name}`;
    },
    controller: () => {
      const controller = new AbortController();
      controllers.push(controller);
      return controller;
    },
    processes: async (target = observer) => countProcesses(target, token),
    another: async () => {
      const other = Computer.from(await supply.fresh({}));
      others.push(other);
      return other;
    },
    startFrom: async (image) => {
      const started = await supply.startFrom(image);
      if (started === undefined) {
        throw new CaseSkipped('needs a runtime for `create`, or the option startFrom');
      }
      const other = Computer.from(started);
      others.push(other);
      return other;
    },
    skip: (reason) => {
      throw new CaseSkipped(reason);
    },
    checkAfterwards: async () => {
      const unmatched = unmatchedStarts(events);
      if (unmatched.length > 0) throw new ConformanceFailure(`Events do not match: ${unmatched.join('; ')}.`);
      const diagnostic = events.find((event) => event.type === 'diagnostic');
      if (diagnostic !== undefined && definition.expectsDiagnostics !== true) {
        throw new ConformanceFailure(`There was a diagnostic: ${diagnostic.message}`);
      }
      expectNoListeners(controllers.map(({ signal }) => signal));
      if (countProcessHandlers() > handlersBefore) {
        throw new ConformanceFailure('The computer added handlers for signals or the end of this process.');
      }
      if (definition.endsComputer === true) {
        if (names.size === 0) return;
        // Where computers are machines of their own, the shared one sees no such folder.
        const shared = Computer.from(await supply.shared(), { owned: false });
        await expectNoStrayFiles(shared, folder, names);
        return;
      }
      if (options.capabilities?.processes !== false) await expectNoProcesses(observer, token);
      await expectNoStrayFiles(observer, folder, names);
    },
    [Symbol.asyncDispose]: async () => {
      for (const other of others) await supply.giveBack(other);
    },
  };
}
