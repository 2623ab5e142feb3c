import { randomUUID } from 'node:crypto';

/** Makes ids that nobody else makes. A run needs thousands, and a UUID for each is slow to make and large to keep. */
export function uniqueIds(): () => string {
  const prefix = randomUUID();
  let made = 0;
  return () => `${prefix}-${++made}`;
}
