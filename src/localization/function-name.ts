const declarations = [
  /^(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*([\w$]+)/,
  /^(?:export\s+)?(?:default\s+)?(?:abstract\s+)?class\s+([\w$]+)/,
  // The head may be cut after 80 characters, before the arrow.
  /^(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*(?::[^=]*(?:=>[^=]*)?)?=\s*(?:async\b\s*)?(?:function\b|\(|<|[\w$]+\s*=>|(?:React\.)?(?:forwardRef|memo)\b)/,
];

/**
 * The function or class that an unindented line of JavaScript or TypeScript begins. Undefined for other lines, such as
 * the head of a table of constants.
 */
export function functionName(line: string): string | undefined {
  for (const declaration of declarations) {
    const name = declaration.exec(line)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}
