/** Takes no place: it joins the character before. */
const NARROWEST = /\p{M}|\u200c|\u200d|\ufe0f/u;
/** Takes two places on a terminal: East Asian Width W and F, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;

const placesOf = (character: string): number =>
  NARROWEST.test(character) ? 0 : WIDE.test(character) ? 2 : 1;

/** How many places a text takes on a terminal. */
export const widthOf = (text: string): number =>
  /^[\x20-\x7e]*$/.test(text)
    ? text.length
    : [...text].reduce((sum, character) => sum + placesOf(character), 0);

/** The text, cut to that many places, with an ellipsis where something is missing. */
export function cutTo(text: string, places: number): string {
  if (widthOf(text) <= places) return text;
  let used = 1;
  let kept = '';
  for (const character of text) {
    used += placesOf(character);
    if (used > places) break;
    kept += character;
  }
  return `${kept}…`;
}

export const padTo = (text: string, places: number, side: 'left' | 'right'): string => {
  const blanks = ' '.repeat(Math.max(0, places - widthOf(text)));
  return side === 'left' ? text + blanks : blanks + text;
};
