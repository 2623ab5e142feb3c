/** What a run tells itself of how it works, in the `configuration` of its `run.json`, beside what its caller adds. */
export const ownSettings = {
  agentConfiguration: true,
  scorerConfiguration: true,
  prompt: true,
  grading: true,
  userTool: true,
  limits: true,
  deadlines: true,
  network: true,
  allowHosts: true,
  image: true,
  images: true,
  resources: true,
  environment: true,
  layout: true,
} as const;

export type OwnSetting = keyof typeof ownSettings;

/** A problem where the caller's configuration has names of ours: one of the two would not be seen. */
export function hiddenSettings(
  configuration: object | undefined,
  own: Readonly<Record<string, true>> = ownSettings,
): readonly string[] {
  const clashes = Object.keys(configuration ?? {}).filter((name) => Object.hasOwn(own, name));
  if (clashes.length === 0) return [];
  const names = clashes.map((name) => `\`configuration.${name}\``).join(' and ');
  const are = clashes.length === 1 ? 'is a setting' : 'are settings';
  return [`${names} ${are} that a run tells itself; name yours otherwise`];
}
