export { showProgress, type ShowProgressOptions } from './show-progress.js';
