import type {
  Transcript,
  TranscriptCall,
  TranscriptMessage,
} from '../../agent/transcript/transcript-entry.js';

/** A model's answer in a transcript, and how many messages came before it. */
export interface AnsweredCall {
  readonly before: number;
  readonly entry: TranscriptMessage;
  readonly call: TranscriptCall;
}

/** Finds what an event is about: events say that a model answered or a tool ran, transcripts what was said. */
export class TranscriptCursor {
  readonly #messages: readonly TranscriptMessage[];
  readonly #results = new Map<string, TranscriptMessage[]>();
  #next = 0;

  constructor(transcript: Transcript | undefined) {
    this.#messages = transcript?.messages ?? [];
    for (const entry of this.#messages) {
      if (entry.message.role !== 'tool') continue;
      const { callId } = entry.message;
      this.#results.set(callId, [...(this.#results.get(callId) ?? []), entry]);
    }
  }

  /** The next answer of a model, each once. */
  nextAnswer(): AnsweredCall | undefined {
    for (; this.#next < this.#messages.length; this.#next++) {
      const entry = this.#messages[this.#next];
      if (entry?.call === undefined) continue;
      return { before: this.#next++, entry, call: entry.call };
    }
    return undefined;
  }

  /** How many messages a model that is asked now is shown. */
  get asked(): number {
    const ahead = this.#messages.findIndex(({ call }, index) => index >= this.#next && call !== undefined);
    return ahead === -1 ? this.#messages.length : ahead;
  }

  /** What a call of a tool was answered, each once: some models use an id again. */
  nextResult(callId: string): TranscriptMessage | undefined {
    return this.#results.get(callId)?.shift();
  }
}
