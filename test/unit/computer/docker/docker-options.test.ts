import { describe, expect, test } from 'vitest';
import { dockerRuntime } from '../../../../src/computer/docker/index.js';

describe('the options of dockerRuntime', () => {
  test('an unknown option is refused with the nearest one that exists', () => {
    // @ts-expect-error: what a JavaScript caller may write.
    expect(() => dockerRuntime({ platfrom: 'linux/amd64' })).toThrow(
      /`platfrom` does not exist, did you mean `platform`\?/,
    );
    // @ts-expect-error: what a JavaScript caller may write.
    expect(() => dockerRuntime({ resources: { memory: 1 } })).toThrow(
      /`resources\.memory` does not exist, did you mean `resources\.memoryBytes`\?/,
    );
  });

  test('a value that does not fit is refused with the name of its option', () => {
    // @ts-expect-error: what a JavaScript caller may write.
    expect(() => dockerRuntime({ pull: 'sometimes' })).toThrow(/pull: /);
    expect(() => dockerRuntime({ platform: 'amd64' })).toThrow(/platform: expected os\/architecture/);
    expect(() => dockerRuntime({ resources: { memoryBytes: 1024 } })).toThrow(
      /resources\.memoryBytes: .*6 MiB/,
    );
  });

  test.each(['host', 'default', 'container:other', 'ns:/proc/1/ns/net'])(
    'a network that is no network of its own, such as %s, is refused',
    (network) => {
      expect(() => dockerRuntime({ network })).toThrow(/network: .*namespace of its own/);
    },
  );

  test('a computer that cannot be made is refused before an engine is asked', async () => {
    const runtime = dockerRuntime({ host: 'unix:///nowhere.sock' });
    const request = { purpose: 'agent', environment: {}, workingDirectory: '/', image: 'busybox' } as const;
    const start = async (changed: object) =>
      runtime.start({ ...request, ...changed }, { emit: () => undefined });
    for (const image of ['', '/app', 'app/', 'a//b', './app', '../app', 'a b', 'App', 'app:', undefined]) {
      await expect(start({ image }), String(image)).rejects.toThrow(/configuration|image: /);
      if (image === undefined) continue;
      await expect(runtime.prefetchImage?.(image, { emit: () => undefined })).rejects.toMatchObject({
        code: 'configuration',
      });
    }
    const images = [
      'busybox',
      'me/app:V1',
      'box:5000/a__b/c-d',
      `a@sha256:${'0'.repeat(64)}`,
      `sha256:${'f'.repeat(64)}`,
    ];
    for (const image of images)
      await expect(start({ image })).rejects.toMatchObject({ code: 'computer_start' });
    for (const resources of [
      { cpus: 0 },
      { cpus: Number.NaN },
      { processes: 0 },
      { memoryBytes: 7e6 + 0.5 },
      { memory: 1 },
    ]) {
      await expect(start({ resources })).rejects.toThrow(/resources\.\w+/);
    }
    await expect(start({ workingDirectory: 'inside' })).rejects.toThrow(
      /workingDirectory: expected an absolute/,
    );
  });

  test('making a runtime does not touch an engine', () => {
    expect(dockerRuntime({ host: 'unix:///nowhere.sock' }).name).toBe('docker');
  });
});
