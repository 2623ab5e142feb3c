// What is evaluated, for the process that submits and for each that runs one attempt: both must see the same.
import { type BatchOptions, goldAgent, taskScorer } from 'swelancer';
import {
  sampleDataset,
  sampleLocalLayout,
  sampleLocalRuntime,
} from '../sample-benchmark/sample-benchmark.js';

const dataset = await sampleDataset();
export const options: Omit<BatchOptions, 'store'> = {
  dataset,
  agent: goldAgent(dataset),
  runtime: sampleLocalRuntime((message) => console.warn(message)),
  computers: { layout: sampleLocalLayout },
  scorer: taskScorer({ maxRounds: 3 }),
};
