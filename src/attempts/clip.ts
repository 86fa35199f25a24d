/** The text, shortened to a length. */
export const clip = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length)}…`;
