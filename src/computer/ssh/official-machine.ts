import type { Environment } from '../../redaction.js';
import type { EntryCommand } from '../channel/entry-process.js';

/**
 * What the official images' environment adds to a login's own, and no SSH session gets. Source: `ENV` of the images.
 */
export const officialEnvironment: Environment = {
  PATH: '/opt/conda/bin:/root/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  DISPLAY: ':99',
  NVM_DIR: '/root/.nvm',
  PYTHONPATH: '/app/tests',
  PLAYWRIGHT_BROWSERS_PATH: '/ms-playwright',
  PYTHONUNBUFFERED: '1',
};

/**
 * Whether it runs, seen from this machine's root: a host sees the processes of its containers too, which have another. Who
 * may not see a process's root takes it for one of this machine. The brackets keep the pattern from matching this look.
 */
const isRunning = `for file in $(grep -ls "[/]app/tests/run[.]sh" /proc/[0-9]*/cmdline); do
  root=\${file%cmdline}root
  if [ -e "$file" ] && { [ ! -d "$root/" ] || [ "$root/" -ef / ]; }; then exit 0; fi
done
exit 1`;

/**
 * What a container of the official images starts with. On a machine without it there is nothing to start, and where it
 * has been started, or is done, it must not run twice. Source: `ENTRYPOINT` and `CMD` of the images.
 */
export const officialEntry: EntryCommand = {
  command: 'exec /bin/bash -l -c /app/tests/run.sh',
  unless: `[ ! -e /app/tests/run.sh ] || [ -e /setup_done.txt ] || (${isRunning})`,
};
