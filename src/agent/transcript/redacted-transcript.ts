import { redactTexts, type Redactor } from '../../redaction.js';
import type { TranscriptEntry } from './transcript-entry.js';
import type { TranscriptSink } from './transcript-sink.js';

/** The same sink without the secrets that `redactor` knows when an entry is written. */
export function redactedTranscript(sink: TranscriptSink, redactor: Redactor): TranscriptSink {
  return {
    // Entries are plain JSON, and redaction keeps their shape: only texts change.
    write: (entry) => sink.write(redactTexts(entry, redactor) as TranscriptEntry),
  };
}
