/** An image reference taken apart. Source: the grammar of the "distribution reference" specification. */
export interface ImageReference {
  /** `docker.io` where none is named. */
  readonly registry: string;
  /** What the engine calls `fromImage`: everything but the tag. */
  readonly name: string;
  /** `latest` where none is named: the engine would otherwise pull every tag there is. `undefined` with a digest. */
  readonly tag: string | undefined;
}

const host = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)`;
const registry = String.raw`(?:(?:${host}(?:\.${host})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?)`;
const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const tag = String.raw`\w[\w.-]{0,127}`;
const digest = String.raw`[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}`;
const grammar = new RegExp(`^(?:${registry}/)?${part}(?:/${part})*(?::${tag})?(?:@${digest})?$`);

/** By the same grammar, of which an image's id is part. The engine would send a client elsewhere for some that are none. */
export function isImageReference(text: string): boolean {
  return grammar.test(text);
}

export function parseImageReference(reference: string): ImageReference {
  const [first = '', ...others] = reference.split('/');
  const named = others.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = named && first !== 'index.docker.io' ? first : 'docker.io';
  if (reference.includes('@')) return { registry, name: reference, tag: undefined };
  const colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
  if (colon === -1) return { registry, name: reference, tag: 'latest' };
  return { registry, name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
