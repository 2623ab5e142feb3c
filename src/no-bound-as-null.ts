/** Settings for a `configuration`, which is JSON and has no `Infinity`: bounds that are none are `null`. */
export function noBoundAsNull(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, value === Infinity ? null : value]),
  );
}
