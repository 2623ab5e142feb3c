import { z } from 'zod';
import { ConfigurationError } from './errors.js';

/** @throws ConfigurationError that names what is wrong */
export function checkOptions(who: string, shape: z.ZodRawShape, options: object): void {
  const checked = z.strictObject(shape).safeParse(options);
  if (checked.success) return;
  const problems = checked.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'options'}: ${message}`,
  );
  throw new ConfigurationError(`${who} was given options it cannot use. ${problems.join('; ')}.`);
}
