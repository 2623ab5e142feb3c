import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test, vi } from 'vitest';
import { commandComputer } from '../../../src/computer/command/index.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { Computer } from '../../../src/computer/index.js';
import { localRuntime } from '../../../src/computer/local/index.js';
import { sshComputer } from '../../../src/computer/ssh/index.js';
import { describeDocker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { expectNothingStays } from '../../fixtures/many-commands.js';
import { describeSsh, startSshServer } from '../../fixtures/ssh-server.js';

// Thousands of commands on a machine that may be busy.
vi.setConfig({ testTimeout: 300_000 });

const mark = randomUUID();
const emit = () => undefined;

/** In a machine that holds nothing but the computer: all its processes, and all its temporary files. */
function allInside(computer: Computer) {
  return async () => {
    // Without a program, which might or might not count itself.
    const { stdout } = await computer.sendShellCommand(
      'set -- /proc/[0-9]*; echo $#; find /tmp -user "$(id -u)" | wc -l',
    );
    const [processes = NaN, temporaryFiles = NaN] = stdout.trim().split('\n').map(Number);
    return { processes, temporaryFiles };
  };
}

/** Of this machine: the processes with that in their environment. */
function processesAround(text: string) {
  return async () => {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const marked = pids.filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text);
      } catch {
        return false;
      }
    });
    return Promise.resolve({ processes: marked.length });
  };
}

describeDocker('many commands in a container', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  test('leave nothing behind, neither 1,000 in a row nor 64 at once', async () => {
    const runtime = dockerRuntime({ labels: { 'swelancer.test': mark } });
    await using computer = Computer.from(await runtime.start(testRequest(), { emit }));
    await expectNothingStays({ computer, inARow: 1000, atOnce: 64, leftInside: allInside(computer) });
  });
});

describeSsh('many commands over SSH', () => {
  test('leave nothing behind, neither 1,000 in a row nor 64 at once', async () => {
    await using server = await startSshServer({
      user: 'swelancer-guest',
      configuration: ['MaxSessions 100'],
    });
    // One connection, which all sessions fit in: how many more a burst needs depends on how busy this machine is.
    const sessions = { sessionsPerConnection: 90, maxConnections: 1 };
    const options = {
      ...server.options,
      ...sessions,
      workingDirectory: '/tmp',
      entryCommand: false,
    } as const;
    await using computer = Computer.from(await sshComputer(options));
    await expectNothingStays({ computer, inARow: 1000, atOnce: 64, leftInside: allInside(computer) });
  });
});

describe('many commands', () => {
  test('on this machine leave nothing behind, neither 1,000 in a row nor 64 at once', async () => {
    await using computer = Computer.from(
      await localRuntime().start(testRequest({ workingDirectory: '/tmp' }), { emit }),
    );
    const leftInside = processesAround(computer.root);
    await expectNothingStays({ computer, inARow: 1000, atOnce: 64, leftInside });
  });

  test('through a command prefix leave nothing behind, neither 1,000 in a row nor 64 at once', async () => {
    const text = `SWELANCER_TEST_MARK=${mark}`;
    await using computer = Computer.from(
      await commandComputer({ prefix: ['env', '-i', 'PATH=/usr/bin:/bin', text] }),
    );
    await expectNothingStays({ computer, inARow: 1000, atOnce: 64, leftInside: processesAround(text) });
  });
});
