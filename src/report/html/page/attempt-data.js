/** @typedef {import('../attempt-detail.js').AttemptDetail} AttemptDetail */

/**
 * Unpacks what is kept of an attempt.
 *
 * @param {number} task the task's place in the dataset
 * @param {number} attempt the attempt's place in the task
 * @returns {Promise<AttemptDetail>}
 */
async function readAttempt(task, attempt) {
  const id = `attempt-${task}-${attempt}`;
  // The texts come last in the file, after the table is usable.
  if (document.getElementById(id) === null && document.readyState === 'loading') {
    await new Promise((resolve) => document.addEventListener('DOMContentLoaded', resolve, { once: true }));
  }
  const packed = atob(byId(id).textContent ?? '');
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return await new Response(unpacked).json();
}
