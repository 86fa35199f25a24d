/** The styles of text on a terminal. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export type Style = keyof typeof CODES;

/** Gives text a style, where that is wanted. */
export type Paint = (style: Style | undefined, text: string) => string;

export const paintFor =
  (isColored: boolean): Paint =>
  (style, text) => {
    if (!isColored || style === undefined) return text;
    const [on, off] = CODES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
