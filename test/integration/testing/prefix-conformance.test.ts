import { describe } from 'vitest';
import { commandComputer } from '../../../src/computer/command/index.js';
import { testConformance } from '../../fixtures/conformance-tests.js';

describe('a command prefix', () => {
  testConformance(async () => commandComputer({ prefix: ['env', '-i', 'PATH=/usr/bin:/bin'] }), {
    otherUser: 'nobody',
  });
});
