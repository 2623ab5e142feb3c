/** The first and last half of `maxCharacters`, with a line between them that counts what is left out. */
export function headAndTail(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const half = Math.floor(maxCharacters / 2);
  const head = withoutHalfCharacter(text.slice(0, half));
  const tail = withoutHalfCharacter(text.slice(text.length - half));
  const omitted = text.length - head.length - tail.length;
  return `${head}\n[… ${omitted} characters left out …]\n${tail}`;
}

/** A cut between the two halves of a surrogate pair leaves a character that is none. */
function withoutHalfCharacter(text: string): string {
  return text.replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');
}
