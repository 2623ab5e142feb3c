/** A part of a text whose length is bounded. */
export interface Section {
  /** For the line that says what is left out. */
  readonly name: string;
  /** The part in no more than `room` characters, shortened if need be. Undefined where it does not fit at all. */
  write(room: number): string | undefined;
}

/** What is left out of a bounded text. */
export interface Fitted {
  readonly texts: readonly string[];
  /** Names of the parts that had no room. */
  readonly leftOut: readonly string[];
}

/** A part that is there as a whole or not at all. */
export function wholeSection(name: string, text: string): Section {
  return { name, write: (room) => (text.length <= room ? text : undefined) };
}

/** Takes parts in their order as far as there is room, `between` each. A part that has none does not stop shorter ones. */
export function fitSections(sections: readonly Section[], room: number, between: string): Fitted {
  const texts: string[] = [];
  const leftOut: string[] = [];
  let left = room;
  for (const section of sections) {
    const text = section.write(left - between.length);
    if (text === undefined) {
      leftOut.push(section.name);
      continue;
    }
    texts.push(text);
    left -= text.length + between.length;
  }
  return { texts, leftOut };
}
