import { randomInt } from 'node:crypto';
import type { TaskVariant } from '../dataset/task.js';
import type { Environment } from '../redaction.js';

/** Values of the app's own configuration. Defaults are those of the Inspect implementation. */
export interface EnvironmentOptions {
  /** Default `false`. */
  readonly useWebProxy?: boolean | undefined;
  /** Default `https://www.expensify.com`. */
  readonly expensifyUrl?: string | undefined;
  /** Default `https://www.new.expensify.com`. */
  readonly newExpensifyUrl?: string | undefined;
  /** Added last, so that it can replace any of the others. */
  readonly extra?: Environment | undefined;
}

/**
 * The environment of a task's computer. The variant is the task's own: upstream once fixed it to `ic_swe`, which
 * killed every manager container. Pusher credentials are made up afresh for each computer.
 */
export function taskEnvironment(
  task: { readonly id: string; readonly variant: TaskVariant },
  options: EnvironmentOptions = {},
): Environment {
  return {
    ISSUE_ID: task.id,
    EVAL_VARIANT: task.variant,
    PUSHER_APP_KEY: randomText(alphanumeric, 20),
    PUSHER_APP_SECRET: randomText(alphanumeric, 20),
    PUSHER_APP_ID: randomText(digits, 7),
    USE_WEB_PROXY: String(options.useWebProxy ?? false),
    EXPENSIFY_URL: options.expensifyUrl ?? 'https://www.expensify.com',
    NEW_EXPENSIFY_URL: options.newExpensifyUrl ?? 'https://www.new.expensify.com',
    LC_ALL: 'C.UTF-8',
    ...options.extra,
  };
}

/** Made up for each computer; no set-up depends on their values. */
export const madeUpVariables: readonly string[] = ['PUSHER_APP_KEY', 'PUSHER_APP_SECRET', 'PUSHER_APP_ID'];

const digits = '0123456789';
const alphanumeric = `${digits}abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ`;

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
