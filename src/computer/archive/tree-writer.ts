import { chmod, link, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Header } from 'tar-stream';
import { FileWriter } from './file-writer.js';
import { escapes } from './link-target.js';
import { unsafeArchive } from './unsafe-archive.js';

type Written =
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'file' }
  | { readonly kind: 'link'; readonly target: string };

/**
 * Writes the entries of an untrusted archive below an empty directory of ours. Symbolic links are made at the very end,
 * so that no entry can be written through one, and only after all of them are known to stay inside.
 */
export class TreeWriter {
  readonly #root: string;
  readonly #target: string;
  readonly #written = new Map<string, Written>();
  readonly #files = new FileWriter();

  /** `target` is what messages name. */
  constructor(root: string, target: string) {
    this.#root = root;
    this.#target = target;
  }

  /** To be called in any case: no file is written any more when it resolves. */
  async stop(): Promise<void> {
    await this.#files.settled().catch(() => undefined);
  }

  async write(header: Header, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.#inside(header.name);
    // Its typings deny that the name of a link can be missing.
    const linkname = (header.linkname as string | null) ?? '';
    switch (header.type) {
      case 'directory':
        if (path !== '') await this.#directory(path, header.mode);
        return;
      case 'file':
      case 'contiguous-file':
        await this.#make(path, { kind: 'file' });
        await this.#files.write(join(this.#root, path), header.size, header.mode, content);
        return;
      case 'symlink':
        await this.#make(path, { kind: 'link', target: linkname });
        return;
      case 'link':
        await this.#hardLink(path, this.#inside(linkname));
        return;
      default:
        throw this.#unsafe(`${header.name} is neither a file, a directory nor a link`);
    }
  }

  /** Completes the files, makes the links and sets the modes of directories. */
  async finish(): Promise<void> {
    await this.#files.settled();
    const targetOf = (path: string) => {
      const entry = this.#written.get(path);
      return entry?.kind === 'link' ? entry.target : undefined;
    };
    for (const [path, entry] of this.#written) {
      if (entry.kind !== 'link' || !escapes(path, targetOf)) continue;
      throw this.#unsafe(`the link ${path} leads outside, to ${entry.target}`);
    }
    for (const [path, entry] of this.#written) {
      if (entry.kind === 'link') await symlink(entry.target, join(this.#root, path));
      // We have to be able to move and to remove it later.
      if (entry.kind === 'directory') await chmod(join(this.#root, path), (entry.mode & 0o777) | 0o700);
    }
  }

  /** The name as a path below the root, without `.` and empty parts. */
  #inside(name: string): string {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    const foreign = process.platform === 'win32' && /[\\:]/.test(name);
    if (name.startsWith('/') || parts.includes('..') || name.includes('\0') || foreign) {
      throw this.#unsafe(`${JSON.stringify(name)} lies outside`);
    }
    return parts.join('/');
  }

  async #directory(path: string, mode: number): Promise<void> {
    const before = this.#written.get(path);
    if (before !== undefined && before.kind !== 'directory') {
      throw this.#unsafe(`${path} is both a directory and not`);
    }
    if (before === undefined) {
      await this.#parents(path);
      await mkdir(join(this.#root, path));
    }
    this.#written.set(path, { kind: 'directory', mode });
  }

  async #parents(path: string): Promise<void> {
    const parts = path.split('/');
    for (let length = 1; length < parts.length; length++) {
      const parent = parts.slice(0, length).join('/');
      const before = this.#written.get(parent);
      if (before?.kind === 'directory') continue;
      if (before !== undefined) throw this.#unsafe(`${path} would be written through ${parent}`);
      await mkdir(join(this.#root, parent));
      this.#written.set(parent, { kind: 'directory', mode: 0o755 });
    }
  }

  /** Makes room for something that is no directory. As in every tar, the last entry of a name counts. */
  async #make(path: string, entry: Written): Promise<void> {
    const before = this.#written.get(path);
    if (path === '' || before?.kind === 'directory') {
      throw this.#unsafe(`${path || '.'} is both a directory and not`);
    }
    if (before === undefined) await this.#parents(path);
    if (before?.kind === 'file') {
      await this.#files.settled();
      await rm(join(this.#root, path));
    }
    this.#written.set(path, entry);
  }

  async #hardLink(path: string, existing: string): Promise<void> {
    const entry = this.#written.get(existing);
    if (path === existing) return;
    if (entry === undefined || entry.kind === 'directory') {
      throw this.#unsafe(`${path} is a hard link to ${existing}, which is no file of this archive`);
    }
    await this.#make(path, entry);
    if (entry.kind !== 'file') return;
    await this.#files.settled();
    await link(join(this.#root, existing), join(this.#root, path));
  }

  #unsafe(why: string): Error {
    return unsafeArchive(this.#target, why);
  }
}
