import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ImageStore } from '../../../src/computer/docker/image-store.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import type { FetchedImage, Gate } from '../../../src/index.js';
import type { EmitEvent, EventMap, EventType } from '../../../src/events/event.js';
import { describeDocker, docker, testImage, testRequest } from '../../fixtures/docker.js';
import { type ImageRegistry, type RegistryBehaviour, startRegistry } from '../../fixtures/image-registry.js';

const gone = { removed: true, mayGoLater: false };
const kept = { removed: false, mayGoLater: true };
const nothingToEvict = { removed: false, mayGoLater: false };

const opened: ImageRegistry[] = [];
afterEach(async () => {
  for (const registry of opened.splice(0)) {
    await registry[Symbol.asyncDispose]();
    await docker
      .getImage(`${registry.address}/tiny:latest`)
      .remove({ force: true })
      .catch(() => undefined);
  }
});

async function open(behaviour: RegistryBehaviour = {}, architecture?: string) {
  const registry = await startRegistry(behaviour, architecture);
  opened.push(registry);
  return { registry, image: `${registry.address}/tiny:latest` };
}

function recordEvents() {
  const events: { type: EventType; data: EventMap[EventType] }[] = [];
  const emit: EmitEvent = (type, data) => void events.push({ type, data });
  return { events, emit, types: () => events.map(({ type }) => type) };
}

function store(options: Partial<ConstructorParameters<typeof ImageStore>[0]> = {}) {
  return new ImageStore({
    docker,
    platform: 'linux/amd64',
    pull: 'missing',
    configDirectory: '/nowhere',
    freeBytes: 0,
    hasLastingId: true,
    ...options,
  });
}

describeDocker('pulling an image', () => {
  test('brings it to the engine and tells the bytes', async () => {
    const { image } = await open();
    const { emit, events, types } = recordEvents();
    const id = await store().provide(image, emit, {});
    expect((await docker.getImage(image).inspect()).Id).toBe(id);
    expect(types()[0]).toBe('image.pull.started');
    expect(types().at(-1)).toBe('image.pull.finished');
    const last = events.filter(({ type }) => type === 'image.pull.progress').at(-1);
    expect(last?.data).toMatchObject({ image, layers: 1 });
  });

  test('can be done ahead, and taken back where the disk is short; images that were there stay', async () => {
    const { image, registry } = await open();
    const { emit } = recordEvents();
    const runtime = dockerRuntime({ freeBytes: 0, removeAfterCrash: false });
    await runtime.prefetchImage?.(image, { emit });
    await runtime.prefetchImage?.(image, { emit });
    expect(registry.layerRequests()).toBe(1);
    const evict = (name: string, belowFreeBytes = Infinity) => runtime.evictImage?.(name, { belowFreeBytes });
    expect(await evict(image, 0)).toEqual(kept);
    await docker.getImage(image).inspect();
    const user = await docker.createContainer({ Image: image, Cmd: ['x'] });
    expect(await evict(image), 'a container uses it').toEqual(kept);
    await user.remove();
    expect(await evict(image)).toEqual(gone);
    await expect(docker.getImage(image).inspect()).rejects.toThrow(/no such image/i);
    expect(await evict(image)).toEqual(nothingToEvict);
    expect(await evict(testImage)).toEqual(nothingToEvict);
    await docker.getImage(testImage).inspect();
  });

  test('of an earlier process can be taken back by a later one, while it is the same copy and nobody named it', async () => {
    const { image, registry } = await open();
    const { emit } = recordEvents();
    const fetched: FetchedImage[] = [];
    const fetch = async () => {
      const earlier = dockerRuntime({ freeBytes: 0, removeAfterCrash: false });
      const call = { emit, onFetched: (each: FetchedImage) => void fetched.push(each) };
      await Promise.all([earlier.prefetchImage?.(image, call), earlier.prefetchImage?.(image, call)]);
    };
    const evict = (fetchedBefore: readonly FetchedImage[], belowFreeBytes = Infinity) =>
      dockerRuntime({ removeAfterCrash: false }).evictImage?.(image, { belowFreeBytes, fetchedBefore });
    const told = () => {
      const [first, ...others] = fetched.splice(0);
      if (first === undefined) throw new Error('Nobody told of the fetch.');
      expect(others, 'each who waited is told').toEqual([first]);
      return first;
    };
    await fetch();
    const first = told();
    expect(first).toMatchObject({
      image,
      engine: expect.stringMatching(/./),
      copy: expect.stringMatching(/./),
    });
    await fetch();
    expect(fetched, 'it was there').toEqual([]);
    expect(await evict([])).toEqual(nothingToEvict);
    expect(await evict([{ ...first, engine: 'another' }])).toEqual(nothingToEvict);
    expect(await evict([{ ...first, image: testImage }])).toEqual(nothingToEvict);
    expect(await evict([first], 0)).toEqual(kept);
    expect(await evict([first])).toEqual(gone);
    expect(await evict([first])).toEqual(nothingToEvict);
    // The same image, brought there again.
    await fetch();
    const second = told();
    expect(await evict([first])).toEqual(nothingToEvict);
    const named = { repo: 'swelancer-test', tag: registry.address.replace(':', '-') };
    await docker.getImage(image).tag(named);
    expect(await evict([first, second]), 'somebody wants it kept').toEqual(nothingToEvict);
    await docker.getImage(`${named.repo}:${named.tag}`).remove();
    await docker.getImage(image).inspect();
  });

  test('that was there before the runtime, and is pulled again by pull: always, is not taken back', async () => {
    const { image } = await open();
    const { emit, types } = recordEvents();
    await store().provide(image, emit, {});
    const runtime = dockerRuntime({ freeBytes: 0, removeAfterCrash: false, pull: 'always' });
    await runtime.prefetchImage?.(image, { emit });
    expect(types().filter((type) => type === 'image.pull.finished')).toHaveLength(2);
    expect(await runtime.evictImage?.(image, { belowFreeBytes: Infinity })).toEqual(nothingToEvict);
    await docker.getImage(image).inspect();
  });

  test('under way is not taken back, and may be later', async () => {
    const controller = new AbortController();
    let layerAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      layerAsked = resolve;
    });
    const { image } = await open({ stalls: true, onLayer: () => layerAsked() });
    const runtime = dockerRuntime({ freeBytes: 0, removeAfterCrash: false });
    const { emit } = recordEvents();
    const ahead = runtime.prefetchImage?.(image, { emit, signal: controller.signal });
    ahead?.catch(() => undefined);
    await asked;
    expect(await runtime.evictImage?.(image, { belowFreeBytes: Infinity })).toEqual(kept);
    controller.abort();
    await expect(ahead).rejects.toMatchObject({ code: 'aborted' });
    expect(await runtime.evictImage?.(image, { belowFreeBytes: Infinity })).toEqual(nothingToEvict);
  });

  test('is left out when the image is there, and repeated by pull: always only once a runtime', async () => {
    const { image, registry } = await open();
    const first = recordEvents();
    const images = store({ pull: 'always' });
    await images.provide(image, first.emit, {});
    const second = recordEvents();
    await images.provide(image, second.emit, {});
    await store().provide(image, second.emit, {});
    expect(second.types()).toEqual([]);
    expect(registry.layerRequests()).toBe(1);
  });

  test('happens once for several who ask at the same time, and each of them hears of it', async () => {
    const { image, registry } = await open();
    const images = store();
    const watchers = [recordEvents(), recordEvents(), recordEvents()];
    const ids = await Promise.all(watchers.map(({ emit }) => images.provide(image, emit, {})));
    expect(new Set(ids).size).toBe(1);
    expect(registry.layerRequests()).toBe(1);
    for (const { types } of watchers) expect(types().at(-1)).toBe('image.pull.finished');
  });

  test('uses the log-in of the docker configuration', async () => {
    const login = { username: 'me', password: 'secret word' };
    const { image, registry } = await open({ login });
    await expect(store().provide(image, recordEvents().emit, {})).rejects.toMatchObject({
      reason: 'denied',
      retryable: false,
    });
    const configDirectory = mkdtempSync(join(tmpdir(), 'swelancer-config-'));
    try {
      const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
      writeFileSync(
        join(configDirectory, 'config.json'),
        JSON.stringify({ auths: { [registry.address]: { auth } } }),
      );
      await store({ configDirectory }).provide(image, recordEvents().emit, {});
    } finally {
      rmSync(configDirectory, { recursive: true });
    }
  });

  test('of one that does not exist fails for good, with start and end events', async () => {
    const { registry } = await open();
    const { emit, types } = recordEvents();
    const image = `${registry.address}/other:v9`;
    const failure = dockerRuntime().start(testRequest({ image }), { emit });
    await expect(failure).rejects.toMatchObject({
      code: 'image_pull',
      reason: 'not_found',
      image,
      retryable: false,
    });
    expect(types()).toEqual(['image.pull.started', 'image.pull.failed']);
  });

  test('is tried again when the connection to the registry breaks', async () => {
    // The engine itself tries a layer five times before it gives up.
    const { image, registry } = await open({ cuts: 1 });
    await store().provide(image, recordEvents().emit, {});
    expect(registry.layerRequests()).toBeGreaterThan(1);
  });

  test('from a registry that nobody can reach is a network failure', async () => {
    const { image, registry } = await open();
    await registry[Symbol.asyncDispose]();
    await expect(store().provide(image, recordEvents().emit, {})).rejects.toMatchObject({
      code: 'image_pull',
      reason: 'network',
      retryable: true,
    });
  });

  test('does not begin when the disk is nearly full', async () => {
    const { image, registry } = await open();
    const { emit, types } = recordEvents();
    const failure = store({ freeBytes: Number.MAX_SAFE_INTEGER }).provide(image, emit, {});
    await expect(failure).rejects.toMatchObject({ code: 'image_pull', reason: 'no_space', retryable: false });
    expect(types()).toEqual([]);
    expect(registry.layerRequests()).toBe(0);
  });

  test('of an image for another platform is refused', async () => {
    const { image } = await open({}, 'arm64');
    await expect(store().provide(image, recordEvents().emit, {})).rejects.toMatchObject({
      reason: 'platform',
    });
  });

  test('that is off says what is missing', async () => {
    const { image } = await open();
    const off = store({ pull: 'never' });
    await expect(off.provide(image, recordEvents().emit, {})).rejects.toMatchObject({ reason: 'not_found' });
    const other = store({ pull: 'never', platform: 'linux/arm64' });
    await expect(other.provide(testImage, recordEvents().emit, {})).rejects.toMatchObject({
      reason: 'platform',
    });
  });

  test('that is aborted ends at once and leaves no image', async () => {
    const controller = new AbortController();
    const { image } = await open({ stalls: true, onLayer: () => controller.abort(new Error('enough')) });
    const { emit, types } = recordEvents();
    const start = dockerRuntime().start(testRequest({ image }), { emit, signal: controller.signal });
    await expect(start).rejects.toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
    expect(types().at(-1)).toBe('image.pull.failed');
    await expect(docker.getImage(image).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  test('waits for its turn, in a start and ahead of it', async () => {
    const { image, registry } = await open();
    const turns: (() => void)[] = [];
    const pullGate: Gate = async (work) => {
      await new Promise<void>((resolve) => turns.push(resolve));
      return await work();
    };
    const runtime = dockerRuntime();
    const { emit, types } = recordEvents();
    const ahead = runtime.prefetchImage?.(image, { emit, pullGate });
    const start = runtime.start(testRequest({ image }), { emit, pullGate });
    start.catch(() => undefined);
    await expect.poll(() => types().filter((type) => type === 'image.pull.started')).toHaveLength(2);
    expect(turns, 'one pull for both').toHaveLength(1);
    expect(registry.layerRequests()).toBe(0);
    turns[0]?.();
    await ahead;
    expect(registry.layerRequests()).toBe(1);
    // The image has no program to run.
    await expect(start).rejects.toMatchObject({ code: 'computer_start' });
  });

  test('goes on for the others when one of them gives up', async () => {
    const controller = new AbortController();
    let layerAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      layerAsked = resolve;
    });
    const { image } = await open({ onLayer: () => layerAsked() });
    const images = store();
    const staying = images.provide(image, recordEvents().emit, {});
    const leaving = images.provide(image, recordEvents().emit, { signal: controller.signal });
    const left = expect(leaving).rejects.toMatchObject({ code: 'aborted' });
    await asked;
    controller.abort();
    await left;
    await expect(staying).resolves.toMatch(/^sha256:/);
  });
});
