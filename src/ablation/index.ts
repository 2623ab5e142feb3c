export type { Ablation, AblationCell } from './ablation.js';
export type { AblationChange, AblationFactors } from './ablation-cells.js';
export { type AblationRow, ablationTable } from './ablation-table.js';
export { type AblationOptions, runAblation } from './run-ablation.js';
