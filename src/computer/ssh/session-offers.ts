/** `idle`: nothing is lost with it. `held`: a background process still uses it. */
export type OfferState = 'idle' | 'held';

interface Offer {
  readonly state: OfferState;
  readonly giveUp: () => void;
}

/** Sessions that may be had by whoever waits for room. */
export class SessionOffers<Session> {
  /** Oldest first. */
  readonly #offers = new Map<Session, Offer>();
  /** Given up, but not ended yet. */
  readonly #leaving = new Set<Session>();

  /** Gives what takes the offer back. What leaves already needs none. */
  add(session: Session, offer: Offer): () => void {
    if (this.#leaving.has(session)) return () => undefined;
    this.#offers.set(session, offer);
    return () => {
      if (this.#offers.get(session) === offer) this.#offers.delete(session);
    };
  }

  /** Has as many given up as are waited for, those first that nothing is lost with. */
  giveUp(waitedFor: number): void {
    const missing = waitedFor - this.#leaving.size;
    if (missing <= 0) return;
    const offers = [...this.#offers];
    const inOrder = (['idle', 'held'] as const).flatMap((state) =>
      offers.filter(([, offer]) => offer.state === state),
    );
    for (const [session, { giveUp }] of inOrder.slice(0, missing)) {
      this.#offers.delete(session);
      this.#leaving.add(session);
      giveUp();
    }
  }

  /** The session has ended. */
  forget(session: Session): void {
    this.#offers.delete(session);
    this.#leaving.delete(session);
  }
}
