/**
 * The number of the issue a task comes from: `15193` for `15193-manager-0`, `16912` for `16912_4`. Several tasks of one
 * issue rise and fall together, so they are one observation where errors are estimated. Ids of other forms are issues
 * of their own.
 */
export function issueOf(taskId: string): string {
  return /^(\d+)(?:_\d+|-manager-\d+)$/.exec(taskId)?.[1] ?? taskId;
}
