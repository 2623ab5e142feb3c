// Measures the group that its argument names, and sends each row to the parent process.
import { sendMessage } from 'execa';
import { groups } from './groups.js';
import type { Row } from './row.js';

const sent: Promise<unknown>[] = [];
await groups
  .find(({ name }) => name === process.argv[2])
  ?.measure((row: Row) => {
    sent.push(sendMessage({ ...row }));
  });
await Promise.all(sent);
