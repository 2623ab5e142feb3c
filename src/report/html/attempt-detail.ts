/** What the page shows of one attempt when somebody opens it. Plain JSON; all texts are made visible and cut already. */
export interface AttemptDetail {
  readonly label: string;
  readonly kind: 'passed' | 'failed' | 'error' | 'cancelled' | 'none';
  readonly outcome: string;
  readonly explanation: string;
  /** Short facts for a list of terms. */
  readonly facts: readonly Fact[];
  readonly phases: readonly { readonly name: string; readonly durationMs: number; readonly text: string }[];
  /** Things that went wrong, the one that ended the attempt first. */
  readonly problems: readonly string[];
  readonly message?: string | undefined;
  readonly answer?: ShownText | undefined;
  readonly patch?: ShownPatch | undefined;
  readonly tests: readonly ShownTest[];
  readonly transcript?: ShownTranscript | undefined;
  readonly files: readonly ShownFile[];
}

export interface Fact {
  readonly term: string;
  readonly value: string;
}

export interface ShownText {
  readonly text: string;
  /** Characters that were left out of the middle. 0: it is whole. */
  readonly omitted: number;
  /** Where the whole text is, relative to the page. */
  readonly link?: string | undefined;
}

export interface ShownPatch extends ShownText {
  readonly facts: string;
}

export interface ShownTest {
  readonly title: string;
  readonly passed: boolean;
  readonly facts: string;
  readonly log: ShownText;
  readonly playbookLog: ShownText;
}

export interface ShownTranscript {
  readonly facts: string;
  readonly messages: readonly ShownMessage[];
  /** Messages that were left out of the middle, and after how many shown ones. */
  readonly omitted: number;
  readonly omittedAfter: number;
  readonly link: string;
  readonly ending: string;
}

export interface ShownMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly title: string;
  readonly facts: string;
  readonly text: ShownText;
  readonly reasoning?: ShownText | undefined;
  readonly calls: readonly { readonly name: string; readonly input: ShownText }[];
  /** `data:` addresses; a picture that found no room is counted in `facts`. */
  readonly images: readonly string[];
}

export interface ShownFile {
  readonly name: string;
  readonly size: string;
  readonly link: string;
  readonly kind: 'image' | 'video' | 'other';
  /** A `data:` address, where it found room in the page. */
  readonly data?: string | undefined;
}
