/** Whether this only shows that every group still measures something, within two minutes or so. */
export const isTrial = process.argv.includes('--trial');

/** How much of something to do: rounds, bytes, files, tasks. */
export function effort(measured: number, tried: number): number {
  return isTrial ? tried : measured;
}
