import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { describeSampleImage, sampleImage } from '../../fixtures/sample-image.js';

const mark = randomUUID();

describeSampleImage('the browser of a container whose network is cut', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  test('believes that it is online, as the app under test needs it, until there is no interface', async () => {
    const runtime = dockerRuntime({
      labels: { 'swelancer.test': mark },
      pull: 'never',
      entrypoint: ['sleep'],
      command: ['2147483647'],
    });
    const request = testRequest({ image: sampleImage, workingDirectory: '/tmp' });
    const computer = await runtime.start(request, { emit: () => undefined });
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
