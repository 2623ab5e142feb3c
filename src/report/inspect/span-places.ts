import type { SweLancerEvent } from '../../events/event.js';

/** Our spans are finer than those a log shows: finds the shown one an event belongs to. */
export class SpanPlaces {
  /** Each open span of ours with the shown one around it. */
  readonly #shownAround = new Map<string, string | undefined>();
  readonly #open = new Set<string>();

  /** Where an event belongs. Undefined outside all shown spans. */
  of({ spanId, parentSpanId }: Pick<SweLancerEvent, 'spanId' | 'parentSpanId'>): string | undefined {
    if (spanId === undefined) return undefined;
    if (this.#open.has(spanId)) return spanId;
    if (this.#shownAround.has(spanId)) return this.#shownAround.get(spanId);
    const around = parentSpanId === undefined ? undefined : this.#around(parentSpanId);
    this.#shownAround.set(spanId, around);
    return around;
  }

  /** Shows a span from now on; gives the one around it. */
  open(event: SweLancerEvent): string | undefined {
    const around = this.of(event);
    if (event.spanId !== undefined) this.#open.add(event.spanId);
    return around;
  }

  /** Whether it was open. What happens in it later belongs to the span around it. */
  close({ spanId }: SweLancerEvent): boolean {
    return spanId !== undefined && this.#open.delete(spanId);
  }

  /** Ends what a crash has left open, innermost first. */
  closeAll(): readonly string[] {
    const left = [...this.#open].reverse();
    this.#open.clear();
    return left;
  }

  #around(spanId: string): string | undefined {
    return this.#open.has(spanId) ? spanId : this.#shownAround.get(spanId);
  }
}
