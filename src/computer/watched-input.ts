import { ConfigurationError } from '../errors.js';

/**
 * A command's input that tells when it breaks off. Whoever passes it on may take that for its end: Node's `pipeline` does.
 * Of an input that nobody wants any more nothing is told.
 */
export function watchedInput(
  input: AsyncIterable<Uint8Array>,
  onFailure: (error: unknown) => void,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = input[Symbol.asyncIterator]();
      let isLeft = false;
      return {
        next: async () => {
          try {
            const piece = await iterator.next();
            // A stream takes whatever else it is given for a reason to end without a word.
            if (piece.done !== true && !(piece.value instanceof Uint8Array)) {
              throw new ConfigurationError(`stdin gave ${typeof piece.value}; it must give Uint8Arrays.`);
            }
            return piece;
          } catch (error) {
            if (!isLeft) onFailure(error);
            throw error;
          }
        },
        return: async () => {
          isLeft = true;
          return (await iterator.return?.()) ?? { done: true, value: undefined };
        },
      };
    },
  };
}
