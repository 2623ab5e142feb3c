import { describe } from 'vitest';
import { customComputer } from '../../../examples/custom-computer.js';
import { testConformance } from '../../fixtures/conformance-tests.js';

describe('the custom computer of the examples', () => {
  testConformance(customComputer);
});
