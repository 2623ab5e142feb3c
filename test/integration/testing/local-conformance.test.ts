import { describe } from 'vitest';
import { localRuntime } from '../../../src/computer/local/index.js';
import { testConformance } from '../../fixtures/conformance-tests.js';

describe('processes of this machine', () => {
  testConformance(localRuntime());
});
