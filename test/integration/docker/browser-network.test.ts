import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { describeSampleImage, sampleImage } from '../../fixtures/sample-image.js';

const mark = randomUUID();

describeSampleImage('the browser of a container whose network is cut', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  const start = async () => {
    const runtime = dockerRuntime({
      labels: { 'swelancer.test': mark },
      pull: 'never',
      entrypoint: ['sleep'],
      command: ['2147483647'],
    });
    const request = testRequest({ image: sampleImage, workingDirectory: '/tmp' });
    return await runtime.start(request, { emit: () => undefined });
  };

  test('is not told that it is offline, not for a moment, when it runs as the network is cut and opened', async () => {
    const computer = await start();
    try {
      const page = `<script>
        const tell = (what) => void new Image().setAttribute('src', '/' + what + '?' + Math.random());
        addEventListener('offline', () => tell('offline'));
        setTimeout(() => tell('begun'));
      </script>`;
      await computer.upload(new TextEncoder().encode(page), '/tmp/page/index.html');
      await computer.checkShellCommand(
        `cd /tmp/page; setsid python3 -m http.server 7878 --bind 127.0.0.1 >/tmp/asked 2>&1 &
        until grep -q Serving /tmp/asked; do sleep 0.1; done
        setsid chromium --headless --no-sandbox --disable-gpu --remote-debugging-port=9222 http://127.0.0.1:7878/ >/dev/null 2>&1 &
        until grep -q GET./begun /tmp/asked; do sleep 0.1; done`,
        { timeoutMs: 60_000 },
      );
      for (const policy of ['cut', 'open', 'cut'] as const) await computer.setNetworkPolicy(policy);
      expect((await computer.checkShellCommand('cat /tmp/asked')).stdout).not.toContain('offline');
      // It would have told.
      await computer.setNetworkPolicy('none');
      await computer.checkShellCommand('until grep -q GET./offline /tmp/asked; do sleep 0.1; done', {
        timeoutMs: 30_000,
      });
    } finally {
      await computer.cleanup();
    }
  });

  test('believes that it is online, as the app under test needs it, until there is no interface', async () => {
    const computer = await start();
    try {
      const page = '<p id="told"></p><script>told.textContent = `online: ${navigator.onLine}`</script>';
      await computer.upload(new TextEncoder().encode(page), '/tmp/page.html');
      const told = async () => {
        const { stdout } = await computer.sendShellCommand(
          'chromium --headless --no-sandbox --disable-gpu --dump-dom file:///tmp/page.html',
        );
        return /online: \w+/.exec(stdout)?.[0];
      };
      await computer.setNetworkPolicy('cut');
      expect(await told()).toBe('online: true');
      // What the browser says depends on the network at all.
      await computer.setNetworkPolicy('none');
      expect(await told()).toBe('online: false');
    } finally {
      await computer.cleanup();
    }
  });
});
