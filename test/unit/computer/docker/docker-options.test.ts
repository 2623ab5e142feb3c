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

  test('making a runtime does not touch an engine', () => {
    expect(dockerRuntime({ host: 'unix:///nowhere.sock' }).name).toBe('docker');
  });
});
