/**
 * The two-sided p-value of the exact sign test: how likely `better` and `worse` changes, or more lopsided ones, are if
 * either is as likely as the other. For yes-or-no results this is McNemar's exact test. 1 where nothing changed.
 */
export function signTest(better: number, worse: number): number {
  const changes = better + worse;
  // In logarithms, because 2^-n is 0 for the machine from n = 1075 on.
  let logTerm = -changes * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(better, worse); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((changes - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
