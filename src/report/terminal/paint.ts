import { styleText } from 'node:util';

export type Colour = 'bold' | 'dim' | 'green' | 'red' | 'yellow';
export type Paint = (colour: Colour, text: string) => string;

export const noPaint: Paint = (_, text) => text;

/** Colours where the terminal has them. `hasColors` reads NO_COLOR, FORCE_COLOR and TERM. */
export function paintFor(stream: { readonly hasColors?: (() => boolean) | undefined }): Paint {
  if (stream.hasColors?.() !== true) return noPaint;
  // Whether this stream takes colours is answered; the default would ask stdout.
  return (colour, text) => styleText(colour, text, { validateStream: false });
}
