import type { RedactionStream, Redactor } from '../redaction.js';

/** Bytes of a stream as text without secrets. */
export interface TextStream {
  write(bytes: Uint8Array): string;
  end(): string;
}

/** One decoder and one redactor for each stream, since characters and secrets are split between chunks. */
export function textStream(redactor: Redactor): TextStream {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const redaction: RedactionStream = redactor.stream();
  return {
    write: (bytes) => redaction.write(decoder.decode(bytes, { stream: true })),
    end: () => redaction.write(decoder.decode()) + redaction.end(),
  };
}
