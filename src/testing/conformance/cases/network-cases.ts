import type { NetworkCheck } from '../../../computer/network-policy.js';
import { shellQuote } from '../../../computer/shell-quote.js';
import { expectedLater, expectEqual, expectRejection, expectSoon, expectThat } from '../assertions.js';
import type { CaseBench, CaseDefinition } from '../case-definition.js';

/** Milliseconds for one look at the network. What is out of reach has to say so long before. */
const probeTimeoutMs = 15_000;

/** Places outside, by how they are reached. Whether they answered before the cut depends on where the suite runs. */
const outside = {
  'an IPv4 address': 'nc -w 2 1.1.1.1 443 </dev/null',
  'an IPv6 address': 'nc -w 2 2606:4700:4700::1111 443 </dev/null',
  'the name service': `if command -v getent >/dev/null; then RES_OPTIONS='timeout:2 attempts:1' getent hosts example.com
else nslookup example.com; fi`,
};

const provenChecks: readonly NetworkCheck['name'][] = [
  ...(['outside-ipv4', 'outside-ipv6', 'dns', 'gateway', 'neighbour', 'loopback', 'interface'] as const),
];

async function probe({ run, options }: CaseBench): Promise<number | null> {
  const { exitCode } = await run(options.network?.probe ?? 'false', { timeoutMs: probeTimeoutMs });
  return exitCode;
}

/** By the caller's own way, or by the computer's, whose report has to name each of the checks. */
async function cut({ computer, implementation, options }: CaseBench): Promise<void> {
  if (options.network?.cut !== undefined) {
    await options.network.cut(implementation);
    return;
  }
  const { checks } = await computer.setNetworkPolicy('cut', { timeoutMs: 120_000 });
  const names = new Set(checks.map(({ name }) => name));
  const missing = provenChecks.filter((name) => !names.has(name));
  expectEqual('What the report of the cut does not prove', missing, []);
}

async function expectCutOff(bench: CaseBench, when: string): Promise<void> {
  expectThat((await probe(bench)) !== 0, `The outside still answers ${when}.`);
}

export const networkCases: readonly CaseDefinition[] = [
  {
    id: 'network/open',
    level: 4,
    title: 'the outside answers before the cut',
    requires: ['network'],
    body: async (bench) => expectEqual('The exit code of the probe', await probe(bench), 0),
  },
  {
    id: 'network/cut',
    level: 4,
    title:
      'after the cut nothing outside answers, by IPv4, IPv6 or name, a command under way goes on, and files still travel',
    requires: ['network', 'concurrentCommands'],
    ownComputer: {},
    timeoutMs: 180_000,
    body: async (bench) => {
      const { run, computer, path } = bench;
      expectEqual('The exit code of the probe before the cut', await probe(bench), 0);
      const go = shellQuote(path('go'));
      const waiting = expectedLater(run(`while [ ! -e ${go} ]; do sleep 0.1; done; echo survived`));
      await cut(bench);
      await expectCutOff(bench, 'after the cut');
      for (const [what, command] of Object.entries({ ...outside, ...bench.options.network?.moreProbes })) {
        const { exitCode } = await run(command, { timeoutMs: probeTimeoutMs });
        expectThat(exitCode !== 0, `After the cut ${what} still answers.`);
      }
      await computer.upload(new Uint8Array(1), path('go'));
      expectEqual('The command under way', (await waiting).stdout, 'survived\n');
    },
  },
  {
    id: 'network/cut-inside',
    level: 4,
    title:
      'after the cut loopback works and an interface stays up, and neither root inside nor an agent can undo it',
    requires: ['network'],
    ownComputer: {},
    timeoutMs: 180_000,
    body: async (bench) => {
      const { run, computer, options, path } = bench;
      const saved = shellQuote(path('routes'));
      await run(`ip route show >${saved}; ip -6 route show >${saved}6; ls /sys/class/net`);
      path('routes6');
      await cut(bench);
      const interfaces = await run(
        'for each in /sys/class/net/*; do if [ "${each##*/}" != lo ]; then cat "$each/carrier"; fi; done',
      );
      expectThat(
        interfaces.stdout.includes('1'),
        'No interface is up, so that a browser takes itself for offline.',
      );
      await expectLoopback(bench);
      // Nothing that would harm a machine which was not cut off: these routes are its own.
      const restore = `ip link set eth0 up
while read -r route; do ip route replace $route; done <${saved}
while read -r route; do ip -6 route replace $route; done <${saved}6`;
      for (const user of [undefined, options.otherUser]) {
        const { capabilities } = computer;
        if (user !== undefined && !capabilities.switchesUser) continue;
        await run(restore, { user });
        await expectCutOff(bench, `after ${user ?? 'the task'} has put the routes back`);
      }
      await expectRejection('The change by an agent', computer.forAgent().setNetworkPolicy('open'), {
        code: 'unsupported_option',
      });
      await expectCutOff(bench, 'after an agent has asked for it');
    },
  },
  {
    id: 'network/reopened',
    level: 4,
    title: 'what was cut off can be opened again, and a command under way goes on through both',
    requires: ['network', 'networkPolicy', 'concurrentCommands'],
    ownComputer: {},
    timeoutMs: 180_000,
    body: async (bench) => {
      const { run, computer, path } = bench;
      expectEqual('The exit code of the probe before the cut', await probe(bench), 0);
      const go = shellQuote(path('go'));
      const waiting = expectedLater(run(`while [ ! -e ${go} ]; do sleep 0.1; done; echo survived`));
      await computer.setNetworkPolicy('cut', { timeoutMs: 120_000 });
      await expectCutOff(bench, 'after the cut');
      await computer.setNetworkPolicy('open', { timeoutMs: 120_000 });
      await expectSoon('the outside answers again', async () => (await probe(bench)) === 0, 5000);
      await run(`touch ${go}`);
      expectEqual('The command under way', (await waiting).stdout, 'survived\n');
    },
  },
];

async function expectLoopback({ run, path, skip }: CaseBench): Promise<void> {
  const page = path('page');
  const folder = page.slice(0, -'/page'.length);
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const serve = `if command -v httpd >/dev/null; then exec httpd -f -p 127.0.0.1:${port} -h .
elif command -v python3 >/dev/null; then exec python3 -m http.server --bind 127.0.0.1 ${port}
else exit 9; fi`;
  const fetch = `if command -v nc >/dev/null; then printf 'GET /page HTTP/1.0\\r\\n\\r\\n' | nc -w 5 127.0.0.1 ${port}
elif command -v wget >/dev/null; then wget -q -O - http://127.0.0.1:${port}/page
else python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:${port}/page").read().decode(), end="")'; fi`;
  const text = `echo here >page
(${serve}) </dev/null >/dev/null 2>&1 &
server=$!
tries=0
while [ $tries -lt 50 ] && kill -0 $server 2>/dev/null; do
  tries=$((tries + 1))
  (${fetch}) >answer 2>/dev/null
  if grep -q here answer; then break; fi
  sleep 0.1
done
kill $server 2>/dev/null; wait $server
code=$?
tail -n 1 answer
exit $code`;
  path('answer');
  const { exitCode, stdout } = await run(text, { cwd: folder });
  if (exitCode === 9) skip('there is neither httpd nor python3 to serve a page over loopback');
  expectEqual('The page served over loopback', stdout, 'here\n');
}
