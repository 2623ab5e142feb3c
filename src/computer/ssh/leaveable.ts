/** `work`, unless a signal fires first. */
export async function leaveable<T>(
  work: Promise<T>,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<T> {
  const release: (() => void)[] = [];
  const left = new Promise<never>((_, reject) => {
    for (const signal of signals) {
      if (signal === undefined) continue;
      const leave = () => reject(signal.reason as Error); // Passed on as the caller gave it.
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
      release.push(() => signal.removeEventListener('abort', leave));
    }
  });
  left.catch(() => undefined);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, left]);
  } finally {
    for (const stop of release) stop();
  }
}
